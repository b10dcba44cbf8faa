"""The log in trouble: a disk that takes no more, a directory that cannot be written, readers in the way."""

import os
import resource
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from gateway.errors import LogError
from gateway.log.reader import LogReader
from gateway.log.rows import Entry
from gateway.log.writer import LogWriter
from sensors.settings import LogSettings
from tests.unit.gateway.log_entries import DETECTOR, entry, letter, transition
from tests.unit.gateway.small_city import small_catalogue

NOBODY = 65_534


@contextmanager
def files_end_at(size: int) -> Iterator[None]:
    """No file of this process can grow beyond `size` bytes: the disk is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def full_entry() -> Entry:
    """Something of everything."""
    return entry(size=3000, transitions=(transition(1),), dead_letters=(letter(),), checkpoint=bytes(20_000))


@pytest.mark.parametrize("room", [0, 1, 4096, 12_000, 30_000, 60_000])
def test_a_full_disk_takes_all_of_an_entry_or_nothing(tmp_path: Path, room: int) -> None:
    with LogWriter(tmp_path, LogSettings(), DETECTOR) as log, LogReader(tmp_path) as reader:
        log.install_catalogue(small_catalogue(), 1)
        log.append(full_entry())
        with files_end_at(log.sizes[1] + room), pytest.raises(LogError, match=r"log\.db: cannot be written: "):
            log.append(full_entry())
        assert [row.seq for row in reader.read_after(0)] == [1]
        assert len(reader.transitions_after(0, -1, 10)) == len(reader.letters.page(None, 10)) == 1
        assert [c.count for c in reader.letters.counts()] == [1]
        assert [seq for seq, _ in log.checkpoints()] == [1]
        assert log.append(full_entry()) == 2  # there is room again
        assert [row.damage for row in reader.read_after(0)] == ["", ""]


def test_a_full_disk_installs_no_catalogue_and_gives_no_number(tmp_path: Path) -> None:
    with LogWriter(tmp_path, LogSettings(), DETECTOR) as log:
        with files_end_at(log.sizes[1]):
            with pytest.raises(LogError, match=r"log\.db: cannot be written: "):
                log.install_catalogue(small_catalogue(), 1)
            with pytest.raises(LogError, match=r"log\.db: cannot be written: "):
                log.numbers([("S1", "level", "cm")])
            with pytest.raises(LogError, match=r"log\.db: cannot be written: "):
                log.remember("key", "value")
        assert log.numbers([("S2", "level", "cm")]) == {("S2", "level", "cm"): 0}
        assert log.install_catalogue(small_catalogue(), 1) == 1
        assert log.recall("key") == ""


def test_a_full_disk_at_birth_leaves_no_half_log(tmp_path: Path) -> None:
    with files_end_at(8192), pytest.raises(LogError, match=r"log\.db: "):
        LogWriter(tmp_path, LogSettings(), DETECTOR)
    with LogWriter(tmp_path, LogSettings(), DETECTOR) as log, LogReader(tmp_path) as reader:
        assert reader.log_id == log.log_id


OPEN_AS_NOBODY = """
import os, sys
from pathlib import Path
from gateway.errors import LogError
from gateway.log.writer import LogWriter
from sensors.settings import LogSettings
os.setgroups([])
os.setgid(int(sys.argv[2]))
os.setuid(int(sys.argv[2]))
try:
    LogWriter(Path(sys.argv[1]), LogSettings(), 1)
except LogError as error:
    print(error)
"""


def test_a_directory_that_cannot_be_written_is_named() -> None:
    if os.getuid() != 0:
        pytest.skip("needs root, to become a user who may not write")
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o555)
        answer = subprocess.run(
            [sys.executable, "-c", OPEN_AS_NOBODY, name, str(NOBODY)],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        assert answer.stdout.startswith(f"{name}/log.db: cannot be opened: ")
        LogWriter(Path(name), LogSettings(), DETECTOR).close()
        (Path(name) / "log.db").chmod(0o444)
        answer = subprocess.run(
            [sys.executable, "-c", OPEN_AS_NOBODY, name, str(NOBODY)],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        assert answer.stdout.startswith(f"{name}/log.db: ")


def test_a_directory_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(LogError, match=r"nowhere/log\.db: cannot be opened: "):
        LogWriter(tmp_path / "nowhere", LogSettings(), DETECTOR)


def test_rows_are_seen_while_more_are_written(tmp_path: Path) -> None:
    with LogWriter(tmp_path, LogSettings(), DETECTOR) as log, LogReader(tmp_path) as reader:
        log.install_catalogue(small_catalogue(), 1)
        written = threading.Thread(target=lambda: [log.append(entry(size=20)) for _ in range(200)])
        written.start()
        seen: list[int] = []
        while len(seen) < 200 and (written.is_alive() or reader.last_seq() > len(seen)):
            seen += [row.seq for row in reader.read_after(seen[-1] if seen else 0, 7)]
        written.join()
    assert seen == list(range(1, 201))


def test_no_reading_keeps_the_write_ahead_log_from_being_emptied(tmp_path: Path) -> None:
    with LogWriter(tmp_path, LogSettings(), DETECTOR) as log, LogReader(tmp_path) as reader:
        log.install_catalogue(small_catalogue(), 1)
        for _ in range(5):
            log.append(full_entry())
        for read in (
            reader.last_seq,
            reader.first_seq,
            lambda: reader.seq_at(10),
            lambda: reader.read_after(0, 2),
            lambda: reader.transitions_after(0, -1, 2),
            lambda: reader.catalogue(1),
            lambda: reader.letters.page(None, 1),
            reader.letters.counts,
            log.checkpoints,
            lambda: log.recall("key"),
        ):
            log.append(full_entry())
            assert log.sizes[1] > 0
            read()
            assert _emptied(tmp_path)
            assert log.sizes[1] == 0


def _emptied(folder: Path) -> bool:
    with closing(sqlite3.connect(folder / "log.db", isolation_level=None)) as connection:
        (busy, _, _) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return int(busy) == 0
