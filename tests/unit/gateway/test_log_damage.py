"""Old logs, damaged logs: brought up to date, read as far as they can be, verified, salvaged, exported."""

import csv
import random
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from command_center.main import main
from gateway.errors import LogError
from gateway.log.reader import LogReader
from gateway.log.rows import LogRow
from gateway.log.salvage import salvage
from gateway.log.schema import FILE
from gateway.log.set_aside import unseen
from gateway.log.verify import verify
from gateway.log.writer import LogWriter
from sensors.settings import LogSettings
from tests.unit.gateway.log_entries import DETECTOR, entry, some_batch, transition
from tests.unit.gateway.small_city import small_catalogue
from tests.unit.gateway.version_1 import LOG_ID, write_version_1

SIZES = (0, 1, 40, 700, 3000)


def write_log(folder: Path, rows: int = 60) -> None:
    """A log with rows of several sizes, one page and many."""
    with LogWriter(folder, LogSettings(), DETECTOR) as log:
        catalogue = small_catalogue()
        log.numbers((d.station, d.property, d.unit) for d in catalogue.datastreams)
        log.install_catalogue(catalogue, 1)
        for n in range(1, rows + 1):
            moves = tuple(transition(k, n) for k in range(n % 3))
            log.append(
                entry(n, SIZES[n % len(SIZES)], transitions=moves, checkpoint=b"x" * 500 if n % 20 == 0 else None)
            )


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log file that tests copy."""
    folder = tmp_path_factory.mktemp("log")
    write_log(folder)
    return folder / FILE


def row_is_right(row: LogRow) -> bool:
    """Whether what a row says is what `write_log` wrote, or is named as damaged."""
    size, moves = SIZES[row.seq % len(SIZES)], tuple(transition(k, row.seq) for k in range(row.seq % 3))
    wanted = some_batch(size)
    same = len(row.batch) == size and all(
        getattr(row.batch, name).tobytes() == column.tobytes() for name, column in wanted.columns().items()
    )
    head = (row.now_us, row.event, row.catalogue_version, row.detector_version) == (
        row.seq,
        "observations",
        1,
        DETECTOR,
    )
    if row.damage:
        return head and (same or not len(row.batch)) and row.transitions in (moves, ())
    return head and same and row.transitions == moves


def read_all(folder: Path, file: str = FILE) -> list[LogRow]:
    with LogReader(folder, file) as reader:
        rows: list[LogRow] = []
        while more := reader.read_after(rows[-1].seq if rows else 0, 7):
            rows += more
        return rows


def test_a_log_of_version_1_is_brought_up_to_date_in_place(tmp_path: Path) -> None:
    batches = [some_batch(n, n) for n in (0, 1, 500)]
    write_version_1(tmp_path, batches, (transition(1),), DETECTOR)
    with LogReader(tmp_path) as reader:  # which a reader that came first goes on with
        before = reader.read_after(0)
        assert (reader.gaps(), [len(row.batch) for row in before]) == ([], [0, 1, 500])
        with LogWriter(tmp_path, LogSettings(), DETECTOR) as log:
            assert (log.log_id, log.checkpoints()) == (LOG_ID, [(3, b"state")])
            assert log.install_catalogue(small_catalogue(), 9) == 1
            assert log.append(entry(4, 10, transitions=(transition(2),))) == 4
            rows = reader.read_after(0)
    assert [(row.seq, len(row.batch), len(row.transitions), row.damage) for row in rows] == [
        (1, 0, 1, ""),
        (2, 1, 1, ""),
        (3, 500, 1, ""),
        (4, 10, 1, ""),
    ]
    for row, batch in zip(before, batches, strict=True):
        assert all(getattr(row.batch, name).tobytes() == column.tobytes() for name, column in batch.columns().items())
    assert verify(tmp_path).findings == []
    assert salvage(tmp_path / FILE, tmp_path / "out.db").is_whole


def test_a_whole_log_is_verified_and_salvaged_whole_even_while_it_is_written(tmp_path: Path) -> None:
    write_log(tmp_path)
    with LogWriter(tmp_path, LogSettings(), DETECTOR) as log:
        log.append(entry(61))  # in the write-ahead log only
        verdict = verify(tmp_path)
        assert (verdict.findings, verdict.rows, verdict.last_seq, verdict.transitions) == ([], 61, 61, 60)
        report = salvage(tmp_path / FILE, tmp_path / "out.db")
        assert report.is_whole
        assert (report.rows, report.observations, report.log_id) == (61, verdict.observations, log.log_id)
    assert all(row_is_right(row) for row in read_all(tmp_path, "out.db")[:60])
    assert verify(tmp_path, "out.db").findings == []
    with pytest.raises(LogError, match="is there already"):
        salvage(tmp_path / FILE, tmp_path / "out.db")


@pytest.mark.parametrize("seed", range(30))
def test_flipped_bytes_never_give_a_wrong_value_nor_a_crash(tmp_path: Path, written: Path, seed: int) -> None:
    rng, file = random.Random(seed), tmp_path / FILE
    raw = bytearray(written.read_bytes())
    for _ in range(rng.choice((1, 5, 40, 400))):
        raw[rng.randrange(len(raw))] ^= rng.randrange(1, 256)
    file.write_bytes(raw)
    try:
        rows = read_all(tmp_path)
    except LogError:
        rows = []
    assert all(row_is_right(row) for row in rows)
    assert len({row.seq for row in rows}) == len(rows)
    report = salvage(file, tmp_path / "out.db")
    saved = read_all(tmp_path, "out.db")
    assert all(row_is_right(row) for row in saved)
    assert len(saved) == report.rows >= len([row for row in rows if not row.damage])
    try:
        verdict = verify(tmp_path)
    except LogError:
        return
    whole = len(rows) == 60 and not any(row.damage for row in rows)
    assert whole or verdict.findings


def test_only_a_start_may_set_the_time_back(tmp_path: Path) -> None:
    write_log(tmp_path, 3)
    with LogWriter(tmp_path, LogSettings(), DETECTOR) as log:
        log.append(replace(entry(5), event="start"))
        assert verify(tmp_path).findings == []
        log.append(entry(4))
        assert verify(tmp_path).findings == ["row 5: its time lies before that of the row ahead of it"]


@pytest.mark.parametrize("share", [0.02, 0.3, 0.7, 0.99])
def test_a_file_that_was_cut_gives_back_what_is_left_of_it(tmp_path: Path, written: Path, share: float) -> None:
    file = tmp_path / FILE
    shutil.copy(written, file)
    with file.open("r+b") as opened:
        opened.truncate(int(file.stat().st_size * share))
    report = salvage(file, tmp_path / "out.db")
    saved = read_all(tmp_path, "out.db")
    assert all(row_is_right(row) for row in saved)
    assert len(saved) == report.rows
    assert report.rows > 60 * share * 0.6 - 4


def test_a_log_whose_tree_is_broken_is_read_around_the_damage(tmp_path: Path) -> None:
    write_log(tmp_path, 300)
    with closing(sqlite3.connect(tmp_path / FILE)) as connection:
        pages = [
            page
            for (page,) in connection.execute(
                "SELECT pageno FROM dbstat WHERE name = 'batch' AND pagetype = 'leaf' ORDER BY path"
            )
        ]
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    broken = pages[len(pages) // 2]
    with (tmp_path / FILE).open("r+b") as opened:
        opened.seek((broken - 1) * 4096)
        opened.write(bytes(4096))
    rows = read_all(tmp_path)
    assert all(row_is_right(row) for row in rows)
    assert 250 < len(rows) < 300
    assert rows[-1].seq == 300
    verdict = verify(tmp_path)
    assert any(finding.endswith("missing, or not to be believed") for finding in verdict.findings)
    assert any(finding.startswith("structure: ") for finding in verdict.findings), verdict.findings


def siaga(*words: object) -> int:
    return main([str(word) for word in words])


def test_the_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_log(tmp_path)
    assert siaga("log", "verify", "--data-dir", tmp_path) == 0
    assert "60 readable" in capsys.readouterr().out
    assert siaga("log", "info", "--data-dir", tmp_path) == 0
    assert "rows 1 to 60" in capsys.readouterr().out
    damaged = tmp_path / "log.db.damaged-20260101T000000.000000Z"
    damaged.write_bytes((tmp_path / FILE).read_bytes()[:-50_000])
    assert siaga("log", "info", "--data-dir", tmp_path) == 0
    assert f"not seen to: {damaged.name}" in capsys.readouterr().out
    assert siaga("log", "salvage", damaged) == 0
    assert f"{damaged}.salvaged.db: log " in capsys.readouterr().out
    assert siaga("log", "verify", "--file", f"{damaged}.salvaged.db") == 0
    assert unseen(tmp_path) == ()  # salvaged is seen to; and what was salvaged is no damaged log
    (tmp_path / f"{damaged.name}.seen").unlink()
    assert unseen(tmp_path) == (damaged.name,)
    assert siaga("log", "acknowledge", "nothing", "--data-dir", tmp_path) == 1
    assert siaga("log", "acknowledge", "--data-dir", tmp_path) == 0
    capsys.readouterr()
    assert siaga("log", "info", "--data-dir", tmp_path) == 0
    assert "not seen to" not in capsys.readouterr().out
    with closing(sqlite3.connect(tmp_path / FILE)) as connection, connection:
        connection.execute("UPDATE batch SET columns = zeroblob(length(columns)) WHERE seq = 7")
    assert siaga("log", "verify", "--data-dir", tmp_path) == 1
    assert "row 7: checksum of the blob" in capsys.readouterr().out


def test_the_export_is_a_recording(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with LogWriter(tmp_path, LogSettings(), DETECTOR) as log:
        catalogue = small_catalogue()
        log.numbers((d.station, d.property, d.unit) for d in catalogue.datastreams)
        log.install_catalogue(catalogue, 1)
        for _ in range(2):  # each observation twice
            log.append(entry(1, 300))
    batch = some_batch(300)
    out = tmp_path / "out.csv"
    assert siaga("log", "export", "--data-dir", tmp_path, "--out", out) == 0
    with out.open() as lines:
        found = list(csv.DictReader(lines))
    assert [float(row["value"]) for row in found] == batch.value.tolist()
    assert {(row["station"], row["variable"]) for row in found} == {("S1", "level"), ("S1", "rain"), ("S2", "level")}
    assert siaga("log", "export", "--data-dir", tmp_path, "--sensor", "S2:level", "--to", "2025-10-09T08:54:20Z") == 0
    told = capsys.readouterr().out.splitlines()[1:]
    wanted = (batch.datastream == 2) & (batch.time_us < 1_760_000_060_000_000)
    assert 0 < len(told) == np.count_nonzero(wanted)
    with pytest.raises(SystemExit, match="2"):
        siaga("log", "export", "--data-dir", tmp_path, "--from", "yesterday")
    assert siaga("log", "export", "--data-dir", tmp_path, "--sensor", "S9:level") == 1
    assert "S9:level" in capsys.readouterr().err


@pytest.mark.parametrize("size", [2**60, 2**33])
def test_a_catalogue_that_claims_to_be_huge_is_damaged_and_not_unpacked(tmp_path: Path, size: int) -> None:
    write_log(tmp_path)
    claim = b"\x28\xb5\x2f\xfd\xe0" + size.to_bytes(8, "little") + b"\x01\x00\x00"  # RFC 8878, 3.1.1: of one block
    with closing(sqlite3.connect(tmp_path / FILE)) as connection, connection:
        connection.execute("UPDATE catalogue SET text = ?", (claim,))
    with LogReader(tmp_path) as reader, pytest.raises(LogError, match="catalogue version 1 is damaged: expected"):
        reader.catalogue(1)
    report = salvage(tmp_path / FILE, tmp_path / "out.db")
    assert (report.rows, report.catalogues) == (60, 0)


@pytest.mark.timeout(60)  # generous: it takes a second, and reading 20 GiB minutes
def test_salvage_follows_no_overflow_for_a_size_that_damage_made_up(tmp_path: Path) -> None:
    write_log(tmp_path)
    whole = (tmp_path / FILE).read_bytes()
    cells, pages = 300, 300
    loop = (len(whole) // 4096 + 1).to_bytes(4, "big")  # a page that goes on in itself
    junk = bytearray(4096)
    junk[0], junk[3:5] = 0x0D, cells.to_bytes(2, "big")
    for n in range(cells):
        junk[8 + 2 * n : 10 + 2 * n] = (1000 + 3 * n).to_bytes(2, "big")
    junk[1000:1999] = b"\xc0\x80\x00" * 333  # each a record of 1 MiB, of which 1,024 bytes stand here
    junk[2000:] = loop * (2096 // 4)
    (tmp_path / "junk.db").write_bytes(whole + loop * 1024 + bytes(junk) * pages)
    report = salvage(tmp_path / "junk.db", tmp_path / "out.db")
    assert (report.rows, report.damaged_cells >= cells * pages) == (60, True)
