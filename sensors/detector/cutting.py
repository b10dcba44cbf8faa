"""Where a batch has to be cut: where something happens between two observations that changes how the next is judged."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sensors.batch import Batch
from sensors.detector.late import MOST, moment_us
from sensors.detector.sorting import Sorted
from sensors.detector.telling import allowed_by, is_interval
from sensors.rules import NO_TIMER
from sensors.state import State
from sensors.times import NEVER


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """The observations to take now.

    taken    (n,) bool, of the batch in order of arrival; None = all
    is_full  after them those that came late are judged: there is no room for the next
    """

    taken: NDArray[np.bool_] | None
    is_full: bool = False


def first_cut(state: State, heard: Sorted, batch: Batch, places: NDArray[np.intp]) -> Cut:
    """The first cut of a batch whose observations stand at `places`, shape (n,), ascending, of the whole one.

    None of them came after the moment at which those that wait are judged.
    """
    receive_us, arrival = heard.batch.receive_us, heard.arrival
    until_us = NO_TIMER
    if state.rules.silence.tells[heard.groups.key].any():
        until_us = _before_another_interval(state, heard)
    if heard.late.any():
        until_us = min(until_us, moment_us(int(receive_us[heard.late].min())))
    elif until_us == NO_TIMER and not heard.overtaken.any():
        return Cut(None)
    overtaken = heard.overtaken & (receive_us <= until_us)
    beyond = int(places[-1]) + 1
    end = _earliest(arrival[overtaken], beyond)
    late = np.sort(arrival[heard.late & (receive_us <= until_us)])
    surplus = MOST - len(state.late.receive_us)
    is_full = surplus < len(late) and int(late[surplus]) < end
    if is_full:
        end = int(late[surplus])
    taken = batch.receive_us <= until_us
    if end < beyond:
        is_full = is_full and bool(taken[places < end].all())
        taken &= places < end
    return Cut(None if taken.all() else taken, is_full)


def _earliest(arrival: NDArray[np.intp], otherwise: int) -> int:
    return int(arrival.min(initial=otherwise))


def _before_another_interval(state: State, heard: Sorted) -> int:
    """When a device first tells another interval, and others of its datastreams come after; `NO_TIMER` for never."""
    anew = _tells_anew(state, heard)
    if not len(anew):
        return NO_TIMER
    told_by = state.rules.silence.told_by[heard.groups.key]
    listens = told_by >= 0
    last_us = dict.fromkeys(heard.batch.datastream[anew].tolist(), NEVER)
    for number, receive_us in zip(
        told_by[listens].tolist(), heard.batch.receive_us[heard.groups.last][listens].tolist(), strict=True
    ):
        if number in last_us:
            last_us[number] = max(last_us[number], receive_us)
    told_us = zip(heard.batch.datastream[anew].tolist(), heard.batch.receive_us[anew].tolist(), strict=True)
    return min((at_us for number, at_us in told_us if last_us[number] > at_us), default=NO_TIMER)


def _tells_anew(state: State, heard: Sorted) -> NDArray[np.intp]:
    """Observations in which a device tells another interval than before; there are few that tell one at all."""
    told: dict[int, set[int]] = {}
    anew = []
    for index in np.flatnonzero(
        state.rules.silence.tells[heard.batch.datastream] & (heard.newer | heard.rebases)
    ).tolist():
        number = int(heard.batch.datastream[index])
        if not is_interval(heard, index):
            continue
        numbers, allowed_us = allowed_by(state, heard, index)
        before = told.setdefault(number, set(state.heard.told_us[numbers].tolist()))
        if before != set(allowed_us.tolist()):
            anew.append(index)
        told[number] = set(allowed_us.tolist())
    return np.array(anew, np.intp)
