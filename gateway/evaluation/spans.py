"""Spans of time at a level: those that stand in a ground truth, and those in which the detector held the level."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from sensors.rules import NO_TIMER
from sensors.transition import Kind, Transition

OPEN: Final = NO_TIMER  # the end of what was still so at the end of the record


class Span(NamedTuple):
    """From `start_us` on, until `end_us` (exclusive): microseconds UTC."""

    start_us: int
    end_us: int

    def holds(self, time_us: int) -> bool:
        """Whether `time_us` lies in it."""
        return self.start_us <= time_us < self.end_us

    def overlaps(self, other: "Span") -> bool:
        """Whether the two have a moment in common."""
        return self.start_us < other.end_us and other.start_us < self.end_us


def held_spans(transitions: Iterable[Transition], level: str) -> list[Span]:
    """When the level was held, from its raises and returns, which stand in the order of their times.

    >>> from sensors.transition import Cause
    >>> rise = Transition(datastream=0, kind=Kind.RAISED, cause=Cause.CROSSED, level="siaga", time_us=7, at_us=7)
    >>> held_spans([rise], "siaga") == [Span(7, OPEN)]
    True
    """
    spans: list[Span] = []
    since: int | None = None
    for transition in transitions:
        if transition.level != level:
            continue
        if transition.kind is Kind.RAISED and since is None:
            since = transition.time_us
        elif transition.kind is Kind.RETURNED and since is not None:
            spans.append(Span(since, transition.time_us))
            since = None
    return spans if since is None else [*spans, Span(since, OPEN)]


def flaps(spans: Sequence[Span], within_us: int) -> int:
    """How many spans began at most `within_us` after the span before them began: raised, returned, raised.

    >>> flaps([Span(0, 1), Span(5, 6), Span(20, 21)], 10)
    1
    """
    return sum(b.start_us - a.start_us <= within_us for a, b in pairwise(spans))


def first_overlaps(spans: Sequence[Span], others: Sequence[Span]) -> list[Span | None]:
    """Of each span the first of the others that it has a moment in common with; both ascending, without overlaps.

    >>> first_overlaps([Span(0, 2), Span(5, 9)], [Span(6, 7)])
    [None, Span(start_us=6, end_us=7)]
    """
    found: list[Span | None] = []
    place = 0
    for span in spans:
        while place < len(others) and others[place].end_us <= span.start_us:
            place += 1
        found.append(others[place] if place < len(others) and others[place].overlaps(span) else None)
    return found
