"""Laws of the detector that need no second opinion."""

from dataclasses import replace

import msgspec
import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sensors.batch import Batch
from sensors.catalogue import Catalogue, Level
from sensors.checkpoint import dump_state, load_state
from sensors.detector import step
from sensors.quality import Reason
from sensors.rules import compile_rules
from sensors.state import State, fresh_state
from sensors.times import SECOND_US
from sensors.transition import Kind, Transition
from tests.property.worlds import (
    START_US,
    World,
    as_bytes,
    begun,
    cuts,
    merged,
    pauses_us,
    run,
    split,
    started,
    worlds,
    worlds_with_a_past,
)

law = settings(max_examples=60, deadline=None)


@law
@given(world=worlds_with_a_past(), cuts=cuts, pauses_us=pauses_us)
def test_how_messages_are_split_into_batches_does_not_matter(
    world: World, cuts: list[int], pauses_us: list[int]
) -> None:
    ticks = list(split(world.batch, world.begin_us, cuts, pauses_us))
    state, found = run(begun(world), ticks)
    whole, expected = run(begun(world), [merged(ticks)])
    assert as_bytes(found) == as_bytes(expected)
    _assert_same(state, whole)
    assert dump_state(state) == dump_state(whole)


@law
@given(world=worlds_with_a_past(), cuts=cuts, pauses_us=pauses_us, at=st.integers(0, 12))
def test_replay_from_any_checkpoint_gives_the_same(
    world: World, cuts: list[int], pauses_us: list[int], at: int
) -> None:
    ticks = list(split(world.batch, world.begin_us, cuts, pauses_us))
    at = min(at, len(ticks))
    state, _ = run(begun(world), ticks[:at])
    restored = load_state(dump_state(state), compile_rules(world.catalogue, START_US))
    on, expected = run(state, ticks[at:])
    again, found = run(restored, ticks[at:])
    assert as_bytes(found) == as_bytes(expected)
    _assert_same(again, on)
    assert dump_state(again) == dump_state(on)


@law
@given(world=worlds_with_a_past(), cuts=cuts, pauses_us=pauses_us)
def test_what_is_handed_in_is_never_changed(world: World, cuts: list[int], pauses_us: list[int]) -> None:
    state = begun(world)
    for tick in split(world.batch, world.begin_us, cuts, pauses_us):
        for column in (*tick.batch.columns().values(), *state.arrays().values()):
            column.flags.writeable = False  # numpy raises at the first write
        state, _ = step(state, tick.batch, tick.now_us)


@law
@given(world=worlds(numbers=(0, 2, 4), with_reaches=False), order=st.permutations(range(5)))
def test_the_numbers_of_the_datastreams_do_not_matter(world: World, order: list[int]) -> None:
    """But for waves: which datastream of a station a reach joins goes by number."""
    to = np.array(order, np.int32)
    streams = sorted(
        (msgspec.structs.replace(d, number=order[d.number]) for d in world.catalogue.datastreams),
        key=lambda d: d.number,
    )
    catalogue = msgspec.structs.replace(world.catalogue, datastreams=tuple(streams))
    renumbered = world.sending(datastream=to[world.batch.datastream])
    _, expected = step(started(world.catalogue), world.batch, world.now_us)
    _, found = step(started(catalogue), renumbered.batch, world.now_us)
    back = {new: old for old, new in enumerate(order)}
    assert sorted(as_bytes([msgspec.structs.replace(t, datastream=back[t.datastream]) for t in found])) == sorted(
        as_bytes(expected)
    )


@law
@given(world=worlds(with_reaches=False, with_intervals=False), cuts=cuts, pauses_us=pauses_us)
def test_each_datastream_is_judged_by_itself(world: World, cuts: list[int], pauses_us: list[int]) -> None:
    """But for waves and what a device tells of its interval: both concern others."""
    ticks = list(split(world.batch, START_US, cuts, pauses_us))
    _, together = run(started(world.catalogue), ticks)
    for datastream in world.catalogue.datastreams:
        own = [tick._replace(batch=tick.batch.take(tick.batch.datastream == datastream.number)) for tick in ticks]
        _, alone = run(started(world.catalogue), own)
        n = datastream.number
        assert [t for t in alone if t.datastream == n] == [t for t in together if t.datastream == n]


@law
@given(world=worlds(), half_minutes=st.integers(-(10**7), 10**7))
def test_shifting_all_times_shifts_the_transitions(world: World, half_minutes: int) -> None:
    """By whole half minutes: late ones are judged at these, and the parts of the trends (5 and 10 s) fit into them."""
    by_us = half_minutes * 30 * SECOND_US
    catalogue = _always_in_force(world.catalogue)
    rules = compile_rules(catalogue, START_US)
    batch = replace(world.batch, time_us=world.batch.time_us + by_us, receive_us=world.batch.receive_us + by_us)
    _, expected = step(fresh_state(rules, START_US), world.batch, world.now_us)
    _, found = step(fresh_state(rules, START_US + by_us), batch, world.now_us + by_us)
    assert as_bytes([_shifted(t, -by_us) for t in found]) == as_bytes(expected)


