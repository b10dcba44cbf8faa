"""Commits on a disk that is full, slow or damages the log: held, said, and gone on with; nothing is lost."""

import asyncio
import contextlib
import os
import sqlite3
import subprocess
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gateway.city_in_force import CityInForce
from gateway.committer import Committer
from gateway.engine import Engine
from gateway.errors import LogError, LogFull
from gateway.log import set_aside
from gateway.log.reader import LogReader
from gateway.log.rows import Entry
from gateway.log.set_aside import mark_seen, open_log, unseen
from gateway.log.writer import LogWriter
from gateway.recovery import replayed
from gateway.status import CursorFrame
from sensors.batch import Batch
from sensors.settings import LogSettings
from sensors.times import NEVER
from tests.unit.gateway.log_entries import DETECTOR, entry, transition
from tests.unit.gateway.small_city import small_catalogue

MIB = 1024 * 1024
NOW_US = 1_780_000_000_000_000
PLAIN = LogSettings(reserve_mib=0, min_free_mib=0)


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A disk of 24 MiB."""
    if os.geteuid() != 0:
        pytest.skip("needs root, to mount a small disk")
    with tempfile.TemporaryDirectory() as name:
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", name], capture_output=True, text=True, check=False
        )
        if mounted.returncode:
            pytest.skip(f"needs a small disk: {mounted.stderr.strip()}")
        try:
            yield Path(name)
        finally:
            subprocess.run(["umount", "--lazy", name], check=True)


@contextlib.asynccontextmanager
async def committing(
    folder: Path, settings: LogSettings, read: Mapping[str, int] | None = None
) -> AsyncIterator[Committer]:
    """A committer on a new log, with its upkeep; `read`: how far each reader is, as it says just now."""
    writer = LogWriter(folder, settings, DETECTOR)
    writer.install_catalogue(small_catalogue(), 1)
    committer = Committer(writer, folder, settings)

    def cursors() -> dict[str, CursorFrame]:
        return {name: CursorFrame(reader=name, log_id=writer.log_id, seq=seq) for name, seq in (read or {}).items()}

    upkeep = asyncio.create_task(committer.keep_house(cursors, lambda: NOW_US))
    try:
        yield committer
    finally:
        upkeep.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await upkeep
        committer.close()


async def until(condition: Callable[[], object], within_s: float = 30.0) -> None:
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 (of another thread)
            await asyncio.sleep(0.02)


def fill_up(folder: Path, leave: int = 0) -> Path:
    """Take all room on the disk."""
    ballast = folder / "ballast"
    disk = os.statvfs(folder)
    with ballast.open("ab") as file:
        size = disk.f_bavail * disk.f_frsize - leave
        if size > 0:
            os.posix_fallocate(file.fileno(), ballast.stat().st_size, size)
    return ballast


def damages(folder: Path) -> list[str]:
    with LogReader(folder) as reader:
        return [row.damage for row in reader.read_after(0, 10_000)]


def test_a_full_disk_gets_the_reserve_then_holds_and_goes_on_when_there_is_room(small_disk: Path) -> None:
    async def story() -> None:
        async with committing(small_disk, LogSettings(reserve_mib=4, min_free_mib=0)) as committer:
            await until(lambda: committer.upkeep.figures.reserve_held)
            await committer.commit(entry(1, 3000, checkpoint=b"state"))
            ballast = fill_up(small_disk)
            for n in range(2, 8):
                await committer.commit(entry(n, 3000))
            assert not committer.upkeep.reserve.is_held  # it was let go, and the flow went on
            fill_up(small_disk)
            waiting = asyncio.create_task(committer.commit(entry(8, 5000)))
            await until(lambda: committer.error)
            assert "database or disk is full" in committer.error
            assert committer.held_s > 0
            ballast.unlink()
            assert await waiting == 8
            assert (committer.error, committer.held_s, committer.held) == ("", 0, 1)
            await until(lambda: committer.upkeep.figures.reserve_held)
        assert damages(small_disk) == [""] * 8

    asyncio.run(story())


def test_a_log_that_fills_its_disk_lets_its_oldest_rows_go_and_never_stops(small_disk: Path) -> None:
    async def story() -> None:
        settings = LogSettings(keep_days=1e5, max_mib=24, reserve_mib=4, min_free_mib=0)  # rows of 1970
        async with committing(small_disk, settings) as committer:
            await until(lambda: committer.upkeep.figures.reserve_held)
            for n in range(1, 301):
                await committer.commit(entry(n, 4000, checkpoint=b"state" if n % 10 == 0 else None))
            assert committer.upkeep.figures.log_used_bytes < 24 * MIB
        with LogReader(small_disk) as reader:
            rows = reader.read_after(0, 10_000)
            assert rows[0].seq > 50
            assert [row.seq for row in rows] == list(range(rows[0].seq, 301))
            last_of = {gap.reason: gap.last_seq for gap in reader.gaps()}
            assert last_of.keys() <= {"space", "size"}  # a slow disk may let it reach its cap, too
            assert "space" in last_of
            assert max(last_of.values()) == rows[0].seq - 1

    asyncio.run(story())


def test_a_disk_that_others_fill_costs_no_row_that_a_reader_has_not_read(small_disk: Path) -> None:
    async def story() -> None:
        read = {"sink": 5}
        async with committing(small_disk, LogSettings(max_mib=20, reserve_mib=4, min_free_mib=0), read) as committer:
            await until(lambda: committer.upkeep.figures.reserve_held)
            await until(lambda: committer.upkeep.figures.readers)
            ballast, last = fill_up(small_disk, leave=2 * MIB), 0
            while not committer.error:
                last += 1
                row = entry(last, 3000, checkpoint=b"state" if last % 5 == 0 else None)
                waiting = asyncio.create_task(committer.commit(row))
                await until(lambda task=waiting: task.done() or committer.error)  # type: ignore[misc]
            assert "the disk is full, and sink has not read what could go" in committer.error
            with LogReader(small_disk) as reader:
                assert (last > 20, reader.last_seq(), reader.first_seq()) == (True, last - 1, 6)
                assert [gap.unread for gap in reader.gaps()] == [False]
            read["sink"] = last - 1  # it catches up: nobody has given room back, and all goes on
            assert await waiting == last
            ballast.unlink()
            await until(lambda: committer.upkeep.figures.reserve_held)
            assert await committer.commit(entry(last + 1, 3000)) == last + 1
            assert (committer.error, committer.held, committer.upkeep.figures.rows_retired_unread) == ("", 1, 0)

    asyncio.run(story())


def test_a_disk_without_a_place_for_the_marker_of_live_readings_gets_the_reserve(small_disk: Path) -> None:
    async def story() -> None:
        async with committing(small_disk, LogSettings(reserve_mib=4, min_free_mib=0)) as committer:
            await until(lambda: committer.upkeep.figures.reserve_held)
            used = os.statvfs(small_disk).f_files - os.statvfs(small_disk).f_ffree
            words = ["mount", "-o", f"remount,nr_inodes={used}", str(small_disk)]
            await asyncio.to_thread(subprocess.run, words, check=True)
            assert await committer.commit(Entry(NOW_US, "observations", 1, readings(NOW_US, 100.0))) == 1
            assert (committer.held, committer.upkeep.reserve.is_held, committer.holds_live) == (0, False, True)

    asyncio.run(story())


def test_a_slow_disk_is_said_while_it_lasts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.committer.SLOW_S", 0.2)

    async def story() -> None:
        async with committing(tmp_path, PLAIN) as committer:
            await committer.commit(entry(1))
            with closing(sqlite3.connect(tmp_path / "log.db", isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")  # stands for a disk that does not answer
                waiting = asyncio.create_task(committer.commit(entry(2)))
                await until(lambda: committer.error)
                assert committer.error.startswith("the disk is slow: a commit has been waiting for ")
                other.execute("ROLLBACK")
            assert await waiting == 2
            assert committer.error == ""
            assert committer.slowest_commit_s > 0.2 > 0 < committer.last_commit_s

    asyncio.run(story())


def spoil(committer: Committer, folder: Path) -> None:
    """Overwrite the log on the disk, behind SQLite's back and out of its memory; in the writer's thread."""
    committer.writer.empty_wal(truncate=True)
    with (folder / "log.db").open("r+b") as file:
        file.write(bytes(64 * 1024))
    committer.writer.connection.execute("PRAGMA shrink_memory")


def readings(at_us: int, value: float) -> Batch:
    """One reading of datastream 0."""
    return Batch(
        datastream=np.zeros(1, np.int32), time_us=np.array([at_us]), value=np.array([value]),
        receive_us=np.array([at_us]), device_us=np.full(1, NEVER), origin=np.zeros(1, np.uint8),
        quality=np.ones(1, np.uint8), reasons=np.zeros(1, np.uint16),
    )  # fmt: skip


def test_damage_met_while_running_sets_the_log_aside_and_what_waits_goes_into_a_new_one(tmp_path: Path) -> None:
    async def story() -> None:
        async with committing(tmp_path, PLAIN) as committer:
            engine = Engine(CityInForce(small_catalogue(), 1, ()), None, 1000)
            committer.begin_anew = engine.begin_anew
            writer, first_id, key = committer.writer, committer.writer.log_id, committer.writer.session_key
            writer.remember("filters:pjt", "telemetry/#")
            writer.remember("cursor:sink", '{"seq": 2, "heard_us": 1779999999000000}')  # it is down just now
            await committer.commit(engine.start(NOW_US))
            await committer.commit(Entry(NOW_US + 5, "observations", 1, readings(NOW_US + 5, 100.0), (transition(0),)))
            await committer.call(spoil, committer, tmp_path)
            assert await committer.commit(Entry(NOW_US + 9, "observations", 1, readings(NOW_US + 9, 250.0))) == 2
            assert await committer.commit(engine.idle(NOW_US + 20)) == 3
            assert (writer.log_id != first_id, writer.session_key) == (True, key)
            assert committer.error == ""
            await until(lambda: committer.upkeep.figures.set_aside)
            await until(lambda: committer.upkeep.figures.readers == 1)  # and the new log waits for it
            assert (
                await committer.call(writer.recall, "cursor:sink")
                == '{"seq":0,"compacted_seq":null,"heard_us":1779999999000000}'
            )
        with LogReader(tmp_path) as reader:
            start, held, idle = reader.read_after(0)
            assert (start.event, held.batch.value.tolist(), idle.now_us) == ("start", [250.0], NOW_US + 20)
            assert [t.level for t in held.transitions] == ["waspada", "siaga"]  # what is held is raised again
            assert [moves for _, _, moves in replayed(reader)] == [row.transitions for row in (start, held, idle)]
            before = reader.predecessor()
            assert before is not None
            assert (before.log_id, before.last_seq, (tmp_path / before.file).exists()) == (first_id, 2, True)
            assert reader.numbers()[("S1", "level", "cm")] == 0
        assert unseen(tmp_path) == (before.file,)
        mark_seen(tmp_path / before.file, "by a test")
        assert unseen(tmp_path) == ()

    asyncio.run(story())


def test_a_new_log_that_cannot_be_finished_is_begun_again_in_the_place_of_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.committer.RETRY_S", 0.05)

    async def story() -> None:
        async with committing(tmp_path, PLAIN) as committer:
            engine = Engine(CityInForce(small_catalogue(), 1, ()), None, 1000)
            committer.begin_anew = engine.begin_anew
            writer, first_id, key = committer.writer, committer.writer.log_id, committer.writer.session_key
            writer.remember("filters:pjt", "telemetry/#")
            await committer.commit(engine.start(NOW_US))
            succeed, failures = writer.succeed, [LogFull("no room"), LogFull("no room")]

            def without_room_at_first(*what: Any) -> None:
                if failures:
                    raise failures.pop()
                succeed(*what)

            monkeypatch.setattr(writer, "succeed", without_room_at_first)
            await committer.call(spoil, committer, tmp_path)
            await committer.commit(Entry(NOW_US + 9, "observations", 1, readings(NOW_US + 9, 250.0)))
            assert (failures, writer.session_key, writer.log_id != first_id) == ([], key, True)
        with LogReader(tmp_path) as reader:
            before = reader.predecessor()
            assert before is not None
            assert (before.log_id, before.last_seq) == (first_id, 1)
        assert len(unseen(tmp_path)) == 1

    asyncio.run(story())


def test_what_opening_anew_mends_is_no_damage(tmp_path: Path) -> None:
    async def story() -> None:
        async with committing(tmp_path, PLAIN) as committer:
            log_id = committer.writer.log_id
            await committer.commit(entry(1))
            await committer.call(lambda: committer.writer.empty_wal(truncate=True))
            whole = (tmp_path / "log.db").read_bytes()
            await committer.call(spoil, committer, tmp_path)
            reopen = committer.writer.reopen

            def mended() -> None:
                (tmp_path / "log.db").write_bytes(whole)
                reopen()

            committer.writer.reopen = mended  # type: ignore[method-assign]
            assert await committer.commit(entry(2)) >= 1
            assert committer.writer.log_id == log_id
            assert unseen(tmp_path) == ()

    asyncio.run(story())


@pytest.mark.parametrize("damage", ["garbage", "cut", "first page", "no tables", "names"])
def test_a_log_found_damaged_at_the_start_is_set_aside(tmp_path: Path, damage: str) -> None:
    with LogWriter(tmp_path, PLAIN, DETECTOR) as log:
        log.install_catalogue(small_catalogue(), 1)
        for n in range(50):
            log.append(entry(n, 500))
        log.remember("filters:pjt", "telemetry/#")
        first_id = log.log_id
    file = tmp_path / "log.db"
    raw = file.read_bytes()
    with file.open("r+b") as opened:
        if damage == "garbage":
            opened.write(b"not a database, " * (len(raw) // 16))
        elif damage == "cut":
            opened.truncate(len(raw) // 2)
        elif damage == "first page":
            opened.write(bytes(4096))
        elif damage == "names":
            opened.write(raw.replace(b"CREATE TABLE batch", b"CREATE \xff\xf7BLE batch"))
        else:
            opened.seek(100)
            opened.write(bytes(3996))
    with open_log(tmp_path, PLAIN, DETECTOR, NOW_US) as log, LogReader(tmp_path) as reader:
        assert log.log_id != first_id
        before = reader.predecessor()
        assert before is not None
        assert unseen(tmp_path) == (before.file,)
        assert (tmp_path / before.file).stat().st_size == (len(raw) // 2 if damage == "cut" else len(raw))
        assert log.append(entry(1)) == 1
    open_log(tmp_path, PLAIN, DETECTOR, NOW_US).close()
    assert unseen(tmp_path) == (before.file,)  # the new one is well


def test_a_kill_between_the_two_renames_loses_no_write_ahead_log(tmp_path: Path) -> None:
    with LogWriter(tmp_path, PLAIN, DETECTOR) as log:
        log.install_catalogue(small_catalogue(), 1)
        log.append(entry(1, 50))
        name = f"log.db{set_aside.MARK}20260101T000000.000000Z"
        wal = (tmp_path / "log.db-wal").read_bytes()
        (tmp_path / "log.db").rename(tmp_path / name)
        assert wal
        with open_log(tmp_path, PLAIN, DETECTOR, NOW_US) as new:
            assert new.append(entry(1)) == 1
        assert (tmp_path / f"{name}-wal").read_bytes() == wal


@pytest.mark.parametrize("begun", [False, True])
def test_a_kill_before_the_new_log_was_told_loses_no_brokers_queue(tmp_path: Path, *, begun: bool) -> None:
    with LogWriter(tmp_path, PLAIN, DETECTOR) as log:
        log.install_catalogue(small_catalogue(), 1)
        log.append(entry(1, 50))
        log.remember("filters:pjt", "telemetry/#")
        log.remember("cursor:sink", '{"seq": 1, "compacted_seq": 1, "heard_us": 7}')
        log.remember("cursor:spoilt", "{")
        first_id, key = log.log_id, log.session_key
    (tmp_path / "log.db").rename(tmp_path / f"log.db{set_aside.MARK}20260101T000000.000000Z")
    if begun:
        LogWriter(tmp_path, PLAIN, DETECTOR).close()
    for _ in range(2):
        with open_log(tmp_path, PLAIN, DETECTOR, NOW_US) as new, LogReader(tmp_path) as reader:
            before = reader.predecessor()
            assert before is not None
            assert (new.session_key, before.log_id, before.last_seq, before.at_us) == (key, first_id, 1, NOW_US)
            assert new.recall("filters:pjt") == "telemetry/#"
            assert new.recall("cursor:sink") == '{"seq":0,"compacted_seq":0,"heard_us":7}'  # it waits for it, too
            assert new.recall("cursor:spoilt") == ""


def test_a_disk_that_damages_every_log_is_held_in_the_end(tmp_path: Path) -> None:
    for n in range(set_aside.MAX_SET_ASIDE):
        (tmp_path / "log.db").write_bytes(b"no database" * 1000)
        open_log(tmp_path, PLAIN, DETECTOR, NOW_US + n).close()
    (tmp_path / "log.db").write_bytes(b"no database" * 1000)
    with pytest.raises(LogError, match="8 damaged logs are set aside already"):
        open_log(tmp_path, PLAIN, DETECTOR, NOW_US + 9)
