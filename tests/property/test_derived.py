"""Derived datastreams: what the slow loop says, however the observations are split into batches."""

from dataclasses import fields
from itertools import pairwise
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensors.catalogue import Catalogue
from sensors.derived.rules import derived_rules
from sensors.derived.stage import derive
from sensors.derived.state import DerivedState, fresh_derived
from sensors.quality import Reason
from sensors.times import SECOND_US
from sensors.trend.rules import TrendRules, trend_rules
from sensors.trend.state import TrendState, fresh_trend
from tests.oracle.derived_loop import Observation, SlowDerived, told
from tests.unit.sensors.derived.small_catalogue import OBSERVED, every_method, limits, observations, rows

START = 1_780_000_000 * SECOND_US
LEVELS = {0: [120.0, 200.0, 280.0]}
WHOLE = every_method()
RULES, TREND = derived_rules(WHOLE), trend_rules(WHOLE)
OF_DERIVED = TREND.number >= len(OBSERVED)
TREND_OF_DERIVED = TrendRules(  # of an observed datastream that is re-based its trend is begun anew before `derive`
    np.where(np.isin(np.arange(len(TREND.slot)), TREND.number[OF_DERIVED]), TREND.slot - (~OF_DERIVED).sum(), -1),
    TREND.number[OF_DERIVED],
    TREND.window_us[OF_DERIVED],
)

VALUES: dict[str, tuple[float, ...]] = {
    "level": (80.0, 100.0, 119.0, 133.3, 150.0, 171.0, 200.0, 241.5, 300.0, 321.0),
    "opening": (-0.1, 0.0, 0.25, 1.2),
    "rain_rate": (0.0, 0.2, 7.3, 120.0),
    "pm25": (5.0, 15.5, 33.3, 160.1, 900.0),
    "pm10": (10.0, 150.0, 351.7),
    "flow": (0.0, 10.0, 900.0, 1500.0, 2500.0),
    "speed": (0.0, 3.0, 40.0, 61.7),
    "tips": (0.0, 0.2, 0.4, 3e8),
}
STEPS_S = (0.25, 30.0, 60.0, 60.0, 61.0, 225.0, 300.0, 1000.0, 4000.0)
RECEIVED_US = (0, 0, 1, 7 * SECOND_US)
FAST = int(Reason.RATE_OF_CHANGE)
SEEDS = st.integers(0, 2**32)


def history_of(seed: int, *, clock_goes_back: bool = False) -> list[Observation]:
    """Observations in order of arrival, each newer than those before of its datastream, or re-based."""
    random = Random(seed)
    busy = random.sample(range(len(OBSERVED)), random.randint(1, 4))
    steps_s = random.sample(STEPS_S, 4)
    newest_us = [START] * len(OBSERVED)
    received_us = START
    history = []
    for arrival in range(random.randint(1, 100)):
        number = random.choice(busy) if random.random() < 0.8 else random.randrange(len(OBSERVED))
        received_us += random.choice(RECEIVED_US)
        newest_us[number] += round(random.choice(steps_s) * SECOND_US)
        received_us = max(received_us, newest_us[number])  # what comes from further ahead is not let in
        if clock_goes_back and random.random() < 0.1:
            received_us = (
                random.choice([min(newest_us), newest_us[number]]) - random.choice([20, 7200]) * 60 * SECOND_US
            )
            newest_us[number] = received_us
        value, quality = random.choice(VALUES[OBSERVED[number][0]]), random.choice([1, 1, 2, 2, 3, 4])
        origin = random.choice([0, 0, 0, 3])
        reasons = random.choice([4, 4 | FAST, FAST | int(Reason.FLAT_LINE)]) if quality == 3 else 4
        history.append(Observation(arrival, number, newest_us[number], value, received_us, quality, reasons, origin))
    return history


def run(
    history: list[Observation], cuts: list[int], trend: TrendRules = TREND
) -> tuple[list[Observation], DerivedState, TrendState]:
    """What follows from a history that comes in batches."""
    state, trend_state = fresh_derived(RULES), fresh_trend(trend)
    found: list[Observation] = []
    for start, stop in pairwise([0, *cuts, len(history)]):
        state, trend_state, batch, arrival = derive(
            state, RULES, (trend_state, trend), limits(WHOLE, LEVELS), rows(history[start:stop])
        )
        found += observations(batch, arrival)
    return found, state, trend_state


def slowly(history: list[Observation], trend: TrendRules = TREND) -> list[Observation]:
    slow = SlowDerived(WHOLE, trend, LEVELS)
    return [one for row in history for one in sorted(slow.hear(row), key=lambda one: one.datastream)]


