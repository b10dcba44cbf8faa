"""What the detector finds, as transitions, and the order in which they count as found."""

from dataclasses import dataclass

import numpy as np

from sensors.batch import Batch
from sensors.rules import HISTORICAL_AFTER_US
from sensors.state import State
from sensors.transition import Cause, Kind, Transition


@dataclass(frozen=True, slots=True)
class Seen:
    """The observation behind a transition."""

    time_us: int
    at_us: int
    value: float
    quality: int
    origin: int

    @staticmethod
    def newest(state: State, number: int, at_us: int) -> "Seen":
        """The newest observation of a datastream, looked at again at `at_us`."""
        return Seen(
            int(state.newest_us[number]),
            at_us,
            float(state.newest[number]),
            int(state.quality[number]),
            int(state.newest_origin[number]),
        )

    @staticmethod
    def at(batch: Batch, index: int) -> "Seen":
        """The observation at `index`."""
        return Seen(
            int(batch.time_us[index]),
            int(batch.receive_us[index]),
            float(batch.value[index]),
            int(batch.quality[index]),
            int(batch.origin[index]),
        )


@dataclass(frozen=True, slots=True)
class Found:
    """A transition and its place in the order of finding."""

    key: tuple[int, int, int, int]
    transition: Transition


def level_moved(state: State, kind: Kind, cause: Cause, number: int, place: int, seen: Seen) -> Found:
    """The level at (`number`, `place`) of the state's rules was reached or left."""
    rules = state.rules
    rank = int(rules.rank[number, place])
    transition = Transition(
        datastream=number,
        kind=kind,
        cause=cause,
        level=rules.names[number][place],
        rank=rank,
        severity=int(rules.severity[number, place]),
        limit=float(rules.limit[number, place] * rules.sign[number, place]),
        time_us=seen.time_us,
        at_us=seen.at_us,
        value=None if np.isnan(seen.value) else seen.value,
        quality=seen.quality,
        origin=seen.origin,
        historical=cause is not Cause.STILL_HELD and seen.time_us < seen.at_us - HISTORICAL_AFTER_US,
    )
    order = -rank if kind is Kind.RETURNED else 1000 + rank
    return Found((seen.at_us, number, 1, order), transition)


def fell_silent(state: State, cause: Cause, number: int, due_us: int, origin: int) -> Found:
    """Datastream `number` is silent from `due_us` on; `origin` is that of the last observation heard."""
    transition = Transition(
        datastream=number,
        kind=Kind.SILENT,
        cause=cause,
        severity=state.rules.silence_severity,
        time_us=due_us,
        at_us=due_us,
        quality=9,
        origin=origin,
    )
    return Found((due_us, number, 0, 0), transition)


def spoke(heard: Batch, index: int) -> Found:
    """The observation at `index` ended a silence."""
    seen = Seen.at(heard, index)
    transition = Transition(
        datastream=int(heard.datastream[index]),
        kind=Kind.HEARD,
        cause=Cause.SPOKE,
        time_us=seen.time_us,
        at_us=seen.at_us,
        value=seen.value,
        quality=seen.quality,
        origin=seen.origin,
    )
    return Found((seen.at_us, transition.datastream, 0, 1), transition)


def let_go(state: State, number: int, at_us: int) -> Found:
    """Datastream `number` is no longer in the catalogue: nobody waits for it any more."""
    transition = Transition(
        datastream=number,
        kind=Kind.HEARD,
        cause=Cause.CATALOGUE,
        time_us=at_us,
        at_us=at_us,
        quality=9,
        origin=int(state.origin[number]),
    )
    return Found((at_us, number, 0, 1), transition)
