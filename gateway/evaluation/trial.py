"""One datastream's stored record judged twice, with the levels in force and with others, piece by piece.

The same detector as live (`judge`), from a fresh state, each observation received when it was measured.  A third run by
the plain rule says which peaks there were: the times at or over a level in force.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec
import numpy as np

from gateway.evaluation.counterfactual import gained_min, level_use
from gateway.evaluation.measures import FLAP_US
from gateway.evaluation.report import LevelUse, Spread, spread
from gateway.evaluation.spans import Span, first_overlaps, flaps, held_spans
from sensors.batch import Batch
from sensors.catalogue import Catalogue, Datastream, Level
from sensors.detector import judge
from sensors.quality import Quality
from sensors.rules import compile_rules
from sensors.state import State, fresh_state
from sensors.times import HOUR_US, MINUTE_US
from sensors.transition import Kind, Transition

DAY_US: Final = 24 * HOUR_US
AGAIN: Final = 2  # the second raise in a row within the city's chatter window, and each further one
DERIVED: Final = "derived"  # a kind of its own: nothing derived has falls in doubt


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What one set of levels makes of the record, all its levels together."""

    alarms: int  # levels raised: each of them sounds
    alarms_per_day: float
    flaps: int  # of these, raised again at most 6 h after the same level was raised before
    chatter: int  # of these, raised again within the city's chatter window
    peaks: int  # excursions at or over the levels in force, of all levels
    missed_peaks: int  # of these, in which the level of that name was neither raised nor held
    lead_min: Spread  # from the first level raised to each excursion over the highest in force, minutes; < 0: after it


class LevelTrial(msgspec.Struct, frozen=True, kw_only=True):
    """One level with both sets; null: it is not in that set."""

    name: str
    now: LevelUse | None
    tried: LevelUse | None
    peaks: int  # excursions at or over the limit in force
    missed_now: int
    missed_tried: int
    gained_min: Spread  # minutes by which the tried one is raised earlier
    held_now: list[Span]  # when it was raised, and returned (`OPEN`: not by the end)
    held_tried: list[Span]


@dataclass(slots=True)
class _Run:
    """One judgement of the record under way."""

    catalogue: Catalogue
    plain: bool = False
    state: State | None = None
    told: list[Transition] = field(default_factory=list)

    @property
    def levels(self) -> tuple[Level, ...]:
        return self.catalogue.datastreams[0].levels

    def take(self, batch: Batch) -> None:
        if not len(batch):
            return
        first_us, last_us = int(batch.receive_us[0]), int(batch.receive_us[-1])
        if self.state is None:
            self.state = fresh_state(compile_rules(self.catalogue, first_us, plain=self.plain), first_us - 1)
        judgement = judge(self.state, batch, last_us)
        self.state = judgement.state
        self.told += [t for t in judgement.transitions if t.kind in (Kind.RAISED, Kind.RETURNED)]

    def held(self) -> dict[str, list[Span]]:
        """When each level was held."""
        told = sorted(self.told, key=lambda t: (t.time_us, t.rank))
        return {level.level: held_spans(told, level.level) for level in self.levels}


