"""History and latest against slow, obvious oracles: whatever the order of arrival, the first stored wins."""

import itertools
import math
import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from command_center.picture.ages import Ages
from command_center.picture.history import History, columns_of
from command_center.picture.latest import Latest
from command_center.picture.series import ROW, Rows, Series
from command_center.picture.thinning import thinned
from sensors.batch import Batch
from sensors.quality import Reason
from sensors.times import HOUR_US
from tests.unit.command_center.little_city import batch

# (datastream, time, value) of the rows of a small log; few distinct times, so that repeats and late ones are common
OBSERVATION = st.tuples(st.integers(0, 2), st.integers(0, 12), st.sampled_from([1.0, 2.0, 3.0, math.nan]))
LOG = st.lists(st.lists(OBSERVATION, max_size=6), max_size=12)


def stored_first(log: list[list[tuple[int, int, float]]]) -> dict[tuple[int, int], tuple[int, float]]:
    """Oracle: {(datastream, time): (seq, value)} of the first row that holds it."""
    found: dict[tuple[int, int], tuple[int, float]] = {}
    for seq, rows in enumerate(log, start=1):
        for datastream, time_us, value in rows:
            found.setdefault((datastream, time_us), (seq, value))
    return found


def taken(log: list[list[tuple[int, int, float]]], chunks: list[list[int]], most: int = 1_000_000) -> History:
    """A history that took the log's rows (numbered from 1) in these chunks."""
    history = History(most)
    for chunk in chunks:
        history.add(*columns_of((seq, batch(log[seq - 1])) for seq in chunk))
    return history


def shown(history: History, datastream: int, start: int = -(2**62), end: int = 2**62) -> list[tuple[int, int, str]]:
    """(time, seq, value) in memory; NaN as a word, so that lists compare."""
    rows = history.between(datastream, start, end)
    return [(int(r["time_us"]), int(r["seq"]), repr(float(r["value"]))) for r in rows]


@given(LOG, st.randoms())
def test_every_order_of_reading_gives_what_was_stored_first(
    log: list[list[tuple[int, int, float]]], shuffle: random.Random
) -> None:
    seqs = list(range(1, len(log) + 1))
    shuffle.shuffle(seqs)
    cuts = sorted({0, len(seqs), *(shuffle.randrange(len(seqs) + 1) for _ in range(3))})
    chunks = [seqs[a:b] for a, b in itertools.pairwise(cuts)]
    history = taken(log, chunks)
    oracle = stored_first(log)
    for datastream in range(3):
        expected = sorted((t, seq, repr(v)) for (d, t), (seq, v) in oracle.items() if d == datastream)
        assert shown(history, datastream) == expected
        assert shown(history, datastream, 3, 9) == [row for row in expected if 3 <= row[0] < 9]
    assert history.observations == len(oracle)


@given(LOG)
def test_conflicts_are_other_values_for_a_time_that_has_one(log: list[list[tuple[int, int, float]]]) -> None:
    oracle = stored_first(log)
    expected = {0: 0, 1: 0, 2: 0}
    for rows in log:
        for datastream, time_us, value in rows:
            first = oracle[datastream, time_us][1]
            expected[datastream] += value != first and not (math.isnan(value) and math.isnan(first))
    history = taken(log, [[seq] for seq in range(1, len(log) + 1)])
    assert {0: 0, 1: 0, 2: 0} | history.conflicts == expected


@given(LOG)
def test_in_log_order_every_observation_is_first_exactly_once(log: list[list[tuple[int, int, float]]]) -> None:
    history = taken(log, [list(range(1, len(log) + 1))])
    fed = []
    for seq, rows in enumerate(log, start=1):
        keys = dict.fromkeys((d, t) for d, t, _ in rows)  # the feed itself looks within a row
        fed += [key for key in keys if history.is_first(*key, seq)]
    assert fed == list(stored_first(log))


def test_reading_the_same_rows_again_changes_nothing() -> None:
    log = [[(0, 5, 1.0), (0, 3, 2.0)], [(0, 5, 9.0), (1, 1, math.nan)]]
    history = taken(log, [[1, 2]])
    before = shown(history, 0), shown(history, 1), history.observations
    history.add(*columns_of((seq, batch(log[seq - 1])) for seq in (1, 2)))
    assert (shown(history, 0), shown(history, 1), history.observations) == before


