"""The series of a file, judged by the detector as they would have been when they came."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gateway.evaluation.derivations import trend_of
from gateway.evaluation.trend import Trend
from gateway.recorded_series import Series
from sensors.batch import Batch
from sensors.catalogue import Catalogue, Datastream
from sensors.detector import judge
from sensors.origin import Origin
from sensors.quality import Quality, Reason
from sensors.quality_tests.gross_range import gross_range
from sensors.rules import compile_rules
from sensors.state import fresh_state
from sensors.transition import Kind, Transition


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """One series after judgement; `n` observations, sorted by time, equal times as they stood in the file.

    series        as it was read
    step_s        its median step, seconds; None where it has but one time
    datastream    with the levels that applied
    time_us, value, quality, reasons  (n,) as `Batch`
    transitions   of this series, of every kind, by time
    trend         rates and projections
    """

    series: Series
    step_s: float | None
    datastream: Datastream
    time_us: NDArray[np.int64]
    value: NDArray[np.float64]
    quality: NDArray[np.uint8]
    reasons: NDArray[np.uint16]
    transitions: tuple[Transition, ...]
    trend: Trend

    @property
    def level_transitions(self) -> list[Transition]:
        """Its levels raised and returned."""
        return [t for t in self.transitions if t.kind in (Kind.RAISED, Kind.RETURNED)]


@dataclass(frozen=True, slots=True, eq=False)
class JudgedFile:
    """A file after judgement.

    series       in the order of the file
    transitions  of all datastreams, in the order in which they were found
    counts       (d,) int64  observations by the number of the datastream, derived ones among them
    """

    series: list[Judged]
    transitions: tuple[Transition, ...]
    counts: NDArray[np.int64]


def judge_file(series: Sequence[Series], catalogue: Catalogue, *, plain: bool) -> JudgedFile:
    """All series of a file, from a fresh state; `catalogue` is what `catalogue_of` made of them.

    The file is judged in one step: transitions do not depend on how observations are split.
    """
    batch = _batch(series, catalogue)
    first_us, last_us = int(batch.time_us.min()), int(batch.receive_us.max())
    judgement = judge(fresh_state(compile_rules(catalogue, first_us, plain=plain), first_us), batch, last_us)
    of: dict[int, list[Transition]] = {number: [] for number in range(len(series))}
    for transition in judgement.transitions:
        if transition.datastream in of:  # else of a derived one
            of[transition.datastream].append(transition)
    return JudgedFile(
        series=[
            _judged(one, catalogue.datastreams[number], judgement.batch, of[number], catalogue)
            for number, one in enumerate(series)
        ],
        transitions=judgement.transitions,
        counts=np.bincount(judgement.batch.datastream, minlength=len(catalogue.datastreams)),
    )


def _judged(
    series: Series, datastream: Datastream, batch: Batch, transitions: list[Transition], catalogue: Catalogue
) -> Judged:
    mine = batch.datastream == datastream.number
    return Judged(
        series=series,
        step_s=series.step_s(),
        datastream=datastream,
        time_us=batch.time_us[mine],
        value=batch.value[mine],
        quality=batch.quality[mine],
        reasons=batch.reasons[mine],
        transitions=tuple(sorted(transitions, key=lambda t: (t.time_us, t.rank))),
        trend=trend_of(datastream, catalogue, batch),
    )


def _batch(series: Sequence[Series], catalogue: Catalogue) -> Batch:
    """All series of a file as they would have come: in time order, each row received when it was measured."""
    columns = [one.columns() for one in series]
    number = np.repeat(np.arange(len(series), dtype=np.int32), [len(one) for one in series])
    time_us = np.concatenate([time_us for time_us, _ in columns])
    receive_us = np.concatenate([_received_us(time_us) for time_us, _ in columns])
    value = np.concatenate([value for _, value in columns])
    quality, reasons = _as_ingested(number, value, catalogue)
    order = np.argsort(receive_us, kind="stable")
    origin = np.full(len(order), Origin.REPLAYED, np.uint8)
    return Batch(number, time_us, value, receive_us, time_us, origin, quality, reasons).take(order)


def _received_us(time_us: NDArray[np.int64]) -> NDArray[np.int64]:
    """Strictly increasing: one microsecond more on a tie.  Shape (n,), ascending."""
    place = np.arange(len(time_us))
    later: NDArray[np.int64] = np.maximum.accumulate(time_us - place) + place
    return later


def _as_ingested(
    number: NDArray[np.int32], value: NDArray[np.float64], catalogue: Catalogue
) -> tuple[NDArray[np.uint8], NDArray[np.uint16]]:
    """Quality and reasons as ingest gives them: the range in which a sensor can be right, and what is missing."""
    bounds = np.array(
        [[np.nan if bound is None else bound for bound in (d.valid_min, d.valid_max)] for d in catalogue.datastreams]
    )
    quality = gross_range(value, bounds[number, 0], bounds[number, 1])
    reasons = np.zeros(len(value), np.uint16)
    reasons[quality == Quality.FAIL] = Reason.GROSS_RANGE
    reasons[quality == Quality.MISSING] = Reason.MISSING_VALUE
    return quality, reasons
