"""Whether a log is what was written: every row, transition and catalogue, and SQLite's own look at its trees."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from gateway.errors import LogError
from gateway.log.integrity import checkpoint_checksum
from gateway.log.reader import LogReader
from gateway.log.schema import FILE, open_reading

ROWS_AT_ONCE: Final = 64
MAX_FINDINGS: Final = 1_000
STRUCTURE_FINDINGS: Final = 100


@dataclass(slots=True)
class Verdict:
    """What was looked at, and what is wrong with it."""

    log_id: str = ""
    rows: int = 0
    observations: int = 0
    transitions: int = 0
    catalogues: int = 0
    first_seq: int = 0
    last_seq: int = 0
    retired_rows: int = 0
    findings: list[str] = field(default_factory=list)
    more_findings: int = 0

    def find(self, text: str) -> None:
        """Something is wrong."""
        if len(self.findings) < MAX_FINDINGS:
            self.findings.append(text)
        else:
            self.more_findings += 1


def verify(data_dir: Path, file: str = FILE, told: Callable[[int], None] = lambda _: None) -> Verdict:
    """Look at all of a log, which may be written meanwhile; `told` hears how many rows are done.  Raises LogError."""
    verdict = Verdict()
    with LogReader(data_dir, file) as reader:
        verdict.log_id = reader.log_id
        versions = _verify_rows(reader, verdict, told)
        _verify_catalogues(reader, versions, verdict)
        verdict.retired_rows = sum(gap.rows for gap in reader.gaps())
    _verify_rest(data_dir / file, verdict)
    return verdict


def _verify_rows(reader: LogReader, verdict: Verdict, told: Callable[[int], None]) -> set[int]:
    """Read every row that was there when this began; the versions of the catalogues that they name."""
    versions: set[int] = set()
    last, before = reader.last_seq(), 0
    seq = verdict.first_seq = reader.first_seq()
    seq = max(seq - 1, 0)
    while seq < last:
        rows = reader.read_after(seq, ROWS_AT_ONCE)
        for row in rows:
            if row.seq > seq + 1:
                verdict.find(f"rows {seq + 1} to {row.seq - 1}: missing, or not to be believed")
            if row.damage:
                verdict.find(row.damage)
            if row.now_us < before and row.event != "start":  # a start may set our clock back
                verdict.find(f"row {row.seq}: its time lies before that of the row ahead of it")
            seq, before = row.seq, row.now_us
            versions.add(row.catalogue_version)
            verdict.rows += 1
            verdict.observations += len(row.batch)
            verdict.transitions += len(row.transitions)
            verdict.last_seq = seq
        if not rows:
            verdict.find(f"rows {seq + 1} to {last}: missing, or not to be believed")
            break
        told(verdict.rows)
    return versions


def _verify_catalogues(reader: LogReader, versions: set[int], verdict: Verdict) -> None:
    for version in sorted(versions):
        try:
            catalogue = reader.catalogue(version)
        except LogError as error:
            verdict.find(str(error))
            continue
        verdict.catalogues += 1
        numbers = reader.numbers()
        for datastream in catalogue.datastreams:
            key = (datastream.station, datastream.property, datastream.unit)
            if numbers.get(key) != datastream.number:
                verdict.find(
                    f"catalogue version {version}: {datastream.id} has number {datastream.number} there,"
                    f" {numbers.get(key)} in the table"
                )


def _verify_rest(path: Path, verdict: Verdict) -> None:
    """Checkpoints, and the file's structure."""
    connection = open_reading(path)
    try:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version > 1:
            for seq, detector, crc, body in connection.execute("SELECT seq, detector, crc, body FROM checkpoint"):
                if checkpoint_checksum(seq, detector, body) != crc:
                    verdict.find(f"checkpoint of row {seq}: does not agree with its checksum")
        for (text,) in connection.execute(f"PRAGMA integrity_check({STRUCTURE_FINDINGS})"):
            if text != "ok":
                verdict.find(f"structure: {text}")
    except sqlite3.Error as error:
        verdict.find(f"structure: {error}")
    finally:
        connection.close()
