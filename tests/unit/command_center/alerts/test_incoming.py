"""Warnings of others: fetched or read from a folder, bounded, marked when they are over; a feed that fails says so."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from command_center.alerts.incoming import KEPT_US, links_of, views
from command_center.alerts.listening import FeedReader
from command_center.alerts.message import Alert, time_text, time_us_of
from command_center.alerts.write import to_xml
from command_center.clock import now_us
from command_center.errors import CapError
from sensors.times import HOUR_US
from sensors.warning_rules import CapFeed
from tests import plain_http
from tests.unit.command_center.alerts.messages import ALERTS, SENT, message, recorded_messages, with_info
from tests.unit.command_center.little_city import entry, little_city
from tests.unit.command_center.running import Gateway, running, until
from tests.unit.gateway.pull.page_server import Answer, PageServer, free_port

URL = "https://bmkg.example/alerts/nowcast/id"
END_US = time_us_of("2025-11-23T04:00:00+07:00")


@pytest.fixture
def server() -> Iterator[PageServer]:
    pages = PageServer()
    yield pages
    pages.close()


def rss(*links: str) -> bytes:
    items = "".join(f"<item><title>x</title><link>{link}</link></item>" for link in links)
    return f'<rss version="2.0"><channel><title>Nowcast</title>{items}</channel></rss>'.encode()


def fresh(identifier: str, *, hours: int = 1, **fields: Any) -> Alert:
    zone, at_us = ZoneInfo("Asia/Jakarta"), now_us()
    alert = message(identifier=identifier, sent=time_text(at_us - 2 * HOUR_US, zone), **fields)
    times = {"effective": alert.sent, "expires": time_text(at_us + hours * HOUR_US, zone)}
    return with_info(alert, **times)


def read(reader: FeedReader, at_us: int | None = None) -> None:
    asyncio.run(reader.read(now_us() if at_us is None else at_us))


def test_links_are_those_of_rss_and_of_atom() -> None:
    assert links_of(rss(f"{URL}/a.xml", "b.xml"), "", URL) == (
        [f"{URL}/a.xml", "https://bmkg.example/alerts/nowcast/b.xml"],
        0,
    )
    atom = b"""<feed xmlns="http://www.w3.org/2005/Atom"><title>x</title><entry><link href="/page.html"/>
    <link type="application/cap+xml" href="/a.xml"/></entry></feed>"""
    assert links_of(atom, "", URL) == (["https://bmkg.example/a.xml"], 0)


def test_links_to_somewhere_else_and_beyond_the_bound_are_left_out() -> None:
    away = ("http://169.254.169.254/x", "http://bmkg.example/a", "https://bmkg.example:8443/a", "file:///etc/passwd")
    assert links_of(rss(*away), "", URL) == ([], 4)
    assert links_of(rss(*(f"/{i}" for i in range(130))), "", URL)[1] == 30


@pytest.mark.parametrize("body", [b"<html><body/></html>", b"{}", b'<!DOCTYPE r [<!ENTITY a "x">]><rss>&a;</rss>'])
def test_what_is_no_feed_is_refused(body: bytes) -> None:
    with pytest.raises(CapError, match="expected RSS, Atom or a CAP message"):
        links_of(body, "", URL)


def test_what_is_over_is_marked_and_goes_a_day_later() -> None:
    [view] = views("bmkg", [message()], END_US - 1)
    assert (view.stale, view.expires, view.sent) == (False, "2025-11-22T21:00:00Z", "2025-11-22T15:00:00Z")
    assert views("bmkg", [message()], END_US)[0].stale
    assert views("bmkg", [message()], END_US + KEPT_US) == []


def test_an_update_ends_what_it_names() -> None:
    update = message(identifier="b-2", msg_type="Update", references=f"bpbd@kota.go.id,a-1,{SENT}")
    other = message(sender="other@kota.go.id")
    found = {(one.sender, one.identifier): one.ended_by for one in views("x", [message(), update, other], END_US - 1)}
    assert found == {
        ("bpbd@kota.go.id", "a-1"): "b-2",
        ("bpbd@kota.go.id", "b-2"): None,
        ("other@kota.go.id", "a-1"): None,
    }


@given(st.lists(ALERTS, max_size=4), st.integers(0, 2 * END_US))
def test_any_message_can_be_shown(alerts: list[Alert], at_us: int) -> None:
    assert len(views("x", alerts, at_us)) <= len(alerts)


def test_a_feed_is_fetched_with_its_messages_once(server: PageServer, tmp_path: Path) -> None:
    pages = {
        "/feed": Answer(rss("/a.xml", "/bad.xml"), headers={"ETag": '"1"'}),
        "/a.xml": Answer(to_xml(fresh("a-1"))),
        "/bad.xml": Answer(b"<alert/>"),
    }
    reader = FeedReader(CapFeed(name="bmkg", url=f"http://127.0.0.1:{server.port}/feed?key=secret"), tmp_path)
    server.answer = lambda path: pages[path.partition("?")[0]]
    read(reader)
    read(reader)
    assert server.statuses == [200, 200, 200, 304]
    assert [view.identifier for view in reader.shown(now_us())] == ["a-1"]
    state = reader.state()
    assert (state.refused, state.failures, state.error, state.messages) == (1, 0, "", 1)
    assert "secret" not in state.source


def test_a_feed_that_fails_says_why_and_keeps_what_it_said(server: PageServer, tmp_path: Path) -> None:
    server.answer = Answer(to_xml(fresh("a-1")))
    reader = FeedReader(CapFeed(name="bmkg", url=server.url), tmp_path)
    read(reader)
    good = reader.state().last_success
    server.answer = Answer(status=503, headers={"Retry-After": "900"})
    assert asyncio.run(reader.read(now_us())) == 900.0
    server.answer = Answer(b"x" * 1_100_000)
    read(reader)
    state = reader.state()
    assert (state.failures, state.last_success) == (2, good)
    assert "larger than 1024 KiB" in state.error
    assert len(reader.shown(now_us())) == 1


def test_one_message_that_cannot_be_had_is_asked_for_again(server: PageServer, tmp_path: Path) -> None:
    pages = {
        "/feed": Answer(rss("/a.xml", "/b.xml")),
        "/a.xml": Answer(status=500),
        "/b.xml": Answer(to_xml(fresh("b"))),
    }
    server.answer = pages.__getitem__
    reader = FeedReader(CapFeed(name="bmkg", url=f"http://127.0.0.1:{server.port}/feed"), tmp_path)
    read(reader)
    assert "a.xml: HTTP 500" in reader.state().error
    assert [view.identifier for view in reader.shown(now_us())] == ["b"]
    pages["/a.xml"] = Answer(to_xml(fresh("a")))
    read(reader)
    assert reader.state().error == ""
    assert len(reader.shown(now_us())) == 2


def test_a_folder_of_messages(tmp_path: Path) -> None:
    reader = FeedReader(CapFeed(name="box", file="in"), tmp_path)
    read(reader)
    assert "in" in reader.state().error
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.xml").write_bytes(to_xml(fresh("a")))
    (folder / "b.cap").write_bytes(b"nonsense")
    (folder / "note.txt").write_text("not looked at", encoding="utf-8")
    read(reader)
    read(reader)
    state = reader.state()
    assert (state.error, state.refused, state.messages) == ("", 1, 1)


@pytest.mark.recorded
def test_recorded_messages_are_shown_or_refused(tmp_path: Path) -> None:
    reader = FeedReader(CapFeed(name="recorded", file=str(recorded_messages())), tmp_path)
    bmkg_ends_us = time_us_of("2026-05-20T10:00:00+07:00")
    read(reader, bmkg_ends_us - 1)
    [view] = [one for one in reader.shown(bmkg_ends_us) if one.sender == "cuaca.ekstrem@bmkg.go.id"]
    assert (view.event, view.areas, view.stale) == ("Hujan Lebat dan Petir", ["Banten"], True)
    assert view.faults == ["alert.info[0].area[0].polygon[0]: expected at least 4 points, got 3"]


def test_the_api_shows_feeds_and_messages(tmp_path: Path) -> None:
    city = little_city()
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.xml").write_bytes(to_xml(fresh("a", status="Exercise")))
    feeds = (
        CapFeed(name="box", file=str(tmp_path / "in"), credit="BMKG"),
        CapFeed(name="gone", url=f"http://127.0.0.1:{free_port()}/feed"),
    )
    data = tmp_path / "data"
    data.mkdir()
    with running(data, Gateway(data, replace(city, city=replace(city.city, cap_feeds=feeds)))) as center:
        center.gateway.append(entry())
        until(lambda: len(center.get("/alerts/incoming")["feeds"]) == 2)
        until(lambda: all(one["failures"] or one["last_success"] for one in center.get("/alerts/incoming")["feeds"]))
        found = center.get("/alerts/incoming")
        assert [(one["feed"], one["status"], one["stale"]) for one in found["items"]] == [("box", "Exercise", False)]
        box, gone = found["feeds"]
        assert (box["credit"], box["error"]) == ("BMKG", "")
        assert "ConnectError" in gone["error"]
        assert 'siaga_cap_feed_failures{feed="gone"} 1.0' in plain_http.get(f"{center.url}/metrics").text
