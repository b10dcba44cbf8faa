"""Normalised observations under `siaga/observation/{station}/{property}`: the newest of each, never retained.

A picture, not a record: what waits for the broker is one observation a datastream at most.  Where more come than it
takes, or than the setting allows a second, a newer one takes the place of the one that waits, and that is counted.
Observations that are older than one that was here before are late, and left out: who needs every one reads
`/api/v1/observations`, in the log's order.
"""

import math
from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np

from command_center.mqtt_out.feed import Out
from command_center.observation_view import ORIGIN_WORDS
from command_center.picture.directory import Directory
from command_center.picture.history import columns_of
from command_center.picture.latest import Newest
from gateway.log.rows import LogRow
from sensors.sharing import Audience, may_see, terms_of
from sensors.times import SECOND_US, rfc3339

TOPIC: Final = "siaga/observation"
_ROOM: Final = 256
_ANY_TIME: Final = np.iinfo(np.int64).max


class ObservationMessage(msgspec.Struct, frozen=True, kw_only=True):
    """An observation as a program of another agency reads it (docs/mqtt-out.md)."""

    datastream: str
    time: str  # phenomenon time
    value: float | None  # in `unit`; null = missing
    unit: str
    quality: int  # QARTOD
    origin: str
    producer: str  # whom to name beside it
    licence: str  # what takers may do with it; empty: none is granted


class ObservationFeed:
    """A feed (`command_center.mqtt_out.feed.Feed`) that the tail fills."""

    name = "observation"
    filters: Sequence[str] = ()

    def __init__(self, readers: Audience, per_s: int) -> None:
        self._readers, self._per_s = readers, per_s
        self._directory: Directory | None = None
        self._seq = 0  # the newest row that was here
        self._shared = np.empty(0, np.bool_)  # by number
        self._newest = Newest()
        self._waiting: dict[int, None] = {}  # numbers, the one that waits longest first
        self._allowed_us = 0  # how much may go out by now, as time that has been left
        self._last_us = 0
        self._out: dict[str, tuple[int, int]] = {}  # by topic: number and time of what is on its way
        self.late = 0
        self.overtaken = 0

    @property
    def waiting(self) -> int:
        """Datastreams of which one waits."""
        return len(self._waiting)

    def take(self, rows: Sequence[LogRow], directory: Directory) -> None:
        """Rows of the log, in its order, as they are applied."""
        if rows[0].seq <= self._seq:
            self._forget()
        self._seq = rows[-1].seq
        self._follow(directory)
        batch, seq = columns_of((row.seq, row.batch) for row in rows)
        is_shared = self._shared[np.minimum(batch.datastream, len(self._shared) - 1)]  # the last stands for strangers
        batch, seq = batch.take(is_shared), seq[is_shared]
        if not len(batch):
            return
        top = int(batch.datastream.max()) + 1
        known_us = np.full(max(top, len(self._newest.time_us)), np.iinfo(np.int64).min)
        known_us[: len(self._newest.time_us)] = self._newest.time_us
        late = int((batch.time_us <= known_us[batch.datastream]).sum())
        room = max(len(known_us), top + _ROOM if top > len(self._newest.time_us) else 0)
        changed = self._newest.put(batch, seq, np.full(room, _ANY_TIME)).tolist()
        self.late += late
        self.overtaken += len(batch) - late - len(changed) + sum(1 for number in changed if number in self._waiting)
        for number in changed:
            self._waiting.setdefault(number)

    def _forget(self) -> None:
        """Another log, or an older copy of it: its numbers may mean other datastreams."""
        self._directory, self._newest = None, Newest()
        self._waiting.clear()
        self._out.clear()

    def _follow(self, directory: Directory) -> None:
        if directory is self._directory:
            return
        self._directory = directory
        shared = [d.number for d in directory.datastreams if may_see(d.sharing, self._readers)]
        self._shared = np.zeros(max((d.number for d in directory.datastreams), default=-1) + 2, np.bool_)
        self._shared[shared] = True

    def begin(self) -> None:
        """What the broker has, it has; what was on its way waits again."""
        for number, _ in self._out.values():
            self._waiting.setdefault(number)
        self._out.clear()

    def hear(self, topic: str, payload: bytes) -> None:
        """Nothing of it is retained."""

    async def due(self, at_us: int, most: int) -> Sequence[Out]:
        """What waits longest, at most so many and what the setting allows since the last time."""
        self._allowed_us = min(SECOND_US, self._allowed_us + max(0, at_us - self._last_us))
        self._last_us = at_us
        outs: list[Out] = []
        directory = self._directory
        while (
            directory is not None and self._waiting and len(outs) < most and self._allowed_us >= SECOND_US / self._per_s
        ):
            number = next(iter(self._waiting))
            del self._waiting[number]
            out = self._message(number, directory)
            if out is not None:
                outs.append(out)
                self._out[out.topic] = number, int(self._newest.time_us[number])
                self._allowed_us -= math.ceil(SECOND_US / self._per_s)
        return outs

    def published(self, out: Out) -> None:
        """The broker has taken it."""
        self._out.pop(out.topic, None)

    def _message(self, number: int, directory: Directory) -> Out | None:
        """None where it is not shared, or no longer in the catalogue."""
        datastream = directory.catalogue.datastream_by_number.get(number)
        if datastream is None or not may_see(datastream.sharing, self._readers):
            return None
        value = float(self._newest.value[number])
        terms = terms_of(datastream, directory.catalogue)
        message = ObservationMessage(
            datastream=datastream.id,
            time=rfc3339(int(self._newest.time_us[number])),
            value=None if math.isnan(value) else value,
            unit=datastream.unit,
            quality=int(self._newest.quality[number]),
            origin=ORIGIN_WORDS[self._newest.origin[number]],
            producer=terms.producer,
            licence=terms.licence,
        )
        return Out(f"{TOPIC}/{datastream.station}/{datastream.property}", msgspec.json.encode(message))
