"""k of n: how many datastreams hold a level, one transition and one count after the other."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sensors.transition import Cause, Kind, Transition
from tests.oracle.gauge import Gauge, GaugeRules, Row

NOT_EVALUATED, SUSPECT = 2, 3


@dataclass
class CountLoop:
    """All counts, and what they count."""

    rules: Mapping[int, GaugeRules] = field(default_factory=dict)
    held: dict[int, dict[str, bool]] = field(default_factory=dict)  # number: level: in doubt

    def follow(self, found: Sequence[Transition], gauges: Mapping[int, Gauge], rows: list[Row]) -> None:
        """Add the counts that the transitions make, behind those that are in `rows`."""
        for one in found:
            if not self.take(one):
                continue
            for rules in self._counts():
                if one.datastream in self._inputs(rules):
                    self._count(rules, gauges, rows, one.at_us, one.origin)

    def begin(self, gauges: Mapping[int, Gauge], at_us: int) -> list[Row]:
        """What is counted after a start or under other rules, of those that were ever heard."""
        rows: list[Row] = []
        for rules in self._counts():
            newest = [gauge.newest for n in self._inputs(rules) if (gauge := gauges[n]).newest is not None]
            if newest:
                origin = max(row.origin for row in newest if row is not None)
                self._count(rules, gauges, rows, at_us, origin)
        return rows

    def take(self, one: Transition) -> bool:
        """Remember what is held; False where nothing moved."""
        if one.cause in (Cause.LATE, Cause.STILL_HELD):
            return False
        levels = self.held.setdefault(one.datastream, {})
        if one.kind in (Kind.RAISED, Kind.CONFIRMED):
            levels[one.level] = one.kind is Kind.RAISED and one.verify
        elif one.kind is Kind.RETURNED:
            levels.pop(one.level, None)  # those of a count itself are not followed
        return one.kind in (Kind.RAISED, Kind.CONFIRMED, Kind.RETURNED)

    def _counts(self) -> Iterator[GaugeRules]:
        return (rules for rules in self.rules.values() if rules.is_count)

    def _inputs(self, counting: GaugeRules) -> list[int]:
        derivation = counting.datastream.derivation
        assert derivation is not None
        return [rules.number for rules in self.rules.values() if rules.datastream.id in derivation.inputs]

    def _count(self, rules: GaugeRules, gauges: Mapping[int, Gauge], rows: list[Row], at_us: int, origin: int) -> None:
        """One more count, where it or its quality is another than the last."""
        mine = [row for row in rows if row.number == rules.number]
        before = mine[-1] if mine else gauges[rules.number].newest
        assert rules.datastream.derivation is not None
        severity = rules.datastream.derivation.severity
        holds = [self._holds(number, severity) for number in self._inputs(rules)]
        count = float(sum(bool(doubts) for doubts in holds))
        quality = SUSPECT if any(doubts and all(doubts) for doubts in holds) else NOT_EVALUATED
        if before is not None and (before.value, before.quality) == (count, quality):
            return
        time_us = at_us if before is None else max(at_us, before.time_us + 1)
        rows.append(Row(rules.number, time_us, count, time_us, origin, quality, dead=False, reasons=0))

    def _holds(self, number: int, severity: int) -> list[bool]:
        """Of each level of this severity or more that is held, whether it is in doubt."""
        held = self.held.get(number, {})
        levels = self.rules[number].levels
        return [held[level.level] for level in levels if level.level in held and level.severity >= severity]