def test_over_the_bound_the_oldest_rows_of_the_log_are_forgotten_and_counted() -> None:
    log = [[(0, 1000 - seq, 1.0)] for seq in range(1, 201)]  # times run backwards: age is that of the row
    history = taken(log, [[seq] for seq in range(1, 201)], most=100)
    seqs = [seq for _, seq, _ in shown(history, 0)]
    assert max(seqs) == 200
    assert sorted(seqs) == list(range(min(seqs), 201))
    assert history.observations == len(seqs) <= 100
    assert history.forgotten == 200 - len(seqs)
    assert history.floor_seq == min(seqs)
    assert history.is_first(0, 1000 - 3, 3)  # forgotten: given on trust
    assert not history.is_first(0, 1000 - 3, 200)


def test_what_is_too_old_is_forgotten_by_row_and_counted_apart() -> None:
    history = taken([[(0, 9 - seq, 1.0)] for seq in range(1, 9)], [list(range(1, 9))])
    history.expire(4)
    history.expire(2)  # gone already
    assert [seq for _, seq, _ in shown(history, 0)] == [8, 7, 6, 5, 4]
    assert (history.observations, history.expired, history.forgotten, history.floor_seq) == (5, 3, 0, 4)


def test_ages_are_those_of_rows_and_memory_is_whole_from_the_oldest_young_one() -> None:
    ages = Ages(days=1.0)
    assert ages.whole_since_us(floor_seq=9) is None
    ages.begin(8, 8 * HOUR_US)
    assert ages.whole_since_us(floor_seq=9) == 8 * HOUR_US  # nothing is in memory yet
    for seq in (5, 2, 40, 1):
        ages.note(seq, seq * HOUR_US)
    assert ages.whole_since_us(floor_seq=1) is None
    assert ages.too_old_before() == 40
    assert ages.too_old_before() is None  # not again at once
    assert ages.whole_since_us(floor_seq=40) == 40 * HOUR_US


def test_one_row_larger_than_the_bound_does_not_hang() -> None:
    history = taken([[(0, t, 1.0) for t in range(50)]], [[1]], most=10)
    assert (history.observations, history.forgotten) == (0, 50)


def sound_of(latest: Latest, datastream: int) -> tuple[int, float] | None:
    sound = latest.sound
    return (int(sound.time_us[datastream]), float(sound.value[datastream])) if sound.heard(datastream) else None


SENTINEL = st.lists(
    st.lists(
        st.tuples(
            st.integers(0, 2), st.integers(0, 12), st.sampled_from([1.0, 2.0, math.nan]), st.sampled_from([1, 3, 4])
        ),
        max_size=6,
    ),
    max_size=12,
)


@given(SENTINEL, st.randoms())
def test_the_newest_sound_one_is_the_last_that_did_not_fail_in_whatever_order_it_is_read(
    log: list[list[tuple[int, int, float, int]]], shuffle: random.Random
) -> None:
    latest = Latest()
    for seq in shuffle.sample(range(1, len(log) + 1), len(log)):
        rows = batch([(d, time_us, value) for d, time_us, value, _ in log[seq - 1]])
        graded = replace(rows, quality=np.array([quality for *_, quality in log[seq - 1]], np.uint8))
        latest.add(graded, np.full(len(rows), seq, np.int64))
    for datastream in range(3):
        good = [
            (-time_us, seq, place, value)
            for seq, rows_of_seq in enumerate(log, start=1)
            for place, (d, time_us, value, quality) in enumerate(rows_of_seq)
            if d == datastream and quality != 4 and not math.isnan(value)
        ]
        expected = min(good, default=None)
        assert sound_of(latest, datastream) == (None if expected is None else (-expected[0], expected[3]))


