"""Dead letters after the city is mended: what they held becomes observations, once, also when the gateway is killed."""

import json
import signal
import time
from typing import Any

import pytest

from tests.e2e.api import Api
from tests.e2e.broker import Broker
from tests.e2e.processes import Process, until
from tests.e2e.site import Site
from tests.e2e.small_city import RIVER

pytestmark = pytest.mark.broker

NEW = "POS-BARU:level"
STATION = "POS-BARU,Pos baru,river,-7.471,112.431,35.76.01.1001,,BPBD Kota Uji,EWS,uji,for tests\n"
DATASTREAM = "POS-BARU,level,river_level,cm,0,1000,600,300,public,for tests\n"
EARLIER_MS = 3_600_000
MANY = 700  # four pieces of a retry


def test_what_an_unknown_station_sent_becomes_observations_once_it_has_a_row(
    site: Site, nats: Broker, gateway: Process, api: Api
) -> None:
    start_ms = int(time.time() * 1000) - EARLIER_MS
    sent = [{"ts": start_ms + 1000 * n, "value": 40 + n} for n in range(20)]
    nats.publish_all([("telemetry/POS-BARU/level", reading) for reading in sent])
    nats.publish("telemetry/POS-BARU/level", b"77")
    nats.publish("telemetry/POS-BARU/level", b"not a number")
    [group] = until(lambda: count_of(api, "unknown_station", 22), "22 letters of one group")
    assert (group["topic"], group["kept"]) == ("telemetry/POS-BARU/level", 22)
    [stranger] = api.get("/unknown-devices")["items"]
    assert (stranger["device"], stranger["count"]) == ("POS-BARU", 22)
    assert stranger["datastream_rows"][0].startswith("POS-BARU,level,river_level,cm,")

    bare = api.get("/dead-letters", search="77")["items"]
    add_rows(site)
    gateway.signal(signal.SIGHUP)
    until(lambda: any(s["id"] == NEW for s in api.get("/sensors")["items"]), "the new station")
    result = api.post("/dead-letters/retry", {"group": group["id"]})
    assert result == {"observed": 21, "observations": 21, "failed": 1, "cut": 0}
    stored = until(lambda: found if len(found := api.observations(NEW)) == 21 else None, "21 observations")
    assert sorted(o["value"] for o in stored) == [*(40.0 + n for n in range(20)), 77.0]
    [late] = [o for o in stored if o["value"] == 77.0]
    assert late["time"][:22] == next(x for x in bare if x["payload"] == "77")["received_at"][:22]

    [left] = api.get("/dead-letters")["items"]
    assert (left["payload"], left["reason"], left["retries"]) == ("not a number", "not_json", 1)
    assert {c["reason"]: c["count"] for c in api.get("/dead-letters")["counts"]} == {
        "not_json": 1,
        "unknown_station": 21,
    }
    assert api.get("/unknown-devices")["items"] == []
    assert api.post("/dead-letters/retry", {"group": group["id"]})["observed"] == 0


def test_good_elements_of_a_message_are_not_taken_twice(site: Site, nats: Broker, api: Api) -> None:
    payload = [{"value": 11}, {"value": 12}, {"value": 13, "unit": "furlong"}, {"value": 11}]
    nats.publish("telemetry/" + RIVER.replace(":", "/"), payload)
    until(lambda: count_of(api, "unknown_unit", 1), "the element refused")
    until(lambda: len(api.observations(RIVER)) == 3, "the good elements")
    result = siaga(site, "dead-letters", "retry", "--all", "--json")
    assert result == {"observed": 0, "observations": 0, "failed": 1, "cut": 0}
    assert len(api.observations(RIVER)) == 3
    nats.publish("telemetry/" + RIVER.replace(":", "/"), b"60")
    api.wait_for_value(RIVER, 60.0)
    assert len(api.observations(RIVER)) == 4


def test_killed_in_the_middle_of_retries_nothing_is_lost_or_doubled(site: Site, nats: Broker) -> None:
    gateway = site.start_gateway(nats)
    api = site.start_command_center()[1]
    start_ms = int(time.time() * 1000) - EARLIER_MS
    nats.publish_all([("telemetry/POS-BARU/level", {"ts": start_ms + n, "value": n % 90}) for n in range(MANY)])
    until(lambda: count_of(api, "unknown_station", MANY), "all letters")
    add_rows(site)
    for _ in range(2):
        gateway.kill()
        gateway = site.start_gateway(nats)
        asking = site.processes.siaga("dead-letters", "retry", "--all", "--data-dir", site.data_dir)
        gateway.wait_for_line("retried dead letters")  # the first piece; the next one is under way
        gateway.kill()
        assert asking.wait(15) == 1
    site.start_gateway(nats)
    siaga(site, "dead-letters", "retry", "--all", "--json")
    found = until(lambda: rows if len(rows := api.observations(NEW)) >= MANY else None, "all of them")
    assert len({o["time"] for o in found}) == len(found) == MANY
    assert rows_in_log(site) == MANY
    assert api.get("/dead-letters")["items"] == []


def test_rubbish_beyond_all_bounds_is_counted_hides_no_other_fault_and_stops_nothing(nats: Broker, api: Api) -> None:
    topic = "telemetry/" + RIVER.replace(":", "/")
    rubbish: list[tuple[str, object]] = [(topic, b"rubbish %d" % n) for n in range(3_000)]
    nats.publish_all([*rubbish, (topic, b"41"), ("telemetry/OTHER/level", b"1"), (topic, b"other: rubbish")])
    nats.publish("telemetry/UDARA-UJI/pm25", b"more rubbish")
    api.wait_for_value(RIVER, 41.0)
    count = until(
        lambda: next((c for c in counted(api) if c["count"] == 3_002), None), "every piece of rubbish counted"
    )
    assert (count["reason"], count["kept"]) == ("not_json", 1_000)
    groups = {group["topic"]: group for group in api.get("/dead-letters/groups", reason="not_json")["items"]}
    assert groups["telemetry/UDARA-UJI/pm25"]["kept"] == 1
    assert [d["device"] for d in api.get("/unknown-devices")["items"]] == ["OTHER"]


def counted(api: Api) -> list[dict[str, Any]]:
    counts: list[dict[str, Any]] = api.get("/dead-letters", limit=1)["counts"]
    return counts


def count_of(api: Api, reason: str, count: int) -> list[dict[str, Any]] | None:
    groups: list[dict[str, Any]] = api.get("/dead-letters/groups", reason=reason)["items"]
    return groups if sum(group["count"] for group in groups) == count else None


def add_rows(site: Site) -> None:
    for name, row in (("stations.csv", STATION), ("datastreams.csv", DATASTREAM)):
        with (site.city / name).open("a", encoding="utf-8") as table:
            table.write(row)


def siaga(site: Site, *arguments: str) -> Any:
    """What a command says as JSON."""
    process = site.processes.siaga(*arguments, "--data-dir", site.data_dir)
    assert process.wait(15) == 0, process.output
    return json.loads(process.output)


def rows_in_log(site: Site) -> int:
    """Observations in the log itself, where nothing hides a repeat."""
    from gateway.log.reader import LogReader

    with LogReader(site.data_dir) as reader:
        total, seq = 0, 0
        while rows := reader.read_after(seq):
            total, seq = total + sum(len(row.batch) for row in rows), rows[-1].seq
    return total
