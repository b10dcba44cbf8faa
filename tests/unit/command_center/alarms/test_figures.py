"""The figures of ISA-18.2 / EEMUA 191 from what is on record."""

from command_center.alarms.alarm import Event
from command_center.alarms.annunciation import Annunciation
from command_center.alarms.figures import Figures, figures, waits_s
from sensors.times import HOUR_US, MINUTE_US

NOTHING = {"chattering": 0, "stale": 0, "standing": 0, "shelved": 0}


def call(minute: float, datastream: str = "A:level", severity: int = 2, number: int = 1) -> Annunciation:
    at_us = round(minute * MINUTE_US)
    return Annunciation(f"{datastream}-{number}", 1, at_us, datastream, "siaga", 1, severity, Event.RAISED, "")


def value(found: Figures, name: str) -> float | None:
    return next(one.value for one in found.figures if one.name == name)


def met(found: Figures, name: str) -> bool | None:
    return next(one.is_met for one in found.figures if one.name == name)


def test_a_quiet_day_is_within_every_target() -> None:
    calls = [call(60 * hour, f"S{hour}:level") for hour in range(24)]
    found = figures(calls, [30.0, 90.0, 60.0], NOTHING, (0, 24 * HOUR_US))
    assert (found.annunciations, value(found, "per_hour"), value(found, "average_10_min")) == (24, 1.0, 24 / 144)
    assert value(found, "acknowledged_after_median") == 60.0
    assert [one.name for one in found.figures if one.is_met is False] == ["top_ten_share"]  # ten of two dozen


def test_a_flood_of_eleven_in_ten_minutes_is_told() -> None:
    found = figures([call(5 + n / 20) for n in range(11)], [], NOTHING, (0, HOUR_US))
    assert (value(found, "most_10_min"), met(found, "most_10_min")) == (11.0, False)
    assert (value(found, "flood_share"), met(found, "flood_share")) == (100 / 6, False)
    assert value(found, "acknowledged_after_median") is None
    assert (found.top[0].datastream, found.top[0].share_percent) == ("A:level", 100.0)


def test_five_minutes_tell_nothing_of_an_hour_or_a_day_and_share_is_never_over_the_whole() -> None:
    short = figures([call(n / 20) for n in range(50)], [], NOTHING, (0, 5 * MINUTE_US))
    rates = {one.name: (one.value, one.is_met, one.needs_h) for one in short.figures if one.needs_h}
    assert rates == {
        "average_10_min": (None, None, 1 / 6),
        "per_hour": (None, None, 1.0),
        "per_day": (None, None, 24.0),
        "flood_share": (None, None, 1 / 6),
    }
    assert (short.annunciations, value(short, "most_10_min")) == (50, 50.0)
    longer = figures([call(n / 2) for n in range(50)], [], NOTHING, (0, 25 * MINUTE_US))
    assert value(longer, "average_10_min") == 20.0
    assert (value(longer, "per_hour"), value(longer, "flood_share")) == (None, 200 / 3)


def test_two_operators_share_the_load_and_nothing_at_all_is_no_division_by_zero() -> None:
    calls = [call(n) for n in range(12)]
    assert value(figures(calls, [], NOTHING, (0, HOUR_US), operators=2), "per_hour") == 6.0
    empty = figures([], [], NOTHING, (0, HOUR_US))
    assert (empty.annunciations, value(empty, "top_ten_share"), empty.by_severity_percent) == (0, None, {})


def test_the_split_by_severity() -> None:
    calls = [*(call(n, severity=1) for n in range(8)), call(8, severity=3), call(9, severity=4)]
    found = figures(calls, [], NOTHING | {"stale": 5}, (0, HOUR_US))
    assert found.by_severity_percent == {"1": 80.0, "3": 10.0, "4": 10.0}
    assert met(found, "stale") is False


def test_each_call_waits_for_the_next_acknowledgement_of_its_alarm() -> None:
    calls = [call(1), call(5), call(7, "B:level")]
    acknowledged = {"A:level-1": [2 * MINUTE_US, 9 * MINUTE_US]}
    assert waits_s(calls, acknowledged) == [60.0, 240.0]
