"""What is in force when: dated versions of many things, as arrays; and where an installation's values come from."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sensors import units
from sensors.catalogue import Installation
from sensors.errors import RowError
from sensors.times import NEVER

HEALTH_MARK: Final = "@"
HEALTH_FIELDS: Final = {  # reserved fields: what formats and ingest find of a device's own health, and in which unit
    "@battery_pct": "%",
    "@battery_v": "V",
    "@rssi_dbm": "dBm",
    "@snr_db": "dB",
    "@margin_db": "dB",
    "@frame_counter": "1",
    "@clock_offset_s": "s",  # receive time less device time
    "@duplicates": "1",  # readings that came again since the last value
}

Address = tuple[str, str]  # (device id, case-folded; field path)
NOT_IN_FORCE: Final = -1
MAX_ID: Final = 256  # characters of a device's id or a field's path


def address_of(station: str, property_name: str, installation: Installation) -> Address | None:
    """Under which device and field an installation's values come; None where it names neither.

    A row without a device means the station itself, one without a field the property's name.
    """
    if not installation.device and not installation.field:
        return None
    return (installation.device or station).casefold(), installation.field or property_name


def sent_unit_of(installation: Installation) -> str:
    """The unit of values that state none; empty = the datastream's."""
    return installation.sent_unit or HEALTH_FIELDS.get(installation.field, "")


def check_installation(installation: Installation, property_name: str, unit: str) -> None:
    """RowError for what makes no sense whatever the other rows say."""
    sent = sent_unit_of(installation)
    if installation.field.startswith(HEALTH_MARK) and installation.field not in HEALTH_FIELDS:
        raise RowError("field", f"expected one of {', '.join(HEALTH_FIELDS)}, got {installation.field!r}")
    if sent and units.conversion(sent, unit, property_name) is None:
        raise RowError("sent_unit", f"expected a unit that converts to {unit}, got {sent!r}")
    if installation.scale == 0:
        raise RowError("scale", "expected a factor, got 0: every value would be the zero")
    for column, text in (("device", installation.device), ("field", installation.field)):
        if not text.isprintable() or len(text) > MAX_ID:
            raise RowError(column, f"expected at most {MAX_ID} printable characters, got {text[:MAX_ID]!r}")


class Versions:
    """For each of n things its versions, each in force from its start until the next one's.

    Parameters
    ----------
    starts_us : for each thing the starts of its versions, ascending; `NEVER` = always.  Version k of thing i has the
        number `first[i] + k` in columns over all versions
    """

    def __init__(self, starts_us: Sequence[Sequence[int]]) -> None:
        self._count = np.array([len(starts) for starts in starts_us], np.intp)
        self.first = np.cumsum(self._count) - self._count
        self._start_us = np.array([start for starts in starts_us for start in starts], np.int64)
        self.is_undated = bool((self._count == 1).all() and (self._start_us == NEVER).all())
        self._steps = [1 << bit for bit in reversed(range(int(self._count.max(initial=0)).bit_length()))]

    def in_force(self, thing: NDArray[np.integer], time_us: NDArray[np.int64]) -> NDArray[np.intp]:
        """The number of the version of each `thing` in force at `time_us`; `NOT_IN_FORCE` before the first. O(log k).

        >>> versions = Versions([[NEVER], [10, 20]])
        >>> versions.in_force(np.array([0, 1, 1, 1]), np.array([5, 5, 10, 99])).tolist()
        [0, -1, 1, 2]
        """
        first: NDArray[np.intp] = self.first[thing]
        if self.is_undated:
            return first
        before, end = first - 1, first + self._count[thing]
        at = before
        last = len(self._start_us) - 1
        for step in self._steps:  # binary search: the last version whose start is not after the time
            further = at + step
            fits = (further < end) & (self._start_us[np.minimum(further, last)] <= time_us)
            at = np.where(fits, further, at)
        return np.where(at == before, NOT_IN_FORCE, at)
