"""Making entries durable, one at a time, in a thread of its own.

A disk that takes no more holds the flow and says so; so does one that is slow.  A log that turns out to be damaged is
set aside, and what waits goes into a new one.
"""

import asyncio
import errno
import logging
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, TypeVar

import numpy as np

from gateway.errors import LogDamaged, LogError, LogFull
from gateway.log.rows import Entry
from gateway.log.set_aside import replace_log
from gateway.log.upkeep import PAUSE_S, LogUpkeep, Reported
from gateway.log.writer import LogWriter
from sensors.catalogue import Catalogue
from sensors.origin import LIVE_MARKER, Origin
from sensors.settings import LogSettings

RETRY_S: Final = 1.0
SLOW_S: Final = 2.0  # a commit that takes longer is told
WINDOW_S: Final = 60.0  # the slowest commit of the last one to two of these is told

_log = logging.getLogger("gateway.log")
T = TypeVar("T")

# Origins that come from the field and not from a simulation or a recording.
_REAL: Final = [int(origin) for origin in Origin if not origin.is_exercise]


class Committer:
    """Owns the writer and its thread.  `begin_anew` gives the rows that a new log begins with, in place of `entry`."""

    def __init__(self, writer: LogWriter, data_dir: Path, settings: LogSettings) -> None:
        self.last_seq = 0
        self.commits = 0
        self.held = 0  # times that the log could not be written
        self.writer = writer
        self.upkeep = LogUpkeep(writer, settings)
        self.begin_anew: Callable[[Entry], tuple[Catalogue, list[Entry]]] | None = None
        self.last_commit_s = 0.0
        self._slowest = [0.0, 0.0]  # of the window before this one, and of this one
        self._window_ends = time.monotonic() + WINDOW_S
        self._error = ""
        self._under_way_since: float | None = None
        self._held_since: float | None = None
        self._damage = ""  # that opening the file anew does not mend: the log is to be set aside
        self._was_reopened = False  # since the last commit
        self._marker = data_dir / LIVE_MARKER
        self.holds_live = self._marker.exists()  # readings from the field
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="gateway.log")

    @property
    def error(self) -> str:
        """Why the log cannot be written just now; "" = it can."""
        waited_s = self._waited_s()
        if self._error or waited_s < SLOW_S:
            return self._error
        return f"the disk is slow: a commit has been waiting for {waited_s:.0f} s"

    @property
    def held_s(self) -> float:
        """How long what arrives has been waiting for the disk: a commit that fails again and again, or a slow one."""
        return 0.0 if self._held_since is None else time.monotonic() - self._held_since

    @property
    def slowest_commit_s(self) -> float:
        """The slowest commit of the last minute or two, the one under way among them."""
        return max(*self._slowest, self._waited_s())

    async def call(self, work: Callable[..., T], *arguments: object) -> T:
        """Run `work` in the writer's thread."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *arguments)

    async def commit(self, entry: Entry) -> int:
        """Its seq, once it is on disk; while the log cannot be written this waits and tries again."""
        waiting = [entry]
        self._held_since = time.monotonic()
        while waiting:
            try:
                self.last_seq = await self.call(self._append, waiting[0])
            except LogDamaged as error:
                waiting = await self._replaced(waiting, str(error))
            except (LogError, OSError) as error:
                self._hold(error)
                await asyncio.sleep(RETRY_S)
            else:
                waiting.pop(0)
                self.commits += 1
                self._let_go()
        self._held_since = None
        return self.last_seq

    async def keep_house(self, cursors: Callable[[], Mapping[str, Reported]], now_us: Callable[[], int]) -> None:
        """The log's upkeep, for ever: small steps between commits."""
        suspicion = ""
        while True:
            pause_s = PAUSE_S
            try:
                pause_s = await self.call(self.upkeep.step, dict(cursors()), now_us())
            except LogDamaged as error:
                if str(error) == suspicion:  # twice: the next commit sets the log aside
                    self._damage = suspicion
                suspicion = str(error)
            await asyncio.sleep(pause_s)

    def close(self) -> None:
        """Finish what is under way, close the file."""
        self._thread.shutdown(wait=True)
        self.writer.close()

    def _append(self, entry: Entry) -> int:
        """One attempt, in the writer's thread; a full disk gets the reserve and another one."""
        began = self._under_way_since = time.monotonic()
        try:
            if self._damage:
                raise LogDamaged(self._damage)
            if self.writer.is_closed:
                self.writer.reopen()
            try:
                return self._write(entry)
            except LogFull as error:
                if not self.upkeep.reserve.release():
                    raise
                _log.error("the disk is full, the reserve is let go: %s", error)
                return self._write(entry)
        finally:
            self._under_way_since = None
            self._note_duration(time.monotonic() - began)

    def _write(self, entry: Entry) -> int:
        if not self.holds_live and np.isin(entry.batch.origin, _REAL).any():
            self._mark_live()
        if self.upkeep.reserve.is_short:
            self.upkeep.make_room(entry.now_us)
        return self.writer.append(entry)

    def _mark_live(self) -> None:
        """Note beside the log that it holds readings from the field; before the first of them."""
        try:
            self._marker.touch()
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise LogFull(f"{self._marker}: cannot be made: {error.strerror}") from error
            raise
        self.holds_live = True

    async def _replaced(self, waiting: list[Entry], reason: str) -> list[Entry]:
        """What is to be written after damage was met; where opening the file anew does not mend it, into a new log."""
        try:
            if not self._damage and not self._was_reopened:
                self._was_reopened = True
                _log.error("damage was met, the log is opened anew: %s", reason)
                await self.call(self.writer.reopen)
                return waiting
        except LogDamaged as error:
            reason = str(error)
        except (LogError, OSError) as error:
            self._hold(error)
            return waiting
        self._damage = reason
        entry = waiting[-1]
        try:
            if self.begin_anew is None:
                raise LogError(reason)
            catalogue, entries = self.begin_anew(entry)
            await self.call(replace_log, self.writer, reason, catalogue, entries[0].catalogue_version, entry.now_us)
        except (LogError, OSError) as error:
            self._hold(error)
            await asyncio.sleep(RETRY_S)
            return waiting
        self._damage = ""
        return entries

    def _hold(self, error: LogError | OSError) -> None:
        if not self._error:
            self.held += 1
            _log.error("the log cannot be written, the brokers are held: %s", error)
        self._error = str(error)
        self.upkeep.is_stuck = isinstance(error, LogFull)

    def _let_go(self) -> None:
        if self._error:
            _log.warning("the log can be written again")
        self._error, self._was_reopened = "", False
        self.upkeep.is_stuck = False

    def _waited_s(self) -> float:
        since = self._under_way_since
        return 0.0 if since is None else time.monotonic() - since

    def _note_duration(self, took_s: float) -> None:
        now = time.monotonic()
        if now > self._window_ends:
            self._window_ends = now + WINDOW_S
            self._slowest = [self._slowest[1], 0.0]
        self.last_commit_s = took_s
        self._slowest[1] = max(self._slowest[1], took_s)
