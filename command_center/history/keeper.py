"""The thread that keeps the history: it compacts what is closed, lets go what must, merges what is settled.

It runs beside the rest and hinders nobody: at the lowest priority but one, with one DuckDB thread within its bound of
memory.  What goes wrong is said (`error`), counted, and tried again; the wall and the alarms do not depend on it.
"""

import asyncio
import contextlib
import logging
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from command_center.clock import now_us
from command_center.errors import HistoryDamaged, HistoryError, HistoryFull
from command_center.history.budget import Budget
from command_center.history.columns import Kind
from command_center.history.compactor import Compactor
from command_center.history.database import Worker
from command_center.history.folder import FileSet, Folder, made
from command_center.history.inspection import Inspector
from command_center.history.manifest import LetGo, Manifest, StoredFile
from command_center.history.merging import Merger
from command_center.history.rebuilding import finish, is_lost, rebuild, set_aside
from command_center.history.store import HistoryStore
from gateway.errors import LogError, LogMissing
from sensors.settings import HistorySettings

PAUSE_S: Final = 5.0  # between looks at the log
RETRY_S: Final = 30.0  # after something went wrong
BEHIND_S: Final = 900.0  # a closed hour that is not compacted for so long is said
LEAST_FREE_BYTES: Final = 64 * 1024**2  # with less left nothing is written: the log needs it
NICE: Final = 15

_log = logging.getLogger("command_center.history")


@dataclass(frozen=True, slots=True)
class Figures:
    """What there is, as of the last step."""

    counters: dict[str, int] = field(default_factory=dict)
    gone: dict[Kind, LetGo] = field(default_factory=dict)
    behind_rows: int = 0
    free_bytes: int = 0


class HistoryKeeper:
    """`run` lives; the rest says how it goes and may be read from any thread."""

    def __init__(self, data_dir: Path, settings: HistorySettings) -> None:
        self._data_dir, self._settings = data_dir, settings
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="history", initializer=_step_back)
        self._parts: _Parts | None = None
        self._idle_at = time.monotonic()
        self._stopping = threading.Event()
        self._doubt = ""  # how the manifest was damaged when it was last met so, since everything due was done
        self.folder = Folder(data_dir)
        self.store = HistoryStore(self.folder, settings.memory_mib)  # to read it; closed when `run` ends
        self.error = ""  # why it does not get on just now; empty = nothing hinders
        self.is_full = False  # because the disk is
        self.figures = Figures()

    def compacted_seq(self, log_id: str) -> int | None:
        """Up to which row a log may be forgotten; None: it need not wait for us.

        On a full disk on which nothing more may go the log does not wait: new readings are worth more than old ones.
        """
        place = self.folder.present.place
        if self.is_full:
            return None
        return place.seq if place is not None and place.log_id == log_id else 0

    @property
    def is_opened(self) -> bool:
        """Whether what is on disk is shown, or it is known why it is not."""
        return self._parts is not None or bool(self.error)

    @property
    def behind_s(self) -> float:
        """For how long something has been due; 0 where nothing is for long."""
        behind_s = time.monotonic() - self._idle_at
        return behind_s if behind_s > BEHIND_S else 0.0

    @property
    def trouble(self) -> str:
        """What is wrong, in words; empty where nothing is."""
        if self.error:
            return self.error
        return f"closed hours are not compacted since {self.behind_s:.0f} s" if self.behind_s else ""

    def faults(self) -> list[str]:
        """The trouble as a list, for `/healthz`."""
        return [self.trouble] if self.trouble else []

    async def run(self) -> None:
        """Keep the history until cancelled."""
        loop = asyncio.get_running_loop()
        try:
            while True:
                is_busy = await loop.run_in_executor(self._executor, self.step)
                if not is_busy:
                    await asyncio.sleep(RETRY_S if self.error else PAUSE_S)
        finally:
            self._stopping.set()
            if self._parts is not None:
                self._parts.worker.interrupt()
            self.store.interrupt()
            await asyncio.shield(loop.run_in_executor(self._executor, self.close))
            self._executor.shutdown(wait=False)

    def step(self) -> bool:
        """One step; whether there is more to do at once.  For one thread."""
        if self._stopping.is_set():
            return False
        try:
            if self._parts is None:
                self._parts = _opened(self._data_dir, self.folder, self._settings)
                return True
            is_busy = self._parts.step()
            self._say("", is_full=False)
        except LogMissing:
            is_busy = False
            self._say("", is_full=False)
        except (HistoryError, LogError) as error:
            is_busy = self._failed(error)
        except Exception as error:  # noqa: BLE001 - ours; neither wall nor alarms may hang on it
            is_busy = False
            told = f"a mistake of Siaga's: {type(error).__name__}: {error}"
            if told != self.error:
                _log.exception("history")
            self._say(told, is_full=False)
        if not is_busy and not self.error:
            self._idle_at = time.monotonic()
            self._doubt = ""
        self._tell()
        return is_busy

    def _failed(self, error: HistoryError | LogError) -> bool:
        """Say so; whether the next step may begin anew at once: with a manifest that is damaged.

        That is opened anew the first time, for the disk may have failed to read it just once, and set aside the second.
        """
        if self._stopping.is_set():
            return False
        if isinstance(error, HistoryDamaged):
            if self._parts is not None:
                self._parts.close()
                self._parts = None
            if not self._doubt:
                self._doubt = str(error)
                _log.error("history: damage was met, the manifest is opened anew: %s", error)
                return True
            try:
                set_aside(self.folder.path, str(error), now_us())
            except HistoryError as worse:
                error = worse
            else:
                self._doubt = ""
                return True
        self._say(str(error), is_full=isinstance(error, HistoryFull))
        return False

    def _say(self, error: str, *, is_full: bool) -> None:
        if error != self.error:
            (_log.error if error else _log.info)("%s", error or "history: going on")
        self.error, self.is_full = error, is_full

    def _tell(self) -> None:
        if self._parts is not None:
            with contextlib.suppress(HistoryError, OSError):  # said by the step that comes next
                self.figures = self._parts.figures()

    def close(self) -> None:
        """Close everything; for the same thread."""
        self.store.close()
        if self._parts is not None:
            self._parts.close()
            self._parts = None


