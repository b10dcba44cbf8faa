"""The trend in columns against a loop over one observation at a time, and its laws."""

from collections.abc import Sequence
from dataclasses import fields
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensors.quality import Reason
from sensors.times import MINUTE_US, NEVER, SECOND_US
from sensors.trend.advance import advance
from sensors.trend.rules import TrendRules
from sensors.trend.state import TrendState, fresh_trend, reset_trend
from tests.unit.sensors.trend.slow_trend import (
    START_US,
    WINDOW_US,
    Rate,
    Seen,
    bits,
    rows_in_order,
    rules_of,
    slow_rates,
)

law = settings(max_examples=70, deadline=None)
closely = settings(max_examples=200, deadline=None)

SIZE = 4
PART_US = WINDOW_US // 8
grid = st.integers(-8, 8).map(lambda n: n / 2)
rough = st.floats(-1e3, 1e3)
tiny = st.sampled_from([-0.0, 5e-324, -5e-324])
wild = st.sampled_from([float("inf"), -float("inf"), 1.7e308, -1.7e308])
values = st.one_of(*[grid] * 6, *[rough] * 6, tiny, wild)
usual_us = st.sampled_from([PART_US - 1, PART_US, PART_US + 1, 5 * MINUTE_US, 7 * MINUTE_US, WINDOW_US // 4])
steps_us = st.one_of(*[usual_us] * 5, st.sampled_from([1, 10 * SECOND_US, WINDOW_US]))
FAST, FALL = int(Reason.RATE_OF_CHANGE), int(Reason.RATE_OF_CHANGE | Reason.IMPLAUSIBLE_FALL)
LAG = int(Reason.CLOCK_FAULT | Reason.RATE_OF_CHANGE)
qualities = st.sampled_from(
    [*[(1, 0)] * 6, *[(2, 0)] * 2, (3, 0), (3, FAST), (3, LAG), (3, FALL), (3, int(Reason.FLAT_LINE)), (4, FAST)]
)
windows_us = st.sampled_from([WINDOW_US, WINDOW_US, WINDOW_US, 2 * WINDOW_US, WINDOW_US // 2, 1_700_000_003, 8])
cuts = st.lists(st.integers(0, 80), max_size=6)


class World(NamedTuple):
    """Windows by datastream, and what is seen in order of arrival."""

    windows_us: dict[int, int]
    seen: list[Seen]

    @property
    def rules(self) -> TrendRules:
        return rules_of(self.windows_us, SIZE)


@st.composite
def worlds(draw: st.DrawFn, values: st.SearchStrategy[float] = values) -> World:
    """Up to four datastreams, some without a trend, and up to eighty observations of them."""
    windows = draw(st.dictionaries(st.integers(0, SIZE - 1), windows_us, max_size=SIZE))
    begin_us = draw(st.sampled_from([START_US, START_US + 12_345_678, -1, 0]))
    time_us = [begin_us] * SIZE
    seen = []
    usual = st.integers(0, draw(st.integers(0, SIZE - 1)))  # often all of one datastream
    for number, step_us, value, (quality, reasons) in draw(
        st.lists(st.tuples(usual, steps_us, values, qualities), min_size=draw(st.sampled_from([0, 30])), max_size=80)
    ):
        time_us[number] += step_us
        seen.append(Seen(number, time_us[number], value, quality, reasons))
    return World(windows, seen)


def run(
    rules: TrendRules, pieces: Sequence[Sequence[Seen]], state: TrendState | None = None
) -> tuple[TrendState, list[tuple[int, Rate]]]:
    """The state after all pieces, and place and rate of every point in order of arrival."""
    found: list[tuple[int, Rate]] = []
    state, before = fresh_trend(rules) if state is None else state, 0
    for piece in pieces:
        rows = rows_in_order(piece)
        state, points = advance(state, rules, rows)
        places = rows.arrival[points.row] + before
        rates = zip(points.middle.tolist(), points.low.tolist(), points.high.tolist(), strict=True)
        found += zip(places.tolist(), rates, strict=True)
        before += len(piece)
    return state, sorted(found, key=lambda point: point[0])


def as_bits(state: TrendState) -> list[bytes]:
    return [bits(getattr(state, field.name)) for field in fields(state)]


def same(one: list[tuple[int, Rate]], other: list[tuple[int, Rate]]) -> bool:
    """The same points, and rates to the last bit; NaN is NaN."""
    rates = [np.array([rate for _, rate in points], np.float64) for points in (one, other)]
    return [place for place, _ in one] == [place for place, _ in other] and bits(rates[0]) == bits(rates[1])


@closely
@given(world=worlds())
def test_columns_agree_with_the_loop(world: World) -> None:
    state, found = run(world.rules, [world.seen])
    expected = slow_rates(world.windows_us, world.seen)
    assert same(found, expected)
    for slot, number in enumerate(world.rules.number):
        of_it = [(place, rate) for place, rate in expected if world.seen[place].number == number]
        last = of_it[-1][1] if of_it else (np.nan,) * 3
        np.testing.assert_array_equal([state.rate[slot], state.low[slot], state.high[slot]], last)
        kept = [world.seen[place] for place, _ in of_it][-8:]
        assert state.time_us[slot, 8 - len(kept) :].tolist() == [seen.time_us for seen in kept]
        assert state.value[slot, 8 - len(kept) :].tolist() == [seen.value for seen in kept]


@closely
@given(world=worlds(), cuts=cuts)
def test_where_batches_are_cut_changes_no_bit(world: World, cuts: list[int]) -> None:
    whole, expected = run(world.rules, [world.seen])
    edges = [0, *sorted(min(cut, len(world.seen)) for cut in cuts), len(world.seen)]
    state, found = run(world.rules, [world.seen[start:stop] for start, stop in pairwise(edges)])
    assert same(found, expected)
    assert as_bits(state) == as_bits(whole)


@pytest.mark.parametrize("seed", range(12))
def test_long_records_agree_with_the_loop_wherever_they_are_cut(seed: int) -> None:
    rng = np.random.default_rng(seed)
    windows = {number: int(rng.integers(10, 60)) * MINUTE_US for number in (0, 1, 3)}
    time_us = START_US + np.cumsum(rng.exponential(MINUTE_US, 3000)).astype(np.int64)
    columns = zip(
        rng.integers(0, SIZE, 3000).tolist(),
        time_us.tolist(),
        np.cumsum(rng.normal(size=3000)).round(seed % 4).tolist(),
        rng.choice([1, 2, 3, 4], 3000, p=[0.7, 0.1, 0.1, 0.1]).tolist(),
        strict=True,
    )
    seen = [Seen(*column) for column in columns]
    edges = [0, *sorted(rng.integers(0, 3000, 10 * seed).tolist()), 3000]
    _, found = run(rules_of(windows, SIZE), [seen[start:stop] for start, stop in pairwise(edges)])
    assert same(found, slow_rates(windows, seen))
    assert sum(not np.isnan(rate[0]) for _, rate in found) > 200


@law
@given(world=worlds(), order=st.permutations(range(SIZE)))
def test_the_numbers_of_datastreams_do_not_matter(world: World, order: list[int]) -> None:
    _, expected = run(world.rules, [world.seen])
    renamed = {order[number]: window_us for number, window_us in world.windows_us.items()}
    _, found = run(rules_of(renamed, SIZE), [[s._replace(number=order[s.number]) for s in world.seen]])
    assert same(found, expected)


@law
@given(world=worlds(), parts=st.integers(-1000, 1000))
def test_a_shift_by_whole_parts_changes_no_rate(world: World, parts: int) -> None:
    world = world._replace(windows_us=dict.fromkeys(world.windows_us, WINDOW_US))
    _, expected = run(world.rules, [world.seen])
    _, found = run(world.rules, [[s._replace(time_us=s.time_us + parts * PART_US) for s in world.seen]])
    assert same(found, expected)


@law
@given(world=worlds(grid), power=st.integers(-20, 20), up=st.sampled_from([1.0, -1.0]))
def test_a_scale_of_two_to_the_power_scales_rates_and_upside_down_swaps_bounds(
    world: World, power: int, up: float
) -> None:
    _, found = run(world.rules, [world.seen])
    factor = up * 2.0**power
    expected = [(place, tuple(factor * rate + 0.0 for rate in rates)) for place, rates in found]
    if up < 0:
        expected = [(place, (middle, high, low)) for place, (middle, low, high) in expected]
    _, scaled = run(world.rules, [[s._replace(value=s.value * factor) for s in world.seen]])
    assert same(scaled, [(place, (rate[0], rate[1], rate[2])) for place, rate in expected])


@law
@given(world=worlds(), split=st.integers(0, 80))
def test_nothing_that_is_handed_in_is_written(world: World, split: int) -> None:
    rules = world.rules
    state, _ = run(rules, [world.seen[:split]])
    rows = rows_in_order(world.seen[split:])
    arrays = [getattr(thing, f.name) for thing in (state, rules, rows.batch, rows.groups) for f in fields(thing)]
    kept = [array.copy() for array in arrays]
    for array in arrays:
        array.setflags(write=False)
    advance(state, rules, rows)
    reset_trend(state, np.arange(len(rules.number)))
    for array, before in zip(arrays, kept, strict=True):
        np.testing.assert_array_equal(array, before)


@law
@given(world=worlds(), split=st.integers(0, 80), number=st.integers(0, SIZE - 1))
def test_after_a_reset_a_datastream_begins_anew_and_the_others_go_on(world: World, split: int, number: int) -> None:
    rules = world.rules
    before, after = world.seen[:split], world.seen[split:]
    state, _ = run(rules, [before])
    state, found = run(rules, [after], reset_trend(state, rules.slot[[number]]))
    anew, _ = run(rules, [[s for s in before if s.number != number]])
    expected_state, expected = run(rules, [after], anew)
    assert same(found, expected)
    assert as_bits(state) == as_bits(expected_state)


@law
@given(world=worlds())
def test_what_failed_or_is_doubted_for_more_than_its_rate_is_as_if_it_had_not_been_seen(world: World) -> None:
    state, found = run(world.rules, [world.seen])
    good = [
        place
        for place, seen in enumerate(world.seen)
        if seen.quality < 3 or (seen.quality, seen.reasons) in ((3, FAST), (3, LAG))
    ]
    without, kept = run(world.rules, [[world.seen[place] for place in good]])
    assert same(found, [(good[place], rate) for place, rate in kept])
    assert as_bits(state) == as_bits(without)


@law
@given(world=worlds(), value=grid)
def test_a_part_has_one_point_and_the_next_begins_on_time(world: World, value: float) -> None:
    rules = world.rules
    state, _ = run(rules, [world.seen])
    for slot, number in enumerate(rules.number.tolist()):
        newest_us, next_us = int(state.rate_us[slot]), int(state.next_us[slot])
        if newest_us == NEVER:
            continue
        assert newest_us < next_us <= newest_us + rules.part_us[slot]
        assert next_us % rules.part_us[slot] == 0
        later = [Seen(number, time_us, value) for time_us in (next_us - 1, next_us) if time_us > newest_us]
        _, found = run(rules, [later], state)
        assert [later[place].time_us for place, _ in found] == [next_us]
