"""A restart and a reload of the catalogue raise no storm: nobody is called but for the level that changed."""

import csv
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.api import Api
from tests.e2e.broker import Broker
from tests.e2e.messages import annunciated, recorded, repeats_without_mark
from tests.e2e.processes import Process, free_port, until
from tests.e2e.recorded_city import read
from tests.e2e.site import Site
from tests.e2e.small_city import RIVER
from tests.unit.command_center.notify.receivers import Inbox, http_receiver

pytestmark = [pytest.mark.broker, pytest.mark.timeout(240)]

GAUGES = 20
SIAGA_CM, AWAS_CM = 260.0, 360.0
REFUTED = f"G{GAUGES - 1}:level"  # the one that holds the highest level
CHANGED = "G0:level"  # its highest level is put below what it holds


@dataclass(slots=True)
class Standing:
    """Many active alarms, some acknowledged or set aside, and their messages sent."""

    site: Site
    broker: Broker
    gateway: Process
    center: Process
    api: Api
    inbox: Inbox
    settings: dict[str, str]
    port: int
    marks: int = 0

    def restart_center(self, number: signal.Signals) -> None:
        """End it, and start it again."""
        self.center.signal(number)
        self.center.wait()
        self.center, self.api = self.site.start_command_center(self.settings, port=self.port)

    def restart_gateway(self, number: signal.Signals) -> None:
        """End it, and start it again."""
        self.gateway.signal(number)
        self.gateway.wait()
        self.gateway = self.site.start_gateway(self.broker)

    def reload(self) -> None:
        """SIGHUP, and wait until the gateway says that it is done."""
        known = sum("reloaded: catalogue version" in line for line in self.gateway.lines)
        self.gateway.signal(signal.SIGHUP)
        until(lambda: sum("reloaded: catalogue version" in line for line in self.gateway.lines) > known, "the reload")

    def follow(self) -> None:
        """Until a reading that comes now is shown: what came before it has been applied, and told by then or waits."""
        self.marks += 1
        self.broker.observe(RIVER, float(self.marks))
        self.api.wait_for_value(RIVER, float(self.marks))
        until(lambda: recorded(self.site.data_dir, WAITING) == [(0,)], "nothing waits in the outbox")

    def states(self) -> dict[str, tuple[str, Any, Any, Any]]:
        """How each alarm stands, by datastream."""
        return {
            a["datastream"]: (a["state"], a["acknowledged_by"], a["shelf"], a["refutation"])
            for a in self.api.everything("/alarms", state="open")
        }


WAITING = "SELECT count(*) FROM notice WHERE progress = 'waiting'"


def test_neither_a_restart_nor_a_reload_calls_anybody_but_for_the_level_that_changed(site: Site, nats: Broker) -> None:
    write_gauges(site.city)
    with http_receiver() as (inbox, address):
        standing = stand(site, nats, inbox, {"UJI_HOOK": f"json://{address}/hook"})
        calls, states, messages = annunciated(site.data_dir), standing.states(), len(inbox.received)
        assert {state for state, *_ in states.values()} == {
            "unacknowledged", "acknowledged", "shelved", "suppressed", "out_of_service",
        }  # fmt: skip
        quiet: list[tuple[str, Callable[[], None]]] = [
            ("the command center killed", lambda: standing.restart_center(signal.SIGKILL)),
            ("the command center stopped", lambda: standing.restart_center(signal.SIGTERM)),
            ("the gateway killed", lambda: standing.restart_gateway(signal.SIGKILL)),
            ("the same rules read again", standing.reload),
        ]
        for what, happen in quiet:
            happen()
            standing.follow()
            assert annunciated(site.data_dir) == calls, what
            assert standing.states() == states, what
            assert len(inbox.received) == messages, what
        change_level(site.city / "levels.csv", CHANGED, "awas", "255")
        standing.reload()
        until(lambda: len(annunciated(site.data_dir)) > len(calls), "the level that changed is called")
        standing.restart_center(signal.SIGKILL)
        standing.follow()
        [new] = annunciated(site.data_dir) - calls
        which = "SELECT datastream, level FROM annunciation WHERE alarm_id || '/' || call = ?"
        told = recorded(site.data_dir, which, new)
        assert told == [(CHANGED, "awas")]
        assert {name for name, state in standing.states().items() if state != states[name]} == {CHANGED}
        assert {"/".join(one.split("/")[:2]) for message in inbox.received[messages:] for one in message.ids} == {new}
        assert repeats_without_mark(inbox.received) == []


def stand(site: Site, nats: Broker, inbox: Inbox, settings: dict[str, str]) -> Standing:
    """Everything over a level, and people have acted."""
    gateway, port = site.start_gateway(nats), free_port()
    center, api = site.start_command_center(settings, port=port)
    names = [f"G{n}:level" for n in range(GAUGES)]
    nats.publish_all((f"telemetry/G{n}/level", {"value": SIAGA_CM}) for n in range(GAUGES - 1))
    nats.observe(REFUTED, AWAS_CM)
    until(lambda: len(annunciated(site.data_dir)) == 2 * GAUGES + 1, "every alarm")
    ids = {alarm["datastream"]: alarm["id"] for alarm in api.everything("/alarms", state="open")}
    for name in names[:4]:
        api.post(f"/alarms/{ids[name]}/acknowledge", {"comment": "dilihat"})
    for name in names[4:7]:
        api.post(f"/alarms/{ids[name]}/shelve", {"comment": "bergetar", "minutes": 60})
    api.post(f"/alarms/{ids[REFUTED]}/refute", {"comment": "kering di kamera", "seen": "camera", "minutes": 30})
    for aside, scope in (("suppressed", "G7"), ("out_of_service", names[8])):
        api.post("/service-orders", {"aside": aside, "scope": scope, "minutes": 60, "comment": "diperbaiki"})
    standing = Standing(site, nats, gateway, center, api, inbox, settings, port)
    standing.follow()
    return standing


def write_gauges(city: Path) -> None:
    """Twenty gauges of their own rivers, and one contact who is told of everything."""
    for n in range(GAUGES):
        add(city / "stations.csv", f"G{n},Gauge {n},river,-7.47,112.43,35.76.01.1001,,BPBD,EWS,,for tests")
        add(city / "datastreams.csv", f"G{n},level,river_level,cm,0,1000,600,300,public,for tests")
        for rank, (level, value) in enumerate((("waspada", 150), ("siaga", 250), ("awas", 350)), start=1):
            add(city / "levels.csv", f"G{n},level,{level},{rank},{rank + 1},rising,{value},cm,5,for tests")
    (city / "contacts.csv").write_text(
        "contact,name,language,urls,group,areas,least_severity,mass,test,canary,source\n"
        "HOOK,Webhook,id,env:UJI_HOOK,posko,*,1,no,no,no,for tests\n"
    )


def add(file: Path, line: str) -> None:
    with file.open("a") as table:
        table.write(line + "\n")


def change_level(file: Path, datastream: str, level: str, value: str) -> None:
    """Give one level another value."""
    rows = read(file)
    for row in rows:
        if (f"{row['station']}:{row['property']}", row["level"]) == (datastream, level):
            row["value"] = value
    with file.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