@settings(deadline=None, max_examples=60)
@given(SEEDS)
def test_the_slow_loop_says_the_same(seed: int) -> None:
    history = history_of(seed)
    assert [told(one) for one in run(history, [])[0]] == [told(one) for one in slowly(history)]


@settings(deadline=None, max_examples=60)
@given(SEEDS)
def test_the_slow_loop_says_the_same_where_our_clock_goes_back(seed: int) -> None:
    history = history_of(seed, clock_goes_back=True)
    found = run(history, [], TREND_OF_DERIVED)[0]
    assert [told(one) for one in found] == [told(one) for one in slowly(history, TREND_OF_DERIVED)]


@settings(deadline=None, max_examples=80)
@given(SEEDS, st.booleans(), st.lists(st.floats(0, 1), max_size=6))
def test_the_split_into_batches_changes_no_bit(seed: int, clock_goes_back: bool, cuts: list[float]) -> None:
    trend = TREND_OF_DERIVED if clock_goes_back else TREND
    history = history_of(seed, clock_goes_back=clock_goes_back)
    found, state, trend_state = run(history, [], trend)
    split, state_then, trend_then = run(history, sorted(int(cut * len(history)) for cut in cuts), trend)
    assert [told(one) for one in split] == [told(one) for one in found]
    for one, other in ((state, state_then), (trend_state, trend_then)):
        for field in fields(one):
            assert getattr(one, field.name).tobytes() == getattr(other, field.name).tobytes(), field.name


@settings(deadline=None, max_examples=40)
@given(SEEDS)
def test_times_and_receive_times_strictly_increase_and_what_is_handed_in_stays(seed: int) -> None:
    state, trend_state, given_rows = fresh_derived(RULES), fresh_trend(TREND), rows(history_of(seed))
    bounds = limits(WHOLE, LEVELS)
    handed_in = [
        *(getattr(state, field.name) for field in fields(state)),
        *(getattr(trend_state, field.name) for field in fields(trend_state)),
        *given_rows.batch.columns().values(),
        given_rows.arrival,
        *bounds,
    ]
    for array in handed_in:
        array.flags.writeable = False  # whoever writes into it fails
    _, _, batch, arrival = derive(state, RULES, (trend_state, TREND), bounds, given_rows)
    for number in np.unique(batch.datastream):
        some = batch.datastream == number
        assert (np.diff(batch.time_us[some]) > 0).all()
        assert (np.diff(batch.receive_us[some]) > 0).all()
        assert (np.diff(arrival[some]) >= 0).all()
    assert (np.isnan(batch.value) == (batch.quality == 9)).all()


@settings(deadline=None, max_examples=20)
@given(st.permutations(["level", "opening"]), st.sampled_from(VALUES["level"]), st.sampled_from(VALUES["opening"]))
def test_the_order_of_simultaneous_messages_does_not_matter(order: list[str], level: float, opening: float) -> None:
    """Whatever comes first, one observation of that time follows, from both."""
    values = {"level": level, "opening": opening}
    names = [row[0] for row in OBSERVED]
    history = [
        Observation(place, names.index(name), START, values[name], START + place, 2, 0, 0)
        for place, name in enumerate(order)
    ]
    gate = WHOLE.datastream_by_id["S:under-gate"].number
    (found,) = [one for one in run(history, [])[0] if one.datastream == gate]
    opened_m, head_m = max(opening, 0.0), level * 0.01
    assert found.value == pytest.approx(0.61 * 2.5 * opened_m * (2 * 9.80665 * head_m) ** 0.5)
    assert (found.time_us, found.arrival, found.receive_us) == (START, 1, START + 1)


def test_every_method_has_its_say_in_these_histories() -> None:
    """Or the tests above would prove nothing of it."""
    found = [one for seed in range(40) for one in run(history_of(seed), [])[0]]
    known = {one.datastream for one in found if one.quality != 9}
    missing = [d.id for d in WHOLE.datastreams[len(OBSERVED) :] if d.number not in known]
    assert missing == []
    assert {one.quality for one in found} == {2, 3, 9}
    assert {one.reasons for one in found} == {0, FAST, int(Reason.INCOMPLETE), FAST | int(Reason.INCOMPLETE)}
    assert {one.origin for one in found} == {0, 3}


def test_nothing_comes_of_nothing() -> None:
    empty = Catalogue(city=WHOLE.city, stations=(), datastreams=())
    rules, trend = derived_rules(empty), trend_rules(empty)
    none = np.empty((0, 0))
    _, _, batch, arrival = derive(fresh_derived(rules), rules, (fresh_trend(trend), trend), (none, none), rows([]))
    assert len(batch) == len(arrival) == 0
    assert run([], [])[0] == []
