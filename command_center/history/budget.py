"""What goes so that the history stays within its bounds.

    size    over `max_mib`                the oldest raw file; where there is none left, the oldest minutes
    space   less than `min_free_mib` left the oldest raw file, of those that end over RAW_KEEPS_US before now

Minutes never go for lack of space on the disk, and what is of the last day never goes.  What went is on record in the
manifest, counted and said.
"""

import logging
from dataclasses import replace
from typing import Final, Literal

from command_center.history.folder import Folder
from command_center.history.manifest import Manifest, StoredFile
from command_center.history.periods import DAY_US
from sensors.settings import HistorySettings

RAW_KEEPS_US: Final = 31 * DAY_US
_MIB: Final = 1024 * 1024

_log = logging.getLogger("command_center.history")


class Budget:
    """For one thread.  Raises HistoryError."""

    def __init__(self, folder: Folder, manifest: Manifest, settings: HistorySettings) -> None:
        self._folder, self._manifest = folder, manifest
        self._max_bytes = settings.max_mib * _MIB
        self.min_free_bytes = settings.min_free_mib * _MIB

    def step(self, now_us: int) -> bool:
        """Let one file go if one has to.  `now_us`: of the log's newest compacted row."""
        present = self._folder.present
        found = self._to_go(present.files, now_us)
        if found is None:
            return False
        reason, file = found
        self._manifest.let_go([file], now_us)
        present = self._folder.present
        kept = tuple(one for one in present.files if one != file)
        raw_from_us, minutes_from_us = self._manifest.begins()
        self._folder.show(
            replace(present, files=kept, raw_from_us=raw_from_us, minutes_from_us=minutes_from_us),
            (file,),
        )
        _log.warning("history: %s went for lack of %s", file.name, reason)
        return True

    def _to_go(
        self, files: tuple[StoredFile, ...], now_us: int
    ) -> tuple[Literal["size within max_mib", "space on the disk"], StoredFile] | None:
        old = sorted((f for f in files if f.last_us < now_us - DAY_US), key=lambda f: (f.kind != "raw", f.last_us))
        if self._max_bytes and old and sum(file.bytes for file in files) > self._max_bytes:
            return "size within max_mib", old[0]
        if self._folder.free_bytes < self.min_free_bytes:
            raw = [f for f in old if f.kind == "raw" and f.last_us < now_us - RAW_KEEPS_US]
            if raw:
                return "space on the disk", raw[0]
        return None
