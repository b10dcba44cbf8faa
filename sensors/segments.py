"""Running values within groups: observations sorted by datastream, one group a datastream, in columns."""

from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

S = TypeVar("S", bound=np.generic)


@dataclass(frozen=True, slots=True, eq=False)
class Segments:
    """Groups of equal `key` in an array sorted by it.

    key    (g,) int32  the key of each group
    start  (g,) intp   its first item
    of     (n,) intp   the group of each item
    first  (n,) intp   the first item of each item's group
    """

    key: NDArray[np.int32]
    start: NDArray[np.intp]
    of: NDArray[np.intp]
    first: NDArray[np.intp]

    @property
    def last(self) -> NDArray[np.intp]:
        """The last item of each group, shape (g,)."""
        last = np.empty_like(self.start)
        last[:-1], last[-1:] = self.start[1:], len(self.of)
        last -= 1
        return last


_LOW: Final = np.uint32(0xFFFF)


def stable_order(keys: NDArray[np.int32]) -> NDArray[np.intp]:
    """The order that sorts keys of 0 or more, equal ones as they come: numpy sorts 16 bits in linear time, 32 not.

    >>> stable_order(np.array([70_000, 3, 70_000, 2], np.int32)).tolist()
    [3, 1, 0, 2]
    """
    bits = keys.view(np.uint32)
    order = np.argsort((bits & _LOW).astype(np.uint16), kind="stable")
    if len(keys) and bits.max() > _LOW:
        order = order[np.argsort((bits >> np.uint32(16)).astype(np.uint16)[order], kind="stable")]
    return order


def segments(sorted_keys: NDArray[np.int32]) -> Segments:
    """The groups of an ascending array, shape (n,).

    >>> segments(np.array([3, 3, 7], np.int32)).start.tolist()
    [0, 2]
    """
    starts = np.ones(len(sorted_keys), np.bool_)
    starts[1:] = sorted_keys[1:] != sorted_keys[:-1]
    start = np.flatnonzero(starts)
    of = np.repeat(np.arange(len(start)), np.diff(start, append=len(sorted_keys)))
    return Segments(sorted_keys[start], start, of, start[of])


def before(values: NDArray[S], initial: NDArray[S], groups: Segments) -> NDArray[S]:
    """Each item's predecessor in its group; the group's `initial` for its first.  Shapes (n, …), (g, …) -> (n, …)."""
    shifted = np.empty_like(values)
    shifted[1:] = values[:-1]
    shifted[groups.start] = initial
    return shifted


def running_max(values: NDArray[np.int64], groups: Segments) -> NDArray[np.int64]:
    """The largest value so far within each group, shape (n,).  O(n log of the largest group).

    >>> running_max(np.array([5, 2, 9, 1]), segments(np.array([0, 0, 0, 1], np.int32))).tolist()
    [5, 5, 9, 1]
    """
    result = values.copy()
    longest = int(np.diff(groups.start, append=len(values)).max(initial=0))
    shift = 1
    while shift < longest:
        reach = np.arange(shift, len(values)) - shift >= groups.first[shift:]
        result[shift:] = np.where(reach, np.maximum(result[shift:], result[:-shift]), result[shift:])
        shift *= 2
    return result


def latest_true(marks: NDArray[np.bool_], groups: Segments) -> NDArray[np.intp]:
    """The index of the latest true mark so far within each group, −1 where there is none yet.  Shape (n, K) -> (n, K).

    >>> latest_true(np.array([[True], [False], [False]]), segments(np.array([0, 0, 1], np.int32)))[:, 0].tolist()
    [0, 0, -1]
    """
    index = np.where(marks, np.arange(len(marks))[:, None], -1)
    latest = np.maximum.accumulate(index, axis=0)
    return np.where(latest >= groups.first[:, None], latest, -1)
