"""A running command center in which everything has happened, so that every route has something to answer from."""

import contextlib
import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from msgspec.structs import replace

from gateway.log.rows import DeadLetter, Entry
from sensors.catalogue import Catalogue
from sensors.contacts import Contact
from sensors.settings import HttpSettings, MqttSettings
from sensors.times import MINUTE_US
from sensors.transition import Kind
from tests.unit.command_center.actions.acting_city import ROWS
from tests.unit.command_center.actuators.test_actuator import actuator
from tests.unit.command_center.alerts.warning_city import CAP
from tests.unit.command_center.little_city import LEVEL, RAIN, entry, little_city, raised, transition
from tests.unit.command_center.running import Gateway, Running, running, until

UNLIMITED = HttpSettings(requests_per_s=100_000.0)
NOBODY_THERE = MqttSettings(url="mqtt://127.0.0.1:9")
PASSWORD_OF_ALL = "a password for everybody"
SPARE_USERS = ("spare-1", "spare-2", "spare-3")
SPARE_TOKENS = ("wall-1", "wall-2")


@dataclass(frozen=True)
class Filled:
    """The command center, who may ask it, and what there is by the names of the path parameters."""

    center: Running
    logins: dict[str, dict[str, str]]
    known: dict[str, list[str]]


@contextlib.contextmanager
def filled(data_dir: Path) -> Iterator[Filled]:
    """Two open alarms of one incident, actions, a report, a warning's draft and one issued, orders, notes, people."""
    folder = data_dir / "city"
    folder.mkdir(parents=True)
    (folder / "city.toml").write_text("")
    (folder / "river.geojson").write_text('{"type": "FeatureCollection", "features": []}')
    gateway = Gateway(data_dir, eventful_city())
    with running(data_dir, gateway, city=str(folder), mqtt=NOBODY_THERE, http=UNLIMITED) as center:
        center.gateway.append(flood())
        center.wait_ready()
        center.wait_applied()
        admin = center.log_in()
        people = {"viewer": "viewer", "operator": "operator"} | dict.fromkeys(SPARE_USERS, "viewer")
        for name, role in people.items():
            _post(center, admin, "/users", name=name, role=role, password=PASSWORD_OF_ALL)
        known = _known(center, admin)
        yield Filled(center, {"admin": admin, "viewer": center.log_in("viewer", PASSWORD_OF_ALL), "nobody": {}}, known)


def eventful_city() -> Catalogue:
    """The little city with actions, actuators, a contact and the right to warn."""
    city = little_city()
    return replace(
        city,
        city=replace(city.city, cap=CAP),
        actions=ROWS,
        actuators=(
            actuator("HORN", level="", datastream=""),
            actuator("LAMP", kind="lamp", who="operator", level="", datastream=""),
        ),
        contacts=(
            Contact(
                contact="piket", group="posko", name="Piket", urls=("env:NOBODY",), areas=("*",), source="for tests"
            ),
        ),
    )


def flood() -> Entry:
    """A level that rose through two limits, a silent rain gauge, and a message that nobody can read."""
    now = time.time_ns() // 1000
    at: dict[str, Any] = {"time_us": now - 2 * MINUTE_US, "at_us": now}
    rows = [(LEVEL, now - n * MINUTE_US, 612.0 - 5 * n) for n in range(60, 0, -1)]
    payload = b"\xff\x00{"
    letter = DeadLetter(
        received_us=now, source="main", topic="telemetry/x", reason="not_json", detail="byte 0",
        payload=payload, length=len(payload), sha256=hashlib.sha256(payload).hexdigest(),
    )  # fmt: skip
    silence = transition(Kind.SILENT, datastream=RAIN, severity=1, **at)
    return entry(rows, raised("hijau", **at), raised("kuning", **at), silence, now_us=now, dead_letters=(letter,))


def _known(center: Running, admin: dict[str, str]) -> dict[str, list[str]]:
    """Ids of what there is; what is not there yet is made."""

    def items(path: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = center.client.get(path, headers=admin).json()["items"]
        return found

    def ids(path: str, name: str = "id") -> list[str]:
        found = [str(item[name]) for item in items(path)]
        assert found, f"{path} has nothing"
        return found

    until(lambda: bool(items("/alerts")))
    [draft] = items("/alerts")[:1]
    yes = {"revision": draft["revision"], "authorised_by": "Budi Santoso", "means": "phone"}
    _post(center, admin, f"/alerts/{draft['id']}/authorise", **yes)
    _post(center, admin, f"/alerts/{draft['id']}/issue")
    following = _post(center, admin, f"/alerts/{draft['id']}/update")
    note = {"comment": "for tests"}
    order = _post(center, admin, "/service-orders", aside="out_of_service", scope="ROLAK:discharge", minutes=60, **note)
    _post(center, admin, "/journal", text="A quiet night")
    operator = center.log_in("operator", PASSWORD_OF_ALL)
    handover = _post(center, operator, "/handover", to="admin")
    for name in SPARE_TOKENS:
        _post(center, admin, "/tokens", name=name, scopes=["wall"])
    return {
        "alarm_id": ids("/alarms"),
        "incident_id": ids("/incidents"),
        "action_id": ids("/actions"),
        "report_id": ids("/reports"),
        "alert_id": [draft["id"], following["id"]],
        "sensor_id": ids("/sensors"),
        "letter_id": ids("/dead-letters"),
        "number": [str(order["number"]), str(handover["number"]), "0"],
        "contact": ["piket"],
        "user": ["operator"],
        "scope": ["ROLAK", "ROLAK:level"],
        "/actuators/{name}": ids("/actuators"),
        "/users/{name}": list(SPARE_USERS),
        "/tokens/{name}": list(SPARE_TOKENS),
    }


def _post(center: Running, who: dict[str, str], path: str, **body: Any) -> dict[str, Any]:
    answer: httpx.Response = center.client.post(path, json=body, headers=who)
    assert answer.status_code < 300, answer.text
    found: dict[str, Any] = answer.json()
    return found