@law
@given(world=worlds(with_intervals=False), power=st.integers(-30, 30))
def test_another_unit_changes_nothing_but_the_numbers(world: World, power: int) -> None:
    """By powers of two, which scale exactly; intervals are not scaled, seconds stay seconds."""
    factor = 2.0**power
    batch = replace(world.batch, value=world.batch.value * factor)
    _, expected = step(started(world.catalogue), world.batch, world.now_us)
    _, found = step(started(_scaled(world.catalogue, factor)), batch, world.now_us)
    assert as_bytes(found) == as_bytes([_scaled_transition(t, factor) for t in expected])


@law
@given(world=worlds())
def test_plain_transitions_are_the_runs_beyond_the_limit(world: World) -> None:
    catalogue = _always_in_force(world.catalogue)
    _, found = step(started(catalogue, plain=True), world.batch, world.now_us)
    for datastream in catalogue.datastreams:
        series = _newest_only(world.batch, datastream.number)
        for level in datastream.levels:
            moves = [
                (t.kind, t.time_us, t.value)
                for t in found
                if (t.datastream, t.level) == (datastream.number, level.level)
                and t.kind in (Kind.RAISED, Kind.RETURNED)
                and t.cause == "crossed"
            ]
            assert moves == _runs(series, level)


@law
@given(world=worlds())
def test_raised_and_returned_alternate_and_silence_ends_with_speech(world: World) -> None:
    """In the order in which they are told: who follows the log holds what the detector holds."""
    assume(len(world.batch))
    _, found = step(started(world.catalogue), world.batch, world.now_us)
    held: dict[tuple[int, str], bool] = {}
    for transition in found:
        if transition.kind not in (Kind.RAISED, Kind.RETURNED, Kind.SILENT, Kind.HEARD) or transition.cause == "late":
            continue
        key = transition.datastream, transition.level
        begins = transition.kind in (Kind.RAISED, Kind.SILENT)
        if transition.cause == "still_held":
            assert held[key]
            continue
        assert held.get(key, False) is not begins
        held[key] = begins


@law
@given(world=worlds())
def test_transitions_are_told_in_the_order_of_finding(world: World) -> None:
    _, found = step(started(world.catalogue), world.batch, world.now_us)
    at_us = [t.at_us for t in found]
    assert at_us == sorted(at_us)
    assert all(START_US < at <= world.now_us for at in at_us)


def _assert_same(one: State, other: State) -> None:
    assert one.now_us == other.now_us
    for name, array in one.arrays().items():
        np.testing.assert_array_equal(array, other.arrays()[name], err_msg=name)


def _with_levels(catalogue: Catalogue, **changed: object) -> Catalogue:
    streams = (
        msgspec.structs.replace(d, levels=tuple(msgspec.structs.replace(level, **changed) for level in d.levels))
        for d in catalogue.datastreams
    )
    return msgspec.structs.replace(catalogue, datastreams=tuple(streams))


def _always_in_force(catalogue: Catalogue) -> Catalogue:
    return _with_levels(catalogue, effective_from="")


def _scaled(catalogue: Catalogue, factor: float) -> Catalogue:
    streams = (
        msgspec.structs.replace(
            d,
            levels=tuple(
                msgspec.structs.replace(level, value=level.value * factor, hysteresis=level.hysteresis * factor)
                for level in d.levels
            ),
            fall_limit_per_h=None if d.fall_limit_per_h is None else d.fall_limit_per_h * factor,
            rise_limit_per_h=None if d.rise_limit_per_h is None else d.rise_limit_per_h * factor,
        )
        for d in catalogue.datastreams
    )
    return msgspec.structs.replace(catalogue, datastreams=tuple(streams))


def _shifted(transition: Transition, by_us: int) -> Transition:
    return msgspec.structs.replace(
        transition,
        time_us=transition.time_us + by_us,
        at_us=transition.at_us + by_us,
        until_us=transition.until_us + by_us if transition.kind is Kind.WAVE else 0,
    )


def _scaled_transition(transition: Transition, factor: float) -> Transition:
    numbers = {name: getattr(transition, name) for name in ("value", "limit", "rate_per_h")}
    return msgspec.structs.replace(
        transition, **{name: None if number is None else number * factor for name, number in numbers.items()}
    )


def _newest_only(batch: Batch, number: int) -> list[tuple[int, float]]:
    """(time, value) of the observations that were news when they came."""
    series: list[tuple[int, float]] = []
    says_something = ~np.isnan(batch.value) & (batch.reasons & Reason.STALE == 0)
    batch = batch.take(says_something & (batch.datastream == number))
    for time_us, value in zip(batch.time_us, batch.value, strict=True):
        if not series or time_us > series[-1][0]:
            series.append((int(time_us), float(value)))
    return series


def _runs(series: list[tuple[int, float]], level: Level) -> list[tuple[Kind, int, float]]:
    """Where each maximal run of values at or beyond the limit begins, and the first value after it."""
    moves = []
    inside = False
    for time_us, value in series:
        beyond = value >= level.value if level.direction == "rising" else value <= level.value
        if beyond != inside:
            moves.append((Kind.RAISED if beyond else Kind.RETURNED, time_us, value))
        inside = beyond
    return moves
