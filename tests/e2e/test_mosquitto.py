"""A broker of another make: one setting, and the readings arrive."""

import resource
from typing import Any

import pytest

from tests import plain_http
from tests.e2e.api import Api
from tests.e2e.broker import Broker
from tests.e2e.logs import distinct
from tests.e2e.processes import until
from tests.e2e.site import Site
from tests.e2e.small_city import RAIN, RIVER, SIAGA_CM

pytestmark = pytest.mark.broker


def test_a_reading_over_mosquitto_is_stored_and_served(site: Site, mosquitto: Broker) -> None:
    site.start_gateway(mosquitto)
    _process, api = site.start_command_center()
    mosquitto.observe(RIVER, SIAGA_CM)
    sensor = api.wait_for_value(RIVER, SIAGA_CM)
    assert sensor["latest"]["origin"] == "live"
    assert [o["value"] for o in api.observations(RIVER)] == [SIAGA_CM]
    until(lambda: api.open_alarm(RIVER), "the alarm")


def test_what_came_while_the_gateway_was_away_is_not_lost(site: Site, mosquitto: Broker) -> None:
    gateway = site.start_gateway(mosquitto)
    gateway.kill()
    start_ms = 1_760_000_000_000
    mosquitto.publish_all(
        [("telemetry/" + RAIN.replace(":", "/"), {"ts": start_ms + n, "value": n / 10}) for n in range(500)]
    )
    site.start_gateway(mosquitto)
    _process, api = site.start_command_center()
    until(lambda: len(api.observations(RAIN)) == 500, "all 500 readings")


def test_the_gateway_comes_back_when_mosquitto_does(site: Site, mosquitto: Broker) -> None:
    site.start_gateway(mosquitto)
    _process, api = site.start_command_center()
    mosquitto.process.stop()
    again = site.start_mosquitto(mosquitto.port)
    until(lambda: again.process.exit_code is None, "Mosquitto")
    again.observe(RIVER, 42.0)
    api.wait_for_value(RIVER, 42.0)


def test_a_broker_of_mqtt_5_stops_by_itself_while_the_log_cannot_be_written(site: Site, mosquitto: Broker) -> None:
    gateway = site.start_gateway(mosquitto, SIAGA_MQTT_MAX_UNACKNOWLEDGED="100", SIAGA_MQTT_CANARY_PERIOD_S="0.5")
    _process, api = site.start_command_center()
    topic, start_ms = "telemetry/" + RAIN.replace(":", "/"), 1_760_000_000_000
    mosquitto.publish(topic, {"ts": start_ms, "value": 0})
    until(lambda: len(distinct(site.data_dir)) == 1, "the first reading")
    full = (site.data_dir / "log.db-wal").stat().st_size
    resource.prlimit(gateway.pid, resource.RLIMIT_FSIZE, (full, resource.RLIM_INFINITY))
    mosquitto.publish_all([(topic, {"ts": start_ms + n, "value": n / 10}) for n in range(1, 1_000)])
    gateway.wait_for_line("the log cannot be written, the brokers are held")
    until(lambda: _source(api)["unacknowledged"] == 100, "as many in memory as may be")
    resource.prlimit(gateway.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    until(lambda: len(distinct(site.data_dir)) == 1_000, "all 1,000 readings")
    source = until(lambda: _source(api) if _source(api)["unacknowledged"] == 0 else None, "nothing in memory")
    assert (source["counters"]["left_to_broker"], source["reconnects"], source["flows"]) == (0, 0, True)


def _source(api: Api) -> dict[str, Any]:
    return dict(plain_http.get(f"{api.url}/healthz").json()["gateway"]["status"]["sources"][0])
