"""Standing actions through the public door: opened by the log, stored with their alarm, acted on by named people."""

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.sync.client import ClientConnection, connect

from sensors.transition import Kind
from tests.unit.command_center.actions.acting_city import acting_city
from tests.unit.command_center.little_city import (
    LEVEL,
    LEVEL_ID,
    NOW_US,
    entry,
    minutes,
    raised,
    returned,
    transition,
)
from tests.unit.command_center.running import Gateway, Running, running


def post(center: Running, action: str, act: str, who: dict[str, str], **body: Any) -> httpx.Response:
    return center.client.post(f"/actions/{action}/{act}", json=body, headers=who)


def flood(center: Running) -> str:
    """`kuning` is reached; the id of the action "road"."""
    center.gateway.append(entry([(LEVEL, NOW_US, 612.0)], raised("hijau"), raised("kuning")))
    center.wait_ready()
    center.wait_applied()
    return str(next(item["id"] for item in center.get("/actions")["items"] if item["action"] == "road"))


def acting(data_dir: Path) -> Any:
    return running(data_dir, Gateway(data_dir, acting_city()))


def test_an_action_s_way_from_the_level_to_its_end(tmp_path: Path) -> None:
    with acting(tmp_path) as center:
        road, who = flood(center), center.log_in()
        alarm = center.get("/alarms")["items"][0]["id"]
        assert road == f"{alarm}.road"
        shown = center.get(f"/actions/{road}")
        assert (shown["state"], shown["what"]["id"], shown["alarm"]) == ("waiting", "Tutup jalan", alarm)
        assert (shown["may_undo"], [e["event"] for e in shown["events"]]) == (False, ["opened"])
        assert post(center, road, "take", who, comment="on my way").json()["taken_by"] == "admin"
        assert post(center, road, "done", who).json()["state"] == "done"
        refused = post(center, road, "undo", who, comment="too early")
        assert (refused.status_code, refused.json()["error"]["code"]) == (409, "not_allowed")
        center.gateway.append(entry([(LEVEL, minutes(5), 520.0)], returned("kuning"), now_us=minutes(5)))
        center.wait_applied()
        assert post(center, road, "undo", who, comment="dry again").json()["state"] == "undone"
        told = center.get(f"/actions/{road}")["events"]
        assert [(e["event"], e["by"], e["comment"]) for e in told] == [
            ("opened", "", ""),
            ("taken", "admin", "on my way"),
            ("done", "admin", ""),
            ("undone", "admin", "dry again"),
        ]
        assert [item["action"] for item in center.get("/actions")["items"]] == ["watch", "pump"]
        assert [item["id"] for item in center.get("/actions", state="undone")["items"]] == [road]
    records = sqlite3.connect(tmp_path / "operations.db")
    audit = records.execute("SELECT who, what FROM audit WHERE detail = ? ORDER BY number", (road,)).fetchall()
    records.close()
    assert audit == [("admin", "action taken"), ("admin", "action done"), ("admin", "action undone")]


def test_an_action_outlives_its_alarm_and_the_command_center(tmp_path: Path) -> None:
    gateway = Gateway(tmp_path, acting_city())
    with running(tmp_path, gateway) as center:
        road, who = flood(center), center.log_in()
        post(center, road, "done", who)
        gateway.append(entry([(LEVEL, minutes(5), 400.0)], returned("kuning"), returned("hijau"), now_us=minutes(5)))
        center.wait_applied()
        [alarm] = center.get("/alarms")["items"]
        center.client.post(f"/alarms/{alarm['id']}/close", headers=who)
        assert center.get("/alarms", state="open")["items"] == []
    with acting(tmp_path) as again:
        again.wait_ready()
        items = {item["action"]: item for item in again.get("/actions")["items"]}
        assert (items["road"]["state"], items["road"]["done_by"], items["road"]["may_undo"]) == ("done", "admin", True)


def test_the_same_level_opens_an_action_again_once_it_was_taken_back(tmp_path: Path) -> None:
    with acting(tmp_path) as center:
        road, who = flood(center), center.log_in()
        again = entry([(LEVEL, minutes(2), 601.0)], returned("kuning"), raised("kuning"), now_us=minutes(2))
        center.gateway.append(again, entry([(LEVEL, minutes(3), 599.0)], returned("kuning"), now_us=minutes(3)))
        center.wait_applied()
        assert [item["action"] for item in center.get("/actions")["items"]] == ["watch", "road", "pump"]
        post(center, road, "undo", who, comment="dry")
        center.gateway.append(entry([(LEVEL, minutes(4), 610.0)], raised("kuning"), now_us=minutes(4)))
        center.wait_applied()
        assert [item["id"] for item in center.get("/actions")["items"]][-1] == f"{road}.2"