class Trial:
    """`take` the record in pieces, by time; then ask.

    Parameters
    ----------
    catalogue, datastream : the city, and which of its datastreams
    now, tried : the levels in force and those to try, in the datastream's unit; both hold over the whole record
    """

    def __init__(
        self, catalogue: Catalogue, datastream: Datastream, now: Sequence[Level], tried: Sequence[Level]
    ) -> None:
        self._now, self._tried, self._plain = (
            _Run(_alone(catalogue, datastream, now)),
            _Run(_alone(catalogue, datastream, tried)),
            _Run(_alone(catalogue, datastream, now), plain=True),
        )
        self.observations = 0
        self.record: Span | None = None  # times of the first and the last observation; None: there was none

    def take(self, batch: Batch) -> None:
        """Judge the next observations, all of them later than those before; their datastream's number is 0."""
        if not len(batch):
            return
        first_us = int(batch.time_us[0]) if self.record is None else self.record.start_us
        self.record = Span(first_us, int(batch.time_us[-1]))
        self.observations += len(batch)
        self._now.take(batch)
        self._tried.take(batch)
        # A value that was found to be no water level is no peak that could be missed.
        self._plain.take(batch.take((batch.quality != Quality.FAIL) & ~np.isnan(batch.value)))

    def levels(self) -> list[LevelTrial]:
        """Level by level, by rank."""
        if self.record is None:
            return []
        now, tried, peaks = self._now.held(), self._tried.held(), self._plain.held()
        by_name = {level.level: level for level in self._tried.levels}
        in_force = {level.level: level for level in self._now.levels}
        ordered = sorted((in_force | by_name).values(), key=lambda level: (level.rank, level.level))
        return [
            LevelTrial(
                name=name,
                now=level_use(in_force.get(name), now.get(name, []), self.record),
                tried=level_use(by_name.get(name), tried.get(name, []), self.record),
                peaks=len(peaks.get(name, [])),
                missed_now=_missed(peaks.get(name, []), now.get(name, [])),
                missed_tried=_missed(peaks.get(name, []), tried.get(name, [])),
                gained_min=spread(gained_min(now.get(name, []), tried.get(name, []))),
                held_now=now.get(name, []),
                held_tried=tried.get(name, []),
            )
            for name in (level.level for level in ordered)
        ]

    def outcomes(self) -> tuple[Outcome, Outcome]:
        """Of the levels in force, and of those tried."""
        peaks = self._plain.held()
        return self._outcome(self._now, peaks), self._outcome(self._tried, peaks)

    def _outcome(self, run: _Run, peaks: dict[str, list[Span]]) -> Outcome:
        held = run.held()
        alarms = sum(len(spans) for spans in held.values())
        days = 0.0 if self.record is None else (self.record.end_us - self.record.start_us) / DAY_US
        return Outcome(
            alarms=alarms,
            alarms_per_day=round(alarms / days, 4) if days else float(alarms),
            flaps=sum(flaps(spans, FLAP_US) for spans in held.values()),
            chatter=sum(t.kind is Kind.RAISED and t.count >= AGAIN for t in run.told),
            peaks=sum(len(spans) for spans in peaks.values()),
            missed_peaks=sum(_missed(spans, held.get(name, [])) for name, spans in peaks.items()),
            lead_min=spread(self._leads_min(run, held, peaks)),
        )

    def _leads_min(self, run: _Run, held: dict[str, list[Span]], peaks: dict[str, list[Span]]) -> list[float]:
        """Of each excursion over the highest level in force that was warned of at all."""
        highest = max(self._now.levels, key=lambda level: level.rank, default=None)
        if highest is None:
            return []
        mine = [span for level in run.levels if level.direction == highest.direction for span in held[level.level]]
        first = [
            min((span.start_us for span in mine if span.overlaps(peak)), default=None)
            for peak in peaks.get(highest.level, [])
        ]
        starts = [peak.start_us for peak in peaks.get(highest.level, [])]
        return [(at - raised) / MINUTE_US for at, raised in zip(starts, first, strict=True) if raised is not None]


def _missed(peaks: Sequence[Span], held: Sequence[Span]) -> int:
    return sum(span is None for span in first_overlaps(peaks, held))


def _alone(catalogue: Catalogue, datastream: Datastream, levels: Sequence[Level]) -> Catalogue:
    """The city with this datastream only, number 0, as observed, and with these levels, in force for ever."""
    derived = datastream.derivation is not None
    alone = msgspec.structs.replace(
        datastream,
        number=0,
        kind=DERIVED if derived else datastream.kind,
        derivation=None,
        neighbour="",
        neighbour_suspect=None,
        neighbour_fail=None,
        levels=tuple(msgspec.structs.replace(level, effective_from="") for level in levels),
    )
    return msgspec.structs.replace(
        catalogue,
        stations=tuple(s for s in catalogue.stations if s.station == datastream.station),
        datastreams=(alone,),
        reaches=(),
        visits=(),
        actions=(),
        actuators=(),
    )
