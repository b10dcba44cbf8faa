"""Canaries, and trying a contact by the command line."""

import time
from argparse import ArgumentParser
from pathlib import Path

import pytest
from msgspec.structs import replace

from command_center.clock import now_us
from command_center.notify.commands import NOTIFY
from command_center.notify.service import canary_due_us
from sensors.settings import Settings
from sensors.times import HOUR_US
from sensors.transition import Transition
from tests import plain_http
from tests.e2e.small_city import write_city
from tests.unit.command_center.little_city import LEVEL, NOW_US, entry, raised
from tests.unit.command_center.notify.city_of_contacts import RULES, city_of, contact
from tests.unit.command_center.notify.receivers import http_receiver
from tests.unit.command_center.running import Gateway, running, until


def test_a_canary_is_due_at_its_hour_in_the_citys_zone() -> None:
    city = city_of(contact("A"), rules=replace(RULES, canary_at="08:00"))
    assert canary_due_us(city, NOW_US) == NOW_US - 14 * HOUR_US  # it is 22:00
    assert canary_due_us(city, NOW_US + 9 * HOUR_US) == NOW_US - 14 * HOUR_US
    assert canary_due_us(city, NOW_US + 10 * HOUR_US) == NOW_US + 10 * HOUR_US
    assert canary_due_us(city_of(contact("A")), NOW_US) is None


def test_a_canary_is_sent_once_a_day_and_not_again_after_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with http_receiver() as (inbox, address):
        monkeypatch.setenv("A", f"json://{address}/A")
        monkeypatch.setenv("B", f"json://{address}/B")
        city = city_of(contact("A", canary=True), contact("B"), rules=replace(RULES, canary_at="08:00"))
        for _ in range(2):
            with running(tmp_path, Gateway(tmp_path, city)) as center:
                center.gateway.append(entry())
                center.wait_ready()
                until(lambda: [n["progress"] for n in center.get("/notifications")["items"]] == ["sent"])
        assert [one.body["title"] for one in inbox.received] == ["CHANNEL TEST"]


def test_what_waits_since_before_a_restart_is_not_tried_before_there_is_a_catalogue(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with http_receiver() as (inbox, address):
        monkeypatch.setenv("A", f"json://{address}/A")
        inbox.refuse = lambda _to, _n: (503, {})
        with running(tmp_path, Gateway(tmp_path, city_of(contact("A")))) as center:
            center.gateway.append(entry([(LEVEL, now_us(), 510.0)], raised_now(), now_us=now_us()))
            until(lambda: bool(inbox.asked))
        inbox.refuse = lambda _to, _n: None
        log, away = tmp_path / "log.db", tmp_path / "away"
        log.rename(away)
        with running(tmp_path, serves=False) as center:
            until(lambda: plain_http.get(f"{center.url}/healthz").status_code > 0)
            time.sleep(2.5)  # two beats of the notifier, in which it could go wrong
            assert "siaga_notify_failed_total{" not in plain_http.get(f"{center.url}/metrics").text
            away.rename(log)
            until(lambda: len(inbox.received) == 1, 30)
            tries = [[t["outcome"] for t in n["tries"]] for n in center.get("/notifications")["items"]]
            assert len(tries) == 1
            assert set(tries[0][:-1]) <= {"refused", "unknown"}


def raised_now() -> Transition:
    """The little city's gauge reaches its first level."""
    now = now_us()
    return raised("hijau", time_us=now, at_us=now)


def notify(*words: str) -> int:
    parser = ArgumentParser()
    NOTIFY.add_arguments(parser)
    return NOTIFY.run(parser.parse_args(words), Settings())


def test_a_contact_is_tried_by_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    city = write_city(tmp_path / "city")
    (city / "contacts.csv").write_text(
        "contact,name,language,urls,group,areas,source\nA,Ani,id,env:GOOD file:bad.url,posko,*,for tests\n"
    )
    with http_receiver() as (inbox, address):
        monkeypatch.setenv("GOOD", f"json://{address}/A")
        assert notify("test", "A", "--city", str(city)) == 1
        assert capsys.readouterr().out.splitlines() == [
            "env:GOOD: sent",
            "file:bad.url: refused file:bad.url: cannot be read: FileNotFoundError",
        ]
        assert inbox.received[0].body["title"] == "UJI SALURAN"
    assert notify("test", "B", "--city", str(city)) == 1
    assert "known are A" in capsys.readouterr().err
