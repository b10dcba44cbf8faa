"""The data directory: made if it is missing, held by one `siaga run` at a time."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from command_center.errors import StartError
from gateway import lock
from gateway.errors import LogError
from gateway.log.reader import LogReader

LOCK: Final = "lock"
HOLDS_LIVE_READINGS: Final = (
    "holds-live-readings"  # made by the gateway before it commits the first reading that is no simulation
)
SIMULATOR_REFUSED: Final = "simulator-refused"  # made by `siaga run`: tells the command center, and so the wall


@contextlib.contextmanager
def held(data_dir: Path) -> Iterator[None]:
    """Hold `data_dir` by flock for the time of the context; the kernel lets go of it however this process ends.

    StartError: it cannot be made or written, or another `siaga run` holds it (its pid is in the file).
    """

    def taken(handle: int) -> StartError:
        holder = os.pread(handle, 32, 0).decode("ascii", "replace").strip() or "unknown"
        return StartError(
            f"data directory {data_dir} is in use by another `siaga run`, pid {holder}; "
            "stop that one, or choose another with --data-dir"
        )

    def unusable(error: OSError) -> StartError:
        return StartError(f"data directory {data_dir} cannot be used: {error.strerror} (--data-dir)")

    with lock.held(data_dir / LOCK, taken=taken, unusable=unusable, mode=0o644) as handle:
        lock.note_pid(handle)
        yield


def check_city(data_dir: Path, code: str) -> None:
    """StartError where the directory's log is of another city than `code`.

    A log that cannot be read says nothing here: the gateway, which mends or refuses it, says what is wrong.
    """
    try:
        with LogReader(data_dir) as log:
            newest = log.read_after(log.last_seq() - 1, 1)
            known = log.catalogue(newest[0].catalogue_version).city.code if newest else code
    except LogError:
        return
    if known != code:
        raise StartError(
            f"data directory {data_dir} holds the log of city {known}, not of {code}: choose another with --data-dir, "
            f"or that city with --city"
        )


def holds_live_readings(data_dir: Path) -> bool:
    """True where readings of the real city were stored; simulated ones must stay out."""
    return (data_dir / HOLDS_LIVE_READINGS).exists()
