"""Times of derived observations: newer, re-based, or nothing; receive times that strictly increase."""

import numpy as np
import pytest

from sensors.derived.emission import AHEAD_US, are_newer, received
from sensors.times import NEVER

RECEIVED = 10**15


def newer(time_us: list[int], last_us: int) -> list[bool]:
    """Of one datastream, all received at one moment."""
    size = len(time_us)
    place, last = np.zeros(size, np.int32), np.array([last_us])
    return [bool(mark) for mark in are_newer(np.array(time_us), np.full(size, RECEIVED), last, place)]


@pytest.mark.parametrize(
    ("time_us", "last_us", "expected"),
    [
        (RECEIVED, NEVER, True),
        (RECEIVED, RECEIVED - 1, True),
        (RECEIVED, RECEIVED, False),
        (RECEIVED, RECEIVED + 1, False),  # late
        (RECEIVED, RECEIVED + AHEAD_US, False),
        (RECEIVED, RECEIVED + AHEAD_US + 1, True),  # our clock was set back
        (RECEIVED + AHEAD_US + 1, RECEIVED + AHEAD_US + 1, False),
    ],
)
def test_alone_or_among_others_of_its_datastream_the_same_rule_holds(
    time_us: int, last_us: int, *, expected: bool
) -> None:
    assert newer([time_us], last_us) == [expected]
    assert newer([time_us, time_us], last_us) == [expected, False]


def test_after_a_late_one_newer_is_what_is_newer_than_the_newest() -> None:
    assert newer([RECEIVED - 5, RECEIVED + 1, RECEIVED, RECEIVED + 2], RECEIVED) == [False, True, False, True]


def test_receive_times_are_moved_only_where_they_must_be_and_never_for_long() -> None:
    place = np.array([0, 0, 0, 1, 2, 2], np.int32)
    given = np.array([10, 10, 11, 10, 10, 10]) + RECEIVED
    last = np.array([5, 20, 10 + AHEAD_US + 1]) + RECEIVED
    moved = received(given, last, place) - RECEIVED
    assert moved.tolist() == [10, 11, 12, 21, 10, 11]  # the last: our clock was set back
