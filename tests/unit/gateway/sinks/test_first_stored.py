"""One observation per (datastream, time), whatever the order and the cut into batches: the first."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gateway.sinks.first_stored import CHUNK, FirstStored
from sensors.batch import Batch
from sensors.times import NEVER

KEYS = st.lists(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 12)), max_size=12), max_size=8)


def batch(keys: list[tuple[int, int]]) -> Batch:
    number, time_us = zip(*keys, strict=True) if keys else ((), ())
    n = len(keys)
    return Batch(
        datastream=np.array(number, np.int32),
        time_us=np.array(time_us, np.int64),
        value=np.zeros(n),
        receive_us=np.zeros(n, np.int64),
        device_us=np.full(n, NEVER, np.int64),
        origin=np.zeros(n, np.uint8),
        quality=np.ones(n, np.uint8),
        reasons=np.zeros(n, np.uint16),
    )


@given(KEYS)
def test_it_finds_what_a_set_finds(parts: list[list[tuple[int, int]]]) -> None:
    memory, seen = FirstStored(1_000), set[tuple[int, int]]()
    for keys in parts:
        expected = []
        for key in keys:
            expected.append(key not in seen)
            seen.add(key)
        assert memory.take(batch(keys)).tolist() == expected


def test_what_lies_too_far_back_counts_as_first_again() -> None:
    memory = FirstStored(CHUNK)
    memory.take(batch([(0, 5), (0, 9)]))
    for n in range(3):
        memory.take(batch([(1, n * CHUNK + k) for k in range(CHUNK)]))
    assert memory.take(batch([(0, 5)])).tolist() == [True]


def test_memory_is_bounded() -> None:
    memory = FirstStored(10)
    for n in range(5):
        memory.take(batch([(0, n * CHUNK + k) for k in range(CHUNK)]))
    assert memory.remembered <= 10 + CHUNK


def test_without_memory_only_the_newest_is_known() -> None:
    memory = FirstStored(0)
    assert memory.take(batch([(0, 5), (0, 5), (0, 4)])).tolist() == [True, False, True]
    assert memory.take(batch([(0, 5), (0, 4), (0, 6)])).tolist() == [False, True, True]
