"""What was found across the series of a file: levels of the city's derived datastreams, and waves along its reaches."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from gateway.evaluation.judging import JudgedFile
from gateway.evaluation.measures import MAX_TIMES
from gateway.evaluation.report import DerivedLevel, DerivedReport, WaveReport
from gateway.evaluation.spans import Span, held_spans
from sensors.catalogue import Catalogue, Datastream, Level
from sensors.times import rfc3339
from sensors.transition import Cause, Kind, Transition

MOVES: Final = (Kind.RAISED, Kind.RETURNED)
_ENDS: Final = (Cause.ON_TIME, Cause.EARLY, Cause.CAME_LATE, Cause.ABSENT, Cause.UNSEEN)


class Moved(NamedTuple):
    """A level of a derived datastream of the city that moved."""

    datastream: Datastream
    transition: Transition


def derived_moves(judged: JudgedFile, catalogue: Catalogue, city: Catalogue) -> list[Moved]:
    """Levels raised and returned of what the city derives, in the order in which they were found."""
    derived = {d.number: d for d in _of_city(catalogue, city)}
    moved = (t for t in judged.transitions if t.kind in MOVES and t.datastream in derived)
    return [Moved(derived[t.datastream], t) for t in moved]


def derived_reports(
    file: str, judged: JudgedFile, catalogue: Catalogue, city: Catalogue, moves: Sequence[Moved]
) -> list[DerivedReport]:
    """Of each of the city's derived datastreams that has levels."""
    return [
        DerivedReport(
            file=file,
            station=d.station,
            property=d.property,
            unit=d.unit,
            observations=int(judged.counts[d.number]),
            levels=[_level(level, [t for one, t in moves if one.number == d.number]) for level in d.levels],
        )
        for d in _of_city(catalogue, city)
        if d.levels
    ]


def wave_reports(file: str, judged: JudgedFile, catalogue: Catalogue) -> list[WaveReport]:
    """Of each reach along which a wave was expected, by (upstream, downstream)."""
    along: dict[tuple[int, int], list[Transition]] = {}
    for t in judged.transitions:
        if t.kind is Kind.WAVE:
            along.setdefault((t.other, t.datastream), []).append(t)
    by_number = catalogue.datastream_by_number
    return [
        _wave(file, by_number[upstream].id, by_number[downstream].id, story)
        for (upstream, downstream), story in sorted(along.items())
    ]


def _of_city(catalogue: Catalogue, city: Catalogue) -> Iterable[Datastream]:
    known = city.datastream_by_id
    return (d for d in catalogue.datastreams if d.derivation is not None and d.id in known)


def _level(level: Level, moves: Sequence[Transition]) -> DerivedLevel:
    spans = held_spans(moves, level.level)
    return DerivedLevel(
        level=level.level,
        rank=level.rank,
        direction=level.direction,
        limit=level.value,
        raised=len(spans),
        verify=sum(t.verify and t.level == level.level for t in moves),
        raised_at=_starts(spans),
    )


def _starts(spans: Sequence[Span]) -> list[str]:
    return [rfc3339(span.start_us) for span in spans[:MAX_TIMES]]


def _wave(file: str, upstream: str, downstream: str, story: Sequence[Transition]) -> WaveReport:
    """A window that a later raise made longer is told once more, and is the same one."""
    causes = [t.cause for t in story]
    told = {cause: causes.count(cause) for cause in _ENDS}
    again = sum(a is b is Cause.EXPECTED for a, b in pairwise(causes))
    return WaveReport(
        file=file,
        upstream=upstream,
        downstream=downstream,
        expected=causes.count(Cause.EXPECTED) - again,
        on_time=told[Cause.ON_TIME],
        early=told[Cause.EARLY],
        absent=told[Cause.ABSENT],
        unseen=told[Cause.UNSEEN],
        came_late=told[Cause.CAME_LATE],
        is_open=causes[-1] is Cause.EXPECTED,
    )
