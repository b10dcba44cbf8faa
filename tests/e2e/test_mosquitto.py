"""A broker of another make: one setting, and the readings arrive."""

import pytest

from tests.e2e.broker import Broker
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
    api.wait_for_value(RIVER, 42.0, within_s=20)
