"""Compaction of a real log: what is stored is the first of every (datastream, time), bit for bit, and nothing else."""

import logging
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from command_center.history import compactor
from gateway.log.rows import Entry
from gateway.log.schema import FILE
from sensors.batch import Batch
from sensors.origin import Origin
from sensors.quality import Quality, Reason
from sensors.times import HOUR_US, MINUTE_US
from tests.unit.command_center.history.keeping import (
    bits,
    closed,
    expected,
    expected_minutes,
    keep,
    keeper_of,
    renew,
    rows_of,
    stored,
    stored_minutes,
    write,
)
from tests.unit.command_center.little_city import DISCHARGE, LEVEL, RAIN, entry, minutes


def whole(data_dir: Path) -> bool:
    """Whether the history holds exactly the closed rows of the one log that there was."""
    folder = keep(data_dir).folder
    rows = stored(folder)
    assert bits(rows) == bits(expected([(1, closed(rows_of(data_dir)))]))
    assert bits(stored_minutes(folder)) == bits(expected_minutes(rows))
    return bool(rows)


def hours(n: float) -> int:
    return minutes(60 * n)


def odd_batch() -> Batch:
    """Values, times and flags at the edges of what can be stored."""
    values = np.array([np.nan, -0.0, 0.0, np.inf, -np.inf, 5e-324, 1.7976931348623157e308, 0.1], np.float64)
    n = len(values)
    time_us = minutes(3) + np.arange(n, dtype=np.int64)
    return Batch(
        datastream=np.full(n, LEVEL, np.int32),
        time_us=time_us,
        value=values,
        receive_us=time_us + 7,
        device_us=np.where(np.arange(n) % 2, time_us, np.iinfo(np.int64).min),
        origin=np.array([*Origin, *Origin][:n], np.uint8),
        quality=np.array([9, 1, 2, 3, 4, 4, 1, 1], np.uint8),
        reasons=np.full(n, Reason.FLAT_LINE | Reason.INCOMPLETE, np.uint16),
    )


def test_closed_hours_are_stored_bit_for_bit_and_the_open_one_is_not(tmp_path: Path) -> None:
    write(tmp_path, [Entry(now_us=minutes(4), event="observations", catalogue_version=1, batch=odd_batch())])
    write(tmp_path, [entry([(RAIN, minutes(m), m / 3)], now_us=minutes(m)) for m in range(10, 70, 7)])
    assert whole(tmp_path)
    assert whole(tmp_path)  # a second start finds nothing to do
    write(tmp_path, [entry(now_us=hours(2))])
    assert whole(tmp_path)


def test_what_came_late_twice_or_otherwise_is_stored_once(tmp_path: Path) -> None:
    late = [
        entry(
            [(LEVEL, minutes(5), 1.0), (LEVEL, minutes(5), 2.0), (LEVEL, minutes(-40 * 1440), 9.0)], now_us=minutes(5)
        ),
        entry([(LEVEL, minutes(5), 3.0), (LEVEL, minutes(7), 4.0), (RAIN, minutes(-3000), 5.0)], now_us=minutes(66)),
        entry([(LEVEL, minutes(7), 4.0), (DISCHARGE, minutes(-2000), float("nan"))], now_us=minutes(130)),
        entry(now_us=hours(4)),
    ]
    write(tmp_path, late)
    assert whole(tmp_path)
    counters = keep(tmp_path).figures.counters
    assert (counters["repeats"], counters["conflicts"]) == (3, 2)
    periods = {file.level for file in keep(tmp_path).folder.present.files}
    assert periods == {"hour", "day", "month"}


def test_hours_become_days_and_days_months_with_what_came_late(tmp_path: Path) -> None:
    write(
        tmp_path,
        [entry([(LEVEL, hours(h), float(h)), (LEVEL, hours(h - 30), 0.5)], now_us=hours(h)) for h in range(0, 80, 9)],
    )
    write(tmp_path, [entry(now_us=hours(24 * 12 + n)) for n in range(2)])
    assert whole(tmp_path)
    assert {file.level for file in keep(tmp_path).folder.present.files} == {"month"}
    write(tmp_path, [entry([(LEVEL, hours(24 * n) + 1, 1.0)], now_us=hours(24 * 12 + n)) for n in range(2, 14)])
    keeper = keep(tmp_path)
    rows = stored(keeper.folder)
    assert bits(rows) == bits(expected([(1, closed(rows_of(tmp_path)))]))
    assert {file.level for file in keeper.folder.present.files} == {"month", "day"}
    assert keeper.figures.counters["merges"] >= 2


def test_a_full_hour_is_written_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compactor, "CHUNK_OBSERVATIONS", 4)
    monkeypatch.setattr(compactor, "ROWS_AT_ONCE", 3)
    write(tmp_path, [entry([(LEVEL, minutes(m), m), (LEVEL, minutes(0), m)], now_us=minutes(m)) for m in range(62)])
    assert whole(tmp_path)
    assert keep(tmp_path).folder.present.files[-1].number > 16  # of pieces that were merged


