"""Locks by file: one process at a time; the kernel lets go however that one ends.

The gateway's is one per data directory, and also where its process id is found.
"""

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from gateway.errors import GatewayError

FILE: Final = "gateway.lock"


@contextlib.contextmanager
def held(
    file: Path,
    *,
    taken: Callable[[int], Exception] | None = None,
    unusable: Callable[[OSError], Exception] | None = None,
    mode: int = 0o600,
) -> Iterator[int]:
    """Hold a file's lock for the time of the context; the open file, which is made where it is missing.

    Raises what `taken` makes of the file where somebody else holds it (None: waits), and what `unusable` makes of the
    error where it cannot be made or opened (None: that error).
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, mode)
    except OSError as error:
        if unusable is None:
            raise
        raise unusable(error) from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX if taken is None else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if taken is None:
                raise
            raise taken(handle) from error
        yield handle
    finally:
        os.close(handle)


def note_pid(handle: int) -> None:
    """Write our process id into the file that we hold."""
    os.ftruncate(handle, 0)
    os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)


@contextlib.contextmanager
def exclusive(data_dir: Path) -> Iterator[None]:
    """Hold the gateway's lock of the data directory; GatewayError if another gateway has it."""
    another = GatewayError(f"{data_dir}: another gateway is running on this data directory")
    with held(data_dir / FILE, taken=lambda _: another) as handle:
        note_pid(handle)  # for `kill -HUP`
        yield
