"""Which derived observations come out, and when they count as received."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sensors.batch import Batch
from sensors.derived.rules import DerivedRules
from sensors.quality import Quality, Reason
from sensors.segments import before, running_max, segments
from sensors.times import MINUTE_US, NEVER

AHEAD_US = 5 * MINUTE_US  # a newest time so far after the receive time: our clock ran ahead, and was set back

Integers = NDArray[np.int64]
Marks = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Emitted:
    """m derived observations, sorted by place, in order of arrival within one; every column has shape (m,).

    place    int32    of the derived datastream in the rules
    arrival  intp     of the row that completed it
    the rest          as of `Batch`
    """

    place: NDArray[np.int32]
    arrival: NDArray[np.intp]
    time_us: Integers
    receive_us: Integers
    value: NDArray[np.float64]
    origin: NDArray[np.uint8]
    quality: NDArray[np.uint8]
    reasons: NDArray[np.uint16]

    def take(self, index: NDArray[Any]) -> "Emitted":
        """Those that `index` picks, in that order: shape (k,), intp places, or (m,), bool marks of those to keep."""
        return Emitted(*(getattr(self, name)[index] for name in Emitted.__slots__))


def joined(parts: list[Emitted]) -> Emitted:
    """All of several, in order."""
    if len(parts) == 1:
        return parts[0]
    return Emitted(*(np.concatenate([getattr(part, name) for part in parts]) for name in Emitted.__slots__))


def as_batch(rules: DerivedRules, emitted: Emitted) -> Batch:
    """The observations: a value that is no number is missing."""
    value, quality = emitted.value, emitted.quality
    is_number = np.isfinite(value)
    if not is_number.all():
        value = np.where(is_number, value, np.nan)
        quality = np.where(is_number, quality, np.uint8(Quality.MISSING))
    return Batch(
        datastream=rules.number[emitted.place],
        time_us=emitted.time_us,
        value=value,
        receive_us=emitted.receive_us,
        device_us=np.full(len(value), NEVER, np.int64),
        origin=emitted.origin,
        quality=quality,
        reasons=emitted.reasons,
    )


def passed_on(suspect: Marks, fast: Marks, incomplete: Marks) -> tuple[NDArray[np.uint8], NDArray[np.uint16]]:
    """Quality and reasons of what is computed from inputs.

    Parameters
    ----------
    suspect : ndarray, shape (n,), bool, an input is suspect, or the method itself does not trust the value
    fast : ndarray, shape (n,), bool, and nothing but an input's rate of change is why (`is_only_fast`)
    incomplete : ndarray, shape (n,), bool, less was given than is asked for

    Returns
    -------
    (quality, reasons) : ndarrays, shape (n,), uint8 and uint16

    References
    ----------
    `docs/derived.md`, "When, and how good".

    Examples
    --------
    >>> quality, reasons = passed_on(*(np.array([mark]) for mark in (True, True, False)))
    >>> int(quality[0]), Reason(int(reasons[0])).words
    (3, ['rate_of_change'])
    """
    quality = np.where(suspect, np.uint8(Quality.SUSPECT), np.uint8(Quality.NOT_EVALUATED))
    reasons = np.where(fast, np.uint16(Reason.RATE_OF_CHANGE), np.uint16(0))
    return quality, np.where(incomplete, reasons | np.uint16(Reason.INCOMPLETE), reasons)


def is_alone(place: NDArray[np.int32]) -> bool:
    """Whether no place, shape (n,), ascending, stands twice: the usual case, in which no runs have to be looked at."""
    return bool((place[1:] != place[:-1]).all())


def are_newer(time_us: Integers, receive_us: Integers, last_us: Integers, place: NDArray[np.int32]) -> Marks:
    """Which observations are newer than those before, or begin anew after our clock was set back.

    Parameters
    ----------
    time_us, receive_us : ndarrays, shape (n,), int64, microseconds
    last_us : ndarray, shape (N,), int64, microseconds, by place the time of the newest before; `NEVER` = none
    place : ndarray, shape (n,), int32, ascending; at one place in order of arrival

    Returns
    -------
    newer : ndarray, shape (n,), bool: time > newest; or time < newest, which lies over 5 minutes after the receive time

    References
    ----------
    `docs/detector.md`, "Words": newer, re-based.
    """
    if is_alone(place):
        last_us = last_us[place]
        return (time_us > last_us) | ((time_us < last_us) & (last_us - AHEAD_US > receive_us))
    groups = segments(place)
    last_us = last_us[groups.key]
    previous = before(time_us, last_us, groups)
    newer = time_us > previous
    backward = time_us < previous
    if not backward.any():
        return newer
    for group in np.unique(groups.of[backward]).tolist():
        last = int(last_us[group])
        for index in range(int(groups.start[group]), int(groups.last[group]) + 1):
            time = int(time_us[index])
            newer[index] = time > last or (time < last and last > int(receive_us[index]) + AHEAD_US)
            last = time if newer[index] else last
    return newer


def received(receive_us: Integers, last_us: Integers, place: NDArray[np.int32]) -> Integers:
    """Receive times that strictly increase per datastream.

    Parameters
    ----------
    receive_us : ndarray, shape (n,), int64, microseconds, of the observations that completed them
    last_us : ndarray, shape (N,), int64, microseconds, by place the receive time of the newest before; `NEVER` = none
    place : ndarray, shape (n,), int32, ascending; at one place in order of arrival

    Returns
    -------
    receive_us : ndarray, shape (n,), int64: each as given, or one more than the one before where that is not earlier;
        but as given where the one before is over 5 minutes later (our clock was set back)

    References
    ----------
    `docs/detector.md`, "Words": receive times strictly increase per datastream.
    """
    if is_alone(place) and (receive_us > last_us[place]).all():
        return receive_us
    groups = segments(place)
    last_us = last_us[groups.key]
    if (receive_us > before(receive_us, last_us, groups)).all():
        return receive_us
    ordinal = np.arange(len(receive_us)) - groups.first
    least = receive_us.copy()
    least[groups.start] = np.maximum(least[groups.start], last_us + 1)
    strict = running_max(least - ordinal, groups) + ordinal
    for group in np.unique(groups.of[strict > receive_us + AHEAD_US]).tolist():
        last = int(last_us[group])
        for index in range(int(groups.start[group]), int(groups.last[group]) + 1):
            time = int(receive_us[index])
            last = time if last > time + AHEAD_US else max(time, last + 1)
            strict[index] = last
    return strict
