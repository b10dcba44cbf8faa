"""A gauge whose clock goes wrong in mid-rise is heard as it speaks; what waited at the broker keeps its own times."""

import time
from datetime import datetime

import pytest

from sensors.quality import Reason
from sensors.times import HOUR_US, SECOND_US, from_datetime
from tests.e2e.api import Api
from tests.e2e.broker import Broker
from tests.e2e.logs import assert_replay_is_identical, distinct
from tests.e2e.processes import until
from tests.e2e.site import Site
from tests.e2e.small_city import FILES, RIVER

pytestmark = pytest.mark.broker

INTERVAL_S = 1.0
DATASTREAMS = FILES["datastreams.csv"].replace("1000,600,300,public", "1000,1,,public").lstrip()


def now_us() -> int:
    return time.time_ns() // 1000


class Gauge:
    """Sends a level a second, by a clock that is `behind_us` the true time."""

    def __init__(self, broker: Broker, behind_us: int = 0) -> None:
        self._broker, self.behind_us = broker, behind_us
        self._next_s = time.monotonic()

    def send(self, *values: float) -> None:
        for value in values:
            time.sleep(max(0.0, self._next_s - time.monotonic()))  # its pace is what is tested
            self._next_s += INTERVAL_S
            self._broker.observe(RIVER, value, ts=(now_us() - self.behind_us) // 1000)


def faults(site: Site) -> list[bool]:
    return [Reason.CLOCK_FAULT in Reason(reasons) for reasons in distinct(site.data_dir).reasons.tolist()]


def alarm_is_of_now(api: Api, level: str) -> None:
    """There is a live alarm of this level, raised just now."""
    alarm = until(lambda: (a := api.open_alarm(RIVER)) and a["level"] == level and a, f"an alarm of {level}")
    assert not alarm["historical"]
    assert abs(from_datetime(datetime.fromisoformat(alarm["raised_at"])) - now_us()) < 20 * SECOND_US


@pytest.mark.parametrize("behind_us", [2 * HOUR_US, -7 * HOUR_US])
def test_a_gauge_that_reboots_in_mid_rise_raises_its_levels_now(site: Site, nats: Broker, behind_us: int) -> None:
    (site.city / "datastreams.csv").write_text(DATASTREAMS, encoding="utf-8")
    site.start_gateway(nats)
    _process, api = site.start_command_center()
    gauge = Gauge(nats)
    gauge.send(100, 110, 120, 130)
    gauge.behind_us = behind_us
    gauge.send(140, 160)
    api.wait_for_value(RIVER, 160.0)
    alarm_is_of_now(api, "waspada")
    gauge.send(200, 260)
    alarm_is_of_now(api, "siaga")
    gauge.behind_us = 0
    gauge.send(270)
    api.wait_for_value(RIVER, 270.0)
    assert faults(site) == [False] * 4 + [behind_us < 0, True, True, True, False]
    assert_replay_is_identical(site.data_dir)


def test_a_clock_that_is_off_is_known_after_a_kill(site: Site, nats: Broker) -> None:
    (site.city / "datastreams.csv").write_text(DATASTREAMS, encoding="utf-8")
    gateway = site.start_gateway(nats)
    gauge = Gauge(nats)
    gauge.send(100, 100, 100)
    gauge.behind_us = 2 * HOUR_US
    gauge.send(101, 102, 103)
    until(lambda: len(faults(site)) == 6, "the readings")
    gateway.kill()
    site.start_gateway(nats)
    gauge.send(160)
    until(lambda: len(faults(site)) == 7, "the reading after the start")
    assert faults(site)[-3:] == [True] * 3
    assert abs(int(distinct(site.data_dir).time_us[-1]) - now_us()) < 20 * SECOND_US


def test_what_waited_at_the_broker_for_hours_keeps_its_times(site: Site, nats: Broker) -> None:
    gateway = site.start_gateway(nats)
    end_us = now_us() // SECOND_US * SECOND_US
    times_us = [end_us - n * 60 * SECOND_US for n in range(240, 0, -1)]
    nats.observe(RIVER, 100, ts=times_us[0] // 1000)
    until(lambda: len(faults(site)) == 1, "the first reading")
    gateway.kill()
    topic = "telemetry/" + RIVER.replace(":", "/")
    nats.publish_all([(topic, {"ts": time_us // 1000, "value": 100}) for time_us in times_us[1:]])
    site.start_gateway(nats)
    until(lambda: len(faults(site)) == len(times_us), "what waited")
    assert not any(faults(site))
    assert sorted(distinct(site.data_dir).time_us.tolist()) == times_us
