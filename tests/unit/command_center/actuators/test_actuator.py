"""What an actuator is told and says, what sounds it, and what is wrong with it; without a broker."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from command_center.actuators.command import ALARM, Command, Order, Standing, command_of, payload_of, state_in
from command_center.actuators.sounding import asking
from command_center.actuators.trouble import Seen, is_unproven, troubles
from command_center.alarms.alarm import Alarm, Aside, Refutation, Release
from sensors.actuator import Actuator
from sensors.catalogue import Catalogue
from sensors.origin import Origin
from sensors.times import SECOND_US
from tests.unit.command_center.actions.test_action import after
from tests.unit.command_center.little_city import LEVEL_ID, NOW_US, little_city, raised, returned

DAY_US = 24 * 3600 * SECOND_US


def actuator(name: str = "HORN", **fields: Any) -> Actuator:
    fixed = {"kind": "siren", "station": "ROLAK", "datastream": LEVEL_ID, "level": "kuning", "source": "SK 3"}
    return Actuator(actuator=name, **(fixed | fields))


def city(*rows: Actuator) -> Catalogue:
    return replace(little_city(), actuators=rows)


def asks(one: Actuator, alarm: Alarm) -> bool:
    return asking(one, [alarm], city(one)) is not None


YELLOW = after([raised("hijau"), raised("kuning")])
RED = after([raised("merah")], YELLOW)  # severity 4
RELEASE = Release(how="reading", who="", at_us=NOW_US)
BY_HAND = actuator(level="", datastream="")
REFUTED = Refutation(by="sri", seen="camera", comment="", at_us=0, until_us=1, rank=2, severity=3)


@pytest.mark.parametrize(
    ("one", "alarm", "sounds"),
    [
        (actuator(), YELLOW, True),
        (actuator(), after([raised("hijau")]), False),
        (actuator(), RED, True),  # kuning is held as well, and waits for nobody
        (actuator(level="merah"), RED, False),
        (actuator(level="merah"), replace(RED, release=RELEASE), True),
        (actuator(level="", datastream="", severity=3), YELLOW, True),
        (actuator(level="", datastream="", severity=4), RED, False),
        (actuator(level="", datastream="", severity=4), replace(RED, release=RELEASE), True),
        (actuator(level="", datastream="", severity=3, station="POS"), YELLOW, False),
        (actuator(level="", datastream="", severity=3, station="", area="35.76.01.1001"), YELLOW, True),
        (BY_HAND, replace(RED, release=RELEASE), False),
        (actuator(), after([returned("kuning")], YELLOW), False),
        (actuator(), after([raised("kuning", historical=True)]), False),
        (actuator(), after([raised("kuning", verify=True)]), False),
        (actuator(), replace(YELLOW, aside=Aside.SUPPRESSED), False),
        (actuator(), replace(YELLOW, refutation=REFUTED), False),
        (actuator(topic_set="-"), YELLOW, False),
    ],
)
def test_what_sounds_it_by_itself(one: Actuator, alarm: Alarm, sounds: bool) -> None:
    assert asks(one, alarm) is sounds


@given(
    st.sampled_from([Origin.SIMULATED, Origin.REPLAYED]),
    st.sampled_from(["hijau", "kuning", "merah"]),
    st.sampled_from([{"level": "hijau"}, {"level": "", "datastream": "", "severity": 1}]),
)
def test_nothing_simulated_or_replayed_reaches_it(origin: Origin, level: str, row: dict[str, Any]) -> None:
    alarm = replace(after([raised(level, origin=origin)]), release=RELEASE)
    assert not asks(actuator(**row), alarm)
    live = replace(after([raised(level)]), release=RELEASE)
    assert asks(actuator(**row), live)
    assert not asks(actuator(**row, source="illustrative"), live)


def command(one: Actuator, *, on: bool = True) -> Any:
    return command_of(one, Order(on=on, why=ALARM), 7, NOW_US)


def test_payloads_for_plain_json_tasmota_and_chirpstack() -> None:
    plain = actuator()
    assert payload_of(plain, command(plain)) == (
        b'{"id": "HORN", "set": "on", "issued_at": "2025-11-22T15:00:00Z", "expires_at": "2025-11-22T15:01:00Z"}'
    )
    tasmota = actuator(payload_on="ON", payload_off="OFF")
    assert [payload_of(tasmota, command(tasmota, on=on)) for on in (True, False)] == [b"ON", b"OFF"]
    downlink = actuator(payload_on='{"devEui": "01", "fPort": 10, "data": "AQ=="}', payload_off="x")
    assert payload_of(downlink, command(downlink)) == b'{"devEui": "01", "fPort": 10, "data": "AQ=="}'


@pytest.mark.parametrize(
    ("fields", "payload", "said"),
    [
        ({}, b"on", True),
        ({}, b" OFF\n", False),
        ({}, b"maybe", None),
        ({}, b"\xff\xfe", None),
        ({"state_on": "POWER=ON", "state_off": "POWER=OFF"}, b'{"POWER": "ON"}', True),
        ({"state_on": "object.siren=1", "state_off": "object.siren=0"}, b'{"object": {"siren": 0}}', False),
        ({"state_on": "object.siren=true", "state_off": "object.siren=false"}, b'{"object": {"siren": true}}', True),
        ({"state_on": "object.siren=1", "state_off": "object.siren=0"}, b'{"object": {}}', None),
        ({"state_on": "object.siren=1", "state_off": "object.siren=0"}, b"not json", None),
        ({"state_on": "a=1", "state_off": "a=0"}, b"[" * 100_000, None),
    ],
)
def test_what_an_actuator_says(fields: dict[str, Any], payload: bytes, said: bool | None) -> None:
    assert state_in(actuator(**fields), payload) is said


@given(st.binary(max_size=200))
def test_no_payload_breaks_the_reading_of_a_state(payload: bytes) -> None:
    assert state_in(actuator(state_on="a.b=1", state_off="a.b=0"), payload) in (True, False, None)


def test_what_became_of_a_command_in_time() -> None:
    told = command(actuator())
    late = NOW_US + 61 * SECOND_US
    assert [told.standing(NOW_US), told.standing(late)] == [Standing.WAITING, Standing.EXPIRED]
    sent = replace(told, sent_us=NOW_US)
    assert [sent.standing(NOW_US + 29 * SECOND_US), sent.standing(NOW_US + 30 * SECOND_US)] == [
        Standing.SENT,
        Standing.UNCONFIRMED,
    ]
    assert replace(sent, confirmed_us=late).standing(late) is Standing.CONFIRMED
    assert replace(sent, tells=False).standing(late) is Standing.UNTOLD


def test_what_did_not_answer_and_who_sounds_alone_is_told_in_words() -> None:
    horn, alone = actuator(), actuator("OLD", topic_set="-", level="", datastream="")
    sent = replace(command(horn), sent_us=NOW_US)
    late = NOW_US + 40 * SECOND_US

    def told(newest: dict[str, Any], said: dict[str, tuple[bool, int]], *alarms: Alarm) -> list[tuple[str, str]]:
        found = troubles(city(horn, alone), Seen(newest, {}, said, alarms), late)
        return [(one.actuator, one.kind) for one in found]

    assert told({"HORN": sent}, {}) == [("HORN", "unconfirmed")]
    assert told({"HORN": replace(sent, confirmed_us=late)}, {}) == []
    assert told({"HORN": replace(sent, sent_us=None, expires_us=late)}, {}) == [("HORN", "expired")]
    assert told({}, {"OLD": (True, NOW_US)}) == [("OLD", "sounds_alone")]
    assert told({}, {"OLD": (True, NOW_US)}, YELLOW) == []
    assert told({}, {"OLD": (False, NOW_US)}) == []


@pytest.mark.parametrize("before", [Standing.UNCONFIRMED, Standing.EXPIRED])
def test_while_it_is_tried_again_what_was_wrong_still_is(before: Standing) -> None:
    horn = actuator()
    tried = replace(command(horn), attempt=2)

    def told(newest: Command) -> list[str]:
        return [one.kind for one in troubles(city(horn), Seen({"HORN": newest}, {"HORN": before}, {}, ()), NOW_US)]

    sent = replace(tried, sent_us=NOW_US)
    assert [told(tried), told(sent)] == [[before.value], [before.value]]
    assert told(replace(sent, confirmed_us=NOW_US)) == []
    assert told(replace(sent, attempt=1)) == []  # another order, not yet due to be answered


def test_unproven_is_what_was_not_confirmed_for_ninety_days_or_never() -> None:
    horn = actuator()
    assert [is_unproven(horn, when, NOW_US) for when in (None, NOW_US - 91 * DAY_US, NOW_US - 89 * DAY_US)] == [
        *(True, True),
        False,
    ]
    assert not is_unproven(actuator(topic_set="-"), None, NOW_US)
