"""A command center whose people are refused what `why.js` has words for, and what is on record of what they did."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from msgspec.structs import replace
from websockets.sync.client import connect

from command_center.actions import action
from command_center.alarms import life_cycle, set_aside
from command_center.alarms.alarm import Refutation
from command_center.errors import NotAllowed
from command_center.people import checked_name, checked_password
from sensors.catalogue import Catalogue
from sensors.origin import Origin
from sensors.times import rfc3339
from tests.unit.command_center.actions.acting_city import ROWS
from tests.unit.command_center.actions.test_action import after, gauge, road
from tests.unit.command_center.actuators.test_actuator import actuator
from tests.unit.command_center.alerts.warning_city import Office, row, warning_city
from tests.unit.command_center.derived_city import derived_city
from tests.unit.command_center.little_city import LEVEL_ID, NOW_US, minutes, raised, returned
from tests.unit.command_center.running import Gateway, Running, running
from tests.unit.gateway.test_hearing import NOW, Bench

PASSWORD = "kata sandi untuk semua"
Refusal = tuple[str, str]  # code and message


def acting_city() -> Catalogue:
    """The city that may warn, with standing actions and sirens."""
    by_hand = actuator("FLOAT", topic_set="-", level="", datastream="")
    return replace(
        warning_city(), actions=ROWS, actuators=(actuator("HORN"), actuator("TOY", source="illustrative"), by_hand)
    )


def refused(act: Callable[[], object]) -> Refusal:
    """What is said where an act is not allowed."""
    with pytest.raises(NotAllowed) as found:
        act()
    return "not_allowed", str(found.value)


class People:
    """Requests by name."""

    def __init__(self, center: Running) -> None:
        self.center = center
        self._headers = {"admin": center.log_in()}

    def hire(self, name: str, role: str) -> None:
        """One more user, who logs in."""
        self.do("admin", "/users", name=name, role=role, password=PASSWORD)
        self._headers[name] = self.center.log_in(name, PASSWORD)

    def do(self, who: str, path: str, **body: Any) -> Any:
        """What was done."""
        answer = self.center.client.post(path, json=body, headers=self._headers[who])
        assert answer.status_code < 300, answer.text
        return answer.json()

    def fail(self, who: str, path: str, **body: Any) -> Refusal:
        """Why it was not done."""
        answer = self.center.client.post(path, json=body, headers=self._headers[who])
        assert answer.status_code >= 400, answer.text
        return answer.json()["error"]["code"], answer.json()["error"]["message"]

    def find(self, path: str) -> Refusal:
        """Why it is not to be seen."""
        error = self.center.client.get(path).json()["error"]
        return error["code"], error["message"]


class Story(NamedTuple):
    """What was said and written down."""

    refusals: dict[str, Refusal]  # by what they are about
    audit: list[dict[str, str]]
    city: dict[str, Any]  # of GET /city
    frame: dict[str, Any]  # a snapshot of the live view, with the alarm still open


def story(folder: Path) -> Story:
    """A day's acts and refusals in a city that floods, without a gateway that could hear."""
    with running(folder / "center", Gateway(folder / "center", acting_city()), serves=False) as center:
        center.gateway.append(row(raised("kuning", value=612.0)))
        center.wait_applied()
        people = People(center)
        for name, role in (("sari", "operator"), ("budi", "operator"), ("tamu", "viewer")):
            people.hire(name, role)
        with connect(f"{center.url.replace('http', 'ws')}/api/v1/live", max_size=None) as wall:
            frame = json.loads(wall.recv(timeout=30))
        told = _at_the_desk(people) | _of_people(people) | _of_sirens(people) | _of_warnings(center)
        audit = center.client.get("/audit", params={"limit": 1000}, headers=center.log_in()).json()["items"]
        city = center.get("/city")
    return Story(told | _of_alarms() | _of_readings(folder), audit, city, frame)


def _at_the_desk(people: People) -> dict[str, Refusal]:
    alarm = people.center.get("/alarms")["items"][0]["id"]
    people.do("sari", f"/alarms/{alarm}/acknowledge", comment="dilihat")
    people.do("sari", f"/actions/{alarm}.road/take", comment="")
    people.do("sari", "/journal", text="pompa mati")
    people.do("sari", "/service-orders", aside="suppressed", scope="POS", minutes=60, comment="ganti baterai")
    people.do("sari", "/service-orders", aside="out_of_service", scope="ROLAK:discharge", minutes=60, comment="rusak")
    people.do("sari", "/dead-letters/retry", reason="no_such_reason")
    heard = {"time": rfc3339(NOW_US), "value": 312.5, "unit": "cm", "heard_from": "Pak Slamet, radio"}
    gone = people.fail("sari", f"/sensors/{LEVEL_ID}/observations", **heard)
    assert gone[0] == "gateway_unreachable"
    given = people.do("sari", "/handover", to="budi", text="")["number"]
    told = {
        "blank": people.fail("sari", f"/alarms/{alarm}/note", comment=" "),
        "station": people.find("/stations/NOWHERE"),
        "to oneself": people.fail("sari", "/handover", to="sari", text=""),
        "to nobody": people.fail("sari", "/handover", to="rina", text=""),
        "to a viewer": people.fail("sari", "/handover", to="tamu", text=""),
        "another's handover": people.fail("sari", f"/handover/{given}/accept"),
    }
    people.do("budi", f"/handover/{given}/accept")
    return told


