"""What is remembered of each source across restarts: filters in force, protocol, whether its canary ever came back.

Kept in memory, read from the log's notes at the start and written there in the background: a broker is kept waiting
by no disk.  Bounded: of what waits to be written only the newest text of a key is kept.
"""

import asyncio
import contextlib
import logging
from typing import Final

from gateway.committer import Committer
from gateway.errors import LogError

KINDS: Final = ("filters", "qos0", "protocol", "canary")
RETRY_S: Final = 1.0

_log = logging.getLogger("gateway.mqtt")


class SourceMemory:
    """The sessions' `Memory`.  Made before the writer's thread works; `run` writes what is to be remembered."""

    def __init__(self, committer: Committer) -> None:
        self._committer = committer
        self._unwritten: dict[str, str] = {}  # newest per key
        self._is_unwritten = asyncio.Event()
        self._error = ""
        try:
            notes = committer.writer.notes()
        except LogError as error:
            _log.warning("what is known of the brokers cannot be recalled: %s", error)
            notes = {}
        self._known = {key: text for key, text in notes.items() if key.partition(":")[0] in KINDS}

    async def recall(self, source: str, what: str) -> str:
        """What was noted, "" where nothing was."""
        return self._known.get(f"{what}:{source}", "")

    async def remember(self, source: str, what: str, text: str) -> None:
        """Note it; it is in the log when `run` or `flush` has come to it."""
        key = f"{what}:{source}"
        if self._known.get(key, "") != text:
            self._known[key] = self._unwritten[key] = text
            self._is_unwritten.set()

    async def forget(self, source: str) -> None:
        """Nothing is known of it any more."""
        for what in KINDS:
            await self.remember(source, what, "")

    async def run(self) -> None:
        """Write what is to be remembered, for ever; while the log cannot be written it waits."""
        while True:
            await self._is_unwritten.wait()
            if not await self._write():
                await asyncio.sleep(RETRY_S)

    async def flush(self, *, within_s: float) -> None:
        """Write what is not written yet; what cannot be is known to nobody after the process' end."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self._write()
        if self._unwritten:
            _log.warning("what is known of the brokers is not all noted: %s", self._error or "the disk is slow")

    async def _write(self) -> bool:
        """Whether all is in the log now."""
        while self._unwritten:
            key, text = next(iter(self._unwritten.items()))
            try:
                await self._committer.call(self._committer.writer.remember, key, text)
            except LogError as error:
                if not self._error:
                    _log.warning("what is known of the brokers cannot be noted, it is tried again: %s", error)
                self._error = str(error)
                return False
            if self._unwritten.get(key) == text:  # and not another one meanwhile
                del self._unwritten[key]
        self._error = ""
        self._is_unwritten.clear()
        return True
