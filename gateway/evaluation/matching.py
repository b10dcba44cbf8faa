"""What was found, against what was there: hits, misses, false alarms of one level of one series."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from gateway.evaluation.spans import Span


@dataclass(frozen=True, slots=True)
class Matching:
    """Excursions of the truth and spans in which the detector held the level, matched.

    hits      (excursion, span): the first span that began within the excursion
    merged    excursions that began while the level was held since an earlier one: the return in between was swallowed
              by hysteresis, delay or doubt.  Found, but not announced anew
    misses    excursions in which the level was neither raised nor held from before
    false     spans that began outside every excursion
    repeated  spans that began within an excursion that had been found already
    """

    hits: list[tuple[Span, Span]] = field(default_factory=list)
    merged: list[Span] = field(default_factory=list)
    misses: list[Span] = field(default_factory=list)
    false: list[Span] = field(default_factory=list)
    repeated: list[Span] = field(default_factory=list)


def match(truth: Sequence[Span], held: Sequence[Span]) -> Matching:
    """Match the two; both ascending, each without overlaps.  Linear in their number."""
    found = Matching()
    first: dict[int, Span] = {}
    place = 0
    for span in held:
        while place < len(truth) and truth[place].end_us <= span.start_us:
            place += 1
        if place == len(truth) or not truth[place].holds(span.start_us):
            found.false.append(span)
        elif place in first:
            found.repeated.append(span)
        else:
            first[place] = span
    covering = 0
    for number, excursion in enumerate(truth):
        while covering < len(held) and held[covering].end_us <= excursion.start_us:
            covering += 1
        if number in first:
            found.hits.append((excursion, first[number]))
        elif covering < len(held) and held[covering].holds(excursion.start_us):
            found.merged.append(excursion)
        else:
            found.misses.append(excursion)
    return found
