"""`siaga export` that is stopped, killed, too large for memory, or told to write where it must not."""

import asyncio
import contextlib
import dataclasses
import os
import signal
from argparse import ArgumentParser
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import duckdb
import numpy as np
import pytest
from msgspec.structs import replace

from command_center.errors import HistoryError
from command_center.export_commands import EXPORT
from command_center.history.export import keep_room
from command_center.history.record import Asked, Record
from command_center.history.working_folder import working_folder
from command_center.picture.series import ROW, Rows
from sensors.settings import HistorySettings, Settings
from tests.unit.command_center.history.keeping import keep, write
from tests.unit.command_center.little_city import LEVEL, entry, minutes

MANY = 350_000
STEP_US = 10_000  # all in one hour: one file
SMALL = replace(Settings(), history=HistorySettings(memory_mib=32))


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Values that no packing makes small."""
    folder = tmp_path_factory.mktemp("export-stopped")
    one = entry([(LEVEL, minutes(0), 0.0)], now_us=minutes(0))
    many = one.batch.take(np.zeros(MANY, np.int64))
    many.time_us[:] += np.arange(MANY) * STEP_US
    many.value[:] = np.random.default_rng(5).random(MANY)
    write(folder, [dataclasses.replace(one, batch=many), entry(now_us=minutes(60))])
    keep(folder)
    return folder


def export(data_dir: Path, out: Path, *options: str) -> int:
    parser = ArgumentParser()
    EXPORT.add_arguments(parser)
    return EXPORT.run(parser.parse_args([str(out), "--data-dir", str(data_dir), *options]), SMALL)


def at_every_piece(monkeypatch: pytest.MonkeyPatch, act: Callable[[Path], None]) -> None:
    def keep_room_and_act(folder: Path) -> None:
        keep_room(folder)
        act(folder)

    for module in ("export_file", "export"):  # in this order: the first imports the second
        monkeypatch.setattr(f"command_center.history.{module}.keep_room", keep_room_and_act)


def names(folder: Path) -> list[str]:
    """What is there, but for what SQLite keeps beside a database while it is read."""
    paths = (str(path.relative_to(folder)) for path in folder.rglob("*"))
    return sorted(path for path in paths if not path.endswith(("-shm", "-wal")))


def test_what_is_too_large_for_memory_spills_beside_the_file_alone(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, before = tmp_path / "all.parquet", names(data_dir)
    spilled: list[Path] = []

    def look(folder: Path) -> None:
        spilled.extend(path for path in folder.glob("spill/export/*") if path.stat().st_size)
        assert list(tmp_path.iterdir()) == [tmp_path / ".all.parquet.siaga-export"]
        assert names(data_dir) == before

    at_every_piece(monkeypatch, look)
    monkeypatch.setattr("command_center.history.record.PIECE_ROWS", MANY // 10)
    assert export(data_dir, out) == 0
    assert spilled
    with duckdb.connect() as connection:
        found = connection.execute(
            "SELECT count(*), count(DISTINCT time), bool_and(variable = 'level') FROM read_parquet(?)", [str(out)]
        ).fetchone()
    assert found == (MANY, MANY, True)
    assert (list(tmp_path.iterdir()), names(data_dir)) == ([out], before)


@contextlib.contextmanager
def deadly(number: signal.Signals) -> Iterator[None]:
    """Where nobody handles the signal it fails the test rather than kill it."""

    def fail(*_: object) -> None:
        raise AssertionError(number)

    before = signal.signal(number, fail)
    try:
        yield
    finally:
        signal.signal(number, before)


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_stop_leaves_nothing(data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str) -> None:
    monkeypatch.setattr("command_center.history.record.PIECE_ROWS", 1_000)
    stopped: list[Path] = []

    def stop(folder: Path) -> None:
        if len(names(folder)) > 1 and not stopped:  # the lock, and the file
            stopped.append(folder)
            os.kill(os.getpid(), signal.SIGTERM)

    at_every_piece(monkeypatch, stop)
    with deadly(signal.SIGTERM), pytest.raises(HistoryError, match="stopped by SIGTERM"):
        export(data_dir, tmp_path / f"all.{ending}")
    assert (len(stopped), list(tmp_path.iterdir())) == (1, [])


def test_what_a_killed_one_left_goes_and_what_another_makes_stays(
    data_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, few = tmp_path / "few.parquet", ("--sensor", "POS:rain")
    left = tmp_path / ".few.parquet.siaga-export"
    (left / "spill" / "reading").mkdir(parents=True)
    (left / "tmp1.parquet").write_bytes(b"half")
    assert export(data_dir, out, *few) == 0
    assert list(tmp_path.iterdir()) == [out]
    assert f"{left}: what an export left that was killed is removed" in capsys.readouterr().err
    with working_folder(out, lambda _: None) as folder:
        (folder / "mine").touch()
        with pytest.raises(HistoryError, match=r"another siaga export is writing .*few\.parquet"):
            export(data_dir, out, *few, "--force")
        assert (folder / "mine").exists()
    left.symlink_to(data_dir)
    with pytest.raises(HistoryError, match="is not ours"):
        export(data_dir, out, *few, "--force")
    assert (data_dir / "history").exists()


def test_nothing_is_written_among_the_stored_files(data_dir: Path, tmp_path: Path) -> None:
    before = names(data_dir)
    (tmp_path / "link").symlink_to(data_dir / "history")
    stored = next(data_dir.glob("history/raw-*.parquet"))
    for out in (stored, data_dir / "history" / "exports" / ".." / "x.parquet", tmp_path / "link" / "x.csv"):
        (data_dir / "history" / "exports").mkdir(exist_ok=True)
        with pytest.raises(HistoryError, match="lies among the stored files"):
            export(data_dir, out, "--force")
    (data_dir / "history" / "exports").rmdir()
    assert names(data_dir) == before


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_disk_that_cannot_be_read_is_blamed_itself(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    async def broken(_: Record, asked: Asked) -> AsyncIterator[Rows]:
        await asyncio.sleep(0)
        if asked.to_us > asked.from_us:
            raise OSError(5, "Input/output error", asked.sensor[0])
        yield np.empty(0, ROW)

    monkeypatch.setattr(Record, "pieces", broken)
    with pytest.raises(HistoryError, match=r"history cannot be read: .*Input/output error") as told:
        export(data_dir, tmp_path / f"all.{ending}")
    assert "all." not in str(told.value)
