"""Which levels are held while the transitions of a step go by, in their order."""

import numpy as np
from numpy.typing import NDArray

from sensors.rules import Levels
from sensors.transition import Cause, Kind, Transition


class Holding:
    """Levels held, from those before a step on; transitions are few, so they are taken one by one.

    worst (D,) int16  the worst severity that each datastream holds; 0 = none
    """

    def __init__(self, levels: Levels, reached: NDArray[np.bool_]) -> None:
        self._levels, self._reached = levels, reached.copy()
        self.worst = np.where(reached, levels.severity, 0).max(axis=1, initial=0).astype(np.int16)

    def moves(self, transition: Transition) -> bool:
        """Take a transition in; whether it raised or returned a level (`still_held` and what came late do not)."""
        if transition.kind not in (Kind.RAISED, Kind.RETURNED):
            return False
        if transition.cause in (Cause.LATE, Cause.STILL_HELD):
            return False
        number = transition.datastream
        place = self._levels.names[number].index(transition.level)
        held = self._reached[number]
        held[place] = transition.kind is Kind.RAISED
        self.worst[number] = self._levels.severity[number][held].max(initial=0)
        return True
