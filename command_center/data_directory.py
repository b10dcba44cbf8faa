"""The data directory: made if it is missing, held by one `siaga run` at a time."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from command_center.errors import StartError

LOCK: Final = "lock"
HOLDS_LIVE_READINGS: Final = (
    "holds-live-readings"  # made by the gateway before it commits the first reading that is no simulation
)


@contextlib.contextmanager
def held(data_dir: Path) -> Iterator[None]:
    """Hold `data_dir` by flock for the time of the context; the kernel lets go of it however this process ends.

    StartError: it cannot be made or written, or another `siaga run` holds it (its pid is in the file).
    """
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        fd = os.open(data_dir / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise StartError(f"data directory {data_dir} cannot be used: {error.strerror} (--data-dir)") from error
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(fd, 32, 0).decode("ascii", "replace").strip() or "unknown"
            raise StartError(
                f"data directory {data_dir} is in use by another `siaga run`, pid {holder}; "
                "stop that one, or choose another with --data-dir"
            ) from error
        os.ftruncate(fd, 0)
        os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(fd)


def holds_live_readings(data_dir: Path) -> bool:
    """True where readings of the real city were stored; simulated ones must stay out."""
    return (data_dir / HOLDS_LIVE_READINGS).exists()
