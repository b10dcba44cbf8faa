"""Level crossings of the true values: the answers against which detection can be measured."""

from typing import NamedTuple

import numpy as np

from sensors.catalogue import Catalogue
from simulator.rivers import Floats


class Event(NamedTuple):
    """Something that really happened at a datastream (its place in the catalogue)."""

    datastream: int
    name: str
    true_value: float


class LevelWatch:
    """Which levels the true values hold; hysteresis as the catalogue says, no noise, no delay."""

    def __init__(self, catalogue: Catalogue, values: Floats) -> None:
        levels = [(i, level) for i, d in enumerate(catalogue.datastreams) for level in d.levels]
        self._datastream = np.array([i for i, _ in levels], dtype=np.intp)
        self._names = [level.level for _, level in levels]
        self._sign = np.array([1.0 if level.direction == "rising" else -1.0 for _, level in levels])
        self._limit = self._sign * np.array([level.value for _, level in levels])
        self._back = self._limit - np.array([level.hysteresis for _, level in levels])
        self._held = self._sign * values[self._datastream] >= self._limit

    def step(self, values: Floats) -> list[Event]:
        """The levels reached and left since the last step, in the catalogue's order."""
        signed = self._sign * values[self._datastream]
        held = (signed >= self._limit) | (self._held & (signed >= self._back))
        changed = np.flatnonzero(held != self._held)
        self._held = held
        return [
            Event(
                int(self._datastream[k]),
                f"{'level_crossed' if held[k] else 'level_left'} {self._names[k]}",
                float(values[self._datastream[k]]),
            )
            for k in changed
        ]
