"""The sink: follows the log behind a cursor of its own and hands every observation on, at least once and each the first
of its (datastream, time).

Where no log is there yet it waits.  Another log in its place, rows that retention has taken, a log that is an older
copy of itself: each is said, counted, and followed from where it can be.
"""

import itertools
import logging
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.errors import LogError, SinkError
from gateway.log.reader import LogReader
from gateway.log.rows import LogRow
from gateway.log.schema import FILE
from gateway.sinks.delivery import Delivery, Server, Stopping
from gateway.sinks.first_stored import FirstStored
from gateway.sinks.line_protocol import LineProtocol
from gateway.sinks.store import Position, RefusedLine, SinkStore
from sensors.batch import Batch, concatenate
from sensors.settings import InfluxSettings
from sensors.times import SECOND_US

ROWS_AT_ONCE: Final = 16  # read from the log in one go; each may hold 10,000 observations and more
WARM_UP_ROWS: Final = 20_000  # before the cursor that are read again at a start, to know repeats of them

_log = logging.getLogger("gateway.sink")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the sink is; `pending_since_us` is the `now` of the oldest row that is not handed on, 0 where none is."""

    position: Position | None
    pending_since_us: int = 0

    def lag_s(self, now_us: int) -> float:
        """How long the oldest row that is not handed on has been waiting."""
        return max(0, now_us - self.pending_since_us) / SECOND_US if self.pending_since_us else 0.0


class Sink:
    """`run` lives, in a thread of its own; the rest says how it goes and may be read from any thread."""

    def __init__(
        self, data_dir: Path, settings: InfluxSettings, server: Server, store: SinkStore, stopping: threading.Event
    ) -> None:
        self._data_dir, self._settings, self._store, self._stopping = data_dir, settings, store, stopping
        self._counted: Counter[str] = Counter()  # not in the store yet
        self._delivery = Delivery(server, settings.retry_max_s, stopping, self._counted)
        self._stored = store.counters()
        self._reader: LogReader | None = None
        self._inode = 0
        self._lines = LineProtocol(settings)
        self._versions: set[int] = set()  # of catalogues that the lines know
        self._first = FirstStored(settings.remembered)
        self._trouble = ""
        self.progress = Progress(store.position())

    @property
    def error(self) -> str:
        """Why nothing is handed on just now; empty = nothing hinders."""
        return self._delivery.error or self._trouble

    def counters(self) -> dict[str, int]:
        """Everything counted, since sinks.db was made."""
        return dict(Counter(self._stored) + Counter(dict(self._counted)))

    def run(self) -> None:
        """Follow the log until told to stop."""
        try:
            while not self._stopping.is_set():
                if not self.step():
                    self._stopping.wait(self._settings.interval_s)
        except Stopping:
            return
        finally:
            self.close()

    def step(self) -> bool:
        """Hand on what the log holds now, a batch at most.  False: that was all, or it could not be done (`error`)."""
        try:
            if self._reader is None or (self._data_dir / FILE).stat().st_ino != self._inode:
                self._open()
            is_busy = self._step()
        except (LogError, SinkError, FileNotFoundError) as error:
            if str(error) != self._trouble:
                _log.warning("%s", error)
            self._trouble = str(error)
            return False
        if self._trouble:
            _log.info("following the log again")
        self._trouble = ""
        return is_busy

    def _step(self) -> bool:
        rows = self._read()
        if not rows:
            self.progress = Progress(self.progress.position)
            if self._counted:
                self._note(())
            return False
        position = self.progress.position
        assert position is not None  # noqa: S101  (`_open` made it)
        self._count_missing(rows[-1].seq - position.seq - len(rows))
        self.progress = Progress(position, rows[0].now_us)
        batch = self._worth_sending(rows)
        refused: list[RefusedLine] = []
        for start in range(0, len(batch), self._settings.batch_rows):
            part = batch.take(slice(start, start + self._settings.batch_rows))
            refused += self._delivery.deliver(self._lines.lines(part))
            self._counted["points"] += len(part)
        self.progress = Progress(Position(position.log_id, rows[-1].seq), rows[0].now_us)
        self._note(tuple(refused))
        return sum(len(row.batch) for row in rows) >= self._settings.batch_rows

    def _read(self) -> list[LogRow]:
        """Rows after the cursor, for a request and a little more."""
        assert self._reader is not None  # noqa: S101
        rows: list[LogRow] = []
        seq = 0 if self.progress.position is None else self.progress.position.seq
        size = 0
        while size < self._settings.batch_rows:
            more = self._reader.read_after(rows[-1].seq if rows else seq, ROWS_AT_ONCE)
            rows += more
            size += sum(len(row.batch) for row in more)
            if len(more) < ROWS_AT_ONCE:
                break
        return rows

    def _worth_sending(self, rows: Sequence[LogRow]) -> Batch:
        """The observations that are named and the first of their time."""
        parts = []
        for version, same in itertools.groupby(rows, key=lambda row: row.catalogue_version):
            self._learn(version)
            parts += [row.batch for row in same]
        for row in rows:
            if row.damage:
                self._counted["rows_damaged"] += 1
                _log.error("%s", row.damage)
        batch = concatenate([part for part in parts if len(part)])
        is_named = self._lines.is_named(batch)
        if not is_named.all():
            self._counted["observations_unnamed"] += int((~is_named).sum())
            batch = batch.take(is_named)
        is_first = self._first.take(batch)
        if is_first.all():
            return batch
        self._counted["repeats"] += int((~is_first).sum())
        return batch.take(is_first)

    def _learn(self, version: int) -> None:
        if version in self._versions:
            return
        assert self._reader is not None  # noqa: S101
        self._versions.add(version)
        try:
            self._lines.learn(self._reader.catalogue(version))
        except LogError as error:
            _log.error("datastreams that only this catalogue names are left out: %s", error)

    def _note(self, refused: tuple[RefusedLine, ...]) -> None:
        """Store cursor and counters; where that fails, what was handed on stays handed on and is noted later."""
        position = self.progress.position
        if position is None:
            return
        self._store.advance(position, dict(self._counted), refused, time.time_ns() // 1000)
        self._stored = dict(Counter(self._stored) + Counter(dict(self._counted)))
        self._counted.clear()

    def _count_missing(self, missing: int) -> None:
        if missing > 0:
            self._counted["rows_missing"] += missing
            _log.warning("%d rows of the log were retired before they were handed on: going on at the oldest", missing)

    def _open(self) -> None:
        """Open the log that is there now and find the place in it.  Raises LogMissing, LogError."""
        self.close()
        inode = (self._data_dir / FILE).stat().st_ino if (self._data_dir / FILE).exists() else 0
        reader = LogReader(self._data_dir)
        self._reader, self._inode = reader, inode
        before, last = self.progress.position, reader.last_seq()
        position = before
        if before is None or before.log_id != reader.log_id:
            position = Position(reader.log_id, 0)
            if before is not None:
                self._say_what_is_left_behind(reader, before)
        elif before.seq > last:
            _log.error("log %s ends at row %d, handed on up to row %d: an older copy", before.log_id, last, before.seq)
            position = Position(before.log_id, last)
        self.progress = Progress(position)
        self._lines, self._versions = LineProtocol(self._settings), set()
        self._first = FirstStored(self._settings.remembered)
        assert position is not None  # noqa: S101
        self._warm_up(position.seq)
        _log.info("following log %s after row %d of %d", reader.log_id, position.seq, last)

    def _say_what_is_left_behind(self, reader: LogReader, before: Position) -> None:
        """Another log is there than the one that was followed."""
        _log.warning("log %s takes the place of %s, handed on up to row %d", reader.log_id, before.log_id, before.seq)
        older = reader.predecessor()
        if older is not None and older.log_id == before.log_id:
            self._count_missing(older.last_seq - before.seq)

    def _warm_up(self, seq: int) -> None:
        """Remember the newest observations that are handed on already."""
        assert self._reader is not None  # noqa: S101
        batches: list[Batch] = []
        end, size = seq, 0
        while end > max(0, seq - WARM_UP_ROWS) and size < self._settings.remembered:
            begin = max(0, end - ROWS_AT_ONCE)
            rows = [row for row in self._reader.read_after(begin, ROWS_AT_ONCE) if row.seq <= end]
            if not rows:
                break
            batches.append(concatenate([row.batch for row in rows if len(row.batch)]))
            size += len(batches[-1])
            end = begin
        for batch in reversed(batches):
            self._first.take(batch)

    def close(self) -> None:
        """Close the log; safe to call twice."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None
