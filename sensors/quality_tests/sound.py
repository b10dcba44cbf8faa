"""Observations that did not fail by the quality they came with: what the quality tests judge and compare with."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sensors.quality_tests.limits import QualityRules
from sensors.quality_tests.memory import QualityState
from sensors.rows import Rows
from sensors.segments import Segments, segments


@dataclass(frozen=True, slots=True, eq=False)
class Sound:
    """n observations of tracked datastreams, sorted by datastream, within it in order of arrival.

    groups   their datastreams
    time_us  (n,) int64    phenomenon time, microseconds UTC
    value    (n,) float64  unit of the datastream
    quality  (n,) uint8    as they came
    arrival  (n,) intp     their order of arrival among each other
    number   (n,) intp     the datastream of each
    key      (g,) intp     each datastream once
    """

    groups: Segments
    time_us: NDArray[np.int64]
    value: NDArray[np.float64]
    quality: NDArray[np.uint8]
    arrival: NDArray[np.intp]
    number: NDArray[np.intp]
    key: NDArray[np.intp]


def all_sound(rows: Rows) -> Sound:
    """All of the rows.  Numbers are converted for numpy's indexing once, not at each use."""
    batch, groups = rows.batch, rows.groups
    number, key = batch.datastream.astype(np.intp), groups.key.astype(np.intp)
    return Sound(groups, batch.time_us, batch.value, batch.quality, rows.arrival, number, key)


def sound_at(rows: Rows, index: NDArray[np.intp]) -> Sound:
    """The rows that `index`, shape (m,), ascending, picks."""
    batch, datastream = rows.batch, rows.batch.datastream[index]
    groups = segments(datastream)
    return Sound(
        groups,
        batch.time_us[index],
        batch.value[index],
        batch.quality[index],
        rows.arrival[index],
        datastream.astype(np.intp),
        groups.key.astype(np.intp),
    )


def neighbour_values(
    state: QualityState, rules: QualityRules, sound: Sound, index: NDArray[np.intp]
) -> NDArray[np.float64]:
    """The newest value of their neighbours that had arrived before the observations at `index`, shape of `index`.

    NaN where there is none, or where its time is further away than the neighbour's own gap limit.
    """
    groups = sound.groups
    number = rules.neighbour[sound.number[index]]
    place = np.minimum(np.searchsorted(groups.key, number), len(groups.key) - 1)
    width = sound.arrival.max() + 1
    order = groups.of * width + sound.arrival  # ascending: by datastream, then by arrival
    at = np.searchsorted(order, place * width + sound.arrival[index]) - 1
    in_batch = (groups.key[place] == number) & (at >= groups.start[place])
    time_us = np.where(in_batch, sound.time_us[at], state.sound_us[number])
    value = np.where(in_batch, sound.value[at], state.sound[number])
    is_new = np.abs(sound.time_us[index] - time_us) <= rules.gap_us[number]
    return np.where(is_new, value, np.nan)  # where nothing was ever heard, the value is NaN whatever its time
