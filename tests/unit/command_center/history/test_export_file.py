"""`siaga export`: the rows of a data directory as a file, beside whoever keeps it."""

import asyncio
import csv
import re
import shutil
from argparse import ArgumentParser
from pathlib import Path

import duckdb
import pytest
from msgspec.structs import replace

from command_center.errors import HistoryError, UnknownName
from command_center.export_commands import EXPORT
from command_center.history.export import COLUMNS
from command_center.history.manifest import FILE, Manifest
from command_center.history.record import Asked
from command_center.history.stored import StoredHistory
from gateway.errors import LogMissing
from sensors.catalogue import Catalogue
from sensors.settings import Settings
from sensors.times import rfc3339
from tests.unit.command_center.history.keeping import keep, write
from tests.unit.command_center.little_city import DISCHARGE, LEVEL, RAIN, entry, little_city, minutes

HEAD = [*COLUMNS, "producer", "licence", "sharing"]
SHARING = {LEVEL: "internal", DISCHARGE: "agency", RAIN: "public"}


def city() -> Catalogue:
    found = little_city()
    terms = {RAIN: {"producer": "BMKG", "licence": "CC-BY-4.0"}}
    datastreams = tuple(replace(d, sharing=SHARING[d.number], **terms.get(d.number, {})) for d in found.datastreams)
    return replace(found, datastreams=datastreams)


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten values an hour of each sensor: three hours on the disk, and the open one in the log."""
    folder = tmp_path_factory.mktemp("export-file")
    entries = [
        entry([(LEVEL, at, float(m)), (DISCHARGE, at, m / 8), (RAIN, at, 0.1)], now_us=at)
        for m, at in ((m, minutes(m)) for m in range(0, 210, 6))
    ]
    write(folder, entries, city())
    keep(folder)
    return folder


def export(data_dir: Path, out: Path, *options: str) -> int:
    """As a user types it."""
    parser = ArgumentParser()
    EXPORT.add_arguments(parser)
    return EXPORT.run(parser.parse_args([str(out), "--data-dir", str(data_dir), *options]), Settings())


@pytest.mark.parametrize("is_begun", [False, True])
def test_while_the_manifest_is_made_anew_it_refuses(data_dir: Path, tmp_path: Path, *, is_begun: bool) -> None:
    copy = tmp_path / "data"
    shutil.copytree(data_dir, copy)
    for path in (copy / "history").glob(f"{FILE}*"):
        path.unlink()
    if is_begun:
        Manifest(copy / "history").close()
    with pytest.raises(HistoryError, match="does not say which of the Parquet files beside it count"):
        export(copy, tmp_path / "out.csv")
    assert not (tmp_path / "out.csv").exists()
    keep(copy)
    assert export(copy, tmp_path / "out.csv") == export(data_dir, tmp_path / "whole.csv") == 0
    assert (tmp_path / "out.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()


def rows_of(path: Path) -> list[list[str]]:
    if path.suffix == ".csv":
        head, *rows = csv.reader(path.read_text(encoding="utf-8").splitlines())
    else:
        with duckdb.connect() as connection:
            found = connection.execute("SELECT * REPLACE (epoch_us(time) AS time) FROM read_parquet(?)", [str(path)])
            head = [column[0] for column in found.description or ()]
            rows = [
                [rfc3339(row[0]), *row[1:3], repr(row[3]), row[4], str(row[5]), *row[6:]] for row in found.fetchall()
            ]
    assert head == HEAD
    return rows


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_every_row_of_files_and_log_stands_in_the_file_with_its_terms(
    data_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], ending: str
) -> None:
    files = sorted(data_dir.glob("history/*.parquet"))
    out = tmp_path / f"all.{ending}"
    assert export(data_dir, out) == 0
    rows = rows_of(out)
    assert [(row[0], row[1], row[2]) for row in rows] == [
        (rfc3339(minutes(m)), *sensor)
        for sensor in (("POS", "rain"), ("ROLAK", "discharge"), ("ROLAK", "level"))
        for m in range(0, 210, 6)
    ]
    assert rows[0][3:] == ["0.1", "mm", "1", "live", "", "BMKG", "CC-BY-4.0", "public"]
    assert rows[-1][3:] == ["204.0", "cm", "1", "live", "", "BPBD", "", "internal"]
    assert capsys.readouterr().err == f"siaga: export: {out}: 105 rows of 3 sensors\n"
    assert [path.name for path in tmp_path.iterdir()] == [out.name]
    assert sorted(data_dir.glob("history/*.parquet")) == files


@pytest.mark.parametrize(
    ("options", "sensors", "rows"),
    [
        (("--sharing", "public"), {"rain"}, 35),
        (("--sharing", "agency"), {"rain", "discharge"}, 70),
        (("--station", "ROLAK"), {"level", "discharge"}, 70),
        (("--station", "ROLAK", "--sharing", "agency"), {"discharge"}, 35),
        (("--sensor", "ROLAK:level", "--station", "POS"), {"level", "rain"}, 70),
        (("--sensor", "ROLAK:level", "--from", rfc3339(minutes(60)), "--to", rfc3339(minutes(72))), {"level"}, 2),
    ],
)
def test_what_is_not_wanted_or_not_shared_is_left_out(
    data_dir: Path, tmp_path: Path, options: tuple[str, ...], sensors: set[str], rows: int
) -> None:
    out = tmp_path / "some.csv"
    export(data_dir, out, *options)
    found = rows_of(out)
    assert ({row[2] for row in found}, len(found)) == (sensors, rows)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        (("--station", "Rolak"), UnknownName, "no station 'Rolak'; did you mean 'ROLAK'"),
        (("--sensor", "ROLAK:depth"), UnknownName, "no sensor 'ROLAK:depth'"),
        (
            ("--sensor", "ROLAK:level", "--sharing", "agency"),
            UnknownName,
            "level is internal: it is not shared with agency",
        ),
        (("--from", "2026-01-02T00:00:00Z", "--to", "2026-01-01T00:00:00Z"), HistoryError, "lies after --to"),
        (("--data-dir", "/nowhere"), HistoryError, "there is no such data directory"),
    ],
)
def test_what_cannot_be_exported_is_said_and_makes_no_file(
    data_dir: Path, tmp_path: Path, options: tuple[str, ...], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        export(data_dir, tmp_path / "none.csv", *options)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_stays_unless_forced_and_nowhere_is_told(data_dir: Path, tmp_path: Path) -> None:
    out = tmp_path / "kept.csv"
    out.write_text("mine")
    with pytest.raises(HistoryError, match="--force writes over it"):
        export(data_dir, out)
    assert out.read_text() == "mine"
    export(data_dir, out, "--force")
    assert len(rows_of(out)) == 105
    with pytest.raises(HistoryError, match="there is no such folder"):
        export(data_dir, tmp_path / "away" / "x.csv")
    (tmp_path / "empty").mkdir()
    with pytest.raises(LogMissing, match="there is no log yet"):
        export(tmp_path / "empty", tmp_path / "x.csv")
    with pytest.raises(SystemExit) as usage:
        export(data_dir, tmp_path / "x.xlsx")
    assert usage.value.code == 2


def test_how_far_it_is_goes_to_standard_error(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("command_center.history.export_file.TOLD_EVERY_S", 0.0)
    monkeypatch.setattr("command_center.history.record.PIECE_ROWS", 7)
    export(data_dir, tmp_path / "all.csv")
    *told, last = capsys.readouterr().err.splitlines()
    line = re.compile(r"siaga: export: (\d+)%, sensor [123] of 3, \d+ rows, \d+ s")
    shares = [int(found[1]) for one in told if (found := line.fullmatch(one))]
    assert shares == sorted(set(shares))
    assert len(shares) == 15  # five pieces of each sensor
    assert last.endswith("105 rows of 3 sensors")


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_file_that_breaks_off_leaves_nothing_and_what_was_there_stays(tmp_path: Path, ending: str) -> None:
    data_dir, results = tmp_path / "data", tmp_path / "results"
    for folder in (data_dir, results):
        folder.mkdir()
    write(data_dir, [entry([(LEVEL, minutes(m), 1.0)], now_us=minutes(m)) for m in range(0, 240, 10)], city())
    last = [file for file in keep(data_dir).folder.present.files if file.kind == "raw"][-1]
    path = data_dir / "history" / last.name
    path.write_bytes(path.read_bytes()[:100])
    out = results / f"old.{ending}"
    out.write_text("older")
    with pytest.raises(HistoryError, match="files cannot be read"):
        export(data_dir, out, "--force")
    assert [(path.name, path.read_text()) for path in results.iterdir()] == [(out.name, "older")]
    assert path.exists()


def test_files_that_are_merged_away_while_they_are_read_cost_no_row_and_give_none_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("command_center.history.record.PIECE_ROWS", 10)
    hours = 30
    entries = [entry([(LEVEL, minutes(30 * k), float(k))], now_us=minutes(30 * k)) for k in range(2 * hours)]
    write(tmp_path, entries[:-20], city())
    keep(tmp_path)
    before = {path.name for path in tmp_path.glob("history/raw-*")}
    found: list[float] = []

    async def read() -> None:
        async with StoredHistory(tmp_path, 64, tmp_path / "spill") as history:
            await history.take_open({LEVEL})
            async for rows in history.pieces(Asked(("ROLAK", "level", "cm"), LEVEL, 0, minutes(60 * hours))):
                if not found:  # as the command center does beside us: the day is over, and its hours become one file
                    write(tmp_path, [*entries[-20:], *(entry(now_us=minutes(h * 60)) for h in (72, 74))])
                    keep(tmp_path)
                found.extend(rows["value"].tolist())

    asyncio.run(read())
    after = {path.name for path in tmp_path.glob("history/raw-*")}
    assert len(before - after) >= 10
    assert found[: 2 * hours - 20] == [float(k) for k in range(2 * hours - 20)]
    assert found == sorted(set(found))
    assert {file.name for file in keep(tmp_path).folder.present.files if file.kind == "raw"} == after
