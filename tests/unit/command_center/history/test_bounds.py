"""What goes for lack of room, what is said, and what the log may forget meanwhile."""

from pathlib import Path

import pytest

from command_center.history import budget, keeper
from command_center.history.folder import Folder
from command_center.history.manifest import StoredFile
from command_center.history.merging import MAX_ROWS, due
from command_center.history.periods import DAY_US, period_at, period_for
from sensors.settings import HistorySettings
from sensors.times import HOUR_US, MINUTE_US, parse_rfc3339
from tests.unit.command_center.history.keeping import keep, keeper_of, write
from tests.unit.command_center.little_city import LEVEL, NOW_US, entry, minutes

MIB = 1024 * 1024


def at(text: str) -> int:
    time_us = parse_rfc3339(text)
    assert time_us is not None
    return time_us


def file(level: str, start: str, number: int = 1, rows: int = 100) -> StoredFile:
    start_us = at(start)
    return StoredFile(number, "raw", level, start_us, start_us, start_us + MINUTE_US, rows, 10)  # type: ignore[arg-type]


def test_an_observation_goes_to_its_hour_until_its_day_and_its_month_are_settled() -> None:
    time_us = at("2025-11-30T23:30:00Z")
    for now, level in (
        ("2025-12-01T00:59:59Z", "hour"),
        ("2025-12-01T01:00:00Z", "day"),
        ("2025-12-01T23:59:59Z", "day"),
        ("2025-12-02T00:00:00Z", "month"),
    ):
        assert period_for(time_us, at(now)) == period_at(level, time_us)  # type: ignore[arg-type]
    assert period_at("month", time_us)[1:] == (at("2025-11-01T00:00:00Z"), at("2025-12-01T00:00:00Z"))


def test_what_is_settled_is_merged_and_side_files_when_there_are_many() -> None:
    hours = [file("hour", f"2025-11-22T{h:02}:00:00Z", h) for h in range(24)]
    assert due(hours, at("2025-11-23T00:59:00Z")) is None
    merge = due(hours, at("2025-11-23T01:00:00Z"))
    assert merge is not None
    assert (merge.period.level, set(merge.files)) == ("day", set(hours))
    large = file("month", "2025-10-01T00:00:00Z", 1, rows=100_000)
    sides = [file("month", "2025-10-01T00:00:00Z", 2 + k) for k in range(9)]
    assert due([large, *sides[:8]], at("2025-11-23T01:00:00Z")) is None
    merge = due([large, *sides], at("2025-11-23T01:00:00Z"))
    assert merge is not None
    assert set(merge.files) == set(sides)
    huge = [file("day", "2025-10-01T00:00:00Z", 1, MAX_ROWS), file("day", "2025-10-02T00:00:00Z", 2)]
    assert due(huge, at("2025-11-23T01:00:00Z")) is None


def days_of(data_dir: Path, days: range) -> None:
    write(data_dir, [entry([(LEVEL, minutes(1440 * d), float(d))], now_us=minutes(1440 * d)) for d in days])


def test_beyond_its_size_the_oldest_observations_go_and_last_their_minutes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    days_of(tmp_path, range(5))
    before = keep(tmp_path).folder.present.files
    monkeypatch.setattr(budget, "_MIB", sum(f.bytes for f in before) - 1)  # a bound that is a byte too small
    went = keep(tmp_path, HistorySettings(max_mib=1))
    oldest = min((f for f in before if f.kind == "raw"), key=lambda f: f.last_us)
    assert {f for f in before if f not in went.folder.present.files} == {oldest}
    assert went.folder.present.raw_from_us == oldest.last_us + 1
    assert went.figures.gone["raw"].rows == oldest.rows
    assert not Path(went.folder.path_of(oldest)).exists()
    monkeypatch.setattr(budget, "_MIB", 1)
    left = keep(tmp_path, HistorySettings(max_mib=1)).folder.present.files
    assert {f.last_us for f in left} == {minutes(1440 * 2), minutes(1440 * 3)}  # of the last day nothing goes
    assert keep(tmp_path).folder.present.minutes_from_us > NOW_US


def test_with_little_room_on_the_disk_only_old_observations_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    days_of(tmp_path, range(0, 50, 10))
    before = keep(tmp_path).folder.present.files
    monkeypatch.setattr(Folder, "free_bytes", property(lambda _: 512 * MIB))
    left = keep(tmp_path).folder.present.files
    newest_us = minutes(1440 * 30)  # the newest compacted row
    assert {f for f in before if f not in left} == {
        f for f in before if f.kind == "raw" and f.last_us < newest_us - 31 * DAY_US
    }


def test_on_a_full_disk_nothing_is_written_and_the_log_need_not_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log_id = write(
        tmp_path, [entry([(LEVEL, NOW_US + h * HOUR_US, 1.0)], now_us=NOW_US + h * HOUR_US) for h in range(4)]
    )
    with keeper_of(tmp_path) as kept:
        with monkeypatch.context() as full:
            full.setattr(Folder, "free_bytes", property(lambda _: 63 * MIB))
            while kept.step():
                pass
            assert "less than 64 MiB" in kept.trouble
            assert kept.compacted_seq(log_id) is None
        while kept.step():
            pass
        assert (kept.trouble, kept.compacted_seq(log_id)) == ("", 3)


def test_what_has_been_due_for_long_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with keeper_of(tmp_path) as kept:
        assert kept.trouble == ""
        monkeypatch.setattr(keeper, "BEHIND_S", -1.0)
        assert "not compacted since" in kept.trouble