def test_a_clock_that_was_set_back_hinders_nothing(tmp_path: Path) -> None:
    write(tmp_path, [entry([(LEVEL, minutes(m), m)], now_us=hours(900) + m) for m in range(3)])
    write(tmp_path, [entry([(LEVEL, minutes(m), m)], now_us=minutes(m)) for m in range(10, 13)])
    assert whole(tmp_path)


def test_another_log_is_followed_from_its_beginning_and_an_older_copy_from_its_end(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write(tmp_path, [entry([(LEVEL, hours(h), float(h))], now_us=hours(h)) for h in range(4)])
    keep(tmp_path)
    first = closed(rows_of(tmp_path))
    copy = (tmp_path / FILE).read_bytes()
    renew(tmp_path)
    write(tmp_path, [entry([(LEVEL, hours(h), -1.0), (RAIN, hours(h), 2.0)], now_us=hours(h)) for h in range(2, 6)])
    caplog.set_level(logging.WARNING)
    keeper = keep(tmp_path)
    second = closed(rows_of(tmp_path))
    assert bits(stored(keeper.folder)) == bits(expected([(1, first), (2, second)]))
    assert keeper.figures.counters["rows_missing"] == 1  # of the first log: its open hour
    (tmp_path / FILE).write_bytes(copy)
    for rest in ("-wal", "-shm"):
        (tmp_path / f"{FILE}{rest}").unlink(missing_ok=True)
    write(tmp_path, [entry([(DISCHARGE, hours(9), 7.0)], now_us=hours(9)), entry(now_us=hours(11))])
    keeper = keep(tmp_path)
    third = [row for row in closed(rows_of(tmp_path)) if row.seq > first[-1].seq]
    assert bits(stored(keeper.folder)) == bits(expected([(1, first), (2, second), (3, third)]))
    assert "takes the place of" in caplog.text


def test_a_log_that_ends_before_what_was_compacted_is_an_older_copy(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write(tmp_path, [entry([(LEVEL, hours(h), float(h))], now_us=hours(h)) for h in range(3)])
    copy = (tmp_path / FILE).read_bytes()
    write(tmp_path, [entry([(LEVEL, hours(h), float(h))], now_us=hours(h)) for h in range(3, 6)])
    assert whole(tmp_path)
    before = stored(keep(tmp_path).folder)
    (tmp_path / FILE).write_bytes(copy)
    keep(tmp_path)
    write(tmp_path, [entry([(LEVEL, hours(h), float(h)), (RAIN, hours(h), 1.0)], now_us=hours(h)) for h in range(3, 7)])
    keeper = keep(tmp_path)
    assert "an older copy" in caplog.text
    assert [row for row in stored(keeper.folder) if row[1] == "level"][: len(before)] == before
    assert [row[4] for row in stored(keeper.folder) if row[1] == "rain"] == [1.0, 1.0, 1.0]


def test_rows_that_are_gone_or_damaged_are_counted_and_the_rest_is_stored(tmp_path: Path) -> None:
    write(tmp_path, [entry([(LEVEL, hours(h), float(h))], now_us=hours(h)) for h in range(6)])
    with sqlite3.connect(tmp_path / FILE) as connection:
        connection.execute("DELETE FROM batch WHERE seq IN (1, 2)")
        connection.execute("UPDATE batch SET columns = zeroblob(9) WHERE seq = 4")
    connection.close()
    keeper = keep(tmp_path)
    assert [row[4] for row in stored(keeper.folder)] == [2.0, 4.0]
    assert (keeper.figures.counters["rows_missing"], keeper.figures.counters["rows_damaged"]) == (2, 1)


def test_what_a_kill_left_is_removed_and_what_somebody_removed_is_said(tmp_path: Path) -> None:
    write(tmp_path, [entry([(LEVEL, hours(h), float(h))], now_us=hours(h)) for h in range(4)])
    folder = keep(tmp_path).folder
    (folder.path / "raw-hour-2025-11-22T20-000000099.parquet").write_bytes(b"half")
    (folder.path / "raw-hour-2025-11-22T20-000000100.parquet.unfinished").write_bytes(b"half")
    for name in ("keeping", "reading", "export", "export-4711"):
        (folder.path / "spill" / name).mkdir()
        (folder.path / "spill" / name / "duckdb_temp_storage_DEFAULT-0.tmp").write_bytes(b"spilled")
    lost = next(file for file in folder.present.files if file.kind == "raw")
    Path(folder.path_of(lost)).unlink()
    keeper = keep(tmp_path)
    assert keeper.error == ""
    assert keeper.figures.counters["files_missing"] == 1
    assert keeper.folder.present.raw_from_us == lost.last_us + 1
    names = {file.name for file in keeper.folder.present.files}
    assert {path.name for path in folder.path.glob("*.parquet*")} == names
    assert list(folder.path.glob("spill/*")) == []
    assert len(stored(keeper.folder)) == 2


def hurt(path: str) -> None:
    """Make it a file of the same length that no Parquet reader takes."""
    Path(path).write_bytes(bytes(Path(path).stat().st_size))


def test_a_damaged_file_is_named_and_set_aside_and_compaction_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write(tmp_path, [entry([(LEVEL, hours(h), float(h))], now_us=hours(h)) for h in range(4)])
    with keeper_of(tmp_path) as keeper:
        while keeper.step():
            pass
        bad = next(file for file in keeper.folder.present.files if file.kind == "raw")
        hurt(keeper.folder.path_of(bad))
        late = entry([(LEVEL, hours(0), -1.0), (LEVEL, hours(0) + 1, 7.0)], now_us=hours(4))  # meets the file
        write(tmp_path, [late, entry([(LEVEL, hours(5), 5.0)], now_us=hours(5))])
        steps = [keeper.step() for _ in range(9)]
        assert (keeper.error, steps[-1]) == ("", False)
        assert keeper.figures.counters["files_damaged"] == 1
        assert keeper.folder.present.raw_from_us == bad.last_us + 1
        assert [row[4] for row in stored(keeper.folder)] == [-1.0, 7.0, 1.0, 2.0, 3.0]
    assert f"{bad.name} with 1 rows is set aside" in caplog.text
    assert [path.name for path in keeper.folder.path.glob("*.damaged")] == [f"{bad.name}.damaged"]
    assert keep(tmp_path).figures.counters["files_damaged"] == 1
    assert [path.name for path in keeper.folder.path.glob("*.damaged")] == [f"{bad.name}.damaged"]


def test_merging_goes_on_without_a_damaged_file_and_one_of_another_length_is_met_at_the_start(tmp_path: Path) -> None:
    write(tmp_path, [entry([(LEVEL, hours(h), float(h))], now_us=hours(h)) for h in range(4)])
    folder = keep(tmp_path).folder
    first, second = [file for file in folder.present.files if file.kind == "raw"][:2]
    hurt(folder.path_of(first))
    Path(folder.path_of(second)).write_bytes(b"PAR1")
    write(tmp_path, [entry([(LEVEL, hours(h), float(h))], now_us=hours(h)) for h in (28, 29)])
    with keeper_of(tmp_path) as keeper:
        for _ in range(20):
            keeper.step()
        assert keeper.error == ""
        assert keeper.figures.counters["files_damaged"] == 2
        assert [row[4] for row in stored(keeper.folder)] == [2.0, 3.0, 28.0]
        assert {file.level for file in keeper.folder.present.files} >= {"day"}


def test_what_goes_wrong_in_keeping_is_told_and_nobody_else_dies_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, [entry([(LEVEL, hours(h), float(h))], now_us=hours(h)) for h in range(4)])

    def mistaken(*_: object) -> bool:
        raise ZeroDivisionError("a sum of ours")

    with keeper_of(tmp_path) as keeper:
        with monkeypatch.context() as wrong:
            wrong.setattr(compactor.Compactor, "step", mistaken)
            assert [keeper.step(), keeper.step()] == [True, False]
            assert "ZeroDivisionError: a sum of ours" in keeper.trouble
        while keeper.step():
            pass
        assert (keeper.trouble, len(stored(keeper.folder))) == ("", 3)


def test_the_log_waits_for_what_is_not_compacted(tmp_path: Path) -> None:
    log_id = write(tmp_path, [entry([(LEVEL, hours(h), float(h))], now_us=hours(h)) for h in range(3)])
    with keeper_of(tmp_path) as keeper:
        assert keeper.compacted_seq(log_id) == 0  # nothing is known yet
        while keeper.step():
            pass
        assert keeper.compacted_seq(log_id) == 2
        assert keeper.compacted_seq("another") == 0


def test_without_a_log_it_waits(tmp_path: Path) -> None:
    keeper = keep(tmp_path)
    assert (keeper.trouble, keeper.folder.present.files) == ("", ())


@pytest.mark.parametrize("quality", [Quality.FAIL, Quality.MISSING])
def test_a_minute_in_which_everything_failed_says_so(tmp_path: Path, quality: Quality) -> None:
    value = 7.0 if quality == Quality.FAIL else float("nan")
    bad = entry([(LEVEL, minutes(1), value), (LEVEL, minutes(1) + 1, value)], now_us=minutes(2))
    bad.batch.quality[:] = quality
    write(tmp_path, [bad, entry(now_us=minutes(1) + HOUR_US)])
    assert whole(tmp_path)
    (minute,) = stored_minutes(keep(tmp_path).folder)
    shown = None if np.isnan(value) else value
    assert minute[2:] == (minutes(1) // MINUTE_US * MINUTE_US, 0, *[None] * 6, 2, minutes(1), shown)
