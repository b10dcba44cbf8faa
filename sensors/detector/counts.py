"""k of n: how many datastreams hold a level, as observations of the datastream that counts them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sensors.batch import Batch
from sensors.derived.holding import HoldingRules, held_counts
from sensors.detector.holding import Holding
from sensors.quality import Quality
from sensors.state import Newest
from sensors.times import NEVER
from sensors.transition import Transition


class Counts:
    """Counts after each transition that changes a count.

    `newest_us`, `newest` (D,): what the state knows of the counting datastreams.
    """

    def __init__(self, rules: HoldingRules, newest_us: NDArray[np.int64], newest: NDArray[np.float64]) -> None:
        self._rules = rules
        self._last = {int(number): (int(newest_us[number]), float(newest[number])) for number in rules.number}
        self._rows: list[tuple[int, int, float, int]] = []

    def begin(self, holding: Holding, newest: Newest, at_us: int) -> None:
        """What is held when rules come into force, where that is another count than the last.

        Nothing is counted of which nothing was ever heard; an exercise among the inputs makes it one.
        """
        inputs = np.flatnonzero(self._rules.uses.of >= 0)
        item, place = self._rules.uses.some(inputs.astype(np.int32))
        number = inputs[item]
        heard = newest.time_us[number] != NEVER
        origin = np.zeros(len(self._rules.number), np.uint8)
        np.maximum.at(origin, place[heard], newest.origin[number[heard]])
        counts = held_counts(self._rules, holding.worst)
        for one in np.unique(place[heard]).tolist():
            self._note(np.array([one]), counts, at_us, int(origin[one]))

    def see(self, transition: Transition, holding: Holding) -> None:
        """A level was raised or returned; `holding` is what is held since."""
        _, places = self._rules.uses.some(np.array([transition.datastream], np.int32))
        if not len(places):
            return
        counts = held_counts(self._rules, holding.worst)
        self._note(np.unique(places), counts, transition.at_us, transition.origin)

    def _note(self, places: NDArray[Any], counts: NDArray[np.int64], at_us: int, origin: int) -> None:
        for place in places.tolist():
            number, count = int(self._rules.number[place]), float(counts[place])
            before_us, before = self._last[number]
            if count != before:
                time_us = max(at_us, before_us + 1)  # several in one moment: one after the other
                self._last[number] = (time_us, count)
                self._rows.append((number, time_us, count, origin))

    def batch(self) -> Batch:
        """The observations, in their order."""
        numbers, times, counts, origins = _columns(self._rows)
        size = len(self._rows)
        time_us = np.array(times, np.int64)
        return Batch(
            datastream=np.array(numbers, np.int32),
            time_us=time_us,
            value=np.array(counts, np.float64),
            receive_us=time_us,
            device_us=np.full(size, NEVER, np.int64),
            origin=np.array(origins, np.uint8),
            quality=np.full(size, Quality.NOT_EVALUATED, np.uint8),
            reasons=np.zeros(size, np.uint16),
        )


def _columns(rows: Sequence[tuple[int, int, float, int]]) -> list[tuple[object, ...]]:
    return list(zip(*rows, strict=True)) if rows else [(), (), (), ()]
