"""Where a batch has to be cut: where something happens between two observations that changes how the next is judged."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sensors.batch import Batch
from sensors.detector.late import MOST, moment_us
from sensors.detector.sorting import Sorted
from sensors.detector.telling import allowed_by, is_interval
from sensors.state import State


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """The observations to take now.

    taken    (n,) bool, of the batch in order of arrival; None = all
    is_full  after them those that came late are judged: there is no room for the next
    """

    taken: NDArray[np.bool_] | None
    is_full: bool = False


def first_cut(state: State, heard: Sorted, batch: Batch, places: NDArray[np.intp]) -> Cut:
    """The first cut of a batch whose observations stand at `places` (ascending) of the whole one.

    None of them came after the moment at which those that wait are judged.
    """
    taken = np.ones(len(batch), np.bool_)
    beyond = int(places[-1]) + 1
    end, is_full = beyond, False
    if state.rules.silence.tells[heard.groups.key].any():
        end = min(end, 1 + _earliest(heard.arrival[_tells_anew(state, heard)], end))
    if heard.overtaken.any():
        end = min(end, _earliest(heard.arrival[heard.overtaken], end))
    if heard.late.any():
        taken = batch.receive_us <= moment_us(int(heard.batch.receive_us[heard.late].min()))
        surplus = MOST - len(state.late.receive_us)
        arrival = np.sort(heard.arrival[heard.late])
        if surplus < len(arrival) and arrival[surplus] < end:
            end, is_full = int(arrival[surplus]), True
    if end < beyond:
        taken &= places < end
        is_full = is_full and bool(taken[places < end].all())
    return Cut(None if taken.all() else taken, is_full)


def _earliest(arrival: NDArray[np.intp], otherwise: int) -> int:
    return int(arrival.min(initial=otherwise))


def _tells_anew(state: State, heard: Sorted) -> NDArray[np.intp]:
    """Observations in which a device tells another interval than before; there are few that tell one at all."""
    told: dict[int, set[int]] = {}
    anew = []
    for index in np.flatnonzero(state.rules.silence.tells[heard.batch.datastream] & heard.newer).tolist():
        number = int(heard.batch.datastream[index])
        if not is_interval(heard, index):
            continue
        numbers, allowed_us = allowed_by(state, heard, index)
        before = told.setdefault(number, set(state.heard.told_us[numbers].tolist()))
        if before != set(allowed_us.tolist()):
            anew.append(index)
        told[number] = set(allowed_us.tolist())
    return np.array(anew, np.intp)
