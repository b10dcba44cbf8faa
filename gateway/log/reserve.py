"""A file that holds room on the disk: on a full one even a deletion needs room, in SQLite's write-ahead log."""

import contextlib
import os
from pathlib import Path
from typing import Final

from gateway.log.transaction import free_bytes

FILE: Final = "reserve"


class Reserve:
    """Room for bad times, next to the log.  `size` in bytes; 0 = none is held."""

    def __init__(self, data_dir: Path, size: int) -> None:
        self._path = data_dir / FILE
        self._size = size
        self._was_let_go = False
        self.is_held = size > 0 and self._path.exists() and self._path.stat().st_blocks * 512 >= size

    @property
    def is_short(self) -> bool:
        """Whether the reserve was let go and half of its room is used up, too: time to tidy at any price."""
        return self._was_let_go and not self.is_held and free_bytes(self._path.parent) < self._size // 2

    @property
    def is_missing(self) -> bool:
        """Whether it is to be held and is not."""
        return self._size > 0 and not self.is_held

    def hold(self) -> bool:
        """Take the room if there is as much again beside it; whether it is held."""
        if self.is_held or not self._size or free_bytes(self._path.parent) < 2 * self._size:
            return self.is_held
        try:
            handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                os.posix_fallocate(handle, 0, self._size)
            finally:
                os.close(handle)
        except OSError:  # somebody was faster
            self.release()
            return False
        self.is_held, self._was_let_go = True, False
        return True

    def release(self) -> bool:
        """Give the room back; whether there was any."""
        self.is_held, self._was_let_go = False, True
        with contextlib.suppress(OSError):  # nothing held, or a disk that takes no deletion: there is no room to win
            self._path.unlink()
            return True
        return False
