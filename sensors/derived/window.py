"""Rolling sums over the parts of a window, for all windows at once.

Of each window the newest part is open, what came before is closed.  Observations of the open part cost a running sum;
those that open a part look at all closed ones.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sensors.derived.mean import part_mean
from sensors.segments import Segments
from sensors.times import NEVER

Integers = NDArray[np.int64]


class Open(NamedTuple):
    """The open part of g windows; every column has shape (g,).

    part    int64  its number, counted from the epoch; `NEVER` = nothing yet
    total   int64  sum of what its observations add
    weight  int64  what they stand for: their number, or the microseconds that they cover
    before_total, before_weight  int64  of the window's closed parts (each by its mean, once, where that is the rule)
    """

    part: Integers
    total: Integers
    weight: Integers
    before_total: Integers
    before_weight: Integers


class Closed(NamedTuple):
    """The last closed parts of g windows that hold an observation, each shape (g, P), the newest last.

    part, total, weight  int64  as of `Open`; `NEVER`, 0, 0 = none there
    """

    part: Integers
    total: Integers
    weight: Integers


class Added(NamedTuple):
    """What n observations add, sorted by window, parts ascending within one.

    groups    the windows
    part      (n,) int64  the part that each is in
    total     (n,) int64  what it adds
    weight    (n,) int64  what it stands for
    span      (g,) int64  how many parts each window has, the open one among them; at most P + 1
    averaged  (g,) bool   a part counts by its mean, once; else by its total and its weight
    """

    groups: Segments
    part: Integers
    total: Integers
    weight: Integers
    span: Integers
    averaged: NDArray[np.bool_]


class Sums(NamedTuple):
    """The window at each of n observations, the observation among them; columns of `Open`, each shape (n,)."""

    before_total: Integers
    before_weight: Integers
    total: Integers
    weight: Integers


def go_on(window: Open, added: Added) -> tuple[Open, Sums]:
    """Take in observations that are all in the open parts; what was open is not changed.

    g windows and n observations -> g windows, and sums of shape (n,), int64, millionths of the unit.
    O(n); sums of integers, exact whatever the split into batches.
    """
    groups = added.groups
    total = _running(added.total, window.total, groups, groups.start, groups.of)
    weight = _running(added.weight, window.weight, groups, groups.start, groups.of)
    last = groups.last
    sums = Sums(window.before_total[groups.of], window.before_weight[groups.of], total, weight)
    return window._replace(total=total[last], weight=weight[last]), sums


def roll(window: Open, closed: Closed, added: Added) -> tuple[Open, Closed, Sums]:
    """Take in observations that may open parts.

    Parameters
    ----------
    window, closed : what was kept of g windows; not changed.  Parts after the first new one (our clock was set back)
        are dropped, that very part goes on
    added : n observations

    Returns
    -------
    (window, closed, sums) : what is kept then, and the window at each observation

    Notes
    -----
    O(n + g P); sums of integers, exact whatever the split into batches.
    """
    first = added.part[added.groups.start]
    if (window.part > first).any():
        window, closed = _set_back(window, closed, first)
    opens = np.ones(len(added.part), np.bool_)
    opens[1:] = added.part[1:] != added.part[:-1]
    opens[added.groups.start] = True
    opener, part_of = np.flatnonzero(opens), np.cumsum(opens) - 1
    goes_on = window.part == first
    total = _running(added.total, np.where(goes_on, window.total, 0), added.groups, opener, part_of)
    weight = _running(added.weight, np.where(goes_on, window.weight, 0), added.groups, opener, part_of)
    closer = np.append(opener[1:], len(part_of)) - 1
    line = _Line(closed, window, ~goes_on, added.groups.of[opener], (added.part[closer], total[closer], weight[closer]))
    before_total, before_weight = line.before(added)
    last = added.groups.last
    of = part_of[last]
    window = Open(added.part[last], total[last], weight[last], before_total[of], before_weight[of])
    return window, line.closed(of), Sums(before_total[part_of], before_weight[part_of], total, weight)


def _set_back(window: Open, closed: Closed, first: Integers) -> tuple[Open, Closed]:
    """What was kept up to the part `first`, shape (g,): that part is open again if it was there."""
    kept = Closed(*(np.column_stack(pair) for pair in zip(closed, window[:3], strict=True)))
    row, width = np.arange(len(first)), kept.part.shape[1]
    gone = (kept.part > first[:, None]).sum(axis=1)
    index = np.arange(width) - gone[:, None]
    is_left, index = index >= 0, np.maximum(index, 0)
    part, total, weight = (
        np.where(is_left, column[row[:, None], index], none) for column, none in zip(kept, (NEVER, 0, 0), strict=True)
    )
    window = window._replace(part=part[:, -1], total=total[:, -1], weight=weight[:, -1])
    return window, Closed(part[:, :-1], total[:, :-1], weight[:, :-1])


def _running(
    column: Integers, held: Integers, groups: Segments, opener: NDArray[np.intp], part_of: NDArray[np.intp]
) -> Integers:
    """The sum so far within each part, shape (n,): `held`, shape (g,), is in the first one of each window already."""
    own = column.copy()
    own[groups.start] += held
    running = np.cumsum(own)
    return running - (running[opener] - own[opener])[part_of]


class _Line:
    """The parts of all windows one behind the other: the closed ones, the open one unless it goes on, the new ones."""

    def __init__(
        self,
        closed: Closed,
        window: Open,
        stands: NDArray[np.bool_],
        of: NDArray[np.intp],
        new: tuple[Integers, Integers, Integers],
    ) -> None:
        size, self._width = closed.part.shape
        self._of, count = of, np.bincount(of, minlength=size)
        length = self._width + stands + count
        begin = np.cumsum(length) - length
        self._place = np.arange(len(of)) - (np.cumsum(count) - count - begin - self._width - stands)[of]
        ahead = begin[:, None] + np.arange(self._width)
        self.columns = []
        for old, now, later in zip(closed, window[:3], new, strict=True):
            column = np.empty(len(of) + old.size + int(stands.sum()), np.int64)
            column[ahead], column[(begin + self._width)[stands]], column[self._place] = old, now[stands], later
            self.columns.append(column)
        self._window = np.repeat(np.arange(size), length)

    def before(self, added: Added) -> tuple[Integers, Integers]:
        """Sums over the parts of a window before each new part, each shape (new parts,)."""
        part, total, weight = self.columns
        span = added.span[self._of]
        oldest, low, high = part[self._place] - span, self._place - span + 1, self._place
        for _ in range((self._width + 1).bit_length()):
            middle = (low + high) // 2
            inside = part[middle] > oldest
            low, high = np.where(inside, low, middle + 1), np.where(inside, middle, high)
        if added.averaged.any():
            averaged = added.averaged[self._window]
            total = np.where(averaged, part_mean(total, weight), total)
            weight = np.where(averaged, weight > 0, weight)
        sums = [np.cumsum(column) - column for column in (total, weight)]
        return sums[0][self._place] - sums[0][high], sums[1][self._place] - sums[1][high]

    def closed(self, newest: NDArray[np.intp]) -> Closed:
        """The last parts before the new ones `newest`, shape (g,)."""
        index = self._place[newest][:, None] - self._width + np.arange(self._width)
        return Closed(*(column[index] for column in self.columns))
