"""k of n: how many datastreams hold a level, as observations of the datastream that counts them."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sensors.batch import Batch
from sensors.derived.holding import HoldingRules, held_counts
from sensors.detector.holding import Holding
from sensors.quality import Quality
from sensors.state import Newest
from sensors.times import NEVER
from sensors.transition import Transition


class _Count(NamedTuple):
    """An observation of a counting datastream."""

    number: int
    time_us: int
    value: float
    quality: int
    origin: int


class Counts:
    """Counts after each transition that changes a count, or whether it is beyond doubt."""

    def __init__(self, rules: HoldingRules, newest: Newest) -> None:
        """`newest` is what the state knows of all datastreams, the counting ones among them."""
        self._rules = rules
        self._last = {
            number: _Count(
                number,
                newest.time_us.item(number),
                newest.value.item(number),
                newest.quality.item(number),
                newest.origin.item(number),
            )
            for number in rules.number.tolist()
        }
        self._rows: list[_Count] = []

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
        for one in np.unique(place[heard]).tolist():
            self._note(np.array([one]), holding, at_us, int(origin[one]))

    def see(self, transition: Transition, holding: Holding) -> None:
        """A level was raised, returned or confirmed; `holding` is what is held since."""
        _, places = self._rules.uses.some(np.array([transition.datastream], np.int32))
        if len(places):
            self._note(np.unique(places), holding, transition.at_us, transition.origin)

    def _note(self, places: NDArray[Any], holding: Holding, at_us: int, origin: int) -> None:
        counts, sure = held_counts(self._rules, holding.worst), held_counts(self._rules, holding.sure)
        for place in places.tolist():
            before = self._last[int(self._rules.number[place])]
            count = float(counts[place])
            quality = Quality.NOT_EVALUATED if sure[place] == counts[place] else Quality.SUSPECT
            if (count, quality) != (before.value, before.quality):
                time_us = max(at_us, before.time_us + 1)  # several in one moment: one after the other
                self._last[before.number] = _Count(before.number, time_us, count, quality, origin)
                self._rows.append(self._last[before.number])

    def batch(self) -> Batch:
        """The observations, in their order."""
        numbers, times, counts, qualities, origins = zip(*self._rows, strict=True) if self._rows else ((),) * 5
        time_us = np.array(times, np.int64)
        return Batch(
            datastream=np.array(numbers, np.int32),
            time_us=time_us,
            value=np.array(counts, np.float64),
            receive_us=time_us,
            device_us=np.full(len(time_us), NEVER, np.int64),
            origin=np.array(origins, np.uint8),
            quality=np.array(qualities, np.uint8),
            reasons=np.zeros(len(time_us), np.uint16),
        )
