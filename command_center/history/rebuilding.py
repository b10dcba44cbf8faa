"""A damaged manifest.db is set aside, and another one is made of what the files say of themselves.

It becomes `manifest.db.damaged-<UTC time>`, with its write-ahead log beside it under that name; nothing is deleted.  A
file's name tells its kind, period and number, its rows whose they are, its `Provenance` up to where which log was in
files when it was written, what had gone by then, and which files it replaces.  From there the log is read again.

What the log brings again must not count twice in minutes whose observations are in no raw file: of the last piece that
was written (nobody knows whether it was whole) a raw file counts with its minutes alone, and they with it.  Of older
pieces nothing is read again: minutes whose raw file is damaged stay, as the Inspector would leave them.

Files of an older Siaga say nothing of this.  Beside one that does they count: the start of the Siaga that wrote it
removed what merges before it had left.  Alone they are no manifest: the history stops, and none is touched.

What went is told as missing: what files say of it, the files that were set aside, and before the oldest row left.
"""

import logging
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple, cast

from command_center.errors import HistoryError
from command_center.history.columns import KINDS, Kind
from command_center.history.database import Worker, told
from command_center.history.folder import Folder
from command_center.history.inspection import SET_ASIDE, read_or_damage
from command_center.history.manifest import FILE, Beginning, Manifest, Place, SeriesKey, StoredFile
from command_center.history.periods import Level, period_at
from command_center.history.provenance import SQL, Provenance, parsed
from sensors.times import MINUTE_US, NEVER, from_datetime, to_datetime

MOST_SET_ASIDE: Final = 8  # more than that is a disk that damages everything
SUPERFLUOUS: Final = ".superfluous"
_NAME: Final = re.compile(
    r"(raw|minute)-(hour|day|month)-(\d{4}-\d\d-\d\dT\d\d)-(\d{9})\.parquet(\.damaged|\.superfluous)?"
)
_TIMES: Final[dict[Kind, str]] = {
    "raw": "min(time_us), max(time_us)",
    "minute": f"min(minute_us), max(minute_us) + {MINUTE_US - 1}",
}
# Both paths are the file's.  The hash reads whatever `_SERIES` is to read.
_ABOUT: Final = "SELECT count(*), {times}, {said}, sum(hash(station, property, unit, series)) FROM read_parquet(?)"
_SERIES: Final = "SELECT DISTINCT station, property, unit, series FROM read_parquet(?)"

_log = logging.getLogger("command_center.history")


class _Told(NamedTuple):
    """A file that can be read, and what it says."""

    file: StoredFile
    said: Provenance | None  # None: an older Siaga wrote it


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


def is_lost(folder: Path, manifest: Manifest | None) -> bool:
    """Whether there are files, if damaged ones, and no manifest, or one that knows of none and never did.

    Raises HistoryError.
    """
    if manifest is not None and (manifest.place() is not None or manifest.files()):
        return False
    with told(f"{folder} cannot be looked at"):
        return folder.exists() and any(_NAME.fullmatch(path.name) for path in folder.iterdir())


def rebuild(folder: Folder, manifest: Manifest, worker: Worker, now_us: int) -> None:
    """Name every file in a manifest that names none; what cannot be read, or is held by others, is set aside.

    Raises HistoryError where no file says how far the log was compacted: nothing is set aside then.
    """
    present, aside = _named(folder.path)
    told_of, unreadable = _look(folder, worker, present)
    said = [one.said for one in told_of if one.said is not None]
    if told_of and not said:
        raise HistoryError(
            f"{folder.path / FILE} is damaged or gone, and the {len(told_of)} Parquet files beside it are of an older"
            " Siaga, which did not write into them what a manifest can be made of: put one back from a backup, or move"
            f" all files out of {folder.path} and what is in the log is compacted anew (docs/history.md)"
        )
    replaced = {number for one in said for number in one.replaces}
    last = max((one.place for one in said), key=_order, default=None)
    paired = [one for one in told_of if one.file.number not in replaced]
    kept = [one.file for one in paired if not _is_halved(one, paired, last)]
    halved = [one.file for one in paired if one.file not in kept]
    for file in (one.file for one in told_of if one.file.number in replaced):
        _log.warning("history: %s is set aside: what it holds was merged into another", file.name)
        _rename(folder, file, SUPERFLUOUS)
    for file in halved:
        _log.warning("history: %s is set aside: its other half is missing; the log is read again", file.name)
    for file in (*unreadable, *halved):
        _rename(folder, file, SET_ASIDE)
    lacking = [*aside, *unreadable, *halved]
    made = Beginning(
        files=kept,
        last_number=max((file.number for file in (*present, *aside)), default=0),
        series=_series(folder, worker, kept),
        places=_places(said),
        before_us={kind: us for kind in KINDS if (us := _begin_us(kind, kept, lacking, said)) != NEVER},
        counted={"manifests_made_anew": 1, "files_damaged": len(unreadable)},
    )
    manifest.begin_with(made, now_us)
    _log.warning("history: %s is made anew of %d files with %d series", FILE, len(kept), len(made.series))


