"""The detector says what the slow, obvious loop says, whatever happens and in whatever order."""

from collections.abc import Sequence

import numpy as np
from hypothesis import given, note, settings

from sensors.batch import Batch
from sensors.catalogue import Catalogue, Datastream, Level
from sensors.detector import step
from sensors.times import SECOND_US
from tests.oracle.__main__ import random_life
from tests.oracle.agreement import parting
from tests.oracle.detector_loop import LoopDetector
from tests.oracle.happenings import Happening
from tests.oracle.report import report
from tests.property.worlds import (
    START_US,
    World,
    as_bytes,
    catalogues,
    end_us,
    lives,
    started,
    with_datastreams,
    worlds,
)

RANDOM_CITIES = 300  # `python -m tests.oracle --cities 10000` judges more
SEED = 20


@settings(max_examples=100, deadline=None)
@given(world=worlds())
def test_one_batch(world: World) -> None:
    loop = LoopDetector(world.catalogue, START_US)
    _, found = step(started(world.catalogue), world.batch, world.now_us)
    assert as_bytes(found) == as_bytes(loop.step(world.batch, world.now_us))


@settings(max_examples=60, deadline=None)
@given(world=worlds())
def test_one_batch_in_plain_evaluation(world: World) -> None:
    loop = LoopDetector(world.catalogue, START_US, plain=True)
    _, found = step(started(world.catalogue, plain=True), world.batch, world.now_us)
    assert as_bytes(found) == as_bytes(loop.step(world.batch, world.now_us))


@settings(max_examples=100, deadline=None)
@given(catalogue=catalogues(), life=lives())
def test_a_life_with_reloads_restarts_and_wrong_clocks(catalogue: Catalogue, life: list[Happening]) -> None:
    _assert_agree(catalogue, life)


@settings(max_examples=60, deadline=None)
@given(catalogue=catalogues(numbers=(0,)), life=lives(numbers=(0,)))
def test_limits_that_change_under_a_value(catalogue: Catalogue, life: list[Happening]) -> None:
    _assert_agree(catalogue, life)


def test_random_cities() -> None:
    for city in range(RANDOM_CITIES):
        _assert_agree(*random_life(SEED, city))


def _assert_agree(catalogue: Catalogue, life: Sequence[Happening]) -> None:
    if parting(catalogue, life) is not None:
        note(report(catalogue, life))
        raise AssertionError(report(catalogue, life))


def test_long_batches_of_many_gauges() -> None:
    rng = np.random.default_rng(20)
    catalogue = with_datastreams([_gauge(rng, number) for number in range(40)])
    state, loop = started(catalogue), LoopDetector(catalogue, START_US)
    count = 0
    for _ in range(6):
        batch = _chatter(rng, 400, state.now_us, 40)
        now_us = end_us(batch, state.now_us) + int(rng.integers(0, 40)) * SECOND_US
        state, found = step(state, batch, now_us)
        assert as_bytes(found) == as_bytes(loop.step(batch, now_us))
        count += len(found)
    assert count > 500


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
        trend_window_s=80.0,
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
