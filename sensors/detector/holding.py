"""Which levels are held, and who is silent, while the transitions of a step go by, in their order."""

import numpy as np
from numpy.typing import NDArray

from sensors.state import State
from sensors.transition import Cause, Kind, Transition


class Holding:
    """From the state before a step on; transitions are few, so they are taken one by one.

    worst  (D,) int16  the worst severity that each datastream holds; 0 = none
    sure   (D,) int16  the same, of levels that were not reached by a suspect or failed observation, or are confirmed
    silent (D,) bool
    """

    def __init__(self, begun: State) -> None:
        self._levels = begun.rules.levels
        self._reached, self._doubtful = begun.held.reached.copy(), begun.held.doubtful.copy()
        self.worst = _worst(self._levels.severity, self._reached)
        self.sure = _worst(self._levels.severity, self._reached & ~self._doubtful)
        self.silent: NDArray[np.bool_] = begun.heard.silent.copy()

    def moves(self, transition: Transition) -> bool:
        """Take a transition in; whether a level is held, or held for sure, since it or no longer.

        `still_held` and what came late move nothing.
        """
        number, kind = transition.datastream, transition.kind
        if kind in (Kind.SILENT, Kind.HEARD):
            self.silent[number] = kind is Kind.SILENT
        if kind not in (Kind.RAISED, Kind.RETURNED, Kind.CONFIRMED):
            return False
        if transition.cause in (Cause.LATE, Cause.STILL_HELD):
            return False
        place = self._levels.names[number].index(transition.level)
        self._reached[number, place] = kind is not Kind.RETURNED
        self._doubtful[number, place] = kind is Kind.RAISED and transition.verify
        held, doubtful = self._reached[[number]], self._doubtful[[number]]
        severity = self._levels.severity[[number]]
        self.worst[number], self.sure[number] = _worst(severity, held)[0], _worst(severity, held & ~doubtful)[0]
        return True


def _worst(severity: NDArray[np.int16], held: NDArray[np.bool_]) -> NDArray[np.int16]:
    """The worst severity of the levels held, shapes (m, K); 0 = none is.  Shape (m,)."""
    worst: NDArray[np.int16] = np.where(held, severity, 0).max(axis=1, initial=0).astype(np.int16)
    return worst
