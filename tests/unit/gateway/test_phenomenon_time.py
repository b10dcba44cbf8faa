"""Which time counts, by device and message, and where a device's clock is not believed."""

import numpy as np
import pytest

from gateway.columns import NO_ELEMENT, Columns
from gateway.phenomenon_time import EARLIEST_US, FUTURE_LIMIT_US, clock_faults, occurrence, phenomenon_times
from sensors.arithmetic import NOT_STATED
from sensors.times import HOUR_US, MINUTE_US, NEVER

NOW = 1_780_000_000_000_000
FAR = NOW + 73 * 365 * 24 * HOUR_US  # in 2099
DEVICE = np.array([0, 0, 1], np.int32)  # places 0 and 1 are one device's


def elements(*sent: tuple[int, int, int]) -> Columns:
    """(message, place, time as sent) of each."""
    n = len(sent)
    message, place, device_us = (np.array(column, np.int64) for column in zip(*sent, strict=True))
    return Columns(
        message=message.astype(np.intp),
        place=place.astype(np.int32),
        value=np.zeros(n),
        device_us=device_us,
        origin=np.zeros(n, np.uint8),
        reasons=np.zeros(n, np.uint16),
        unit=np.full(n, NOT_STATED, np.int16),
        element=np.full(n, NO_ELEMENT, np.int32),
    )


def times(*sent: tuple[int, int, int], off: tuple[int, ...] = ()) -> tuple[list[int], list[bool]]:
    """(time relative to now, whether not believed) of each, the k-th received at now + k µs; those `off` are off."""
    n = len(sent)
    is_off = np.isin(np.arange(n), off)
    time_us, fault = phenomenon_times(elements(*sent), DEVICE, NOW + np.arange(n), np.full(n, NOW), is_off)
    return (time_us - NOW).tolist(), fault.tolist()


def test_a_time_that_can_be_true_counts_and_one_that_was_not_sent_is_that_of_receipt() -> None:
    assert times((0, 0, NOW - HOUR_US), (0, 0, NEVER), (1, 2, NOW)) == ([-HOUR_US, 1, 0], [False] * 3)


@pytest.mark.parametrize(
    ("device_us", "is_fault"),
    [
        (EARLIEST_US, False), (EARLIEST_US - 1, True),
        (NOW + FUTURE_LIMIT_US, False), (NOW + FUTURE_LIMIT_US + 1, True), (0, True),
        (2**62, True), (-(2**62), True), (NEVER, False),
    ],
)  # fmt: skip
def test_what_cannot_be_true(device_us: int, is_fault: bool) -> None:
    assert clock_faults(np.array([device_us]), np.array([NOW])).tolist() == [is_fault]
    assert times((0, 0, device_us))[1] == [is_fault]


def test_one_impossible_time_among_good_ones_moves_none_of_them() -> None:
    sent = [(0, 0, 0), (0, 0, NOW - 2 * HOUR_US), (0, 0, NOW - HOUR_US)]
    assert times(*sent) == ([0, -2 * HOUR_US, -HOUR_US], [True, False, False])


def test_a_device_in_2099_costs_the_others_of_its_message_nothing() -> None:
    sent = [(0, 0, NOW - HOUR_US), (0, 2, FAR - MINUTE_US), (0, 1, NOW - MINUTE_US), (0, 2, FAR)]
    assert times(*sent) == ([-HOUR_US, 3 - MINUTE_US, -MINUTE_US, 3], [False, True, False, True])


def test_a_wrong_clock_keeps_its_spacing_over_the_fields_of_its_device() -> None:
    assert times((0, 0, FAR - MINUTE_US), (0, 1, FAR)) == ([1 - MINUTE_US, 1], [True, True])


def test_each_message_is_judged_by_itself() -> None:
    sent = [(0, 0, FAR), (1, 0, NOW), (2, 0, 0), (3, 0, FAR - MINUTE_US), (3, 0, FAR)]
    assert times(*sent) == ([0, 0, 2, 4 - MINUTE_US, 4], [True, False, True, True, True])


def test_what_cannot_be_true_even_when_moved_has_the_time_of_receipt() -> None:
    assert times((0, 0, 0), (0, 0, FAR)) == ([0, 1], [True, True])
    assert times((0, 0, -(2**62)), (0, 0, 2**62)) == ([0, 1], [True, True])


def test_a_reading_without_a_time_says_nothing_of_the_clock() -> None:
    assert times((0, 0, FAR - MINUTE_US), (0, 0, FAR), (0, 0, NEVER)) == ([1 - MINUTE_US, 1, 2], [True, True, False])


def test_a_clock_that_is_off_keeps_its_spacing_as_one_that_cannot_be_true_does() -> None:
    sent = [(0, 0, NOW - 3 * HOUR_US), (0, 1, NOW - 2 * HOUR_US), (0, 2, NOW - HOUR_US)]
    assert times(*sent, off=(0, 1)) == ([1 - HOUR_US, 1, -HOUR_US], [True, True, False])


def test_one_impossible_time_of_a_clock_that_is_off_moves_none_of_the_others() -> None:
    sent = [(0, 0, 0), (0, 0, NOW - 3 * HOUR_US), (0, 0, NOW - 2 * HOUR_US), (0, 1, FAR)]
    assert times(*sent, off=(1, 2)) == ([0, 2 - HOUR_US, 2, 3], [True] * 4)


def test_nothing_has_no_time() -> None:
    empty = np.empty(0, np.int64)
    assert occurrence(np.empty(0, np.int32)).tolist() == []
    assert clock_faults(empty, empty).tolist() == []


def test_occurrences_count_by_datastream() -> None:
    assert occurrence(np.array([7, 3, 7, 7, 3], np.int32)).tolist() == [0, 0, 1, 2, 1]
