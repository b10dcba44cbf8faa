"""Observations to InfluxDB line protocol, a column at a time.

    measurement,tag=…,tag=… value=00182.50,quality=1i 1780000000000000000

What stands before the fields is made once per datastream and origin.  The rest has one width for a whole batch, and the
lines of equally long starts are put together as a table of bytes: no Python object per row.  Rows that no fixed width
takes (a value that is no short decimal fraction, a missing one, a time before 2001) are written one by one.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gateway.sinks.numerals import Text, digits, fraction_text, fractions
from gateway.sinks.tags import line_start, plain_name, tag_names
from sensors.batch import Batch
from sensors.catalogue import Catalogue, Datastream
from sensors.origin import Origin
from sensors.settings import InfluxSettings

ORIGINS: Final = len(Origin)
UNNAMED: Final = -1
NOT_YET: Final = -2
TIME_DIGITS: Final = 16  # of microseconds, from 2001-09-09 to 2286-11-20
REASON_DIGITS: Final = 5  # of an uint16
NUMBER_LIMIT: Final = 1_000_000  # bounds the memory; a number beyond it counts as unnamed


class LineProtocol:
    """Writes the observations of one log as lines; knows every datastream that a catalogue named so far."""

    def __init__(self, settings: InfluxSettings) -> None:
        self._measurement = plain_name("measurement", settings.measurement)
        self._value = plain_name("value_field", settings.value_field)
        self._quality = plain_name("quality_field", settings.quality_field)
        self._reasons = plain_name("reasons_field", settings.reasons_field) if settings.reasons_field else ""
        self._tags = tag_names(settings.tags)
        self._named: dict[int, tuple[Datastream, Catalogue]] = {}
        self._starts: dict[int, _Starts] = {}  # by length
        self._length = np.empty(0, np.int64)  # of the start of `number * ORIGINS + origin`; NOT_YET or UNNAMED
        self._place = np.empty(0, np.int64)  # of that start among the starts of its length

    def learn(self, catalogue: Catalogue) -> None:
        """Name datastreams as this catalogue does; those that it does not have keep the name that they had."""
        self._named |= {number: (d, catalogue) for number, d in catalogue.datastream_by_number.items()}
        self._starts.clear()
        self._length[:] = NOT_YET

    def is_named(self, batch: Batch) -> NDArray[np.bool_]:
        """Which observations, shape (n,), are of a datastream that a catalogue names; the others cannot be written."""
        key = self._keys(batch)
        is_named: NDArray[np.bool_] = self._length[key] != UNNAMED
        return is_named

    def lines(self, batch: Batch) -> bytes:
        """The lines of a batch, all of it named; the order within a datastream is kept, that between them is not."""
        key = self._keys(batch)
        given = fractions(batch.value)
        is_plain = (
            given.exact
            & (batch.time_us >= 10 ** (TIME_DIGITS - 1))
            & (batch.time_us < 10**TIME_DIGITS)
            & (batch.quality <= 9)  # one digit
        )
        length = self._length[key]
        rest = self._rests(batch, fraction_text(given))
        parts = []
        for size, starts in self._starts.items():
            mine = np.flatnonzero((length == size) & is_plain)
            if len(mine):
                table = np.empty(len(mine), [("start", f"V{size}"), ("rest", f"V{rest.shape[1]}")])
                table["start"] = starts.table()[self._place[key[mine]]]
                table["rest"] = rest.view(f"V{rest.shape[1]}").reshape(-1)[mine]
                parts.append(table.tobytes())
        return b"".join([*parts, *self._one_by_one(batch, key, np.flatnonzero(~is_plain))])

    def _rests(self, batch: Batch, value: Text) -> Text:
        """What follows the start of a line: fields, time, line end; one width for all."""
        columns: list[bytes | Text] = [f" {self._value}=".encode(), value, f",{self._quality}=".encode()]
        columns.append(batch.quality.reshape(-1, 1) + np.uint8(ord("0")))
        if self._reasons:
            columns += [f"i,{self._reasons}=".encode(), digits(batch.reasons.astype(np.int64), REASON_DIGITS)]
        in_range = np.clip(batch.time_us, 0, 10**TIME_DIGITS - 1)
        columns += [b"i ", digits(in_range, TIME_DIGITS), b"000\n"]
        widths = [len(c) if isinstance(c, bytes) else c.shape[1] for c in columns]
        text = np.empty((len(batch), sum(widths)), np.uint8)
        end = 0
        for column, width in zip(columns, widths, strict=True):
            start, end = end, end + width
            text[:, start:end] = np.frombuffer(column, np.uint8) if isinstance(column, bytes) else column
        return text

    def _one_by_one(self, batch: Batch, key: NDArray[np.int64], rows: NDArray[np.intp]) -> Iterator[bytes]:
        """Lines that no fixed width takes; a missing value has no value field, its quality says why."""
        columns = (key[rows], batch.value[rows], batch.quality[rows], batch.reasons[rows], batch.time_us[rows])
        for place, value, quality, reasons, time_us in zip(*(c.tolist() for c in columns), strict=True):
            start = self._starts[int(self._length[place])].texts[int(self._place[place])]
            field = f"{self._value}={value!r}," if np.isfinite(value) else ""
            more = f",{self._reasons}={reasons}i" if self._reasons else ""
            yield start + f" {field}{self._quality}={quality}i{more} {time_us * 1000}\n".encode()

    def _keys(self, batch: Batch) -> NDArray[np.int64]:
        """`number * ORIGINS + origin`, shape (n,); the start of each is made where it is not yet."""
        key = batch.datastream.astype(np.int64) * ORIGINS + batch.origin
        is_ours = (batch.datastream >= 0) & (batch.datastream < NUMBER_LIMIT) & (batch.origin < ORIGINS)
        key[~is_ours] = 0  # an UNNAMED place
        key += is_ours
        missing = int(key.max(initial=0)) + 1 - len(self._length)
        if missing > 0:
            more = np.full(missing + len(self._length), NOT_YET, np.int64)
            self._length = np.concatenate([self._length, more])
            self._place = np.concatenate([self._place, np.zeros_like(more)])
        if (self._length[key] == NOT_YET).any():
            for place in np.unique(key[self._length[key] == NOT_YET]).tolist():
                self._make_start(place)
        return key

    def _make_start(self, place: int) -> None:
        number, origin = divmod(place - 1, ORIGINS)
        named = self._named.get(number)
        if named is None:
            self._length[place] = UNNAMED
            return
        text = line_start(self._measurement, self._tags, named[0], origin, named[1])
        starts = self._starts.setdefault(len(text), _Starts())
        self._length[place], self._place[place] = len(text), len(starts.texts)
        starts.texts.append(text)


class _Starts:
    """Starts of lines of one length."""

    def __init__(self) -> None:
        self.texts: list[bytes] = []
        self._table = np.empty(0, "V1")

    def table(self) -> NDArray[np.void]:
        """The starts, shape (n,), one item of bytes each."""
        if len(self._table) != len(self.texts):
            self._table = np.frombuffer(b"".join(self.texts), f"V{len(self.texts[0])}")
        return self._table
