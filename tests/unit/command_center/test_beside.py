"""Whether it rises or falls, and which level a projection names: the one that lay ahead where it was found."""

from functools import partial

import numpy as np
import pytest

from command_center.beside import Beside, Kinship
from command_center.picture.history import History
from command_center.picture.latest import Latest
from sensors.catalogue import Level
from sensors.origin import Origin
from tests.unit.command_center.derived_city import ETA, ETA_HIGH, ETA_LOW, RATE, derived_city
from tests.unit.command_center.little_city import LEVEL, entry, minutes

FOUND = ((LEVEL, 0, 549.0), (RATE, 0, 60.0), (ETA, 0, 51.0), (ETA_LOW, 0, 40.0))  # number, minute, value


def beside(*observations: tuple[int, int, float], forgotten: bool = False) -> Beside:
    """What stands beside the little city's gauge after (number, minute, value); `forgotten`: no history is left."""
    batch = entry([(number, minutes(minute), value) for number, minute, value in observations]).batch
    latest, history, seq = Latest(), History(100), np.ones(len(batch), np.int64)
    latest.add(batch, seq)
    if not forgotten:
        history.add(batch, seq)
    return Kinship(derived_city().datastreams, 1.0).beside(LEVEL, levels_of(), latest, history)


def levels_of() -> tuple[Level, ...]:
    return next(d.levels for d in derived_city().datastreams if d.number == LEVEL)


@pytest.mark.parametrize("now", [555.0, 20.0])
def test_the_level_is_the_one_ahead_of_the_observation_at_which_it_was_found(now: float) -> None:
    told = beside(*FOUND, (LEVEL, 1, now))  # it rose; it fell as no river does
    assert told.eta is not None
    assert (told.eta.level, told.eta.earliest_min, told.eta.middle_min) == ("kuning", 40.0, 51.0)
    assert told.rate is not None
    assert told.rate.value == 60.0


def test_a_level_that_is_reached_lies_ahead_no_more_and_the_minutes_are_not_those_to_the_next() -> None:
    assert beside(*FOUND, (LEVEL, 1, 600.0)).eta is None


def test_without_the_observation_in_memory_the_newest_value_stands_for_it() -> None:
    told = beside(*FOUND, (LEVEL, 1, 555.0), forgotten=True)
    assert told.eta is not None
    assert told.eta.level == "kuning"


@pytest.mark.parametrize(
    ("bounds", "told_min"),
    [
        ([(ETA_LOW, 0, 40.0)], (40.0, None, None)),
        ([(ETA, 0, 51.0)], (None, 51.0, None)),
        ([(ETA_LOW, 0, 40.0), (ETA, 0, 51.0), (ETA_HIGH, 0, 80.0)], (40.0, 51.0, 80.0)),
        ([(ETA_LOW, 0, 40.0), (ETA, 0, 51.0), (ETA_HIGH, 0, 1440.0)], (40.0, 51.0, None)),
    ],
)
def test_each_end_is_told_by_its_own_bound_alone(
    bounds: list[tuple[int, int, float]], told_min: tuple[float | None, ...]
) -> None:
    eta = beside((LEVEL, 0, 549.0), *bounds).eta
    assert eta is not None
    assert (eta.earliest_min, eta.middle_min, eta.latest_min) == told_min


def test_within_a_day_by_no_bound_is_no_time() -> None:
    assert beside((LEVEL, 0, 549.0), (ETA_LOW, 0, 1440.0), (ETA, 0, 1440.0), (ETA_HIGH, 0, 1440.0)).eta is None


def test_none_lies_ahead_above_the_highest_level() -> None:
    assert beside((LEVEL, 0, 700.0), (ETA, 0, 51.0)).eta is None


@pytest.mark.parametrize(
    ("rate", "readings", "direction"),
    [
        (60.0, [549.0], 1),
        (60.0, [549.0, 551.0, 553.0, 555.0], 1),
        (60.0, [549.0, 547.0, 550.0, 548.0], 1),  # they say nothing for certain
        (60.0, [549.0, 547.0, 544.0, 540.0], 0),  # just past its crest
        (60.0, [549.0, 547.0, np.nan, 544.0], 0),
        (60.0, [549.0, 540.0], 1),  # one fall is none
        (-60.0, [549.0, 547.0, 544.0, 540.0], -1),
        (-60.0, [549.0, 551.0, 553.0, 556.0], 0),
        (0.0, [549.0, 551.0, 553.0, 556.0], 0),
    ],
)
def test_what_the_newest_quarter_of_its_window_denies_is_not_said_of_a_gauge(
    rate: float, readings: list[float], direction: int
) -> None:
    found = beside((RATE, 0, rate), *((LEVEL, 2 * k, value) for k, value in enumerate(readings))).rate
    assert found is not None
    assert found.direction_at(minutes(0)) == direction


def test_what_is_known_of_an_exercises_water_is_not_said_of_the_fields() -> None:
    played = entry([(number, minutes(0), value) for number, _, value in FOUND], origin=Origin.SIMULATED).batch
    latest, history = Latest(), History(100)
    beside_now = partial(Kinship(derived_city().datastreams, 1.0).beside, LEVEL, levels_of(), latest, history)
    latest.add(played, np.ones(len(played), np.int64))
    assert None not in (beside_now().rate, beside_now().eta)
    latest.add(entry([(LEVEL, minutes(1), 20.0)]).batch, np.array([2]))
    assert (beside_now().rate, beside_now().eta) == (None, None)


def test_a_late_reading_is_looked_at_too() -> None:
    latest, history = Latest(), History(100)
    beside_now = partial(Kinship(derived_city().datastreams, 1.0).beside, LEVEL, levels_of(), latest, history)

    def found(*observations: tuple[int, float, float]) -> int:
        batch = entry([(number, minutes(minute), value) for number, minute, value in observations]).batch
        latest.add(batch, np.ones(len(batch), np.int64))
        history.add(batch, np.ones(len(batch), np.int64))
        rate = beside_now().rate
        assert rate is not None
        return rate.direction_at(minutes(0))

    assert found((RATE, 0, 60.0), (LEVEL, 0, 549.0), (LEVEL, 6, 540.0)) == 1
    assert found() == 1
    assert found((LEVEL, 2, 547.0), (LEVEL, 4, 544.0)) == 0


def test_readings_that_no_memory_holds_deny_nothing() -> None:
    falls = [(LEVEL, 2 * k, 549.0 - k) for k in range(4)]
    found = beside((RATE, 0, 60.0), *falls, forgotten=True).rate
    assert found is not None
    assert found.direction_at(minutes(0)) == 1
