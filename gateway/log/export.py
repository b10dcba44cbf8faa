"""Observations out of the log as rows of a CSV that `siaga replay` and `siaga evaluate` read again."""

import logging
import math
from collections.abc import Collection, Iterator
from typing import Final

import numpy as np

from gateway.errors import LogError
from gateway.log.reader import LogReader
from sensors.batch import Batch
from sensors.origin import Origin
from sensors.times import rfc3339

COLUMNS: Final = ("time", "station", "variable", "value", "unit", "quality", "origin", "received")
ROWS_AT_ONCE: Final = 64
MAX_SEEN: Final = 2_000_000  # a repeat that comes after more than so many others is written again
_WORDS: Final = {int(origin): origin.word for origin in Origin}


_log = logging.getLogger("gateway.log")


def exported(
    reader: LogReader,
    from_us: int | None = None,
    to_us: int | None = None,
    sensors: Collection[str] | None = None,
    *,
    derived: bool = False,
) -> Iterator[tuple[str, ...]]:
    """Rows of `COLUMNS`, in the order of the log; phenomenon times in [from_us, to_us).

    One per (datastream, time), the first stored (but see MAX_SEEN).  A missing value is empty.  What damage took is
    not there (`siaga log verify` names it).  What was derived is left out, unless it is asked for or named in `sensors`
    (`{station}:{property}`): a gateway that gets the rest again derives it again, and refuses it from a device.
    """
    names = {number: key for key, number in reader.numbers().items()}
    wanted = None if sensors is None else {n for n, key in names.items() if f"{key[0]}:{key[1]}" in set(sensors)}
    computed = None if derived or sensors is not None else _Derived(reader)
    seen: dict[tuple[int, int], None] = {}
    seq = 0
    while rows := reader.read_after(seq, ROWS_AT_ONCE):
        for row in rows:
            batch = _within(row.batch, from_us, to_us)
            if computed is not None:
                batch = computed.left_out(batch, row.catalogue_version)
            yield from _exported(batch, names, wanted, seen)
        seq = rows[-1].seq


class _Derived:
    """Which datastreams the catalogues of a log derive; where one cannot be read it is not known, and that is said."""

    def __init__(self, reader: LogReader) -> None:
        self._reader = reader
        self._numbers: dict[int, list[int]] = {}  # by the catalogue's version

    def left_out(self, batch: Batch, version: int) -> Batch:
        """The observations that are not derived under that version of the catalogue."""
        if version not in self._numbers:
            self._numbers[version] = self._read(version)
        numbers = self._numbers[version]
        return batch.take(~np.isin(batch.datastream, numbers)) if numbers and len(batch) else batch

    def _read(self, version: int) -> list[int]:
        try:
            datastreams = self._reader.catalogue(version).datastreams
        except LogError as error:
            _log.warning("%s; what is derived in its rows is exported with the rest", error)
            return []
        return [d.number for d in datastreams if d.derivation is not None]


def _within(batch: Batch, from_us: int | None, to_us: int | None) -> Batch:
    if from_us is None and to_us is None:
        return batch
    keep = np.ones(len(batch), np.bool_)
    if from_us is not None:
        keep &= batch.time_us >= from_us
    if to_us is not None:
        keep &= batch.time_us < to_us
    return batch.take(keep)


def _exported(
    batch: Batch, names: dict[int, tuple[str, str, str]], wanted: set[int] | None, seen: dict[tuple[int, int], None]
) -> Iterator[tuple[str, ...]]:
    columns = (batch.datastream, batch.time_us, batch.value, batch.quality, batch.origin, batch.receive_us)
    for number, time_us, value, quality, origin, receive_us in zip(*(c.tolist() for c in columns), strict=True):
        if (wanted is not None and number not in wanted) or (number, time_us) in seen:
            continue
        seen[number, time_us] = None
        if len(seen) > MAX_SEEN:
            del seen[next(iter(seen))]
        station, variable, unit = names.get(number, (f"#{number}", "", ""))
        told = "" if math.isnan(value) else repr(value)
        word = _WORDS.get(origin, str(origin))
        yield rfc3339(time_us), station, variable, told, unit, str(quality), word, rfc3339(receive_us)
