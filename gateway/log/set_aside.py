"""A structurally damaged log is set aside, and a new one begins at once: readings go on being taken.

`log.db` becomes `log.db.damaged-<UTC time>`, with its write-ahead log beside it under that name; nothing is deleted.
It is told loudly until somebody has seen to it: `siaga log salvage` and `siaga log acknowledge` leave a note beside it.
"""

import logging
import re
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from gateway.errors import LogDamaged, LogError, LogFull
from gateway.log.known_readers import NOTE, known, noted
from gateway.log.reserve import Reserve
from gateway.log.rows import Predecessor
from gateway.log.salvage import carved_notes
from gateway.log.schema import FILE
from gateway.log.writer import LogWriter
from sensors.catalogue import Catalogue
from sensors.settings import LogSettings

MARK: Final = ".damaged-"
SEEN: Final = ".seen"
_NAME: Final = re.compile(re.escape(FILE + MARK) + r"\d{8}T\d{6}\.\d{6}Z")  # not what stands beside it, nor salvaged
MAX_SET_ASIDE: Final = 8  # more than that is a disk that damages everything: then the brokers are held

_log = logging.getLogger("gateway.log")


@dataclass(frozen=True, slots=True)
class Legacy:
    """What is known of a damaged log."""

    log_id: str = ""
    last_seq: int = 0
    notes: Mapping[str, str] | None = None  # None: not known


def open_log(data_dir: Path, settings: LogSettings, detector_version: int, now_us: int) -> LogWriter:
    """The log of a data directory; where it is damaged, a new one in its place.  Raises LogError."""
    _finish(data_dir)
    try:
        writer = LogWriter(data_dir, settings, detector_version)
    except LogFull as error:
        if not Reserve(data_dir, settings.reserve_mib * 1024 * 1024).release():
            raise
        _log.error("the disk is full, the reserve is let go: %s", error)
        writer = LogWriter(data_dir, settings, detector_version)
    except LogDamaged as error:
        set_aside(data_dir, _legacy(data_dir / FILE), str(error), now_us)
        writer = LogWriter(data_dir, settings, detector_version)
        return _heir(writer, str(error), now_us)
    return _heir(writer, "set aside by a gateway that was stopped before the new log was told", now_us)


def replace_log(writer: LogWriter, reason: str, catalogue: Catalogue | None, version: int, now_us: int) -> None:
    """Set the writer's log aside while it runs; the writer goes on with a new one that holds `catalogue`."""
    notes: Mapping[str, str] | None
    try:
        notes = writer.notes()
    except LogError:  # it cannot be read, or an attempt before this one has closed it
        newest = [writer.path] if writer.path.exists() else _set_aside(writer.path.parent)[-1:]
        notes = _legacy(newest[0]).notes if newest else None
    legacy = Legacy(writer.log_id, writer.last_seq, notes)
    session_key = writer.session_key
    writer.close()
    predecessor = set_aside(writer.path.parent, legacy, reason, now_us)
    try:
        writer.reopen()
        writer.succeed(predecessor, _inherited(legacy) | {"session_key": session_key}, catalogue, version)
    except LogError:  # half a new log is none: the next attempt begins it again
        writer.close()
        for end in ("", "-wal", "-shm"):
            writer.path.with_name(FILE + end).unlink(missing_ok=True)
        writer.stand_for(legacy.log_id, session_key, legacy.last_seq)
        raise


def _heir(writer: LogWriter, reason: str, now_us: int) -> LogWriter:
    """The writer; a log without rows takes the place of the newest one set aside, unless it was told already."""
    aside = _set_aside(writer.path.parent)
    try:
        if aside and not writer.last_seq and not writer.recall("predecessor"):
            legacy, file = _legacy(aside[-1]), aside[-1].name
            told = Predecessor(file=file, log_id=legacy.log_id, last_seq=legacy.last_seq, at_us=now_us, reason=reason)
            writer.succeed(told, _inherited(legacy), None, 0)
    except LogError:
        writer.close()
        raise
    return writer


def set_aside(data_dir: Path, legacy: Legacy, reason: str, now_us: int) -> Predecessor:
    """Give the log, which nobody has open for writing, another name.  LogError where too many have been set aside."""
    path = data_dir / FILE
    if len(_set_aside(data_dir)) >= MAX_SET_ASIDE:
        raise LogError(f"{reason}; {MAX_SET_ASIDE} damaged logs are set aside already, see to them first")
    new_name = f"{FILE}{MARK}{datetime.fromtimestamp(now_us / 1e6, UTC):%Y%m%dT%H%M%S.%fZ}"
    try:
        present = path.exists()
        if present:
            path.rename(data_dir / new_name)
        _finish(data_dir)
        name = new_name if present else next((file.name for file in reversed(_set_aside(data_dir))), "")
    except OSError as error:
        raise LogError(f"{path}: is damaged and cannot be set aside: {error.strerror}") from error
    _log.error("%s; it is set aside as %s, a new log begins. See `siaga log salvage`", reason, name)
    return Predecessor(file=name, log_id=legacy.log_id, last_seq=legacy.last_seq, at_us=now_us, reason=reason)


def unseen(data_dir: Path) -> tuple[str, ...]:
    """Names of the damaged logs that nobody has seen to yet, the oldest first."""
    return tuple(path.name for path in _set_aside(data_dir) if not path.with_name(path.name + SEEN).exists())


def mark_seen(file: Path, text: str) -> None:
    """Note that somebody has seen to a damaged log."""
    file.with_name(file.name + SEEN).write_text(text, encoding="utf-8")


def _set_aside(data_dir: Path) -> list[Path]:
    return sorted(path for path in data_dir.glob(f"{FILE}{MARK}*") if _NAME.fullmatch(path.name))


def _finish(data_dir: Path) -> None:
    """Where log.db is set aside and its write-ahead log is not yet: that, too.  SQLite would delete it."""
    path, wal = data_dir / FILE, data_dir / f"{FILE}-wal"
    if path.exists() or not wal.exists():
        return
    left = [file for file in _set_aside(data_dir) if not file.with_name(f"{file.name}-wal").exists()]
    if left:
        wal.rename(left[-1].with_name(f"{left[-1].name}-wal"))
    path.with_name(f"{FILE}-shm").unlink(missing_ok=True)


def _legacy(file: Path) -> Legacy:
    """What a damaged log still says of itself; each part may be unreadable."""
    notes, last = carved_notes(file), 0
    try:
        connection = sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)
    except sqlite3.Error:
        return Legacy(notes.get("log_id", ""), 0, notes)
    try:
        notes |= {str(key): str(value) for key, value in connection.execute("SELECT key, value FROM meta")}
        ((last,),) = connection.execute("SELECT coalesce(max(seq), 0) FROM batch").fetchall()
    except (sqlite3.Error, UnicodeDecodeError) as error:
        _log.warning("the damaged log does not say all of itself: %s", error)
    finally:
        connection.close()
    return Legacy(notes.get("log_id", ""), int(last), notes)


def _inherited(legacy: Legacy) -> dict[str, str]:
    """What the new log takes over: all that brokers, readers and sources were told.  The id is its own.

    Readers are known to it from the first row on: it waits for one that is down just now, too.
    """
    notes = dict(legacy.notes or {})
    readers = noted({name: reader.at_the_start() for name, reader in known(notes).items()})
    key = notes.pop("session_key", notes.pop("log_id", legacy.log_id))
    notes.pop("log_id", None)
    notes.pop("predecessor", None)
    notes = {name: value for name, value in notes.items() if not name.startswith(NOTE)} | readers
    return notes | ({"session_key": key} if key else {})
