"""A manifest that is damaged or gone: it is set aside, another is made of the files, and no observation is lost."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from command_center.errors import HistoryError
from command_center.history.keeper import HistoryKeeper
from command_center.history.manifest import FILE, Manifest
from command_center.history.rebuilding import MOST_SET_ASIDE, set_aside
from gateway.log.rows import Entry
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


def assert_as_it_should_be(
    keeper: HistoryKeeper, data_dir: Path, generations: Callable[[tuple[object, ...]], int]
) -> None:
    """Every closed row is there once, as it was, whichever manifest wrote it."""
    should = expected([(1, closed(rows_of(data_dir)))])
    found = stored(keeper.folder)
    assert bits(row[:-2] for row in found) == bits(row[:-2] for row in should)
    assert [row[-2] for row in found] == [generations(row) for row in found]
    assert stored_minutes(keeper.folder) == expected_minutes(should)
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
    assert_as_it_should_be(keeper, data_dir, lambda _: 1)
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

    old = {row[:4] for row in stored(keeper.folder)}
    write(data_dir, readings(SPAN_MIN, SPAN_MIN + 180))
    assert_as_it_should_be(keep(data_dir), data_dir, lambda row: 1 if row[:4] in old else 2)


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
    assert_as_it_should_be(keep(folder), folder, lambda _: 1)
    assert {path.stem for path in (folder / "history").glob("*.superfluous")} == merged


def test_a_file_that_cannot_be_read_either_is_set_aside(data_dir: Path) -> None:
    history = data_dir / "history"
    lost = min(history.glob("raw-hour-*"))
    lost.write_bytes(lost.read_bytes()[:-100])
    no_database(history / FILE)
    keeper = keep(data_dir)
    assert keeper.error == ""
    assert lost.with_name(f"{lost.name}.damaged").exists()
    assert keeper.figures.counters["files_damaged"] == 1
    assert lost.name not in [file.name for file in keeper.folder.present.files]


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
