"""A manifest that is damaged or gone: it is set aside, another is made of the files, and no observation is lost."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pytest

from command_center.errors import HistoryError
from command_center.history.keeper import HistoryKeeper
from command_center.history.manifest import FILE, Manifest
from command_center.history.rebuilding import MOST_SET_ASIDE, set_aside
from gateway.log.rows import Entry
from gateway.log.schema import FILE as LOG
from tests.unit.command_center.history.keeping import (
    bits,
    closed,
    expected,
    expected_minutes,
    keep,
    keeper_of,
    rows_of,
    stored,
    stored_minutes,
    write,
)
from tests.unit.command_center.little_city import LEVEL, RAIN, entry, minutes

PAGE = 4_096
OBSERVED = ("level", "rain")  # the other one has no row in any file, and may get another number
SPAN_MIN = 30 * 60  # a day and more: its hours become a file of the day


def readings(start: int, end: int) -> list[Entry]:
    times = [(m, minutes(m)) for m in range(start, end, 20)]
    return [entry([(LEVEL, us, float(m)), (RAIN, us, m / 8)], now_us=us) for m, us in times]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is kept of a day and more."""
    folder = tmp_path_factory.mktemp("whole")
    write(folder, readings(0, SPAN_MIN))
    keeper = keep(folder)
    assert {file.level for file in keeper.folder.present.files} == {"hour", "day"}
    return folder


@pytest.fixture
def data_dir(whole: Path, tmp_path: Path) -> Path:
    shutil.copytree(whole, tmp_path / "data")
    return tmp_path / "data"


def no_database(path: Path) -> None:
    path.write_bytes(b"this is no database" * 1_000)


def a_page_gone(path: Path) -> None:
    """Of the middle; the head is whole, and the file opens."""
    with path.open("r+b") as file:
        file.seek(2 * PAGE)
        file.write(b"\x7f" * PAGE)


def cut_short(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)


def should(data_dir: Path) -> list[tuple[Any, ...]]:
    """Every closed row, once, as it was."""
    return expected([(1, closed(rows_of(data_dir)))])


def cut(path: Path) -> None:
    """Damage a Parquet file: its end is gone."""
    path.write_bytes(path.read_bytes()[:-100])


def assert_as_it_should_be(keeper: HistoryKeeper, data_dir: Path) -> None:
    """Every closed row is there once, as it was, whichever manifest wrote it, and so is its minute."""
    rows = should(data_dir)
    assert bits(stored(keeper.folder)) == bits(rows)
    assert stored_minutes(keeper.folder) == expected_minutes(rows)
    assert keeper.error == ""