@given(LOG, st.randoms())
def test_the_newest_observation_is_the_history_s_last(
    log: list[list[tuple[int, int, float]]], shuffle: random.Random
) -> None:
    seqs = list(range(1, len(log) + 1))
    shuffle.shuffle(seqs)
    latest, history = Latest(), taken(log, [seqs])
    for seq in seqs:
        before = [shown(taken(log, [seqs[: seqs.index(seq)]]), d)[-1:] for d in range(3)]
        sound_before = [sound_of(latest, d) for d in range(3)]
        changed = latest.add(*columns_of([(seq, batch(log[seq - 1]))])).tolist()
        now = [shown(taken(log, [seqs[: seqs.index(seq) + 1]]), d)[-1:] for d in range(3)]
        moved = {d for d in range(3) if before[d] != now[d]}
        sound_moved = {d for d in range(3) if sound_before[d] != sound_of(latest, d)}
        assert changed == sorted(changed)
        named = {d for d, _, value in log[seq - 1] if not math.isnan(value)}
        assert moved | sound_moved <= set(changed) <= moved | named
    for datastream in range(3):
        expected = shown(history, datastream)[-1:]
        assert latest.heard(datastream) == bool(expected)
        if expected:
            assert (int(latest.time_us[datastream]), repr(float(latest.value[datastream]))) == expected[0][::2]


HOURS_AHEAD = [(1, 0, 0), (2, 1, 1), (3, 25, 25), (4, 26, 26), (5, 3, 3), (6, 2, 4)]  # seq, time, receipt in hours


@pytest.mark.parametrize("chunks", [[[0, 1, 2, 3, 4, 5]], [[0, 1], [2], [3], [4], [5]], [[4, 5], [0, 1, 2, 3]]])
def test_what_came_by_a_clock_that_ran_ahead_is_not_the_newest_once_it_is_set_back(chunks: list[list[int]]) -> None:
    latest = Latest()
    for chunk in chunks:
        rows = [HOURS_AHEAD[k] for k in chunk]
        came = np.array([hours * HOUR_US for _, _, hours in rows], np.int64)
        some = replace(batch([(0, hours * HOUR_US, float(hours)) for _, hours, _ in rows]), receive_us=came)
        latest.add(some, np.array([seq for seq, _, _ in rows], np.int64))
    assert (latest.time_us[0], latest.value[0]) == (3 * HOUR_US, 3.0)


def rows_of(values: list[float], times: list[int] | None = None) -> Rows:
    rows = np.zeros(len(values), ROW)
    rows["time_us"] = np.arange(len(values)) if times is None else times
    rows["value"] = values
    return rows


