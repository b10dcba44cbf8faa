"""Late observations: judged together with the last 32, each half minute."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sensors.catalogue import Level
from sensors.times import SECOND_US
from sensors.transition import Cause, Kind, Transition
from tests.oracle.gauge import REMEMBERED, Gauge, GaugeRules, Remembered, ceil_to
from tests.oracle.telling import level_told

GRID_US = 30 * SECOND_US


class Crossing(NamedTuple):
    """A level reached or left, and the observation that shows it."""

    level: Level
    kind: Kind
    seen: Remembered


def late_due_us(gauge: Gauge) -> int | None:
    """When those that wait are judged; None = none waits."""
    return ceil_to(gauge.waiting[0].receive_us, GRID_US) if gauge.waiting else None


def judge_late(rules: GaugeRules, gauge: Gauge, at_us: int) -> Iterator[Transition]:
    """What is crossed with them and not without them; the live state stays as it is."""
    own = gauge.remembered
    late: dict[int, Remembered] = {}
    for row in gauge.waiting:  # of one time the first counts
        if row.time_us not in late and row.time_us not in {seen.time_us for seen in own}:
            late[row.time_us] = Remembered(row.time_us, row.value, row.quality, row.origin)
    gauge.waiting = []
    together = sorted([*own, *late.values()], key=lambda seen: seen.time_us)
    begin, judged = (own[0].held, 1) if together[0] is own[0] else (frozenset[str](), 0)
    without = {_key(crossing) for crossing in _crossings(rules, begin, own[judged:])}
    found = _crossings(rules, begin, together[judged:])
    for crossing in found:
        if _key(crossing) not in without:
            yield _told_late(rules, crossing, at_us)
    # After a re-base a late one may lie in what is the future now: it was judged, it is not remembered.
    newest_us = own[-1].time_us
    gauge.remembered = [seen for seen in together if seen.time_us <= newest_us][-REMEMBERED:]


def _crossings(rules: GaugeRules, begin: frozenset[str], observations: Sequence[Remembered]) -> list[Crossing]:
    """By hysteresis alone, from what is held at the beginning; what is held after each is noted at it."""
    held, found = set(begin), []
    for seen in observations:
        for level in rules.levels:
            name = level.level
            if name not in held and rules.reached(level, seen.value):
                held.add(name)
                found.append(Crossing(level, Kind.RAISED, seen))
            elif name in held and not seen.in_doubt and rules.left(level, seen.value, seen.quality):
                held.remove(name)
                found.append(Crossing(level, Kind.RETURNED, seen))
        seen.held = frozenset(held)
    return found


def _key(crossing: Crossing) -> tuple[str, Kind, int]:
    return crossing.level.level, crossing.kind, crossing.seen.time_us


def _told_late(rules: GaugeRules, crossing: Crossing, at_us: int) -> Transition:
    level, kind, seen = crossing
    raises = kind is Kind.RAISED
    verify, count = raises and seen.quality in (3, 4), int(raises)
    return level_told(rules.number, level, kind, Cause.LATE, seen, at_us=at_us, verify=verify, count=count)
