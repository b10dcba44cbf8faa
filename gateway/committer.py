"""Making entries durable, one at a time, in a thread of its own; a full disk holds the flow and says so."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, TypeVar

import numpy as np

from gateway.errors import LogError
from gateway.log.rows import Entry
from gateway.log.writer import LogWriter
from sensors.origin import LIVE_MARKER, Origin

RETRY_S: Final = 1.0

_log = logging.getLogger("gateway.log")
T = TypeVar("T")

# Origins that come from the field and not from a simulation or a recording.
_REAL: Final = [int(origin) for origin in Origin if not origin.is_exercise]


class Committer:
    """Owns the writer and its thread."""

    def __init__(self, writer: LogWriter, data_dir: Path) -> None:
        self.last_seq = 0
        self.commits = 0
        self.error = ""  # why the log cannot be written just now; "" = it can
        self.writer = writer
        self._marker = data_dir / LIVE_MARKER
        self.holds_live = self._marker.exists()  # readings from the field
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="gateway.log")

    async def call(self, work: Callable[..., T], *arguments: object) -> T:
        """Run `work` in the writer's thread."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *arguments)

    async def commit(self, entry: Entry) -> int:
        """Its seq, once it is on disk; while the log cannot be written this waits and tries again."""
        while True:
            try:
                self.last_seq = await self.call(self._append, entry)
            except (LogError, OSError) as error:
                if not self.error:
                    _log.error("the log cannot be written, the brokers are held: %s", error)
                self.error = str(error)
                await asyncio.sleep(RETRY_S)
                continue
            if self.error:
                _log.warning("the log can be written again")
            self.error = ""
            self.commits += 1
            return self.last_seq

    def close(self) -> None:
        """Finish what is under way, close the file."""
        self._thread.shutdown(wait=True)
        self.writer.close()

    def _append(self, entry: Entry) -> int:
        if not self.holds_live and np.isin(entry.batch.origin, _REAL).any():
            self._marker.touch()
            self.holds_live = True
        return self.writer.append(entry)