@given(
    st.lists(st.tuples(st.integers(0, 10**6), st.one_of(st.floats(-1e6, 1e6), st.just(math.nan))), max_size=200),
    st.integers(2, 60),
)
def test_thinning_keeps_every_buckets_extremes(samples: list[tuple[int, float]], points: int) -> None:
    by_time = dict(samples)
    times = sorted(by_time)
    rows = rows_of([by_time[t] for t in times], times)
    kept = thinned(rows, points)
    if len(rows) <= points:
        assert kept is rows
        return
    assert len(kept) <= points
    assert (np.diff(kept["time_us"]) > 0).all()
    assert set(kept["time_us"].tolist()) <= set(times)
    width = -(-(times[-1] - times[0] + 1) // (points // 2))
    for bucket in {(t - times[0]) // width for t in times}:
        inside = [by_time[t] for t in times if (t - times[0]) // width == bucket]
        kept_inside = [by_time[t] for t in kept["time_us"].tolist() if (t - times[0]) // width == bucket]
        known = [value for value in inside if not math.isnan(value)]
        if known:
            assert min(known) in kept_inside
            assert max(known) in kept_inside
        else:
            assert len(kept_inside) == 1


@pytest.mark.parametrize("extreme", [1e9, -1e9])
def test_a_peak_of_one_sample_in_a_million_survives(extreme: float) -> None:
    values = np.sin(np.arange(1_000_000) / 1000.0)
    values[654_321] = extreme
    assert extreme in thinned(rows_of(values.tolist()), 100)["value"]


@pytest.mark.parametrize("points", [2, 3, 30])
def test_what_failed_takes_no_peak_s_place_and_is_not_lost(points: int) -> None:
    rows = rows_of([float(k % 50) for k in range(500)])
    rows["value"][77], rows["value"][200:260], rows["quality"][200:260] = 300.0, -9999.0, 4
    kept = thinned(rows, points)
    sound = kept[kept["quality"] != 4]["value"]
    assert len(kept) <= points
    assert (sound.max(), sound.min()) == (300.0, 0.0)
    assert (-9999.0 in kept["value"]) == (points > 2)


@settings(max_examples=25)
@given(st.lists(st.lists(st.integers(0, 500), min_size=1, max_size=40), max_size=20))
def test_a_series_grows_at_both_ends(chunks: list[list[int]]) -> None:
    series, expected = Series(), set()
    for chunk in chunks:
        series.add(rows_of([float(t) for t in chunk], chunk))
        expected |= set(chunk)
        assert series.rows["time_us"].tolist() == sorted(expected)
        assert series.rows["value"].tolist() == sorted(map(float, expected))


@pytest.mark.parametrize("most", [7, 16, 100])
@settings(max_examples=25)
@given(told=st.lists(st.booleans(), max_size=300), span=st.tuples(st.integers(0, 300), st.integers(0, 300)))
def test_thinned_where_it_lies_is_every_nth_with_its_spike_and_the_newest(
    most: int, told: list[bool], span: tuple[int, int]
) -> None:
    series, rows = Series(), rows_of([float(k) for k in range(len(told))])
    rows["reasons"][np.array(told, np.bool_)] = Reason.SPIKE_BEFORE
    rows["spike"] = False
    series.add(rows)
    every = series.between(min(span), max(span))
    found = series.thinned_between(min(span), max(span), most)
    assert found.tolist() == every[:: -max(1, -(-len(every) // most))][::-1].tolist()
    assert len(found) <= most


def spikes(*rows: tuple[int, float, int, Reason]) -> list[tuple[int, int, bool]]:
    """(time, quality, spike) of rows (time, value, quality, reasons), each a row of the log in this order."""
    history = History(100)
    for seq, (time_us, value, quality, reasons) in enumerate(rows, start=1):
        one = batch([(0, time_us, value)])
        one.quality[0], one.reasons[0] = quality, reasons
        history.add(one, np.array([seq]))
    found = history.between(0, 0, 100)
    return [(int(r["time_us"]), int(r["quality"]), bool(r["spike"])) for r in found]


TOLD, PLAIN = Reason.SPIKE_BEFORE, Reason.NONE


def test_the_observation_before_the_one_that_tells_is_the_spike() -> None:
    assert spikes((1, 5.0, 1, PLAIN), (2, 90.0, 2, PLAIN), (3, 5.0, 1, TOLD)) == [
        (1, 1, False), (2, 3, True), (3, 1, False),
    ]  # fmt: skip


@pytest.mark.parametrize("quality", [3, 4])
def test_a_spike_that_is_worse_already_stays_so(quality: int) -> None:
    assert spikes((1, 90.0, quality, Reason.RATE_OF_CHANGE), (2, 5.0, 1, TOLD))[0] == (1, quality, True)


@pytest.mark.parametrize(
    "between", [(5, math.nan, 9, Reason.MISSING_VALUE), (5, -9999.0, 4, Reason.GROSS_RANGE | Reason.UNIT_CONVERTED)]
)
def test_what_was_not_judged_is_no_spike(between: tuple[int, float, int, Reason]) -> None:
    assert [time for time, _, spike in spikes((1, 90.0, 1, PLAIN), between, (9, 5.0, 1, TOLD)) if spike] == [1]


def test_a_late_observation_is_not_taken_for_the_spike() -> None:
    assert [t for t, _, spike in spikes((1, 90.0, 1, PLAIN), (9, 5.0, 1, TOLD), (5, 40.0, 1, PLAIN)) if spike] == [1]


def test_a_spike_is_told_whichever_row_of_the_log_is_read_first() -> None:
    history = History(100)
    told = batch([(0, 2, 5.0)])
    told.reasons[0] = TOLD
    history.add(told, np.array([2]))
    assert not history.between(0, 0, 100)["spike"].any()
    history.add(batch([(0, 1, 90.0)]), np.array([1]))
    assert history.between(0, 0, 100)["spike"].tolist() == [True, False]
    assert history.between(0, 0, 2)["spike"].tolist() == [True]  # the one that tells lies behind the range
    assert history.between(0, 0, 100)["quality"].tolist() == [3, 1]


def test_nothing_in_nothing_out() -> None:
    history, empty = History(10), batch([])
    history.add(empty, np.empty(0, np.int64))
    assert isinstance(empty, Batch)
    assert len(history.between(0, 0, 1)) == 0
    assert not history.is_first(0, 0, 1)
    assert Latest().add(empty, np.empty(0, np.int64)).tolist() == []
