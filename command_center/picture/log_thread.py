"""The log, read in a thread of its own: a read waits for the disk and decompresses, and the loop must not.

One thread, one reader: questions are answered in the order in which they were asked, each is bounded by its asker.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from gateway.errors import LogMissing
from gateway.log.reader import LogReader
from gateway.log.schema import FILE

T = TypeVar("T")


class LogThread:
    """Use `open` before `ask`; `close` at the end."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="log")
        self._reader: LogReader | None = None  # touched in the thread only
        self._inode = 0
        self.log_id = ""  # of the log that is open; empty = none was yet

    async def open(self) -> str:
        """Open the log that is there now, in place of an earlier one; its id.  Raises LogMissing, LogError."""
        self.log_id = await self._in_thread(self._open)
        return self.log_id

    async def ask(self, question: Callable[[LogReader], T]) -> T:
        """What `question` finds in the open log.  Raises LogMissing before `open`, LogError."""
        return await self._in_thread(lambda: question(self._opened()))

    def is_replaced(self) -> bool:
        """Whether another file has taken the place of the open log."""
        inode = self._present_inode()
        return inode not in (0, self._inode)

    async def close(self) -> None:
        """Close the log and end the thread."""
        await self._in_thread(self._close)
        self._executor.shutdown()

    async def _in_thread(self, call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, call)

    def _opened(self) -> LogReader:
        if self._reader is None:
            raise LogMissing(f"{self._data_dir / FILE}: there is no log yet")
        return self._reader

    def _open(self) -> str:
        inode = self._present_inode()  # first: where another file comes in between, it is noticed the next time
        reader = LogReader(self._data_dir)
        self._close()
        self._reader, self._inode = reader, inode
        return str(reader.log_id)

    def _present_inode(self) -> int:
        """Of the file that is there now; 0 where none is, as for a moment while a log is set aside."""
        try:
            return (self._data_dir / FILE).stat().st_ino
        except FileNotFoundError:
            return 0

    def _close(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None