def _damaged(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob(f"{FILE}{SET_ASIDE}-*Z") if path.is_file())


def _named(folder: Path) -> tuple[list[StoredFile], list[StoredFile]]:
    """What the names say of the files that are there, by number; and of those that were set aside as damaged."""
    present: list[StoredFile] = []
    aside: list[StoredFile] = []
    with told("the folder cannot be looked at"):
        for path in folder.iterdir():
            if name := _NAME.fullmatch(path.name):
                kind, level, start, number, ending = name.groups()
                begin_us = from_datetime(datetime.strptime(start, "%Y-%m-%dT%H").replace(tzinfo=UTC))
                period = period_at(cast(Level, level), begin_us)
                file = StoredFile(int(number), cast(Kind, kind), period.level, period.start_us, 0, 0, 0, 0)
                if ending != SUPERFLUOUS:
                    (aside if ending else present).append(file)
    return sorted(present, key=lambda file: file.number), aside


def _look(folder: Folder, worker: Worker, files: list[StoredFile]) -> tuple[list[_Told], list[StoredFile]]:
    """What each file says, and the files that cannot be read."""
    told_of: list[_Told] = []
    unreadable: list[StoredFile] = []
    for file in files:
        path = folder.path_of(file)
        about = read_or_damage(worker, _ABOUT.format(times=_TIMES[file.kind], said=SQL), path, path)
        if isinstance(about, str) or not about[0]:
            _log.error("history: %s cannot be read: %s", file.name, str(about).partition("\n")[0])
            unreadable.append(file)
            continue
        rows, first_us, last_us, text, _ = about
        with told(f"{file.name} cannot be looked at"):
            size = Path(path).stat().st_size
        told_of.append(_Told(replace(file, first_us=first_us, last_us=last_us, rows=rows, bytes=size), parsed(text)))
    return told_of, unreadable


def _is_halved(one: _Told, others: list[_Told], last: Place | None) -> bool:
    """Whether it is of the last piece of the log that was written, and its minutes, or its raw rows, are missing."""
    if one.said is None or one.said.is_merged or last is None or _order(one.said.place) != _order(last):
        return False
    file = one.file
    other = file.number + (1 if file.kind == "raw" else -1)
    return not any(o.file.number == other and o.file.period == file.period for o in others)


def _order(place: Place) -> tuple[int, int]:
    return place.generation, place.seq


def _places(said: list[Provenance]) -> list[Place]:
    """How far each log was compacted."""
    newest = {one.place.generation: one.place for one in sorted(said, key=lambda one: _order(one.place))}
    return list(newest.values())


def _series(folder: Folder, worker: Worker, files: list[StoredFile]) -> dict[SeriesKey, int]:
    found: dict[SeriesKey, int] = {}
    for file in files:
        with told(f"{file.name} cannot be read"):
            rows = worker.connection.execute(_SERIES, [folder.path_of(file)]).fetchall()
        found |= {(station, observed, unit): number for station, observed, unit, number in rows}
    return found


def _begin_us(kind: Kind, kept: list[StoredFile], lacking: list[StoredFile], said: list[Provenance]) -> int:
    """Before when rows of that kind may be missing."""
    oldest = min((file.first_us for file in kept if file.kind == kind), default=NEVER)
    ends = (file.period.end_us for file in lacking if file.kind == kind)
    known = (one.raw_from_us if kind == "raw" else one.minutes_from_us for one in said)
    return max(oldest, *ends, *known)


def _rename(folder: Folder, file: StoredFile, ending: str) -> None:
    path = Path(folder.path_of(file))
    with told(f"{path} cannot be set aside"):
        path.rename(path.with_name(path.name + ending))