def test_a_log_that_is_read_again_opens_nothing_twice(tmp_path: Path) -> None:
    gateway = Gateway(tmp_path, acting_city())
    with running(tmp_path, gateway) as center:
        road = flood(center)
        post(center, road, "take", center.log_in())
        before = center.get("/actions")["items"]
    operations = sqlite3.connect(tmp_path / "operations.db")
    operations.execute("UPDATE cursor SET seq = 0")
    operations.commit()
    operations.close()
    with acting(tmp_path) as again:
        again.wait_ready()
        assert again.get("/actions")["items"] == before


def test_what_changes_nothing_is_a_note_where_something_was_said(tmp_path: Path) -> None:
    with acting(tmp_path) as center:
        road, who = flood(center), center.log_in()
        for comment in ("", "", "the barrier jams"):
            assert post(center, road, "done", who, comment=comment).status_code == 200
        post(center, road, "note", who, comment="welder is coming")
        told = [(e["event"], e["comment"]) for e in center.get(f"/actions/{road}")["events"]]
        assert told[1:] == [("done", ""), ("note", "the barrier jams"), ("note", "welder is coming")]


def test_a_silent_gauge_needs_somebody_who_saw(tmp_path: Path) -> None:
    with acting(tmp_path) as center:
        road, who = flood(center), center.log_in()
        center.gateway.append(
            entry([(LEVEL, minutes(5), 520.0)], returned("kuning"), transition(Kind.SILENT), now_us=minutes(5))
        )
        center.wait_applied()
        assert post(center, road, "undo", who, comment="dry").status_code == 409
        assert post(center, road, "undo", who, comment="dry", seen="radio").json()["seen"] == "radio"


@pytest.mark.parametrize(
    ("act", "body", "status", "where"),
    [
        ("undo", {}, 422, "body.comment"),
        ("note", {"comment": "  "}, 422, "body.comment"),
        ("undo", {"comment": "x", "seen": "a dream"}, 422, "body.seen"),
        ("take", {"over": "yes"}, 422, "body.over"),
    ],
)
def test_a_request_that_cannot_be_is_refused_in_words(
    tmp_path: Path, act: str, body: dict[str, Any], status: int, where: str
) -> None:
    with acting(tmp_path) as center:
        answer = post(center, flood(center), act, center.log_in(), **body)
        assert (answer.status_code, answer.json()["error"]["where"]) == (status, where)


def test_who_is_not_logged_in_does_nothing_and_what_is_not_there_is_not_found(tmp_path: Path) -> None:
    with acting(tmp_path) as center:
        road = flood(center)
        assert post(center, road, "take", {}).status_code == 401
        assert post(center, f"{road}x", "take", center.log_in()).status_code == 404
        assert center.client.get("/actions/x").status_code == 404
        assert center.client.get("/actions", params={"state": "nothing"}).status_code == 422
        assert center.get(f"/actions/{road}")["state"] == "waiting"


def test_the_list_comes_in_pages(tmp_path: Path) -> None:
    with acting(tmp_path) as center:
        flood(center)
        first = center.get("/actions", limit=2)
        rest = center.get("/actions", limit=2, after=first["next"])
        assert [item["action"] for item in (*first["items"], *rest["items"])] == ["watch", "road", "pump"]


def test_the_wall_hears_of_an_action_and_of_what_people_do(tmp_path: Path) -> None:
    with acting(tmp_path) as center:
        center.gateway.append(entry([(LEVEL, minutes(-1), 400.0)]))
        center.wait_ready()
        with connect(f"{center.url.replace('http', 'ws')}/api/v1/live") as wall:
            assert json.loads(wall.recv())["duties"]["actions"] == []
            road = flood(center)
            _until_told(wall, lambda actions: set(actions) == {"watch", "road", "pump"})
            post(center, road, "take", center.log_in())
            _until_told(wall, lambda actions: actions["road"]["taken_by"] == "admin")
        with connect(f"{center.url.replace('http', 'ws')}/api/v1/live") as late:
            assert {a["datastream"] for a in json.loads(late.recv())["duties"]["actions"]} == {LEVEL_ID}


def _until_told(wall: ClientConnection, wanted: Callable[[dict[str, Any]], bool]) -> None:
    """Until a frame tells of the actions that are wanted; TimeoutError where none does."""
    while True:
        frame = json.loads(wall.recv(timeout=30))
        told = frame.get("duties", {"actions": []})["actions"]
        if told and wanted({action["action"]: action for action in told}):
            return
