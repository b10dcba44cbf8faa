"""Which stretches of a record are worth a plot, and a line of many points in few."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gateway.evaluation.judging import Judged
from gateway.evaluation.spans import OPEN, Span
from sensors.times import HOUR_US

MAX_DRAWN: Final = 12  # events of a series that get a plot; the others are listed
APART_US: Final = 24 * HOUR_US  # further apart crossings are another event
AFTER_US: Final = 6 * HOUR_US
STEPS_BEFORE: Final = 100  # a flash flood in steps of 5 minutes is a needle on the axis of a day
MAX_POINTS: Final = 2_000  # of a line


@dataclass(frozen=True, slots=True)
class Event:
    """Spans at levels with less than a day between them.

    span   from the first crossing to the last return
    rank, level  the worst that was reached; rank 0, no name: none
    peak, peak_us  the highest value, and when it was measured first
    """

    span: Span
    rank: int
    level: str
    peak: float
    peak_us: int

    def window(self, step_us: int) -> Span:
        """What to show of it: from a day before the first crossing, or a hundred steps, to a while after the return."""
        before_us = min(APART_US, max(AFTER_US, STEPS_BEFORE * step_us))
        return Span(self.span.start_us - before_us, self.span.end_us + AFTER_US)


def events_of(judged: Judged, spans: Mapping[str, Sequence[Span]]) -> list[Event]:
    """The events of a series, by time, from all spans at its levels: those of the truth and those that were found.

    Where there are none, and the series has levels, the one time at which it came nearest to its lowest.
    """
    ranks = {level.level: level.rank for level in judged.datastream.levels}
    last_us = int(judged.time_us[-1])
    marks = sorted(
        (span.start_us, min(span.end_us, last_us), ranks[name], name) for name, all_ in spans.items() for span in all_
    )
    groups: list[list[tuple[int, int, int, str]]] = []
    end_us = -OPEN
    for mark in marks:
        if mark[0] - end_us > APART_US:
            groups.append([])
        groups[-1].append(mark)
        end_us = max(end_us, mark[1])
    if not groups and ranks:
        return _nearest(judged)
    return [_event(judged, group) for group in groups]


def worth_drawing(events: Sequence[Event]) -> list[Event]:
    """Up to `MAX_DRAWN` of them, by time: the worst by level, then by peak, then the earliest."""
    worst = sorted(events, key=lambda e: (-e.rank, -e.peak, e.span.start_us))
    return sorted(worst[:MAX_DRAWN], key=lambda e: e.span.start_us)


def within(time_us: NDArray[np.int64], window: Span) -> slice:
    """The items of ascending times (n,) within a window."""
    start, stop = np.searchsorted(time_us, [window.start_us, min(window.end_us, OPEN)])
    return slice(int(start), int(stop))


def envelope(values: NDArray[np.float64], most: int = MAX_POINTS) -> NDArray[np.intp]:
    """The places of at most `most` of n values that keep every peak.

    Parameters
    ----------
    values : ndarray, shape (n,), float64, any unit, ascending in time; NaN = missing
    most : 2 or more

    Returns
    -------
    places : ndarray, shape (k,), intp, ascending, k <= `most`: all n where they are not more; else of equal stretches
        (by number of values) the lowest and the highest, of equal ones the first

    Notes
    -----
    NaN is left out, unless a stretch has nothing else: then its first stands for the gap.  O(n).

    Examples
    --------
    >>> envelope(np.array([0.0, 9.0, 1.0, -5.0, 2.0, 2.0, 2.0, 2.0]), 4).tolist()
    [1, 3, 4]
    """
    if len(values) <= most:
        return np.arange(len(values))
    stretches = max(1, most // 2)
    starts = np.arange(stretches) * len(values) // stretches
    stops = np.append(starts[1:], len(values))
    places: set[int] = set()
    for start, stop in zip(starts.tolist(), stops.tolist(), strict=True):
        part = values[start:stop]
        if np.isnan(part).all():
            places.add(start)
        else:
            places.update((start + int(np.nanargmin(part)), start + int(np.nanargmax(part))))
    return np.array(sorted(places), np.intp)


def _event(judged: Judged, group: Sequence[tuple[int, int, int, str]]) -> Event:
    span = Span(group[0][0], max(end for _, end, _, _ in group))
    rank, level = max((rank, name) for _, _, rank, name in group)
    peak, peak_us = _peak(judged, Span(span.start_us, span.end_us + 1))
    return Event(span, rank, level, peak, peak_us)


def _nearest(judged: Judged) -> list[Event]:
    if np.isnan(judged.value).all():
        return []
    peak, peak_us = _peak(judged, Span(int(judged.time_us[0]), OPEN))
    return [Event(Span(peak_us, peak_us), 0, "", peak, peak_us)]


def _peak(judged: Judged, span: Span) -> tuple[float, int]:
    """The highest value in a span and its time; NaN and the span's start where it has none."""
    part = within(judged.time_us, span)
    value = judged.value[part]
    if np.isnan(value).all():
        return float("nan"), span.start_us
    place = int(np.nanargmax(value))
    return float(value[place]), int(judged.time_us[part][place])
