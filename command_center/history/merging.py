"""Merging: hours into days, days into months, and the side files of what came late into the file that they stand by.

Every file of a period is one more to open for whoever reads, and every merge writes its rows once more.  So: what is
settled is merged upwards once; side files are merged among themselves when there are more than MAX_SIDE, and with the
large one when they have a quarter of its rows.  Beyond MAX_ROWS files are left as they are.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from command_center.history.columns import COMBINED, MINUTE, RAW, Kind
from command_center.history.database import Worker, told
from command_center.history.folder import Folder
from command_center.history.manifest import Manifest, StoredFile
from command_center.history.periods import Period
from command_center.history.provenance import SQL, merged

MAX_SIDE: Final = 8
MAX_ROWS: Final = 50_000_000  # of a merged file: a month of 1,000 sensors a minute
WORTH: Final = 4  # side files with a 1/WORTH of the large one's rows are merged into it
_SPARE: Final = 2  # so many times the files' size must be free


# A COPY takes no bound values: the files' names, which are ours, are put in.
_STATEMENTS: Final[dict[Kind, str]] = {
    "raw": f"SELECT {', '.join(RAW)} FROM {{source}} ORDER BY series, time_us",  # noqa: S608
    "minute": f"SELECT {', '.join(MINUTE)} FROM ({COMBINED.format(source='{source}', bucket='minute_us')})"  # noqa: S608
    " ORDER BY series, minute_us",
}


class Merge(NamedTuple):
    """Files that become one of a period."""

    period: Period
    files: tuple[StoredFile, ...]


def due(files: Iterable[StoredFile], now_us: int) -> Merge | None:
    """The next merge, of the oldest period that needs one; None where none does.  `now_us`: of the newest row."""
    groups: dict[tuple[str, Period], list[StoredFile]] = {}
    for file in files:
        groups.setdefault((file.kind, _home(file, now_us)), []).append(file)
    for (_, period), members in sorted(groups.items(), key=lambda item: (item[0][1].start_us, item[0][0])):
        chosen = _chosen(period, members)
        if len(chosen) and sum(file.rows for file in chosen) <= MAX_ROWS:
            return Merge(period, tuple(chosen))
    return None


def _home(file: StoredFile, now_us: int) -> Period:
    """The largest settled period that a file lies in, its own where none is."""
    period = file.period
    while (above := period.above) is not None and above.is_settled(now_us):
        period = above
    return period


def _chosen(period: Period, members: list[StoredFile]) -> list[StoredFile]:
    lower = [file for file in members if file.level != period.level]
    if lower and sum(file.rows for file in members) <= MAX_ROWS:
        return members
    own = sorted((file for file in members if file.level == period.level), key=lambda file: file.rows)
    sides = own[:-1]
    if len(sides) <= MAX_SIDE:
        return []
    return own if sum(file.rows for file in sides) * WORTH >= own[-1].rows else sides


class Merger:
    """Carries merges out; for one thread.  Raises HistoryError."""

    def __init__(self, folder: Folder, manifest: Manifest, worker: Worker) -> None:
        self._folder, self._manifest, self._worker = folder, manifest, worker

    def step(self, now_us: int, keep_free: int) -> bool:
        """The next merge.  False: none is due, or there is no room to write its file beside the old ones."""
        present = self._folder.present
        merge = due(present.files, now_us)
        if merge is None or self._folder.free_bytes < keep_free + _SPARE * sum(file.bytes for file in merge.files):
            return False
        written: Sequence[StoredFile] = ()
        try:
            written = (self._written(merge),)
            self._folder.settle()
            self._manifest.commit(written, merge.files, counted={"merges": 1})
        except BaseException:
            self._folder.drop_unfinished(written)
            raise
        kept = tuple(file for file in present.files if file not in merge.files)
        self._folder.show(replace(present, files=(*kept, *written)), merge.files)
        return True

    def _written(self, merge: Merge) -> StoredFile:
        kind = merge.files[0].kind
        file = StoredFile(
            self._manifest.next_number(),
            kind,
            merge.period.level,
            merge.period.start_us,
            min(one.first_us for one in merge.files),
            max(one.last_us for one in merge.files),
            sum(one.rows for one in merge.files),
            0,
        )
        paths = ", ".join("'" + self._folder.path_of(one).replace("'", "''") + "'" for one in merge.files)
        statement = _STATEMENTS[kind].format(source=f"read_parquet([{paths}])")
        with self._folder.suspecting(merge.files):
            said = merged(self._folder.present.provenance, self._said_by(merge.files))
            written = self._folder.write(self._worker, statement, file, said.text())
        if kind == "raw":
            return written
        with told(f"{file.name} cannot be read"):  # minutes that stood in several files are fewer now
            (count,) = self._worker.one("SELECT num_rows FROM parquet_file_metadata(?)", self._folder.path_of(file))
        return replace(written, rows=int(count))

    def _said_by(self, files: Sequence[StoredFile]) -> list[tuple[int, str | None]]:
        """Number of each file, and the text of its provenance."""
        with told("files that are to be merged cannot be read"):
            return [(file.number, self._worker.one(f"SELECT {SQL}", self._folder.path_of(file))[0]) for file in files]
