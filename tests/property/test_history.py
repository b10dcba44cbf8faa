"""Whenever it is killed, compaction loses and doubles nothing; whatever is thinned, no peak vanishes."""

import itertools
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from command_center.history import compactor
from command_center.history.manifest import Manifest
from command_center.history.merging import MAX_SIDE, due
from command_center.history.store import Minutes
from command_center.picture.series import ROW, Rows
from command_center.picture.thinning import thinned
from gateway.log.rows import Entry
from sensors.quality import Quality
from sensors.times import MINUTE_US, NEVER
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


class Killed(BaseException):
    """The process is gone: from then on nothing of it reaches the disk."""


class Kill:
    """Kills at the `at`-th of the calls that make something durable, before or after it is done."""

    def __init__(self, at: int) -> None:
        self.at, self.calls = at, 0

    def around(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def either(*arguments: Any, **named: Any) -> Any:
            self._pass()
            result = call(*arguments, **named)
            self._pass()
            return result

        return either

    def _pass(self) -> None:
        self.calls += 1
        if self.calls > self.at:
            raise Killed


def story(seed: int) -> list[Entry]:
    """Some hours with late, repeated and contradicting observations; the last row opens another hour."""
    dice = random.Random(seed)
    found = []
    for hour in (0, 1, 33, 34):
        for minute in sorted(dice.sample(range(60), 3)):
            now_us = minutes(60 * hour + minute)
            times = [now_us, *(minutes(dice.randrange(60 * hour + minute + 1)) for _ in range(3))]
            rows = [(dice.choice((LEVEL, RAIN)), t, dice.choice((1.5, 2.5, float("nan")))) for t in times]
            found.append(entry(rows, now_us=now_us))
    return [*found, entry(now_us=minutes(60 * 35)), entry(now_us=minutes(60 * 36))]


@pytest.mark.parametrize("seed", [1, 2])
def test_a_kill_at_any_point_loses_and_doubles_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr(compactor, "CHUNK_OBSERVATIONS", 8)
    write(tmp_path, story(seed))
    must_be = bits(expected([(1, closed(rows_of(tmp_path)))]))
    assert _killed_again_and_again(tmp_path, monkeypatch, random.Random(seed)) > 3
    keeper = keep(tmp_path)
    rows = stored(keeper.folder)
    assert bits(rows) == must_be
    assert {path.name for path in keeper.folder.path.glob("*.parquet*")} == {
        file.name for file in keeper.folder.present.files
    }
    assert keeper.figures.counters["observations"] == len(rows)


def _killed_again_and_again(directory: Path, monkeypatch: pytest.MonkeyPatch, dice: random.Random) -> int:
    """Keep the history, killed after a few durable steps each time, until one life reaches the end; how many lives."""
    for lives in itertools.count(1):
        kill = Kill(dice.randrange(1, 12) if lives < 15 else 10**9)
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", kill.around(os.fsync))
            patch.setattr(Path, "rename", kill.around(Path.rename))
            patch.setattr(Path, "unlink", kill.around(Path.unlink))
            patch.setattr(Manifest, "commit", kill.around(Manifest.commit))
            patch.setattr(Manifest, "follow", kill.around(Manifest.follow))
            patch.setattr(Manifest, "add_series", kill.around(Manifest.add_series))
            with keeper_of(directory) as keeper:
                try:
                    while keeper.step():
                        pass
                except Killed:
                    continue
        return lives
    raise AssertionError("unreachable")


def test_rollups_of_merged_files_are_those_of_their_observations(tmp_path: Path) -> None:
    write(tmp_path, story(3))
    folder = keep(tmp_path).folder
    minutes_stored = stored_minutes(folder)
    keys = [row[:3] for row in minutes_stored]
    days = [file for file in folder.present.files if file.level != "hour"]
    assert days
    merged = expected_minutes(stored(folder))
    assert [row for row in minutes_stored if keys.count(row[:3]) == 1] == [
        row for row in merged if keys.count(row[:3]) == 1
    ]
    assert {row[:3] for row in merged} == set(keys)


@st.composite
def rows_by_time(draw: st.DrawFn) -> Rows:
    n = draw(st.integers(1, 60))
    rows: Rows = np.zeros(n, ROW)
    rows["time_us"] = np.cumsum(draw(npst.arrays(np.int64, n, elements=st.integers(1, 10**9))))
    value = st.one_of(st.just(float("nan")), st.sampled_from([-1.0, 0.0, 1.0, 2.0]), st.floats(-1e6, 1e6))
    rows["value"] = draw(npst.arrays(np.float64, n, elements=value))
    rows["quality"] = draw(npst.arrays(np.uint8, n, elements=st.sampled_from([1, 3, 4])))
    return rows


def slowly_thinned(rows: Rows, points: int) -> set[int]:
    """Which of the rows are kept, by an obvious loop."""
    if len(rows) <= points:
        return set(range(len(rows)))
    failed = [row["quality"] == Quality.FAIL for row in rows]
    marked = any(failed) and points >= 3
    n = points // (3 if marked else 2)
    first = int(rows["time_us"][0])
    width = -(-(int(rows["time_us"][-1]) - first + 1) // n)
    kept = set()
    for bucket in range(n):
        members = [k for k in range(len(rows)) if (int(rows["time_us"][k]) - first) // width == bucket]
        good = [k for k in members if not failed[k] and not np.isnan(rows["value"][k])]
        if members:
            kept.add(min(good, key=lambda k: rows["value"][k]) if good else members[0])
            kept.add(max(good, key=lambda k: (rows["value"][k], -k)) if good else members[0])
        bad = [k for k in members if failed[k]]
        if marked and bad:
            kept.add(bad[0])
    return kept


@given(rows_by_time(), st.integers(2, 30))
def test_thinning_keeps_the_lowest_and_the_highest_of_every_bucket(rows: Rows, points: int) -> None:
    few = thinned(rows, points)
    assert len(few) <= points
    places = np.searchsorted(rows["time_us"], few["time_us"])
    assert set(places.tolist()) == slowly_thinned(rows, points)


@given(rows_by_time())
def test_the_extremes_of_minutes_are_observations_and_hold_every_peak(rows: Rows) -> None:
    folded = _folded(rows).rows()
    good = rows[(rows["quality"] != Quality.FAIL) & ~np.isnan(rows["value"])]
    sound = folded[(folded["quality"] != Quality.FAIL) & ~np.isnan(folded["value"])]
    pairs = set(zip(rows["time_us"].tolist(), rows["value"].tolist(), strict=True))
    assert all((t, v) in pairs for t, v in zip(sound["time_us"].tolist(), sound["value"].tolist(), strict=True))
    if len(good):
        assert (sound["value"].min(), sound["value"].max()) == (good["value"].min(), good["value"].max())
    assert bool(len(good) < len(rows)) == bool(len(sound) < len(folded))


def _folded(rows: Rows) -> Minutes:
    """Rows as minutes, one minute after the other."""
    columns: dict[str, list[Any]] = {name: [] for name in Minutes._fields}
    for minute, group in itertools.groupby(range(len(rows)), key=lambda k: int(rows["time_us"][k]) // MINUTE_US):
        members = rows[list(group)]
        failed = (members["quality"] == Quality.FAIL) | np.isnan(members["value"])
        good, bad = members[~failed], members[failed]
        low, high = (good[pick(good["value"])] if len(good) else None for pick in (np.argmin, np.argmax))
        for name, cell in {
            "minute_us": minute * MINUTE_US,
            "low": np.nan if low is None else low["value"],
            "high": np.nan if high is None else high["value"],
            "low_us": 0 if low is None else low["time_us"],
            "high_us": 0 if high is None else high["time_us"],
            "quality": good["quality"].max() if len(good) else 0,
            "origin": 0,
            "failed_us": bad["time_us"][0] if len(bad) else NEVER,
            "failed_value": bad["value"][0] if len(bad) else np.nan,
            "failed_quality": bad["quality"][0] if len(bad) else 0,
        }.items():
            columns[name].append(cell)
    return Minutes(**{name: np.array(cells) for name, cells in columns.items()})


def test_merges_end(tmp_path: Path) -> None:
    """Whatever came, in whatever order: after so many merges nothing is due, and no period has many files."""
    write(tmp_path, [*story(5), *(entry([(RAIN, minutes(n), 1.0)], now_us=minutes(60 * (37 + n))) for n in range(24))])
    folder = keep(tmp_path).folder
    place = folder.present.place
    assert place is not None
    assert due(folder.present.files, place.at_us) is None
    counts: dict[Any, int] = {}
    for file in folder.present.files:
        counts[file.kind, file.period] = counts.get((file.kind, file.period), 0) + 1
    assert max(counts.values()) <= MAX_SIDE + 1