@pytest.mark.parametrize("damage", [no_database, a_page_gone, cut_short, Path.unlink])
def test_it_is_made_anew_of_the_files_and_keeping_goes_on(
    data_dir: Path, damage: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    path = data_dir / "history" / FILE
    with closing(Manifest(path.parent)) as manifest:
        before, series, number = manifest.files(), manifest.series(), manifest.next_number()
    damage(path)
    keeper = keep(data_dir)
    assert_as_it_should_be(keeper, data_dir)
    with closing(Manifest(path.parent)) as manifest:
        assert manifest.series().items() >= {key: n for key, n in series.items() if key[1] in OBSERVED}.items()
        assert manifest.next_number() == number
        assert [(f.name, f.rows, f.bytes) for f in manifest.files()] == [(f.name, f.rows, f.bytes) for f in before]
        assert manifest.counters()["manifests_made_anew"] == 1
        assert manifest.counters().get("rows_missing", 0) == 0
        assert manifest.begins() == (minutes(0), minutes(0))  # nobody knows what there was before
    aside = [file for file in path.parent.iterdir() if file.name.startswith(f"{FILE}.damaged-")]
    assert len(aside) == (0 if damage is Path.unlink else 1)
    assert all(str(path) in caplog.text and f"it is set aside as {file.name}" in caplog.text for file in aside)

    write(data_dir, readings(SPAN_MIN, SPAN_MIN + 180))
    assert_as_it_should_be(keep(data_dir), data_dir)


def test_what_a_merge_left_behind_counts_not_twice(tmp_path: Path) -> None:
    folder = tmp_path
    write(folder, readings(0, SPAN_MIN))
    with keeper_of(folder) as keeper:
        hours: dict[str, bytes] = {}
        while len([file for file in keeper.folder.present.files if file.level == "day"]) < 2:  # observations, minutes
            hours |= {path.name: path.read_bytes() for path in (folder / "history").glob("*-hour-*.parquet")}
            assert keeper.step()
    merged = {name for name in hours if not (folder / "history" / name).exists()}
    assert len(merged) == 18
    for name in merged:
        (folder / "history" / name).write_bytes(hours[name])
    (folder / "history" / FILE).unlink()
    assert_as_it_should_be(keep(folder), folder)
    assert {path.stem for path in (folder / "history").glob("*.superfluous")} == merged


@pytest.mark.parametrize("is_manifest_damaged", [False, True])
def test_a_file_that_cannot_be_read_either_is_set_aside_and_its_minutes_count_once(
    data_dir: Path, *, is_manifest_damaged: bool
) -> None:
    history = data_dir / "history"
    lost = min(history.glob("raw-hour-*"))
    with duckdb.connect() as connection:
        times = connection.execute("SELECT DISTINCT time_us FROM read_parquet(?)", [str(lost)]).fetchall()
    cut(lost)
    if is_manifest_damaged:
        no_database(history / FILE)
    keeper = keep(data_dir)
    assert keeper.error == ""
    assert lost.with_name(f"{lost.name}.damaged").exists()
    assert keeper.figures.counters["files_damaged"] == 1
    assert lost.name not in [file.name for file in keeper.folder.present.files]
    assert keeper.folder.present.raw_from_us > max(times)[0]
    rows = should(data_dir)
    assert bits(stored(keeper.folder)) == bits(row for row in rows if (row[3],) not in times)
    assert stored_minutes(keeper.folder) == expected_minutes(rows)


def test_a_file_with_a_hole_does_not_hold_up_the_others(data_dir: Path) -> None:
    history = data_dir / "history"
    holed = min(history.glob("raw-hour-*"))
    with holed.open("r+b") as file:
        file.seek(4)
        file.write(b"\x7f" * 60)  # the head and the values of its first column, `series`
    no_database(history / FILE)
    keeper = keep(data_dir)
    assert (keeper.error, keeper.figures.counters["files_damaged"]) == ("", 1)
    assert [path.name for path in history.glob("*.parquet.damaged")] == [f"{holed.name}.damaged"]
    assert stored_minutes(keeper.folder) == expected_minutes(should(data_dir))


@pytest.mark.parametrize("damaged", [("raw",), ("minute",), ("raw", "minute")])
def test_what_the_newest_files_held_comes_back_from_the_log_and_counts_once(
    data_dir: Path, damaged: tuple[str, ...]
) -> None:
    history = data_dir / "history"
    write(data_dir, readings(SPAN_MIN, SPAN_MIN + 120))
    keep(data_dir)
    for kind in damaged:
        cut(max(history.glob(f"{kind}-hour-*")))
    no_database(history / FILE)
    assert_as_it_should_be(keep(data_dir), data_dir)


@pytest.mark.parametrize("is_killed", [False, True])
def test_a_gap_that_was_known_is_told_by_the_manifest_made_anew(data_dir: Path, *, is_killed: bool) -> None:
    history = data_dir / "history"
    lost = sorted(history.glob("raw-hour-*"))[1]
    cut(lost)
    before_us = keep(data_dir).folder.present.raw_from_us  # the Inspector has set it aside
    rows = should(data_dir)
    last = max(row[-1] for row in rows if row[3] < before_us)
    with closing(sqlite3.connect(data_dir / LOG)) as connection, connection:
        connection.execute("DELETE FROM batch WHERE seq <= ?", (last,))  # retention
    if is_killed:  # in the middle of it, when all is set aside and nothing is named
        for path in history.glob(f"{FILE}*"):
            path.unlink()
        Manifest(history).close()
    else:
        no_database(history / FILE)
    keeper = keep(data_dir)
    held_us = keeper.folder.present.raw_from_us
    assert before_us <= held_us < rows[-1][3]
    whole = [row for row in stored(keeper.folder) if row[3] >= held_us]
    assert bits(whole) == bits(row for row in rows if row[3] >= held_us)
    assert stored_minutes(keeper.folder) == expected_minutes(rows)
    assert keeper.figures.counters.get("rows_missing", 0) == 0


def test_late_readings_of_one_minute_in_two_files_both_count(tmp_path: Path) -> None:
    late = [entry([(LEVEL, minutes(5) + k, cm)], now_us=minutes(120 + 60 * k)) for k, cm in ((1, 900.0), (2, 100.0))]
    write(tmp_path, [*readings(0, 120), *late, *readings(300, 400)])
    before = keep(tmp_path).folder
    held, sides = stored(before), [row for row in stored_minutes(before) if row[2] == minutes(5)]
    assert sorted(row[3:6] for row in sides) == [(1, 100.0, 100.0), (1, 900.0, 900.0)]
    (tmp_path / "history" / FILE).unlink()
    after = keep(tmp_path).folder
    assert bits(stored(after)) == bits(held) == bits(should(tmp_path))
    assert sorted(stored_minutes(after)) == sorted(stored_minutes(before))
    assert not list((tmp_path / "history").glob("*.superfluous"))


def test_a_read_that_fails_once_throws_no_manifest_away(data_dir: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = data_dir / "history" / FILE
    write(data_dir, readings(SPAN_MIN, SPAN_MIN + 180))
    with keeper_of(data_dir) as keeper:
        keeper.step()
        with closing(sqlite3.connect(path)) as connection:  # what the keeper remembers of the file is old now
            connection.execute("INSERT INTO counter VALUES ('test', 1)")
            connection.commit()
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        good = path.read_bytes()
        path.write_bytes(good[:PAGE] + b"\x7f" * (len(good) - PAGE))
        assert keeper.step()
        path.write_bytes(good)
        while keeper.step():
            pass
    assert "the manifest is opened anew" in caplog.text
    assert not list(path.parent.glob(f"{FILE}.damaged*"))
    assert "manifests_made_anew" not in keeper.figures.counters
    assert_as_it_should_be(keeper, data_dir)


def as_of_an_older_siaga(history: Path) -> None:
    """The same files, which say nothing of how they came about."""
    for path in history.glob("*.parquet"):
        with duckdb.connect() as connection:
            connection.read_parquet(str(path)).write_parquet(f"{path}.new")
        Path(f"{path}.new").rename(path)


def test_files_of_an_older_siaga_alone_stop_the_history_and_none_is_touched(data_dir: Path) -> None:
    history = data_dir / "history"
    as_of_an_older_siaga(history)
    cut(min(history.glob("raw-hour-*")))
    (history / FILE).unlink()
    before = {path.name: path.read_bytes() for path in history.glob("*.parquet*")}
    for _ in range(2):
        assert "Parquet files beside it are of an older Siaga" in keep(data_dir).error
        assert {path.name: path.read_bytes() for path in history.glob("*.parquet*")} == before


def test_files_of_an_older_siaga_count_where_a_newer_one_has_written_beside_them(data_dir: Path) -> None:
    history = data_dir / "history"
    as_of_an_older_siaga(history)
    write(data_dir, readings(SPAN_MIN, SPAN_MIN + 180))
    keep(data_dir)
    no_database(history / FILE)
    assert_as_it_should_be(keep(data_dir), data_dir)


def test_all_files_and_the_manifest_damaged_begin_anew_from_the_log_with_new_numbers(data_dir: Path) -> None:
    history = data_dir / "history"
    for path in history.glob("*.parquet"):
        cut(path)
    aside = {f"{path.name}.damaged": path.read_bytes() for path in history.glob("*.parquet")}
    no_database(history / FILE)
    assert_as_it_should_be(keep(data_dir), data_dir)
    assert {path.name: path.read_bytes() for path in history.glob("*.parquet.damaged")} == aside


def test_a_disk_that_damages_everything_is_said_and_nothing_is_removed(data_dir: Path) -> None:
    history = data_dir / "history"
    for n in range(MOST_SET_ASIDE):
        no_database(history / FILE)
        set_aside(history, "for a test", minutes(n))
    no_database(history / FILE)
    before = {path.name for path in history.iterdir()}
    keeper = keep(data_dir)
    assert f"{MOST_SET_ASIDE} damaged manifests are set aside already" in keeper.error
    assert {path.name for path in history.iterdir()} == before
    with pytest.raises(HistoryError, match="file is not a database"):
        Manifest(history, reads_only=True)
    with closing(sqlite3.connect(":memory:")) as connection:  # that of a newer Siaga is none of it
        connection.execute("PRAGMA user_version = 99")
        (history / FILE).write_bytes(connection.serialize())
    assert "schema version: expected 1, got 99" in keep(data_dir).error
