"""Retention: what goes, what stays, what is said of it, and that the file really shrinks."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from gateway.log.reader import LogReader
from gateway.log.retention import MIN_BYTES, Retention, cap_bytes
from gateway.log.rows import Entry
from gateway.log.upkeep import LogUpkeep, bounded
from gateway.log.writer import LogWriter
from gateway.recovery import recover
from sensors.settings import LogSettings
from sensors.times import HOUR_US
from tests.unit.gateway.log_entries import DETECTOR, entry, letter, transition
from tests.unit.gateway.small_city import small_catalogue

MIB = 1024 * 1024
DAY_US = 24 * HOUR_US
START_US = 1_760_000_000_000_000
QUIET = LogSettings(reserve_mib=0, min_free_mib=0)


@dataclass(frozen=True)
class Cursor:
    """What a reader reports."""

    seq: int
    log_id: str
    compacted_seq: int | None = None


@pytest.fixture
def log(tmp_path: Path) -> Iterator[LogWriter]:
    """A new log with one catalogue."""
    with LogWriter(tmp_path, QUIET, DETECTOR) as writer:
        writer.install_catalogue(small_catalogue(), 1)
        yield writer


def fill(log: LogWriter, rows: int, *, size: int = 50, step_us: int = DAY_US, first: int = 0) -> None:
    """Rows a `step_us` apart; the last carries a checkpoint."""
    for n in range(first, first + rows):
        more = {"transitions": (transition(1), transition(2)), "dead_letters": (letter(),)}
        checkpoint = b"state" if n == first + rows - 1 else None
        log.append(entry(START_US + n * step_us, size, checkpoint=checkpoint, **more))


def exhaust(retention: Retention, now_us: int, read_up_to: int | None, *, is_stuck: bool = False) -> None:
    """Steps until none is left to do."""
    for _ in range(10_000):
        if not retention.step(now_us, read_up_to, is_stuck=is_stuck):
            return
    raise AssertionError("retention does not end")


def rows(log: LogWriter) -> list[int]:
    with LogReader(log.path.parent) as reader:
        found = reader.read_after(0, 100_000)
    assert not [row.damage for row in found if row.damage]
    assert all(len(row.transitions) == 2 for row in found)
    return [row.seq for row in found]


def test_what_is_older_than_the_days_that_are_kept_goes_with_its_transitions(log: LogWriter) -> None:
    fill(log, 40)
    retention = Retention(log, LogSettings(keep_days=10.0, min_free_mib=0), 100 * MIB)
    exhaust(retention, START_US + 39 * DAY_US, None)
    assert rows(log) == list(range(30, 41))  # row 30 is just ten days old
    with LogReader(log.path.parent) as reader:
        assert (reader.first_seq(), reader.transitions_after(0, -1, 1)[0].seq) == (30, 30)
        [gap] = reader.gaps()
        assert (gap.reason, gap.unread, gap.rows, gap.observations) == ("age", False, 29, 29 * 50)
        assert (gap.first_seq, gap.last_seq) == (1, 29)
        assert (gap.first_us, gap.last_us, gap.at_us) == (START_US, START_US + 28 * DAY_US, START_US + 39 * DAY_US)


@pytest.mark.parametrize("ahead", [1, 600])
def test_rows_of_a_clock_that_ran_ahead_are_as_old_as_the_first_behind_them(log: LogWriter, ahead: int) -> None:
    moves = (transition(1), transition(2))
    ages = [0, 1, 2, 3, 4, *[400] * ahead, 5, 6, 7, 8]
    for day in ages:
        log.append(entry(START_US + day * DAY_US, transitions=moves))
    log.append(entry(START_US + 400 * DAY_US, transitions=moves, checkpoint=b"state"))
    retention = Retention(log, LogSettings(keep_days=10.0, min_free_mib=0), 100 * MIB)
    exhaust(retention, START_US + 14 * DAY_US, None)
    assert rows(log)[0] == 5  # four days old is not more than ten; what is behind it neither
    exhaust(retention, START_US + 16 * DAY_US, None)
    assert rows(log) == [7 + ahead, 8 + ahead, 9 + ahead, 10 + ahead]


def test_what_a_reader_has_not_read_stays_whatever_its_age(log: LogWriter) -> None:
    fill(log, 40)
    retention = Retention(log, LogSettings(keep_days=10.0, min_free_mib=0), 100 * MIB)
    exhaust(retention, START_US + 39 * DAY_US, 5)
    assert rows(log)[0] == 6
    exhaust(retention, START_US + 39 * DAY_US, 0)
    assert rows(log)[0] == 6


def test_the_checkpoints_and_the_rows_after_them_stay(log: LogWriter) -> None:
    fill(log, 10)
    fill(log, 10, first=10)
    log.append(entry(START_US + 20 * DAY_US))
    exhaust(Retention(log, LogSettings(keep_days=1.0, min_free_mib=0), 100 * MIB), START_US + 1000 * DAY_US, None)
    with LogReader(log.path.parent) as reader:
        assert [row.seq for row in reader.read_after(0)] == list(range(10, 22))
    assert [seq for seq, _ in log.checkpoints()] == [20, 10]


def test_the_log_is_used_again_after_its_first_rows_went(log: LogWriter, tmp_path: Path) -> None:
    fill(log, 10)
    exhaust(Retention(log, LogSettings(keep_days=1.0, min_free_mib=0), 100 * MIB), START_US + 1000 * DAY_US, None)
    with LogReader(tmp_path) as reader:
        judge, count = recover(reader, [])  # not even a checkpoint can be used: a new detector version
    assert judge is not None
    assert (judge.catalogue_version, count) == (1, 1)


def test_beyond_the_cap_what_is_read_goes_first_and_then_the_unread_which_is_said(log: LogWriter) -> None:
    fill(log, 200, size=4000, step_us=1_000_000)
    used = Retention(log, QUIET, 100 * MIB).room().used
    exhaust(Retention(log, QUIET, used), START_US, 100)  # near the cap: the read ones go until there is a margin
    left = rows(log)
    assert 1 < left[0] < 101
    exhaust(Retention(log, QUIET, used // 4), START_US, 100)
    with LogReader(log.path.parent) as reader:
        read, unread = reader.gaps()
        assert (read.reason, read.unread, read.rows, read.last_seq) == ("size", False, 100, 100)
        assert (unread.reason, unread.unread, unread.first_seq, unread.last_seq) == (
            "size",
            True,
            101,
            reader.first_seq() - 1,
        )
    room = Retention(log, QUIET, used // 4).room()
    assert room.used <= used // 4
    log.empty_wal(truncate=True)
    assert log.sizes[0] < used // 3  # and the file is smaller, too


def test_the_room_of_what_went_is_used_again_without_growing_the_file(log: LogWriter) -> None:
    retention = Retention(log, QUIET, 8 * MIB)
    fill(log, 40, size=8000, step_us=1_000_000)
    sizes = []
    for n in range(8):
        fill(log, 10, size=8000, step_us=1_000_000, first=40 + n * 10)
        exhaust(retention, START_US, None)
        log.empty_wal()
        sizes.append(log.sizes[0])
    assert max(sizes) <= 8 * MIB + 300_000  # a row more than the cap, at most
    assert sizes[-1] <= 1.1 * sizes[2]


def test_with_little_room_on_the_disk_read_rows_older_than_a_day_go(log: LogWriter) -> None:
    fill(log, 10)
    settings = LogSettings(keep_days=1000.0, min_free_mib=10**9)
    exhaust(Retention(log, settings, 100 * MIB), START_US + 9 * DAY_US, 4)
    assert rows(log) == list(range(5, 11))
    exhaust(Retention(log, settings, 100 * MIB), START_US + 9 * DAY_US, None)
    assert rows(log) == [9, 10]
    with LogReader(log.path.parent) as reader:
        assert [(gap.reason, gap.rows) for gap in reader.gaps()] == [("space", 8)]


def test_when_commits_fail_for_lack_of_room_just_enough_goes(log: LogWriter) -> None:
    fill(log, 200, size=4000, step_us=1_000_000)
    retention = Retention(log, LogSettings(keep_days=1000.0, min_free_mib=0), 100 * MIB)
    exhaust(retention, START_US, 190, is_stuck=True)
    assert 4 < rows(log)[0] < 180
    assert not retention.waits_for_readers(190)
    with LogReader(log.path.parent) as reader:
        assert [(gap.reason, gap.unread, gap.first_seq) for gap in reader.gaps()] == [("space", False, 1)]


@pytest.mark.parametrize("is_stuck", [False, True])
def test_without_room_but_below_the_cap_nothing_unread_goes(log: LogWriter, *, is_stuck: bool) -> None:
    fill(log, 200, size=4000, step_us=HOUR_US)
    retention = Retention(log, LogSettings(keep_days=1000.0, min_free_mib=10**9), 100 * MIB)
    exhaust(retention, START_US + 200 * HOUR_US, 3, is_stuck=is_stuck)
    assert rows(log)[0] == 4
    assert retention.waits_for_readers(3)
    assert not retention.waits_for_readers(199)  # the last checkpoint is in the way, not a reader
    with LogReader(log.path.parent) as reader:
        assert [(gap.reason, gap.unread, gap.last_seq) for gap in reader.gaps()] == [("space", False, 3)]


def test_that_unread_rows_went_is_known_after_a_restart(log: LogWriter) -> None:
    fill(log, 300, size=4000, step_us=1_000_000)
    settings = LogSettings(max_mib=16, min_free_mib=0, reserve_mib=0)
    for _ in range(2):
        upkeep = LogUpkeep(log, settings)
        while upkeep.step({"sink": Cursor(5, log.log_id)}, START_US + DAY_US) < 1.0:
            pass
        assert upkeep.figures.unread_lost_us == START_US + DAY_US
    assert upkeep.figures.rows_retired_unread == 0


def test_a_reader_is_remembered_from_the_first_time_it_is_heard(log: LogWriter) -> None:
    LogUpkeep(log, QUIET).step({"sink": Cursor(0, log.log_id)}, START_US)
    later = LogUpkeep(log, QUIET)
    later.step({}, START_US + 1)
    assert later.figures.readers == 1


def test_dead_letters_age_as_rows_do_and_make_places_for_new_ones(log: LogWriter) -> None:
    letters = [letter(received_us=START_US + n) for n in range(500)]
    log.append(entry(START_US, dead_letters=(*letters, letter("bad_time", received_us=START_US + 20 * DAY_US))))
    upkeep = LogUpkeep(log, LogSettings(keep_days=10.0, min_free_mib=0, reserve_mib=0))
    for left in (300, 100, 0):  # a few at a time
        upkeep.step({}, START_US + 20 * DAY_US)
        assert {c.reason: c.kept for c in log.letters.counts()} == {"not_json": left, "bad_time": 1}
    assert len(log.letters.groups()) == 2
    LogUpkeep(log, LogSettings(keep_days=10.0, reserve_mib=0)).step({}, START_US + 20 * DAY_US)
    assert [group.reason for group in log.letters.groups()] == ["bad_time"]
    assert {c.reason: c.count for c in log.letters.counts()} == {"not_json": 500, "bad_time": 1}
    log.append(entry(START_US, dead_letters=(letter(received_us=START_US + 20 * DAY_US),)))
    assert len(log.letters.groups()) == 2


def test_catalogues_that_no_row_names_go_but_one(log: LogWriter, tmp_path: Path) -> None:
    for version in (2, 3, 4):
        changed = msgspec.structs.replace(
            small_catalogue(), areas=(), programmes=(), stations=small_catalogue().stations[: version % 2]
        )
        assert log.install_catalogue(changed, version) == version
        log.append(bare_entry(version, START_US + version * DAY_US))
    log.append(bare_entry(4, START_US + 5 * DAY_US, checkpoint=b"state"))
    exhaust(Retention(log, LogSettings(keep_days=1.0, min_free_mib=0), 100 * MIB), START_US + 5 * DAY_US, None)
    with closing(sqlite3.connect(tmp_path / "log.db")) as connection:
        assert [version for (version,) in connection.execute("SELECT version FROM catalogue")] == [3, 4]


def bare_entry(version: int, now_us: int, checkpoint: bytes | None = None) -> Entry:
    return Entry(now_us, "observations", version, checkpoint=checkpoint)


def test_cursors_are_remembered_and_a_compactors_hand_over_point_counts(log: LogWriter, tmp_path: Path) -> None:
    fill(log, 40)
    settings = LogSettings(keep_days=1.0, min_free_mib=0, reserve_mib=0)
    now_us = START_US + 39 * DAY_US
    upkeep = LogUpkeep(log, settings)
    upkeep._noted_at -= 3600  # an hour ago: time to note the readers
    cursors = {
        "sink": Cursor(20, log.log_id),
        "center": Cursor(39, log.log_id, compacted_seq=9),
        "old": Cursor(2, "another"),
    }
    for _ in range(5):
        upkeep.step(cursors, now_us)
    assert rows(log)[0] == 10
    later = LogUpkeep(log, settings)  # a new process: nobody has reported yet
    for _ in range(5):
        later.step({}, now_us)
    assert rows(log)[0] == 10
    later.step({"center": Cursor(39, log.log_id, compacted_seq=38)}, now_us)
    assert rows(log)[0] == 21
    assert later.figures.readers == 2
    later.step({}, now_us + 31 * DAY_US)  # nobody was heard for a month
    later.step({}, now_us + 31 * DAY_US)
    assert (rows(log), later.figures.readers) == ([40], 0)
    assert (tmp_path / "reserve").exists() is False


def test_a_reader_that_holds_a_snapshot_is_seen_and_the_write_ahead_log_is_emptied_after_it(
    log: LogWriter, tmp_path: Path
) -> None:
    fill(log, 5, size=1000)
    upkeep = LogUpkeep(log, QUIET)
    with closing(sqlite3.connect(tmp_path / "log.db", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM batch").fetchone()
        log.wal_pages = 10_000
        fill(log, 5, size=1000, first=5)
        upkeep.step({}, START_US)
        assert upkeep._held_since is not None
        upkeep._held_since -= 60
        upkeep.step({}, START_US)
        assert upkeep.figures.wal_held_s >= 60
        reader.execute("COMMIT")
    upkeep.step({}, START_US)
    assert upkeep.figures.wal_held_s == 0
    assert log.wal_pages == 0


def test_the_cap_is_a_tenth_of_the_disk_at_most_8_gib_and_dead_letters_a_twentieth_of_it(tmp_path: Path) -> None:
    assert cap_bytes(LogSettings(), 20 * 1024 * MIB) == 2 * 1024 * MIB
    assert cap_bytes(LogSettings(), 2_000 * 1024 * MIB) == 8 * 1024 * MIB
    assert cap_bytes(LogSettings(), 10 * MIB) == MIN_BYTES
    assert cap_bytes(LogSettings(max_mib=7), 2_000 * 1024 * MIB) == 7 * MIB
    assert bounded(LogSettings(max_mib=400), tmp_path).dead_letter_total_mib == 20
    assert bounded(LogSettings(max_mib=10_000), tmp_path).dead_letter_total_mib == 100


def test_a_log_that_is_closed_or_gone_is_said_and_stops_nothing(log: LogWriter) -> None:
    upkeep = LogUpkeep(log, QUIET)
    log.wal_pages = 10_000
    log.close()
    upkeep.step({}, START_US)
    assert "cannot be " in upkeep.figures.error
    log.path.rename(log.path.with_name("elsewhere"))
    assert log.sizes == (0, 0)
