"""What people do about alarms, over HTTP: shelve, refute, confirm, several at once, orders, incidents, figures."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from sensors.transition import Kind
from tests.unit.command_center.little_city import LEVEL, RAIN, entry, minutes, raised, transition
from tests.unit.command_center.running import PASSWORD, Running, running, until


@pytest.fixture
def center(tmp_path: Path) -> Iterator[Running]:
    """`ROLAK:level` at hijau, `POS:rain` silent."""
    with running(tmp_path) as center:
        center.gateway.append(
            entry([(LEVEL, minutes(0), 510.0)], raised("hijau")),
            entry(None, transition(Kind.SILENT, datastream=RAIN, severity=1)),
        )
        center.wait_ready()
        center.wait_applied()
        token = center.client.post("/login", json={"user": "admin", "password": PASSWORD}).json()["token"]
        center.client.headers["Authorization"] = f"Bearer {token}"
        yield center


def alarms(center: Running) -> dict[str, dict[str, Any]]:
    return {one["datastream"]: one for one in center.get("/alarms")["items"]}


def act(center: Running, datastream: str, verb: str, **body: object) -> httpx.Response:
    return center.client.post(f"/alarms/{alarms(center)[datastream]['id']}/{verb}", json=body)


def rise(center: Running) -> None:
    center.gateway.append(entry([(LEVEL, minutes(1), 710.0)], raised("merah", time_us=minutes(1))))
    center.wait_applied()


def test_an_alarm_is_shelved_with_a_reason_and_an_end_and_comes_back(center: Running) -> None:
    assert act(center, "ROLAK:level", "shelve").json()["error"]["where"] == "body.comment"
    shelved = act(center, "ROLAK:level", "shelve", comment="bergetar", minutes=30).json()
    assert (shelved["state"], shelved["shelf"]["by"], shelved["shelf"]["reason"]) == ("shelved", "admin", "bergetar")
    assert [one["datastream"] for one in center.get("/alarms", state="shelved")["items"]] == ["ROLAK:level"]
    back = act(center, "ROLAK:level", "unshelve").json()
    assert (back["state"], back["calls"]) == ("unacknowledged", 2)


def test_the_highest_level_is_not_shelved_but_refuted(center: Running) -> None:
    rise(center)
    answer = act(center, "ROLAK:level", "shelve", comment="x")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "not_allowed")
    refuted = act(center, "ROLAK:level", "refute", comment="kering di kamera", seen="camera", minutes=10).json()
    assert (refuted["state"], refuted["refutation"]["seen"]) == ("acknowledged", "camera")
    assert act(center, "ROLAK:level", "refute", comment="x", seen="dream").status_code == 422


def test_a_second_good_reading_lets_sirens_go(center: Running) -> None:
    center.gateway.append(entry([(LEVEL, minutes(1), 710.0)], raised("merah", time_us=minutes(1))))
    center.gateway.append(entry([(LEVEL, minutes(2), 715.0)]))
    until(lambda: alarms(center)["ROLAK:level"]["release"] is not None)
    assert alarms(center)["ROLAK:level"]["release"]["how"] in ("reading", "time")  # the little city lives in the past


def test_several_are_acknowledged_at_once_or_none(center: Running) -> None:
    ids = [one["id"] for one in alarms(center).values()]
    answer = center.client.post("/alarms/acknowledge", json={"ids": [*ids, "no-such"]})
    assert (answer.status_code, {one["state"] for one in alarms(center).values()}) == (404, {"unacknowledged"})
    items = center.client.post("/alarms/acknowledge", json={"ids": ids, "comment": "dilihat"}).json()["items"]
    assert {one["acknowledged_by"] for one in items} == {"admin"}


def test_an_incident_is_acknowledged_as_one_and_tells_its_story(center: Running) -> None:
    listed = center.get("/incidents")
    assert (len(listed["items"]), listed["load"]) == (2, {"calls_10_min": 0, "flood": False})
    incident = alarms(center)["ROLAK:level"]["incident"]
    done = center.client.post(f"/incidents/{incident}/acknowledge", json={"comment": "tim jalan"}).json()["items"]
    assert [one["datastream"] for one in done] == ["ROLAK:level"]
    story = center.get(f"/incidents/{incident}")
    assert [(one["event"], one["by"], one["comment"]) for one in story["timeline"]] == [
        ("raised", "", ""), ("acknowledged", "admin", "tim jalan"),
    ]  # fmt: skip
    assert center.client.post("/incidents/none/acknowledge", json={}).status_code == 404
    assert center.client.get("/incidents/none").status_code == 404


def test_a_card_of_the_wall_acknowledges_what_it_stands_for_and_never_the_highest_level(center: Running) -> None:
    rise(center)
    path = f"/incidents/{alarms(center)['ROLAK:level']['incident']}/acknowledge"
    assert center.client.post(path, json={"folded": True}).json()["items"] == []
    assert alarms(center)["ROLAK:level"]["state"] == "unacknowledged"
    [done] = center.client.post(path, json={"comment": "dilihat"}).json()["items"]
    assert (done["datastream"], done["acknowledged_by"]) == ("ROLAK:level", "admin")


def test_maintenance_mutes_a_station_until_it_is_ended(center: Running) -> None:
    order = {"aside": "suppressed", "scope": "ROLAK", "minutes": 60, "comment": "ganti baterai"}
    made = center.client.post("/service-orders", json=order)
    assert (made.status_code, made.json()["by"]) == (201, "admin")
    assert alarms(center)["ROLAK:level"]["state"] == "suppressed"
    [listed] = center.get("/service-orders")["items"]
    assert listed["alarms"] == [alarms(center)["ROLAK:level"]["id"]]
    assert center.client.post("/service-orders", json=order).status_code == 409
    center.client.post(f"/service-orders/{made.json()['number']}/end")
    assert alarms(center)["ROLAK:level"]["state"] == "unacknowledged"
    assert center.get("/service-orders")["past"][0]["ended_by"] == "admin"


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"scope": "ROLAK:level"}, 422, "suppressed: expected a station, got 'ROLAK:level'"),
        ({"aside": "out_of_service"}, 422, "out_of_service: expected a datastream"),
        ({"minutes": 241}, 409, "expected an end after now and within 4 h"),
        ({"comment": ""}, 422, "Expected `str` of length >= 1"),
        ({"minutes": 10**9}, 422, "Expected `int` <= 129600"),
    ],
)
def test_an_order_that_cannot_be_says_why(center: Running, change: dict[str, Any], status: int, words: str) -> None:
    order = {"aside": "suppressed", "scope": "ROLAK", "minutes": 60, "comment": "x", **change}
    answer = center.client.post("/service-orders", json=order)
    assert answer.status_code == status
    assert words in answer.json()["error"]["message"]


def test_the_figures_are_there_for_people_and_spreadsheets(center: Running) -> None:
    found = center.get("/kpis", hours=1)
    names = {one["name"] for one in found["figures"]}
    assert {"average_10_min", "flood_share", "stale"} <= names
    table = center.client.get("/kpis.csv").text.splitlines()
    assert (table[0].split(",")[0], len(table)) == ("figure", 1 + len(names))
    assert center.client.get("/kpis", params={"hours": 0}).status_code == 422


def test_time_without_a_record_is_no_time_without_alarms(center: Running) -> None:
    month, hour = center.get("/kpis", hours=720), center.get("/kpis", hours=1)
    assert month["from"] == hour["from"]  # the first start
    assert month["figures"][0] == hour["figures"][0]
