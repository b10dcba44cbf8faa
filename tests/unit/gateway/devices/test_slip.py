"""What goes with a device into the field."""

import re
from pathlib import Path

import pytest

from gateway.devices.slip import Slip, harmless, similar
from sensors.broker_access import Door
from sensors.catalogue import Datastream
from tests.unit.gateway.small_city import small_catalogue

DOOR = Door(host="127.0.0.1", port=8883, device_host="10.1.2.3", tls=True, ca_file="/data/ca.crt")
LEVEL: Datastream = small_catalogue().datastreams[0]


def slip(*, holds_live: bool = False, door: Door = DOOR) -> str:
    return "\n".join(Slip("S1", (LEVEL,), door, Path("data"), holds_live, "rahasia").lines())


def test_it_has_all_that_somebody_must_type() -> None:
    text = slip()
    for word in ("10.1.2.3", "8883 (TLS)", "/data/ca.crt", "rahasia", "telemetry/S1/level   in cm", "QoS 1"):
        assert word in text
    assert "mosquitto_pub -h 10.1.2.3 -p 8883 --cafile /data/ca.crt -u S1 -P rahasia" in text
    assert "this machine only" not in text


def test_a_trial_is_an_exercise_until_the_city_is_live() -> None:
    assert '"origin": "simulated"' in slip()
    assert "simulated" not in slip(holds_live=True)
    assert "siaga publish S1 level 50 --origin live" in slip(holds_live=True)


def test_a_broker_of_this_machine_alone_is_said() -> None:
    assert "SIAGA_BROKER_HOST=0.0.0.0" in slip(door=Door(host="127.0.0.1", port=1883, device_host="127.0.0.1"))


def test_the_value_to_try_reaches_no_level() -> None:
    assert harmless(LEVEL) == 50.0
    assert LEVEL.valid_min is not None
    assert LEVEL.valid_min <= harmless(LEVEL) < min(level.value for level in LEVEL.levels)


@pytest.mark.parametrize("typed", ["brantas-gedek", "GEDEG", "BRANTAS_GEDEG"])
def test_a_mistyped_station_is_guessed(typed: str) -> None:
    assert similar(typed, ["ROLAK-SONGO", "BRANTAS-GEDEG"]) == ["BRANTAS-GEDEG"]


def test_a_client_id_that_nobody_guesses_is_recommended() -> None:
    found = {line.split()[2] for line in (slip() + "\n" + slip()).splitlines() if line.startswith("  client id")}
    assert len(found) == 2
    assert all(re.fullmatch(r"S1-[a-z2-9]{8}", name) for name in found)
    assert "~/.config/mosquitto_pub" in slip()
