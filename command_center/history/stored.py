"""What a data directory has stored, read by another program than the one that keeps it: files, and the log behind them.

The command center may be at work meanwhile.  It takes files away that it has merged: then the manifest says which count
now, and reading goes on behind what was read.  Nothing in the directory is changed, and nothing is cleared up: what
does not fit into memory goes elsewhere.
"""

from collections.abc import AsyncIterator, Collection
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import numpy as np

from command_center.errors import HistoryError
from command_center.history.database import told
from command_center.history.folder import FileSet, Folder
from command_center.history.manifest import FILE, Manifest, Place, SeriesKey
from command_center.history.rebuilding import is_lost
from command_center.history.record import Asked, Record
from command_center.history.store import HistoryStore
from command_center.picture.history import columns_of
from command_center.picture.log_thread import LogThread
from command_center.picture.picture import Picture
from command_center.picture.series import Rows
from gateway.errors import LogMissing
from gateway.log.reader import LogReader
from gateway.log.rows import LogRow
from sensors.catalogue import Catalogue
from sensors.settings import HistorySettings

MOST_OPEN: Final = 10_000_000  # observations of the log that are not compacted yet: 32 bytes each
ROWS_AT_ONCE: Final = 128


class StoredHistory:
    """`async with` opens it; `take_open` before `pieces`.  Raises HistoryError, LogError.

    `catalogue` is the newest of the log, None where there is no log; `numbers` what the log calls each series.
    What does not fit into memory goes to the folder `spilled`.
    """

    def __init__(self, data_dir: Path, memory_mib: int, spilled: Path) -> None:
        self.folder = Folder(data_dir, spilled)
        self.store = HistoryStore(self.folder, memory_mib)
        self.catalogue: Catalogue | None = None
        self.numbers: dict[SeriesKey, int] = {}
        self.rows_missing = 0  # of the log, that were neither there nor compacted
        self._log = LogThread(data_dir)
        self._picture = Picture(HistorySettings(max_observations=MOST_OPEN))
        self._record = Record(self._picture, self._log, self.store)

    async def __aenter__(self) -> Self:
        self._show_stored()
        try:
            await self._log.open()
            self.catalogue = await self._log.ask(_newest_catalogue)
            self.numbers = await self._log.ask(LogReader.numbers)
            if self.catalogue is not None:
                self.numbers |= {(d.station, d.property, d.unit): d.number for d in self.catalogue.datastreams}
        except LogMissing:
            if not self.folder.series:
                await self._close()
                raise
        except BaseException:
            await self._close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._close()

    async def take_open(self, numbers: Collection[int]) -> None:
        """Take what the log holds of these datastreams that no file has yet."""
        if not self._log.log_id:
            return
        wanted = np.array(sorted(numbers), np.int64)
        seq = self._compacted_seq()
        gaps: list[tuple[int, int]] = []
        while rows := await self._log.ask(partial(_rows_after, seq)):
            for row in rows:
                if row.seq > seq + 1:
                    gaps.append((seq + 1, row.seq))
                seq = row.seq
            batch, seqs = columns_of((row.seq, row.batch) for row in rows)
            keep = np.isin(batch.datastream, wanted)
            if self._picture.history.room < int(keep.sum()):
                raise HistoryError(
                    f"the log holds more than {MOST_OPEN:,} of these observations that are not compacted yet:"
                    " start the command center, which compacts them, or choose fewer sensors"
                )
            self._picture.history.add(batch.take(keep), seqs[keep])
        self._show_stored()  # rows that went meanwhile went because files hold them
        compacted = self._compacted_seq()
        self.rows_missing = sum(end - max(start, compacted + 1) for start, end in gaps if end > compacted + 1)

    def narrowed(self, asked: Asked) -> Asked:
        """The part of the range in which there may be anything."""
        return self._record.narrowed(asked)

    async def pieces(self, asked: Asked) -> AsyncIterator[Rows]:
        """Every observation of the range by time, a piece at a time."""
        while True:
            try:
                with told(f"{self.folder.path} cannot be read"):
                    async for rows in self._record.pieces(asked):
                        yield rows
                        asked = asked._replace(from_us=int(rows["time_us"][-1]) + 1)
                return
            except HistoryError:
                before = self.folder.present.files
                self._show_stored()
                if self.folder.present.files == before:
                    raise  # no file of it was merged away: one cannot be read

    @property
    def held_from_us(self) -> int:
        """Before this something that was stored went, to stay within bounds or damaged; `NEVER` = nothing did."""
        return self.folder.present.raw_from_us

    def _show_stored(self) -> None:
        """The files that count as of now."""
        if not (self.folder.path / FILE).exists():
            self._refuse_lost(None)
            return
        manifest = Manifest(self.folder.path, reads_only=True)
        try:
            with manifest.one_state():
                files = FileSet(manifest.place(), manifest.files(), *manifest.begins())
                self.folder.series = manifest.series()
                self._refuse_lost(manifest)
        finally:
            manifest.close()
        self.folder.show(files)

    def _refuse_lost(self, manifest: Manifest | None) -> None:
        """Raises HistoryError where files are there and nobody says which count: that is no empty history."""
        if is_lost(self.folder.path, manifest):
            raise HistoryError(
                f"{self.folder.path / FILE} does not say which of the Parquet files beside it count: the command center"
                " makes it anew when it starts; try again when it has"
            )

    def _compacted_seq(self) -> int:
        """Up to which row of this log files hold everything."""
        place: Place | None = self.folder.present.place
        return place.seq if place is not None and place.log_id == self._log.log_id else 0

    async def _close(self) -> None:
        self.store.close()
        await self._log.close()


def _rows_after(seq: int, reader: LogReader) -> list[LogRow]:
    return reader.read_after(seq, ROWS_AT_ONCE)


def _newest_catalogue(reader: LogReader) -> Catalogue | None:
    last = reader.last_seq()
    rows = reader.read_after(last - 1, 1) if last else []
    return reader.catalogue(rows[0].catalogue_version) if rows else None
