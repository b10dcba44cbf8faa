"""What is remembered across stations: the windows that raises upstream opened."""

from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from sensors.times import NEVER
from sensors.wave_rules import WaveRules


@dataclass(frozen=True, slots=True, eq=False)
class WaveState:
    """The E reaches of the rules.

    from_us, until_us (E,) int64  the window; `NEVER` = none is open
    opened_us (E,) int64  receive time of the raise upstream that opened or lengthened it; anything where none is open
    early_us (E,) int64  when a level that would have been the wave was last reached downstream, before the window
                         began; `NEVER` = not at all
    severity (E,) int16, origin (E,) uint8  of that raise
    verify   (E,) bool   every raise upstream that it is owed to was by a suspect or failed observation
    ended    (E,) bool   it ended without a raise: one that comes now came late
    """

    from_us: NDArray[np.int64]
    until_us: NDArray[np.int64]
    opened_us: NDArray[np.int64]
    early_us: NDArray[np.int64]
    severity: NDArray[np.int16]
    origin: NDArray[np.uint8]
    verify: NDArray[np.bool_]
    ended: NDArray[np.bool_]


_NAMES = tuple(field.name for field in fields(WaveState))


def fresh_waves(rules: WaveRules) -> WaveState:
    """No window open."""
    count = len(rules.upstream)
    return WaveState(
        np.full(count, NEVER, np.int64),
        np.full(count, NEVER, np.int64),
        np.full(count, NEVER, np.int64),
        np.full(count, NEVER, np.int64),
        np.zeros(count, np.int16),
        np.zeros(count, np.uint8),
        np.zeros(count, np.bool_),
        np.zeros(count, np.bool_),
    )


def _pairs(rules: WaveRules) -> Iterator[tuple[int, int]]:
    return zip(rules.upstream.tolist(), rules.downstream.tolist(), strict=True)


def remap_waves(state: WaveState, old: WaveRules, new: WaveRules) -> WaveState:
    """The same windows where the reach is still there."""
    fresh = fresh_waves(new)
    places = {pair: place for place, pair in enumerate(_pairs(old))}
    for place, pair in enumerate(_pairs(new)):
        if pair in places:
            for name in _NAMES:
                getattr(fresh, name)[place] = getattr(state, name)[places[pair]]
    return fresh