def _step_back() -> None:
    """Let the other threads go first: on Linux priorities are those of threads."""
    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)


class _Parts:
    """Everything that is open while the history is kept."""

    def __init__(self, data_dir: Path, folder: Folder, settings: HistorySettings) -> None:
        self._folder = folder
        self.manifest = Manifest(folder.path)
        self.worker = Worker(folder.path, settings.memory_mib, 1, folder.spill("keeping"))
        self.compactor = Compactor(data_dir, folder, self.manifest, self.worker)
        self.budget = Budget(folder, self.manifest, settings)
        self.merger = Merger(folder, self.manifest, self.worker)
        self.inspector = Inspector(folder, self.manifest, self.worker)

    def show_stored(self) -> None:
        """Show what the manifest names, without what is not there."""
        files = self.manifest.files()
        missing = self._folder.clear_up(files)
        if missing:
            _log.error("history: %d files are gone, %s the first", len(missing), missing[0].name)
            self.manifest.let_go(missing, missing[-1].last_us)
            self.manifest.count({"files_missing": len(missing)})
        self._folder.series = self.manifest.series()
        kept: tuple[StoredFile, ...] = tuple(file for file in files if file not in missing)
        self._folder.show(FileSet(self.manifest.place(), kept, *self.manifest.begins()))
        self._folder.suspect(self._folder.of_another_size(kept))

    def step(self) -> bool:
        """Let go first: room is what the others need."""
        place = self._folder.present.place
        now_us = 0 if place is None else place.at_us
        self.inspector.step(now_us)
        if self.budget.step(now_us):
            return True
        if self._folder.free_bytes < LEAST_FREE_BYTES:
            raise HistoryFull(f"{self._folder.path}: less than {LEAST_FREE_BYTES // 1024**2} MiB are left on the disk")
        self._folder.sweep()
        return self.compactor.step() or self.merger.step(now_us, self.budget.min_free_bytes)

    def figures(self) -> Figures:
        """As of now."""
        return Figures(
            self.manifest.counters(), self.manifest.gone(), self.compactor.behind_rows, self._folder.free_bytes
        )

    def close(self) -> None:
        """Close everything."""
        self.compactor.close()
        self.worker.close()
        self.manifest.close()


def _opened(data_dir: Path, folder: Folder, settings: HistorySettings) -> _Parts:
    made(folder)
    finish(folder.path)
    parts = _Parts(data_dir, folder, settings)
    try:
        if is_lost(folder.path, parts.manifest):
            rebuild(folder, parts.manifest, parts.worker, now_us())
        parts.show_stored()
    except BaseException:
        parts.close()
        raise
    return parts
