"""The ground truth beside the published readings: what the values really were, and what really happened."""

import csv
import io
import logging
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

log = logging.getLogger(__name__)

MAX_BYTES = 50_000_000  # of one file; about a day of a city with 130 datastreams
HEADER = ("time", "station", "property", "true_value", "event")


class TruthRow(NamedTuple):
    """One line: the time that the reading carried (RFC 3339, UTC) or of the event; `event` is empty for readings."""

    time: str
    station: str
    property: str
    true_value: float
    event: str


class TruthFile:
    """`truth.csv` in a folder; a full file becomes `truth.1.csv`, the one before that is deleted: at most two.

    A disk that cannot take it is logged once, and the truth stops there: the city goes on.
    """

    def __init__(self, folder: Path, max_bytes: int = MAX_BYTES) -> None:
        self.path = folder / "truth.csv"
        self._older = folder / "truth.1.csv"
        self._max_bytes = max_bytes
        self._size = 0
        self._file: io.TextIOWrapper | None = None

    def __enter__(self) -> Self:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._close()

    def write(self, rows: list[TruthRow]) -> None:
        """Append rows and hand them to the operating system."""
        if self._file is None or not rows:
            return
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(row._replace(true_value=_short(row.true_value)) for row in rows)
        try:
            self._size += self._file.write(text.getvalue())
            self._file.flush()
            if self._size >= self._max_bytes:
                self._rotate()
        except OSError as error:
            log.error("%s: %s; no more ground truth is written", self.path, error.strerror)
            self._close()

    def _open(self) -> None:
        self._file = self.path.open("a", encoding="utf-8", newline="")
        self._size = self.path.stat().st_size
        if self._size == 0:
            self._size = self._file.write(",".join(HEADER) + "\n")

    def _rotate(self) -> None:
        self._close()
        self.path.replace(self._older)
        self._open()

    def _close(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            try:
                file.close()
            except OSError as error:
                log.error("%s: %s; its last lines may be missing", self.path, error.strerror)


def _short(value: float) -> float:
    return round(value, 4)
