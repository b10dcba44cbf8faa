"""The detector says what the slow, obvious loop says, whatever happens and in whatever order."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sensors.batch import Batch, empty_batch
from sensors.catalogue import Catalogue, Datastream, Level
from sensors.detector import install, step
from sensors.rules import NO_TIMER, compile_rules
from sensors.state import State, resume
from sensors.times import SECOND_US
from sensors.transition import Transition
from tests.oracle.detector_loop import LoopDetector
from tests.property.worlds import (
    START_US,
    Sent,
    World,
    as_bytes,
    catalogues,
    end_us,
    gaps_us,
    received,
    started,
    streams,
    with_datastreams,
    worlds,
)


@dataclass(frozen=True)
class Observe:
    """Observations arrive."""

    observations: list[Sent]


@dataclass(frozen=True)
class Wait:
    """Nothing arrives."""

    gap_us: int


@dataclass(frozen=True)
class Pause:
    """Nobody listens."""

    gap_us: int


@dataclass(frozen=True)
class Reload:
    """Another catalogue takes effect."""

    catalogue: Catalogue


Happening = Observe | Wait | Pause | Reload
observing = st.builds(Observe, streams)
waiting = st.builds(Wait, gaps_us)
pausing = st.builds(Pause, gaps_us)
lives: st.SearchStrategy[list[Happening]] = st.lists(
    st.one_of(observing, waiting, pausing, st.builds(Reload, catalogues())), max_size=6
)
reloads_of_one_gauge: st.SearchStrategy[tuple[Happening, ...]] = st.tuples(
    observing, waiting, st.builds(Reload, catalogues(numbers=(0,))), observing
)


@settings(max_examples=150, deadline=None)
@given(world=worlds())
def test_one_batch(world: World) -> None:
    loop = LoopDetector(world.catalogue, START_US)
    _, found = step(started(world.catalogue), world.batch, world.now_us)
    assert as_bytes(found) == as_bytes(loop.step(world.batch, world.now_us))


@settings(max_examples=150, deadline=None)
@given(catalogue=catalogues(), life=lives)
def test_a_life_with_reloads_and_restarts(catalogue: Catalogue, life: list[Happening]) -> None:
    _live(catalogue, life)


@settings(max_examples=150, deadline=None)
@given(catalogue=catalogues(numbers=(0,)), life=reloads_of_one_gauge)
def test_limits_that_change_under_a_value(catalogue: Catalogue, life: tuple[Happening, ...]) -> None:
    _live(catalogue, life)


def _live(catalogue: Catalogue, life: Sequence[Happening]) -> None:
    state, loop = started(catalogue), LoopDetector(catalogue, START_US)
    for happening in life:
        if isinstance(happening, Reload):
            catalogue = happening.catalogue
        state, found = _happen(state, happening, catalogue)
        assert as_bytes(found) == as_bytes(_happen_slowly(loop, happening, catalogue))
        assert _memory(state) == _memory_of(loop)


def _happen(state: State, happening: Happening, catalogue: Catalogue) -> tuple[State, tuple[Transition, ...]]:
    now_us = state.now_us
    match happening:
        case Observe(observations):
            batch = received(observations, catalogue, now_us)
            return step(state, batch, end_us(batch, now_us))
        case Wait(gap_us):
            return step(state, empty_batch(), now_us + gap_us)
        case Pause(gap_us):
            return resume(state, now_us + gap_us), ()
        case Reload():
            return install(state, compile_rules(catalogue, now_us), now_us)


def _happen_slowly(loop: LoopDetector, happening: Happening, catalogue: Catalogue) -> list[Transition]:
    now_us = loop.now_us
    match happening:
        case Observe(observations):
            batch = received(observations, catalogue, now_us)
            return loop.step(batch, end_us(batch, now_us))
        case Wait(gap_us):
            return loop.step(empty_batch(), now_us + gap_us)
        case Pause(gap_us):
            loop.resume(now_us + gap_us)
            return []
        case Reload():
            return loop.install(catalogue, now_us)


def _memory(state: State) -> dict[int, tuple[int, bool, bool, set[str]]]:
    """What the detector remembers of each datastream in force."""
    return {
        number: (
            int(state.heard_us[number]),
            bool(state.ever_heard[number]),
            bool(state.silent[number]),
            {name for name, held in zip(names, state.reached[number], strict=False) if held},
        )
        for number, names in enumerate(state.rules.names)
        if state.rules.silence_us[number] != NO_TIMER
    }


def _memory_of(loop: LoopDetector) -> dict[int, tuple[int, bool, bool, set[str]]]:
    return {
        number: (gauge.heard_us, gauge.ever_heard, gauge.silent, set(gauge.holds))
        for number, gauge in sorted(loop.gauges.items())
    }


def test_long_batches_of_many_gauges() -> None:
    rng = np.random.default_rng(20)
    catalogue = with_datastreams([_gauge(rng, number) for number in range(40)])
    state, loop = started(catalogue), LoopDetector(catalogue, START_US)
    count = 0
    for _ in range(12):
        batch = _chatter(rng, 400, state.now_us, 40)
        now_us = end_us(batch, state.now_us) + int(rng.integers(0, 40)) * SECOND_US
        state, found = step(state, batch, now_us)
        assert as_bytes(found) == as_bytes(loop.step(batch, now_us))
        count += len(found)
    assert count > 1000


def _gauge(rng: np.random.Generator, number: int) -> Datastream:
    limits = np.sort(rng.normal(0.0, 1.0, 3))
    names = ("waspada", "siaga", "awas")
    return Datastream(
        number=number,
        station=f"S{number}",
        property="level",
        kind="river_level",
        unit="cm",
        interval_calm_s=float(rng.integers(1, 60)),
        levels=tuple(
            Level(level=name, rank=k + 1, severity=k + 2, direction="rising", value=float(limits[k]), hysteresis=0.1)
            for k, name in enumerate(names)
        ),
    )


def _chatter(rng: np.random.Generator, size: int, after_us: int, gauges: int) -> Batch:
    receive_us = after_us + 1 + np.cumsum(rng.integers(1, 2 * SECOND_US, size))
    lag_us = rng.choice([0, SECOND_US, 90 * SECOND_US, 1200 * SECOND_US], size, p=[0.7, 0.1, 0.1, 0.1])
    value = rng.normal(0.0, 1.0, size)
    value[rng.random(size) < 0.05] = np.nan
    return Batch(
        datastream=rng.integers(0, gauges, size).astype(np.int32),
        time_us=receive_us - lag_us,
        value=value,
        receive_us=receive_us,
        device_us=receive_us - lag_us,
        origin=rng.integers(0, 5, size).astype(np.uint8),
        quality=rng.integers(1, 5, size).astype(np.uint8),
        reasons=np.zeros(size, np.uint16),
    )
