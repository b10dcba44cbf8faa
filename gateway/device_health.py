"""What ingest itself sees of a device's health: how far its clock is off, and how often its readings come twice.

A datastream whose row has the field `@clock_offset_s` or `@duplicates` gets a value at most once a minute, when its
device is heard: of the device that the row names, else of all at its station.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gateway.columns import NO_ELEMENT, Columns
from sensors.arithmetic import unit_code
from sensors.catalogue import Catalogue, Datastream
from sensors.installations import HEALTH_FIELDS, HEALTH_MARK, sent_unit_of
from sensors.quality import Reason
from sensors.times import MINUTE_US, NEVER, SECOND_US

CLOCK_OFFSET: Final = "@clock_offset_s"
DUPLICATES: Final = "@duplicates"
PERIOD_US: Final = MINUTE_US  # between two values of one datastream
_NONE: Final = -1
_LONG_AGO_US: Final = -(2**62)
_FAR_US: Final = 2**63 - 1  # further from zero than any offset
_PAST: Final = np.uint16(Reason.RETAINED | Reason.HISTORICAL)

_REMEMBERED_BITS: Final = 18  # 2 ** 18 readings; one displaces another: a repeat may be missed, none is made up
_MIX: Final = tuple(np.uint64(odd) for odd in (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0xD6E8FEB86659FD93))


class Repeats:
    """Remembers which (datastream, time) have been seen lately."""

    def __init__(self) -> None:
        self._seen = np.zeros(1 << _REMEMBERED_BITS, np.uint64)
        self._row = np.zeros(1 << _REMEMBERED_BITS, np.int32)

    def among(self, datastream: NDArray[np.int32], time_us: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which of these came before, in this call or an earlier one; all are remembered.  Shape (n,)."""
        key = time_us.view(np.uint64) * _MIX[0]
        key += datastream.astype(np.uint64) * _MIX[1]
        key ^= key >> np.uint64(31)
        key *= _MIX[2]
        key |= np.uint64(1)  # 0 is an empty cell
        cell = (key >> np.uint64(64 - _REMEMBERED_BITS)).astype(np.intp)
        repeated: NDArray[np.bool_] = self._seen[cell] == key
        self._seen[cell] = key
        row = np.arange(len(key), dtype=np.int32)
        self._row[cell] = row  # of several in one cell the last stays
        others = np.flatnonzero(self._row[cell] != row)
        if len(others):  # they share a cell with a later one: the same reading, or by chance
            some = np.unique(np.append(others, self._row[cell[others]]))
            again = np.ones(len(some), np.bool_)
            again[np.unique(key[some], return_index=True)[1]] = False  # the first of each
            repeated[some[again]] = True
        return repeated


@dataclass(slots=True)
class _Told:
    """Values for health datastreams: whose readings count, and what was told when.

    of          (size,) int32  the health datastream that a datastream's readings count for, -1 = none
    told_us     (size,) int64  when a health datastream had its last value; of offsets, when the minute began
    count       (size,) int64  what has come together since
    nearest_us  (size,) int64  the offset nearest to zero since
    """

    of: NDArray[np.int32]
    told_us: NDArray[np.int64]
    count: NDArray[np.int64]
    nearest_us: NDArray[np.int64]
    unit: int

    def due(self, number: NDArray[np.int32], now_us: int) -> NDArray[np.intp]:
        """The places of readings that count for a health datastream whose next value is due."""
        of = self.of[number]
        return np.flatnonzero((of >= 0) & self.is_over(self.told_us[of], now_us))

    @staticmethod
    def is_over(told_us: NDArray[np.int64], now_us: int) -> NDArray[np.bool_]:
        """Where the time between two values is over; a last one in the future is of a clock of ours that ran ahead."""
        return (told_us <= now_us - PERIOD_US) | (told_us > now_us)


