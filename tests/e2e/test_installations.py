"""A sensor is changed while the gateway runs: what was stored stays, nothing is raised, its new zero counts."""

import signal
import time

import pytest

from tests.e2e.api import Api
from tests.e2e.broker import Broker
from tests.e2e.logs import assert_replay_is_identical
from tests.e2e.processes import Process, until
from tests.e2e.site import Site
from tests.e2e.small_city import RIVER

pytestmark = pytest.mark.broker

HEADER = "station,property,valid_from,sent_unit,scale,zero,author,source\n"
TOPIC = "telemetry/" + RIVER.replace(":", "/")


def test_a_new_zero_raises_nothing_and_rewrites_nothing(site: Site, nats: Broker, gateway: Process, api: Api) -> None:
    start_ms = int(time.time() * 1000)
    nats.publish(TOPIC, {"ts": start_ms - 60_000, "value": 120})
    api.wait_for_value(RIVER, 120.0)

    # From half a minute ago on, a sensor 500 cm above the zero of the gauge, that sends millimetres of air.
    changed = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(start_ms // 1000 - 30))
    row = f"SUNGAI-UJI,level,{changed},mm,-1,500,Sari,for tests\n"
    (site.city / "installations.csv").write_text(HEADER + row, encoding="utf-8")
    gateway.signal(signal.SIGHUP)
    until(lambda: any("reloaded: catalogue version" in line for line in gateway.lines), "the reload")

    nats.publish(TOPIC, {"ts": start_ms - 45_000, "value": 121})
    nats.publish(TOPIC, {"ts": start_ms, "value": 3770})
    nats.publish(TOPIC, {"ts": start_ms + 1, "value": 3.76, "unit": "m"})
    api.wait_for_value(RIVER, 124.0)
    stored = [observation["value"] for observation in api.observations(RIVER)]
    assert sorted(stored) == [120.0, 121.0, 123.0, 124.0]
    assert api.get("/alarms")["items"] == []
    assert_replay_is_identical(site.data_dir)
