"""Which levels are held, and who is silent, while the transitions of a step go by, in their order."""

import numpy as np
from numpy.typing import NDArray

from sensors.state import State
from sensors.transition import Cause, Kind, Transition


class Holding:
    """From the state before a step on; transitions are few, so they are taken one by one.

    worst  (D,) int16  the worst severity that each datastream holds; 0 = none
    silent (D,) bool
    """

    def __init__(self, begun: State) -> None:
        self._levels, self._reached = begun.rules.levels, begun.held.reached.copy()
        self.worst = np.where(self._reached, self._levels.severity, 0).max(axis=1, initial=0).astype(np.int16)
        self.silent: NDArray[np.bool_] = begun.heard.silent.copy()

    def moves(self, transition: Transition) -> bool:
        """Take a transition in; whether it raised or returned a level (`still_held` and what came late do not)."""
        if transition.kind in (Kind.SILENT, Kind.HEARD):
            self.silent[transition.datastream] = transition.kind is Kind.SILENT
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
