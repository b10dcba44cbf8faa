"""One gateway per data directory: the lock, which is also where its process id is found."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from gateway.errors import GatewayError

FILE: Final = "gateway.lock"


@contextlib.contextmanager
def exclusive(data_dir: Path) -> Iterator[None]:
    """Hold the gateway's lock of the data directory; GatewayError if another gateway has it."""
    data_dir.mkdir(parents=True, exist_ok=True)
    handle = os.open(data_dir / FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise GatewayError(f"{data_dir}: another gateway is running on this data directory") from error
        os.ftruncate(handle, 0)
        os.write(handle, f"{os.getpid()}\n".encode())  # for `kill -HUP`
        yield
    finally:
        os.close(handle)
