"""A damaged manifest.db is set aside, and another one is made of what the files say of themselves.

It becomes `manifest.db.damaged-<UTC time>`, with its write-ahead log beside it under that name; nothing is deleted.  A
file's name tells its kind, period and number, its rows whose they are.  What no file tells: how far which log was
compacted (it is read again from its oldest row, and what is stored is left out), the counters, and what went to stay
within bounds (nothing before the oldest row left is told as whole).
"""

import logging
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, cast

from command_center.errors import HistoryError
from command_center.history.columns import Kind
from command_center.history.database import Worker, told
from command_center.history.folder import Folder
from command_center.history.inspection import SET_ASIDE, read_or_damage
from command_center.history.manifest import FILE, Manifest, SeriesKey, StoredFile
from command_center.history.periods import Level, period_at
from sensors.times import MINUTE_US, NEVER, from_datetime, to_datetime

MOST_SET_ASIDE: Final = 8  # more than that is a disk that damages everything
SUPERFLUOUS: Final = ".superfluous"
_NAME: Final = re.compile(r"(raw|minute)-(hour|day|month)-(\d{4}-\d\d-\d\dT\d\d)-(\d{9})\.parquet")
_ABOUT: Final[dict[Kind, str]] = {
    "raw": "SELECT count(*), min(time_us), max(time_us), max(generation) FROM read_parquet(?)",
    "minute": f"SELECT count(*), min(minute_us), max(minute_us) + {MINUTE_US - 1}, 0 FROM read_parquet(?)",  # noqa: S608
}
_SERIES: Final = "SELECT DISTINCT station, property, unit, series FROM read_parquet(?)"
# How many rows of one file another one does not hold.
_ALONE: Final[dict[Kind, str]] = {
    "raw": "SELECT count(*) FROM read_parquet(?) f ANTI JOIN read_parquet(?) l"
    " ON f.series = l.series AND f.time_us = l.time_us",
    "minute": "SELECT count(*) FROM read_parquet(?) f ANTI JOIN read_parquet(?) l"
    " ON f.series = l.series AND f.minute_us = l.minute_us AND f.n <= l.n AND f.failed <= l.failed",
}

_log = logging.getLogger("command_center.history")


def set_aside(folder: Path, reason: str, now_us: int) -> None:
    """Give the manifest, which nobody has open, another name.  HistoryError where too many have been set aside."""
    path = folder / FILE
    if len(_damaged(folder)) >= MOST_SET_ASIDE:
        raise HistoryError(f"{reason}; {MOST_SET_ASIDE} damaged manifests are set aside already, see to them first")
    new_name = f"{FILE}{SET_ASIDE}-{to_datetime(now_us):%Y%m%dT%H%M%S.%fZ}"
    with told(f"{path} is damaged and cannot be set aside"):
        path.rename(path.with_name(new_name))
    finish(folder)
    _log.error("history: %s; it is set aside as %s, another is made of what the files say", reason, new_name)


def finish(folder: Path) -> None:
    """Where a manifest is set aside and its write-ahead log is not yet: that, too.  SQLite would play it back."""
    if (folder / FILE).exists():
        return
    damaged = _damaged(folder)
    with told(f"what stands beside {FILE} cannot be set aside"):
        for end in ("-wal", "-shm"):
            left = folder / (FILE + end)
            if left.exists():
                left.rename(folder / f"{damaged[-1].name if damaged else FILE + SET_ASIDE}{end}")


def is_lost(folder: Folder, manifest: Manifest) -> bool:
    """Whether there are files, and a manifest that knows of none and never did."""
    with told("the folder cannot be looked at"):
        there = any(_NAME.fullmatch(path.name) for path in folder.path.iterdir())
    return there and manifest.place() is None and not manifest.files()


def rebuild(folder: Folder, manifest: Manifest, worker: Worker, now_us: int) -> None:
    """Name every file in a manifest that names none; what cannot be read, or is held by others, is set aside."""
    kept: list[StoredFile] = []
    series: dict[SeriesKey, int] = {}
    begins: dict[Kind, int] = {}
    generation = damaged = 0
    for name in reversed(_named(folder.path)):  # what was merged has a lower number than what became of it
        path = folder.path_of(name)
        about = read_or_damage(worker, _ABOUT[name.kind], path)
        if isinstance(about, str):
            _log.error("history: %s is set aside: %s", name.name, about.partition("\n")[0])
            _rename(path, SET_ASIDE)
            begins[name.kind] = max(begins.get(name.kind, NEVER), name.period.end_us)
            damaged += 1
            continue
        rows, first_us, last_us, newest = about
        size = Path(path).stat().st_size
        file = replace(name, first_us=first_us, last_us=last_us, rows=rows, bytes=size)
        if _is_superfluous(folder, worker, file, kept):
            _log.warning("history: %s is set aside: what it holds was merged into another", file.name)
            _rename(path, SUPERFLUOUS)
            continue
        kept.append(file)
        generation = max(generation, newest)
        with told(f"{file.name} cannot be read"):
            found = worker.connection.execute(_SERIES, [path]).fetchall()
        series |= {(station, observed, unit): number for station, observed, unit, number in found}
    for file in kept:
        oldest = min(one.first_us for one in kept if one.kind == file.kind)
        begins[file.kind] = max(begins.get(file.kind, NEVER), oldest)
    counted = {"manifests_made_anew": 1, "files_damaged": damaged}
    manifest.begin_with(kept[::-1], series, generation, begins, now_us, counted)
    _log.warning("history: %s is made anew of %d files with %d series", FILE, len(kept), len(series))


def _damaged(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob(f"{FILE}{SET_ASIDE}-*Z") if path.is_file())


def _named(folder: Path) -> list[StoredFile]:
    """What the names say of the files that are there, by number."""
    found = []
    with told("the folder cannot be looked at"):
        for path in folder.iterdir():
            if name := _NAME.fullmatch(path.name):
                kind, level, start, number = name.groups()
                begin_us = from_datetime(datetime.strptime(start, "%Y-%m-%dT%H").replace(tzinfo=UTC))
                period = period_at(cast(Level, level), begin_us)
                found.append(StoredFile(int(number), cast(Kind, kind), period.level, period.start_us, 0, 0, 0, 0))
    return sorted(found, key=lambda file: file.number)


def _is_superfluous(folder: Folder, worker: Worker, file: StoredFile, later: Sequence[StoredFile]) -> bool:
    """Whether one of the later files holds all of it: a kill came between a merge and the end of what was merged."""
    for one in later:
        overlaps = one.first_us <= file.last_us and one.last_us >= file.first_us
        if one.kind == file.kind and overlaps and one.rows >= file.rows:
            with told(f"{file.name} and {one.name} cannot be compared"):
                (alone,) = worker.one(_ALONE[file.kind], folder.path_of(file), folder.path_of(one))
            if not alone:
                return True
    return False


def _rename(path: str, ending: str) -> None:
    with told(f"{path} cannot be set aside"):
        Path(path).rename(path + ending)
