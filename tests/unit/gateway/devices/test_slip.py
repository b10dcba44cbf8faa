"""What goes with a device into the field."""

import re
from pathlib import Path

import pytest
from msgspec.structs import replace

from gateway.devices.commands import _topics
from gateway.devices.slip import Slip, harmless, similar
from sensors.actuator import Actuator
from sensors.broker_access import Door
from sensors.catalogue import Datastream
from sensors.errors import SettingsError
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


HORN = Actuator(actuator="HORN", kind="siren", station="S1", source="SK 3")


def of_siren(**fields: str) -> str:
    made = Slip("HORN", (), DOOR, Path("data"), False, "rahasia", actuator=replace(HORN, **fields))
    return "\n".join(made.lines())


def test_a_siren_is_told_where_it_hears_and_answers_and_nothing_of_readings() -> None:
    text = of_siren()
    assert "hears      siaga/actuator/HORN/set" in text
    assert "says       siaga/actuator/HORN/state   within 30 s" in text
    assert "mosquitto_sub -h 10.1.2.3 -p 8883 --cafile /data/ca.crt -u HORN -P rahasia" in text
    assert not any(word in text for word in ("telemetry", "dead letter", "siaga publish", "ts:"))
    assert "cmnd/HORN/POWER" in of_siren(topic_set="cmnd/HORN/POWER", payload_on="ON", payload_off="OFF")
    assert "-t float/HORN -m 0" in of_siren(topic_set="-", topic_state="float/HORN", state_on="a=1", state_off="a=0")


def test_a_siren_may_use_the_topics_of_its_row() -> None:
    assert _topics(HORN, []) == ((), ())
    tasmota = replace(HORN, topic_set="cmnd/HORN/POWER", topic_state="stat/HORN/POWER")
    assert _topics(tasmota, ["tele/HORN/LWT"]) == (("stat/HORN/POWER", "tele/HORN/LWT"), ("cmnd/HORN/POWER",))
    assert _topics(replace(tasmota, topic_set="-"), []) == (("stat/HORN/POWER",), ())
    with pytest.raises(SettingsError, match="topic_set"):
        _topics(replace(HORN, topic_set="siaga/actuator/OTHER/set"), [])


def test_a_reader_hears_what_leaves_and_publishes_nothing() -> None:
    text = "\n".join(Slip("kominfo", (), DOOR, Path("data"), False, "rahasia", is_reader=True).lines())
    assert "siaga/observation/#" in text
    assert "mosquitto_sub" in text
    assert "mosquitto_pub" not in text
