"""The detector: a tick without observations against a copy of what it reads, and a full batch."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sensors.batch import Batch
from sensors.detector import step
from sensors.rules import Rules
from sensors.state import fresh_state
from tests.bench.machine import machine, median_s

NOW = 1_780_000_000_000_000
LEVELS = 4
BATCH = 20_000


def rules(size: int) -> Rules:
    limit = np.tile(np.array([100.0, 200.0, 300.0, 400.0]), (size, 1))
    return Rules(
        limit=limit,
        clear=limit - 3.0,
        sign=np.ones((size, LEVELS)),
        rank=np.tile(np.arange(1, 5, dtype=np.int16), (size, 1)),
        severity=np.tile(np.arange(1, 5, dtype=np.int16), (size, 1)),
        names=(("a", "b", "c", "d"),) * size,
        silence_us=np.full(size, 600_000_000, np.int64),
        silence_severity=1,
    )


def batch(size: int, share_of_one: float) -> Batch:
    rng = np.random.default_rng(1)
    datastream = rng.integers(0, size, BATCH).astype(np.int32)
    datastream[rng.random(BATCH) < share_of_one] = 0
    time_us = NOW + 1 + np.arange(BATCH, dtype=np.int64)
    return Batch(
        datastream=datastream,
        time_us=time_us,
        value=rng.normal(50, 5, BATCH),
        receive_us=time_us,
        device_us=time_us,
        origin=np.zeros(BATCH, np.uint8),
        quality=np.ones(BATCH, np.uint8),
        reasons=np.zeros(BATCH, np.uint16),
    )


def copy_all(copies: Sequence[NDArray[np.generic]], arrays: Sequence[NDArray[np.generic]]) -> None:
    for copy, array in zip(copies, arrays, strict=True):
        np.copyto(copy, array)


def main() -> None:
    print(machine())
    for size in (5_000, 1_000_000):
        state = fresh_state(rules(size), NOW)
        read = (state.heard_us, state.rules.silence_us, state.silent)
        copies = [np.empty_like(array) for array in read]
        copy_s = median_s(lambda: copy_all(copies, read))  # noqa: B023
        empty = batch(size, 0.0).take(slice(0, 0))
        tick_s = median_s(lambda: step(state, empty, NOW + 1))  # noqa: B023
        print(f"tick, {size:>9,} datastreams: {tick_s * 1e3:8.3f} ms, {tick_s / copy_s:5.1f} x copyto of what it reads")
    state = fresh_state(rules(5_000), NOW)
    for share in (0.0, 0.1):
        columns = batch(5_000, share)
        batch_s = median_s(lambda: step(replace(state), columns, NOW + BATCH))  # noqa: B023
        print(f"batch of {BATCH:,}, {share:4.0%} in one datastream: {batch_s / BATCH * 1e6:6.3f} µs an observation")


if __name__ == "__main__":
    main()
