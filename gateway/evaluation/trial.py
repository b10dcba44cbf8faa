"""One datastream's stored record judged twice, with the levels in force and with others, piece by piece.

The same detector as live (`judge`), from a fresh state, each observation received when it was measured.  A third run by
the plain rule says which peaks there were: the times at or over a level in force.  Each raise takes memory until the
end: whoever gives the pieces looks at `most_raises` and stops.
"""

from collections import defaultdict
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


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """The whole record with both sets of levels."""

    record: Span  # times of the first and the last observation
    observations: int
    now: Outcome
    tried: Outcome
    levels: list[LevelTrial]  # by rank


_Held = dict[str, list[Span]]  # when each level was held, by its name


@dataclass(slots=True)
class _Run:
    """One judgement of the record under way."""

    catalogue: Catalogue
    plain: bool = False
    state: State | None = None
    told: dict[str, list[Transition]] = field(default_factory=lambda: defaultdict(list))  # by level
    raises: int = 0
    chatter: int = 0

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
        for transition in judgement.transitions:
            if transition.kind in (Kind.RAISED, Kind.RETURNED):
                self.told[transition.level].append(transition)
                self.raises += transition.kind is Kind.RAISED
                self.chatter += transition.kind is Kind.RAISED and transition.count >= AGAIN

    def held(self) -> _Held:
        """When each level was held."""
        names = [level.level for level in self.levels]
        return {name: held_spans(sorted(self.told[name], key=lambda t: t.time_us), name) for name in names}


class Trial:
    """`take` the record in pieces, by time; then have it `compared`.

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

    @property
    def most_raises(self) -> int:
        """How often levels were raised so far: by the set that raised most, or by the plain rule."""
        return max(run.raises for run in (self._now, self._tried, self._plain))

    def compared(self) -> Compared | None:
        """Both sets over everything taken; None: there was no observation."""
        if self.record is None:
            return None
        now, tried, peaks = self._now.held(), self._tried.held(), self._plain.held()
        return Compared(
            record=self.record,
            observations=self.observations,
            now=self._outcome(self._now, self.record, now, peaks),
            tried=self._outcome(self._tried, self.record, tried, peaks),
            levels=self._levels(self.record, now, tried, peaks),
        )

    def _levels(self, record: Span, now: _Held, tried: _Held, peaks: _Held) -> list[LevelTrial]:
        """Level by level, by rank."""
        by_name = {level.level: level for level in self._tried.levels}
        in_force = {level.level: level for level in self._now.levels}
        ordered = sorted((in_force | by_name).values(), key=lambda level: (level.rank, level.level))
        return [
            LevelTrial(
                name=name,
                now=level_use(in_force.get(name), now.get(name, []), record),
                tried=level_use(by_name.get(name), tried.get(name, []), record),
                peaks=len(peaks.get(name, [])),
                missed_now=_missed(peaks.get(name, []), now.get(name, [])),
                missed_tried=_missed(peaks.get(name, []), tried.get(name, [])),
                gained_min=spread(gained_min(now.get(name, []), tried.get(name, []))),
                held_now=now.get(name, []),
                held_tried=tried.get(name, []),
            )
            for name in (level.level for level in ordered)
        ]

    def _outcome(self, run: _Run, record: Span, held: _Held, peaks: _Held) -> Outcome:
        alarms = sum(len(spans) for spans in held.values())
        days = (record.end_us - record.start_us) / DAY_US
        return Outcome(
            alarms=alarms,
            alarms_per_day=round(alarms / days, 4) if days else float(alarms),
            flaps=sum(flaps(spans, FLAP_US) for spans in held.values()),
            chatter=run.chatter,
            peaks=sum(len(spans) for spans in peaks.values()),
            missed_peaks=sum(_missed(spans, held.get(name, [])) for name, spans in peaks.items()),
            lead_min=spread(self._leads_min(run, held, peaks)),
        )

    def _leads_min(self, run: _Run, held: _Held, peaks: _Held) -> list[float]:
        """Of each excursion over the highest level in force that was warned of at all."""
        highest = max(self._now.levels, key=lambda level: level.rank, default=None)
        if highest is None:
            return []
        mine = [level.level for level in run.levels if level.direction == highest.direction]
        of_level = [first_overlaps(peaks[highest.level], held[name]) for name in mine]
        leads: list[float] = []
        for peak, *found in zip(peaks[highest.level], *of_level, strict=True):
            raised = [span.start_us for span in found if span is not None]
            leads += [(peak.start_us - min(raised)) / MINUTE_US] if raised else []
        return leads


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
