"""What the detector makes of a wrong order and of a wrong clock: nothing is missing, nothing goes blind."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sensors.batch import Batch, empty_batch
from sensors.catalogue import Catalogue
from sensors.detector import step
from sensors.rules import compile_rules
from sensors.state import State, fresh_state, resume
from sensors.times import HOUR_US, MINUTE_US, NEVER, SECOND_US
from sensors.transition import Cause, Kind, Transition
from tests.oracle.cities import GRID
from tests.oracle.gauge import rules_of
from tests.property.worlds import START_US, World, catalogues, started, worlds

law = settings(max_examples=100, deadline=None)
law_of_clocks = settings(max_examples=25, deadline=None)  # for each jump

REMEMBERED = 32
HIGH, LOW = 100.0, -100.0  # beyond every limit
AGES_US = (0, 7 * SECOND_US, 20 * MINUTE_US)
STEPS_US = (SECOND_US, 5 * SECOND_US, 10 * SECOND_US, 60 * SECOND_US, 20 * MINUTE_US)
JUMPS_US = (24 * HOUR_US, HOUR_US, 10 * MINUTE_US)
PACE_US = 100 * SECOND_US  # longer than every delay
LONG_US = 10_000 * SECOND_US  # no silence limit is longer

Crossing = tuple[str, Kind, int]


class Redelivery(NamedTuple):
    """Observations in the order of their times, and the same with a block that came after newer ones."""

    in_order: Batch
    redelivered: Batch


@st.composite
def redeliveries(draw: st.DrawFn) -> Redelivery:
    """Of one datastream, no more than are remembered; the block comes right behind the last of the newer ones."""
    size = draw(st.integers(2, REMEMBERED))
    begin = draw(st.integers(0, size - 1))
    end = draw(st.integers(begin + 1, size))
    back = draw(st.integers(end, size))  # the block comes after so many others
    steps_us = [draw(st.sampled_from(STEPS_US)) for _ in range(size)]
    time_us = START_US + np.cumsum(np.array(steps_us, np.int64))
    receive_us = time_us + draw(st.sampled_from(AGES_US)) + 1
    values = np.array([draw(st.sampled_from(GRID)) for _ in range(size)])
    arrival = [*range(begin), *range(end, back), *range(begin, end), *range(back, size)]
    later_us = receive_us.copy()
    if back > end:
        later_us[begin:end] = receive_us[back - 1] + 1 + np.arange(end - begin)
    in_order = _observed(time_us, receive_us, values)
    return Redelivery(in_order, replace(in_order, receive_us=later_us).take(np.array(arrival)))


def _observed(time_us: NDArray[np.int64], receive_us: NDArray[np.int64], values: NDArray[np.float64]) -> Batch:
    """Good observations of datastream 0."""
    size = len(values)
    return Batch(
        datastream=np.zeros(size, np.int32),
        time_us=time_us,
        value=values,
        receive_us=receive_us,
        device_us=np.full(size, NEVER, np.int64),
        origin=np.zeros(size, np.uint8),
        quality=np.ones(size, np.uint8),
        reasons=np.zeros(size, np.uint16),
    )


@law
@given(catalogue=catalogues(numbers=(0,)), sent=redeliveries())
def test_redelivery_gives_the_crossings_of_the_order_of_times(catalogue: Catalogue, sent: Redelivery) -> None:
    """For levels without margin and delay where no fall is in doubt; told twice over, but none missing."""
    city = _gated(_with_levels(catalogue, hysteresis=0.0, on_delay_s=0.0, off_delay_s=0.0))
    assert _crossings(_judged(city, sent.redelivered)) == _crossings(_judged(city, sent.in_order))


@law
@given(catalogue=catalogues(numbers=(0,)), sent=redeliveries())
def test_every_level_reached_in_order_is_told_after_a_redelivery(catalogue: Catalogue, sent: Redelivery) -> None:
    """For all levels, with their margins and delays."""
    told = {t.level for t in _judged(catalogue, sent.redelivered) if t.kind is Kind.RAISED}
    assert told >= {t.level for t in _judged(catalogue, sent.in_order) if t.kind is Kind.RAISED}


def _judged(catalogue: Catalogue, batch: Batch) -> list[Transition]:
    """In one batch, and with time for what waits; every level in force."""
    rules = compile_rules(_with_levels(catalogue, effective_from=""), START_US)
    state, found = step(fresh_state(rules, START_US), batch, int(batch.receive_us.max()))
    return [*found, *step(state, empty_batch(), state.now_us + PACE_US)[1]]


def _crossings(told: Sequence[Transition]) -> list[Crossing]:
    """Raised and returned by time, without raises of what is raised and returns of what is not."""
    moved = (t for t in told if t.kind in (Kind.RAISED, Kind.RETURNED) and t.cause is not Cause.STILL_HELD)
    held: set[str] = set()
    crossings = []
    for t in sorted(moved, key=lambda t: (t.time_us, t.level)):
        if (t.kind is Kind.RAISED) is (t.level in held):
            continue
        held ^= {t.level}
        crossings.append((t.level, t.kind, t.time_us))
    return crossings


@pytest.mark.parametrize("ahead_us", JUMPS_US)
@law_of_clocks
@given(world=worlds(), wrong=st.lists(st.sampled_from(GRID), max_size=4))
def test_a_clock_that_jumps_ahead_and_back_blinds_nothing(ahead_us: int, world: World, wrong: list[float]) -> None:
    """Bare numbers come meanwhile: their time is that of our clock."""
    city = _gated(world.catalogue)
    state, _ = step(started(city), world.batch, world.now_us)
    for value in wrong:
        state, _ = _all_send(state, city, value, state.now_us + ahead_us)
        ahead_us = PACE_US
    _assert_not_blind(resume(state, world.now_us + PACE_US), city)


@pytest.mark.parametrize("behind_us", JUMPS_US)
@law_of_clocks
@given(world=worlds(), wrong=st.lists(st.sampled_from(GRID), max_size=4))
def test_a_clock_that_boots_behind_blinds_nothing(behind_us: int, world: World, wrong: list[float]) -> None:
    city = _gated(world.catalogue)
    state, _ = step(started(city), world.batch, world.now_us)
    state = resume(state, world.now_us - behind_us)
    for value in wrong:
        state, _ = _all_send(state, city, value, state.now_us + PACE_US)
    _assert_not_blind(state, city)  # while it is behind
    _assert_not_blind(resume(state, max(world.now_us, state.now_us)), city)  # and when it was set right


def _assert_not_blind(state: State, city: Catalogue) -> None:
    """What is crossed now is an alarm now, and who says nothing any more is silent."""
    for _ in range(6):  # an observation up to five minutes behind the newest is a late one
        state, _ = _all_send(state, city, LOW, state.now_us + PACE_US)
    news: set[tuple[int, str]] = set()
    for value in (HIGH, HIGH):
        state, found = _all_send(state, city, value, state.now_us + PACE_US)
        news |= {(t.datastream, t.level) for t in found if t.kind is Kind.RAISED and not t.historical}
    for number, rules in rules_of(city, START_US, plain=False).items():
        assert {(number, level.level) for level in rules.levels if level.direction == "rising"} <= news
    _, found = step(state, empty_batch(), state.now_us + LONG_US)
    assert {t.datastream for t in found if t.kind is Kind.SILENT} == set(city.datastream_by_number)


def _all_send(state: State, city: Catalogue, value: float, receive_us: int) -> tuple[State, tuple[Transition, ...]]:
    """Every datastream sends one bare number."""
    numbers = np.array(sorted(city.datastream_by_number), np.int32)
    at_us = np.full(len(numbers), receive_us, np.int64)
    batch = _observed(at_us, at_us, np.full(len(numbers), value))
    return step(state, replace(batch, datastream=numbers), receive_us)


def _with_levels(catalogue: Catalogue, **changed: object) -> Catalogue:
    streams = (
        msgspec.structs.replace(d, levels=tuple(msgspec.structs.replace(level, **changed) for level in d.levels))
        for d in catalogue.datastreams
    )
    return msgspec.structs.replace(catalogue, datastreams=tuple(streams))


def _gated(catalogue: Catalogue) -> Catalogue:
    """No fall is in doubt."""
    stations = tuple(msgspec.structs.replace(station, gated=True) for station in catalogue.stations)
    return msgspec.structs.replace(catalogue, stations=stations)