class DeviceHealth:
    """The values that ingest adds; a catalogue without such rows costs the counting of repeats alone."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._repeats = Repeats()
        self._offset = _told(catalogue, CLOCK_OFFSET)
        self._duplicates = _told(catalogue, DUPLICATES)

    def watch(
        self,
        columns: Columns,
        number: NDArray[np.int32],
        is_believed: NDArray[np.bool_],
        now_us: int,
    ) -> tuple[list[Columns], int]:
        """(values for health datastreams, how many readings came again) of readings that came at `now_us`.

        `is_believed` says where the device's time counts; `columns.place` of what is given back is a number.
        """
        sent = columns.device_us != NEVER
        timed = np.flatnonzero(sent & is_believed)
        repeated = np.zeros(len(columns), np.bool_)
        repeated[timed] = self._repeats.among(number[timed], columns.device_us[timed])
        parts = []
        if self._offset is not None:
            parts.append(self._offsets(self._offset, columns, number, now_us))
        if self._duplicates is not None:
            parts.append(self._counts(self._duplicates, columns, number, repeated, now_us))
        return [part for part in parts if len(part)], int(np.count_nonzero(repeated))

    def inherit(self, previous: "DeviceHealth") -> None:
        """Remember the readings that `previous` has seen."""
        self._repeats = previous._repeats

    @staticmethod
    def _offsets(told: _Told, columns: Columns, number: NDArray[np.int32], now_us: int) -> Columns:
        """The time of receipt less that of the device, at its nearest to zero since the last value.

        What waited on its way (a backlog, the broker's memory) says nothing of a clock.  So a device is watched for a
        minute before its first value, and the reading that ends a minute is the first of the next.
        """
        is_past = (columns.reasons & _PAST) != 0
        some = np.flatnonzero((told.of[number] >= 0) & (columns.device_us != NEVER) & ~is_past)
        of, offset_us = told.of[number[some]], now_us - columns.device_us[some]
        by_size = np.lexsort((np.abs(offset_us), of))
        target, first = np.unique(of[by_size], return_index=True)
        nearest = by_size[first]
        now_off_us, off_us = offset_us[nearest], told.nearest_us[target]
        off_us = np.where(np.abs(now_off_us) < np.abs(off_us), now_off_us, off_us)
        is_new = told.told_us[target] == _LONG_AGO_US
        is_due = ~is_new & told.is_over(told.told_us[target], now_us)
        told.nearest_us[target] = np.where(is_due, now_off_us, off_us)
        told.told_us[target[is_new | is_due]] = now_us
        return _values(target[is_due], off_us[is_due] / SECOND_US, columns.origin[some[nearest[is_due]]], told.unit)

    @staticmethod
    def _counts(
        told: _Told, columns: Columns, number: NDArray[np.int32], repeated: NDArray[np.bool_], now_us: int
    ) -> Columns:
        """How many readings came again since the last value."""
        of = told.of[number[repeated]]
        np.add.at(told.count, of[of >= 0], 1)
        due = told.due(number, now_us)
        target, first = np.unique(told.of[number[due]], return_index=True)
        count = told.count[target].astype(np.float64)
        told.told_us[target], told.count[target] = now_us, 0
        return _values(target, count, columns.origin[due[first]], told.unit)


def _values(target: NDArray[np.int32], value: NDArray[np.float64], origin: NDArray[np.uint8], unit: int) -> Columns:
    n = len(target)
    return Columns(
        message=np.arange(n, dtype=np.intp),
        place=target.astype(np.int32),
        value=value,
        device_us=np.full(n, NEVER, np.int64),
        origin=origin,
        reasons=np.zeros(n, np.uint16),
        unit=np.full(n, unit, np.int16),
        element=np.full(n, NO_ELEMENT, np.int32),
    )


def _told(catalogue: Catalogue, field: str) -> _Told | None:
    """Whose readings count for which health datastream of `field`; None where the city has none."""
    size = 1 + max(catalogue.datastream_by_number, default=-1)
    of = np.full(size, _NONE, np.int32)
    wanted: dict[tuple[str, str], int] = {}  # (station or "", device or "") → health datastream
    for datastream in catalogue.datastreams:
        for version in datastream.installations[-1:]:
            if version.field == field and sent_unit_of(version) == HEALTH_FIELDS[field]:
                where = ("", version.device.casefold()) if version.device else (datastream.station, "")
                wanted[where] = datastream.number
    if not wanted:
        return None
    for datastream in catalogue.datastreams:
        if datastream.number >= 0 and not _is_health(datastream):
            devices = {version.device.casefold() for version in datastream.installations[-1:]} - {""}
            by_device = next((wanted["", device] for device in devices if ("", device) in wanted), _NONE)
            of[datastream.number] = by_device if by_device >= 0 else wanted.get((datastream.station, ""), _NONE)
    unit = unit_code(HEALTH_FIELDS[field])
    return _Told(
        of=of,
        told_us=np.full(size, _LONG_AGO_US, np.int64),
        count=np.zeros(size, np.int64),
        nearest_us=np.full(size, _FAR_US, np.int64),
        unit=-1 if unit is None else unit,
    )


def _is_health(datastream: Datastream) -> bool:
    return any(version.field.startswith(HEALTH_MARK) for version in datastream.installations)
