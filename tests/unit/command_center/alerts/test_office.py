"""A warning from the alarm to the feed, over HTTP: drafted, authorised, issued, updated, cancelled; and refusals."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from command_center.alerts.faults import faults, own_faults
from command_center.alerts.read import from_xml
from gateway.pull.xml_tree import xml_tree
from sensors.origin import Origin
from tests.unit.command_center.alerts.warning_city import PHONE, SENDER, Office, row, warning_city
from tests.unit.command_center.little_city import raised, returned
from tests.unit.command_center.running import Gateway, Running, running


@pytest.fixture
def center(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path, Gateway(tmp_path, warning_city())) as center:
        yield center


@pytest.fixture
def office(center: Running) -> Office:
    center.gateway.append(row(raised("kuning", value=612.0)))
    center.wait_applied()
    return Office(center)


def audit(folder: Path) -> list[tuple[str, str]]:
    with sqlite3.connect(folder / "operations.db") as connection:
        rows = connection.execute("SELECT who, what FROM audit WHERE what LIKE 'alert %' ORDER BY number").fetchall()
    connection.close()
    return rows


def test_an_alarm_makes_a_draft_and_nothing_goes_out_by_itself(office: Office) -> None:
    draft = office.wait("draft")
    assert (draft["status"], draft["msg_type"], draft["made_by"], draft["faults"]) == ("Actual", "Alert", "", [])
    indonesian, english = draft["info"]
    assert (indonesian["language"], english["language"]) == ("id-ID", "en-US")
    assert indonesian["headline"] == "Siaga Kuning: Banjir, Rolak Songo"
    assert english["headline"] == "Yellow alert: Flood, Rolak Songo"
    assert indonesian["description"].startswith("Rolak Songo muka air 612")
    assert "Batas tingkat ini 600 cm." in indonesian["description"]
    assert (indonesian["severity"], indonesian["urgency"], indonesian["certainty"]) == (
        "Severe",
        "Expected",
        "Observed",
    )
    assert indonesian["responseType"] == ["Prepare"]
    [area] = indonesian["area"]
    assert area["areaDesc"] == "Kelurahan Gedongan (Kota Mojokerto)"
    assert area["geocode"] == [{"valueName": "KEMENDAGRI", "value": "35.76.01.1001"}]
    assert "<entry>" not in office.public("/alerts.atom").text
    assert office.public(f"/alerts/{draft['id']}.xml").status_code == 404


def test_two_people_send_it_out_and_everybody_can_read_it(office: Office, tmp_path: Path) -> None:
    draft = office.wait("draft")
    office.authorise(draft, comment="setuju")
    sent = office.post(f"/{draft['id']}/issue")
    assert (sent["state"], sent["issued_by"], sent["authorisation"]["by"]) == ("issued", "admin", "Budi Santoso")
    answer = office.public(sent["xml"])
    assert answer.headers["content-type"] == "application/cap+xml"
    message = from_xml(answer.content)
    assert [*faults(message), *own_faults(message)] == []
    assert (message.sender, message.status, message.sent[-6:]) == (SENDER, "Actual", "+07:00")
    feed = xml_tree(office.public("/alerts.atom").content)
    assert feed["entry"]["title"] == "Siaga Kuning: Banjir, Rolak Songo"
    assert feed["entry"]["link"]["@href"].endswith(sent["xml"])
    assert audit(tmp_path) == [("", "alert drafted"), ("admin", "alert authorised"), ("admin", "alert issued")]


def test_what_is_asked_twice_is_done_once(office: Office, tmp_path: Path) -> None:
    draft = office.wait("draft")
    first = office.issue(draft)
    assert office.issue(draft) == first
    alarm = draft["alarm"]
    assert office.post("", {"alarm": alarm})["id"] == office.post("", {"alarm": alarm})["id"] != draft["id"]
    once = office.post(f"/{draft['id']}/cancel", {**PHONE}, status=409)
    assert "lies open in this story" in once["error"]["message"]
    office.post(f"/{office.wait('draft')['id']}/discard")
    gone = office.post(f"/{draft['id']}/cancel", {**PHONE})
    assert office.post(f"/{draft['id']}/cancel", {**PHONE})["id"] == gone["id"]
    assert [what for _, what in audit(tmp_path)].count("alert issued") == 2


def test_nobody_issues_what_nobody_else_has_authorised(office: Office) -> None:
    draft = office.wait("draft")
    path = f"/{draft['id']}"
    assert "second person" in office.post(f"{path}/issue", status=409)["error"]["message"]
    office.post(f"{path}/authorise", {"revision": 1})
    assert "another person must issue it" in office.post(f"{path}/issue", status=409)["error"]["message"]
    said = office.post(f"{path}/authorise", {"revision": 1, "authorised_by": "Budi"}, status=409)
    assert "by what means Budi was heard" in said["error"]["message"]
    office.post(f"{path}/authorise", {"revision": 1, "authorised_by": "Budi", "means": "carrier pigeon"}, status=422)
    assert office.post(f"{path}/authorise", {"revision": 1, **PHONE})["authorisation"]["means"] == "phone"


def test_an_edit_needs_the_word_again_and_meets_no_other_edit(office: Office) -> None:
    draft = office.wait("draft")
    path, info = f"/{draft['id']}", draft["info"]
    office.authorise(draft)
    info[0]["headline"] = "Banjir besar"
    for one in info:
        del one["area"]  # kept as it is
    edited = office.post(f"{path}/edit", {"revision": 1, "info": info})
    assert (edited["state"], edited["revision"], edited["authorisation"]) == ("draft", 2, None)
    assert edited["info"][0]["area"] == office.wait("draft")["info"][0]["area"] != []
    assert office.post(f"{path}/edit", {"revision": 1, "info": info})["revision"] == 2
    info[0]["headline"] = "Another's words"
    assert "look again" in office.post(f"{path}/edit", {"revision": 1, "info": info}, status=409)["error"]["message"]
    office.post(f"{path}/authorise", {"revision": 1, **PHONE}, status=409)


def test_a_faulty_message_is_not_issued_and_every_fault_is_named(office: Office) -> None:
    draft = office.wait("draft")
    info = draft["info"]
    info[0] |= {"severity": "Unknown", "instruction": ""}
    edited = office.post(f"/{draft['id']}/edit", {"revision": 1, "info": info, "scope": "Private"})
    assert len(edited["faults"]) == 3
    office.authorise(edited)
    error = office.post(f"/{draft['id']}/issue", status=422)["error"]
    assert (error["code"], error["where"]) == ("faulty_alert", "alert.addresses")
    assert "got Unknown" in error["message"]
    office.post(f"/{draft['id']}/edit", {"revision": 2, "info": [{"language": "id-ID"}]}, status=422)


def test_a_rise_is_an_update_and_the_end_a_cancelling_with_references(office: Office, center: Running) -> None:
    first = office.issue(office.wait("draft"))
    center.gateway.append(row(returned("kuning"), raised("hijau", value=520.0), value=520.0))
    update = office.wait("draft", msg_type="Update")
    assert update["level"] == "hijau"
    second = office.issue(update)
    center.gateway.append(row(returned("hijau"), value=400.0))
    third = office.issue(office.wait("draft", msg_type="Cancel"))
    messages = [from_xml(office.public(one["xml"]).content) for one in (first, second, third)]
    names = [f"{one.sender},{one.identifier},{one.sent}" for one in messages]
    assert messages[1].references == names[0]
    assert messages[2].references == f"{names[0]} {names[1]}"
    states = {one["id"]: (one["state"], one["ended_by"]) for one in office.list()}
    assert states[first["id"]] == ("superseded", second["id"])
    assert states[second["id"]] == ("cancelled", third["id"])
    assert "Peringatan dicabut: Banjir, Rolak Songo" in office.public("/alerts.atom").text


def test_one_click_updates_and_cancels(office: Office) -> None:
    first = office.issue(office.wait("draft"))
    second = office.post(f"/{first['id']}/update", {**PHONE, "comment": "masih naik"})
    assert (second["state"], second["msg_type"]) == ("issued", "Update")
    assert office.post(f"/{first['id']}/update", {**PHONE})["id"] == second["id"]
    assert "newest of its story" in office.post(f"/{first['id']}/cancel", {**PHONE}, status=409)["error"]["message"]
    third = office.post(f"/{second['id']}/cancel", {**PHONE})
    assert (third["state"], third["references"].count(",")) == ("issued", 4)
    assert "has ended its story" in office.post(f"/{third['id']}/update", {**PHONE}, status=409)["error"]["message"]


def test_simulated_readings_and_made_up_levels_make_exercises_only(center: Running) -> None:
    center.gateway.append(row(raised("kuning", value=612.0), origin=Origin.SIMULATED))
    office = Office(center)
    drill = office.wait("draft")
    assert drill["status"] == "Exercise"
    assert drill["info"][0]["headline"].startswith("LATIHAN")
    assert drill["info"][1]["description"].startswith("EXERCISE")
    sent = office.issue(drill)
    assert b"<status>Exercise</status>" in office.public(sent["xml"]).content
    assert 'term="Exercise"' in office.public("/alerts.atom").text
    own = office.post("", {"status": "Actual", "info": drill["info"]})
    assert own["status"] == "Exercise"


def test_a_mark_that_was_edited_away_comes_back(center: Running) -> None:
    center.gateway.append(row(raised("merah", value=712.0), value=712.0))  # illustrative in this city
    office = Office(center)
    drill = office.wait("draft", level="merah")
    assert drill["status"] == "Exercise"
    info = [one | {"headline": "Banjir!"} for one in drill["info"]]
    edited = office.post(f"/{drill['id']}/edit", {"revision": drill["revision"], "info": info})
    assert [one["headline"] for one in edited["info"]] == [
        "LATIHAN - BUKAN KEJADIAN NYATA: Banjir!",
        "EXERCISE - NOT A REAL EVENT: Banjir!",
    ]


def test_a_real_level_is_warned_of_though_a_made_up_one_stands_above(office: Office, center: Running) -> None:
    center.gateway.append(row(raised("merah", value=712.0), value=712.0))
    center.wait_applied()
    draft = office.wait("draft")
    assert (draft["status"], draft["level"]) == ("Actual", "kuning")


def test_a_city_without_a_sender_cannot_issue_the_real_thing(tmp_path: Path) -> None:
    with running(tmp_path, Gateway(tmp_path, warning_city(sender=""))) as center:
        center.gateway.append(row(raised("kuning", value=612.0)))
        assert Office(center).wait("draft")["status"] == "Exercise"


def test_a_draft_follows_the_alarm_until_somebody_has_touched_it(office: Office, center: Running) -> None:
    draft = office.wait("draft", level="kuning")
    center.gateway.append(row(returned("kuning"), raised("hijau", value=520.0), value=520.0))
    again = office.wait("draft", level="hijau")
    assert (again["id"], again["revision"]) == (draft["id"], 2)
    center.gateway.append(row(returned("hijau"), value=400.0))
    assert office.wait("discarded")["id"] == draft["id"]


def test_what_was_thrown_away_is_not_drafted_again(office: Office, center: Running) -> None:
    draft = office.wait("draft")
    office.post(f"/{draft['id']}/discard", {"comment": "bukan banjir"})
    center.gateway.append(row(value=613.0))
    center.gateway.append(row(returned("kuning"), raised("hijau", value=520.0), value=520.0))
    assert office.wait("draft")["level"] == "hijau"  # news: the rule looked again, and drafted nothing in between
    assert len(office.list(state="draft,discarded")) == 2


def test_own_words_need_no_alarm(office: Office) -> None:
    body: dict[str, Any] = {"status": "Test", "info": office.wait("draft")["info"]}
    draft = office.post("", body)
    assert (draft["alarm"], draft["status"], draft["made_by"]) == (None, "Test", "admin")
    assert office.post("", body)["id"] == draft["id"]
    sent = office.issue(draft)
    assert office.post(f"/{sent['id']}/cancel", {**PHONE})["msg_type"] == "Cancel"
    office.post("", {}, status=409)
    office.post("", {"alarm": "none"}, status=404)


def test_what_is_not_for_the_public_stays_out_of_the_feed(office: Office) -> None:
    draft = office.wait("draft")
    private = office.post(f"/{draft['id']}/edit", {"revision": 1, "scope": "Private", "addresses": "camat@kota.go.id"})
    sent = office.issue(private)
    assert "<entry>" not in office.public("/alerts.atom").text
    assert office.public(sent["xml"]).status_code == 401


def test_a_preview_says_that_it_is_a_draft(office: Office, center: Running) -> None:
    answer = center.client.get(f"/alerts/{office.wait('draft')['id']}/preview.xml")
    message = from_xml(answer.content)
    assert message.status == "Draft"
    assert (message.info[0].headline or "").startswith("DRAF")


def test_every_act_needs_a_login(office: Office, center: Running) -> None:
    draft = office.wait("draft")
    for act in (
        "",
        *(f"/{draft['id']}/{name}" for name in ("edit", "authorise", "issue", "update", "cancel", "discard")),
    ):
        assert center.client.post(f"/alerts{act}", json={}).status_code == 401


def test_the_standing_order_issues_and_says_so(tmp_path: Path) -> None:
    city = warning_city(automatic=True, automatic_severities=(3,), automatic_authority="Wali Kota, SK 12/2026")
    with running(tmp_path, Gateway(tmp_path, city)) as center:
        center.gateway.append(row(raised("hijau", value=512.0)))
        office = Office(center)
        assert office.wait("draft")["level"] == "hijau"
        center.gateway.append(row(raised("kuning", value=612.0)))
        sent = office.wait("issued")
        assert (sent["level"], sent["issued_by"]) == ("kuning", "Siaga (automatic)")
        assert sent["authorisation"]["by"] == "Wali Kota, SK 12/2026"
        assert sent["authorisation"]["means"] == "standing_order"


def test_only_those_authorise_who_may(tmp_path: Path) -> None:
    with running(tmp_path, Gateway(tmp_path, warning_city(authorisers=("Budi  Santoso",)))) as center:
        center.gateway.append(row(raised("kuning", value=612.0)))
        office = Office(center)
        draft = office.wait("draft")
        body = {"revision": 1, "authorised_by": "Siti", "means": "radio"}
        assert "Siti is not among" in office.post(f"/{draft['id']}/authorise", body, status=409)["error"]["message"]
        office.authorise(draft)


def test_a_restart_forgets_nothing(tmp_path: Path) -> None:
    gateway = Gateway(tmp_path, warning_city())
    with running(tmp_path, gateway) as center:
        center.gateway.append(row(raised("kuning", value=612.0)))
        office = Office(center)
        sent = office.issue(office.wait("draft"))
        xml = office.public(sent["xml"]).content
    gateway.renew()
    with running(tmp_path, gateway) as center:
        office = Office(center)
        assert office.public(sent["xml"]).content == xml
        assert [one["id"] for one in office.list()] == [sent["id"]]
