"""The log's upkeep, between commits and in the writer's thread: checkpoints of the write-ahead log, retention, reserve.

Each step is small.  What readers reported of their cursors is remembered in the log: one that is down counts, too.
"""

import logging
import math
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Protocol

import msgspec

from gateway.errors import LogDamaged, LogError, LogFull
from gateway.log.known_readers import MAX_READERS, NOTE, KnownReader, known, noted
from gateway.log.reserve import Reserve
from gateway.log.retention import DEAD_LETTERS_SHARE, Retention, cap_bytes
from gateway.log.set_aside import unseen
from gateway.log.transaction import Transaction
from gateway.log.writer import LogWriter
from sensors.settings import LogSettings
from sensors.times import HOUR_US

PAUSE_S: Final = 1.0  # between steps with nothing to do
PIECES_AT_ONCE: Final = 4
BUSY_PAUSE_S: Final = 0.05  # between pieces: commits go first
CHECKPOINT_PAGES: Final = 1_000  # 4 MiB of write-ahead log
CHECKPOINT_S: Final = 30.0  # at the latest, so that a crash leaves little to read again
WAL_MAX_BYTES: Final = 32 * 1024**2  # a longer file is cut as soon as no reader is in the way
HELD_TOLD_S: Final = 5.0
CURSORS_NOTED_S: Final = 60.0
FORGOTTEN_US: Final = 30 * 24 * HOUR_US  # a reader that was not heard for so long is waited for no more
LETTERS_AGED_S: Final = 600.0  # between looks at the dead letters' age
LETTERS_AT_ONCE: Final = 200
_MIB: Final = 1024 * 1024

_log = logging.getLogger("gateway.log")


class Reported(Protocol):
    """What a reader says of itself (`gateway.status.CursorFrame`)."""

    @property
    def log_id(self) -> str:
        """The log that it reads."""

    @property
    def seq(self) -> int:
        """The newest row that it has behind it."""

    @property
    def compacted_seq(self) -> int | None:
        """The newest row that is compacted, where it compacts."""


@dataclass(frozen=True, slots=True)
class Figures:
    """The log's size and state, as of the last step.  Bytes, seconds."""

    log_bytes: int = 0
    log_used_bytes: int = 0
    log_cap_bytes: int = 0
    disk_free_bytes: int = 0
    wal_bytes: int = 0
    wal_held_s: float = 0.0  # a reader has kept the write-ahead log from being emptied for so long
    reserve_held: bool = False
    reserve_missing: bool = False  # it is to be held, and there is no room for it
    rows_retired: int = 0
    rows_retired_unread: int = 0
    unread_lost_us: int | None = None  # when a row last went that a known reader had not read
    readers: int = 0
    set_aside: tuple[str, ...] = ()  # damaged logs that nobody has seen to
    error: str = ""  # why the upkeep cannot be done