def _of_people(people: People) -> dict[str, Refusal]:
    people.do("admin", "/tokens", name="dinas", scopes=["read"])
    people.do("admin", "/users/tamu/role", role="operator")
    told = {
        "role": people.fail("sari", "/catalogue/reload"),
        "a twin": people.fail("admin", "/users", name="Sari", role="operator", password=PASSWORD),
        "a token's twin": people.fail("admin", "/tokens", name="dinas", scopes=["read"]),
        "a name": refused(lambda: checked_name("a b")),
        "a password": refused(lambda: checked_password("short")),
    }
    people.do("admin", "/users/tamu/remove")
    return told


def _of_sirens(people: People) -> dict[str, Refusal]:
    wanted = {"set": "on", "comment": "now"}
    return {
        "siren's role": people.fail("sari", "/actuators/HORN/set", **wanted),
        "made up": people.fail("admin", "/actuators/TOY/set", **wanted),
        "own switch": people.fail("admin", "/actuators/FLOAT/set", **wanted),
    }


def _of_warnings(center: Running) -> dict[str, Refusal]:
    office = Office(center)
    draft = office.wait("draft")
    office.post(f"/{draft['id']}/authorise", {"revision": 1})
    own = office.post(f"/{draft['id']}/issue", status=409)
    office.authorise(draft, comment="setuju")
    issued = office.post(f"/{draft['id']}/issue")
    test = office.post("", {"status": "Actual", "info": draft["info"]})
    office.authorise(test)
    center.gateway.append(row(returned("kuning"), value=400.0))
    center.wait_applied()
    over = office.post(f"/{issued['id']}/update", {}, status=409)
    center.gateway.append(row(raised("hijau", value=520.0), value=520.0))
    next_one = office.wait("draft", level="hijau")
    office.authorise(next_one)
    center.gateway.append(row(returned("hijau"), value=400.0))
    center.gateway.append(row(raised("kuning", value=612.0), origin=Origin.SIMULATED))
    center.wait_applied()
    made_up = office.post(f"/{next_one['id']}/issue", status=409)
    office.post(f"/{next_one['id']}/discard")
    answers = {
        "simulated level": made_up,
        "one's own yes": own,
        "over": over,
        "simulated": office.post(f"/{test['id']}/issue", status=409),
        "made real": office.post(f"/{issued['id']}/update", {}, status=409),
    }
    return {name: (answer["error"]["code"], answer["error"]["message"]) for name, answer in answers.items()}


def _of_alarms() -> dict[str, Refusal]:
    green, red = after([raised("hijau")]), after([raised("merah")])
    gone = after([returned("hijau")], green)
    seen = Refutation(by="budi", seen="camera", comment="", at_us=0, until_us=1, rank=0, severity=0)
    refuted = set_aside.refute(red, seen)
    taken = action.take(road(), "budi", minutes(1), over=False)
    undone = action.undo(road(), "budi", minutes(5), gauge(gone))
    closed = life_cycle.acknowledge(gone, "sari", minutes(3))
    return {
        "normal": refused(lambda: set_aside.shelve(closed, "sari", "", 0, 1)),
        "highest": refused(lambda: set_aside.shelve(red, "sari", "", 0, 1)),
        "returned": refused(lambda: set_aside.refute(gone, seen)),
        "refuted": refused(lambda: set_aside.refute(refuted, seen)),
        "no doubt": refused(lambda: set_aside.refute(green, seen)),
        "taken": refused(lambda: action.take(taken, "sri", minutes(2), over=False)),
        "taken back": refused(lambda: action.take(undone, "sri", minutes(6), over=False)),
    }


def _of_readings(folder: Path) -> dict[str, Refusal]:
    small, derived = Bench(folder / "small"), Bench(folder / "derived", derived_city())
    try:
        small.send("50")
        answers = {
            "bounds": small.hear(1262.5),
            "tomorrow": small.hear(1.0, ago_s=-86_400),
            "long ago": small.hear(1.0, ago_s=10**9),
            "already": small.hear(51.0, ago_s=(small.now_us - NOW) // 1_000_000),
            "unit": small.hear(1.0, unit="kg"),
            "sensor": small.hear(1.0, datastream="S9:level"),
            "computed": derived.hear(1.0, datastream="ROLAK:level_rate_low"),
        }
    finally:
        small.writer.close()
        derived.writer.close()
    return {name: ("invalid", answer.error) for name, answer in answers.items()}
