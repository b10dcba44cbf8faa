"""The hidden folder beside a file in which the file is made: for one program at a time, and gone when that one ends."""

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from command_center.errors import HistoryError
from command_center.history.database import told
from gateway import lock

ENDING: Final = ".siaga-export"
LOCK: Final = "lock"


@contextlib.contextmanager
def working_folder(out: Path, say: Callable[[str], None]) -> Iterator[Path]:
    """The folder for making `out`, empty but for its lock; removed at the end with all that is in it.

    What a killed program left in it goes, and that is said.  Raises HistoryError: another program makes the same file,
    or the folder cannot be made, or something else has its name.
    """
    folder = out.with_name(f".{out.name}{ENDING}")
    another = HistoryError(f"another siaga export is writing {out} just now")
    with told(f"{folder} cannot be made"):
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
    if folder.is_symlink() or found.st_uid != os.geteuid():
        raise HistoryError(f"{folder} is not ours: remove it, it is where {out} would be made")
    with lock.held(folder / LOCK, taken=lambda _: another, unusable=_unusable) as handle:
        if not _is_in_place(folder / LOCK, handle):
            raise another  # it ended between our opening its lock and holding it
        if _cleared(folder):
            say(f"{folder}: what an export left that was killed is removed")
        try:
            yield folder
        finally:
            with told(f"{folder} cannot be removed"):
                _cleared(folder)
                (folder / LOCK).unlink(missing_ok=True)
            with contextlib.suppress(OSError):  # the next one has made its lock already: it is that one's now
                folder.rmdir()


def _unusable(error: OSError) -> HistoryError:
    return HistoryError(f"the folder in which the file is made cannot be used: {error}")


def _is_in_place(file: Path, handle: int) -> bool:
    try:
        return os.path.samestat(file.stat(), os.fstat(handle))
    except FileNotFoundError:
        return False


def _cleared(folder: Path) -> bool:
    """Remove everything but the lock; whether there was anything.  Raises HistoryError."""
    with told(f"{folder} cannot be cleared"):
        left = [path for path in folder.iterdir() if path.name != LOCK]
        for path in left:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
    return bool(left)