def bounded(settings: LogSettings, data_dir: Path) -> LogSettings:
    """The settings with the cap that follows from the disk; dead letters take a twentieth of it at most."""
    data_dir.mkdir(parents=True, exist_ok=True)
    disk = os.statvfs(data_dir)
    cap = cap_bytes(settings, disk.f_blocks * disk.f_frsize) // _MIB
    cap = max(1, min(cap, disk.f_blocks * disk.f_frsize // _MIB))
    letters = max(1, min(settings.dead_letter_total_mib, cap // DEAD_LETTERS_SHARE))
    return msgspec.structs.replace(settings, max_mib=cap, dead_letter_total_mib=letters)


class LogUpkeep:
    """`step` may be called from the writer's thread alone; `figures` may be read from anywhere."""

    def __init__(self, writer: LogWriter, settings: LogSettings) -> None:
        self._writer = writer
        data_dir = writer.path.parent
        settings = bounded(settings, data_dir)
        self._retention = Retention(writer, settings, settings.max_mib * _MIB)
        self.reserve = Reserve(data_dir, settings.reserve_mib * _MIB)
        self.figures = Figures()
        self.is_stuck = False  # commits fail for lack of room, and the reserve is gone
        self._log_id = ""
        self._readers: dict[str, KnownReader] = {}
        self._keep_us = round(settings.keep_days * 24 * HOUR_US)
        self._noted_at = self._emptied_at = time.monotonic()
        self._letters_due_at = 0.0
        self._held_since: float | None = None

    def step(self, cursors: Mapping[str, Reported], now_us: int) -> float:
        """One step; the pause until the next one, in seconds.  Raises LogDamaged; other trouble is in `figures`."""
        errors = []
        is_busy = False

        def retire() -> None:
            nonlocal is_busy
            is_busy = self._retention.step(now_us, self._read_up_to(), is_stuck=self.is_stuck or self.reserve.is_short)

        def know() -> None:
            self._know_readers(cursors, now_us)

        def age_letters() -> None:
            self._age_letters(now_us)

        for part in (know, self._empty_wal, retire, self._hold_reserve, age_letters):
            try:
                part()
            except LogDamaged:
                raise
            except (LogError, OSError) as failed:  # one part that fails (for lack of room) keeps none of the others
                errors.append(str(failed))
        error = errors[0] if errors else ""
        self._tell(error)
        return BUSY_PAUSE_S if is_busy and not error else PAUSE_S

    def make_room(self, now_us: int) -> None:
        """The reserve is going, too: tidy before anything else is written.

        Raises LogFull where only rows are left to go that a reader has not read, and LogDamaged.
        """
        try:
            for _ in range(PIECES_AT_ONCE):
                if self._writer.wal_pages:
                    self._writer.empty_wal()
                if not self._retention.step(now_us, self._read_up_to(), is_stuck=True):
                    break
            is_waiting = self._retention.waits_for_readers(self._read_up_to())
        except LogDamaged:
            raise
        except LogError as error:
            self._tell(str(error))
            return
        if is_waiting:
            raise LogFull(f"{self._writer.path}: the disk is full, and {self._slowest()} has not read what could go")

    def _know_readers(self, cursors: Mapping[str, Reported], now_us: int) -> None:
        if self._log_id != self._writer.log_id:
            self._retention.recall()
            readers = {name: reader.at_the_start() for name, reader in self._readers.items()}  # of a log set aside
            noted_ones = known(self._writer.notes())
            if readers.keys() - noted_ones.keys():
                self._noted_at = -math.inf
            self._readers = readers | noted_ones
            self._log_id = self._writer.log_id
        for name, frame in cursors.items():
            if frame.log_id == self._log_id and (name in self._readers or len(self._readers) < MAX_READERS):
                if name not in self._readers:
                    self._noted_at = -math.inf  # at once: it may be down from now on
                self._readers[name] = KnownReader(seq=frame.seq, compacted_seq=frame.compacted_seq, heard_us=now_us)
        for name, reader in list(self._readers.items()):
            if reader.heard_us < now_us - FORGOTTEN_US:
                del self._readers[name]
                _log.warning("reader %s was not heard for 30 days: the log waits for it no more", name)
        self._note_readers()

    def _read_up_to(self) -> int | None:
        """The seq that every known reader has behind it; None where none is known, 0 while that cannot be read."""
        if self._log_id != self._writer.log_id:
            return 0
        return min((reader.behind for reader in self._readers.values()), default=None)

    def _slowest(self) -> str:
        return min(self._readers, key=lambda name: self._readers[name].behind, default="a reader")

    def _note_readers(self) -> None:
        if time.monotonic() < self._noted_at + CURSORS_NOTED_S:
            return
        self._noted_at = time.monotonic()
        with Transaction(self._writer.connection, self._writer.path):
            self._writer.connection.execute("DELETE FROM meta WHERE key GLOB ?", (NOTE + "*",))
            self._writer.connection.executemany("INSERT INTO meta VALUES (?, ?)", noted(self._readers).items())

    def _empty_wal(self) -> None:
        now = time.monotonic()
        pages = self._writer.wal_pages
        if (
            pages < CHECKPOINT_PAGES
            and self._held_since is None
            and (not pages or now < self._emptied_at + CHECKPOINT_S)
        ):
            return
        written, done = self._writer.empty_wal()
        self._emptied_at = now
        if written != done:
            self._held_since = self._held_since or now
            return
        if self._held_since is not None and now - self._held_since > HELD_TOLD_S:
            _log.warning("a reader kept the write-ahead log from being emptied for %.0f s", now - self._held_since)
        self._held_since = None
        if self._writer.sizes[1] > WAL_MAX_BYTES:
            self._writer.empty_wal(truncate=True)

    def _hold_reserve(self) -> None:
        if not self.is_stuck and not self.reserve.is_held and self.reserve.hold():
            _log.info("room is held in reserve, next to the log")

    def _age_letters(self, now_us: int) -> None:
        """Dead letters go by age as rows do, so that new faults find places; a few at a time."""
        if self.is_stuck or time.monotonic() < self._letters_due_at:
            return
        went = self._writer.forget_letters(now_us - self._keep_us, LETTERS_AT_ONCE)
        self._letters_due_at = time.monotonic() + (0.0 if went == LETTERS_AT_ONCE else LETTERS_AGED_S)

    def _tell(self, error: str) -> None:
        if error and error != self.figures.error:
            _log.error("the log cannot be kept in order: %s", error)
        held_s = 0.0 if self._held_since is None else time.monotonic() - self._held_since
        try:
            room, sizes = self._retention.room(), self._writer.sizes
            aside = unseen(self._writer.path.parent)
        except (LogError, OSError) as failed:
            self.figures = replace(self.figures, error=str(failed))
            return
        self.figures = Figures(
            log_bytes=sizes[0],
            log_used_bytes=room.used,
            log_cap_bytes=self._retention.cap,
            disk_free_bytes=room.free,
            wal_bytes=sizes[1],
            wal_held_s=held_s if held_s > HELD_TOLD_S else 0.0,
            reserve_held=self.reserve.is_held,
            reserve_missing=self.reserve.is_missing,
            rows_retired=self._retention.retired,
            rows_retired_unread=self._retention.retired_unread,
            unread_lost_us=self._retention.unread_lost_us,
            readers=len(self._readers),
            set_aside=aside,
            error=error,
        )
