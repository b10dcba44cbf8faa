"""The quality stage beside a slow loop, and its laws: batches, numbers and times moved change nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sensors.batch import Batch, concatenate
from sensors.catalogue import Catalogue, Datastream
from sensors.quality import Quality, Reason
from sensors.quality_tests.stage import QualityState, fresh_quality, judge_quality, quality_rules, remap_quality
from sensors.times import HOUR_US, SECOND_US
from tests.unit.sensors.quality_tests.observations import START_US, as_rows, batch_of, city_of

NUMBERS = (0, 1, 3, 6)  # with holes
GAP_US = 30 * SECOND_US  # three intervals of ten seconds

law = settings(max_examples=200, deadline=None)
grid = st.integers(-4, 4).map(lambda n: n / 2)
limits = {
    "rise_limit_per_h": st.sampled_from([None, 180.0, 360.0, 720.0]),
    "spike_suspect": st.sampled_from([None, 0.5, 1.0]),
    "spike_fail": st.sampled_from([None, 1.5]),
    "flat_suspect_s": st.sampled_from([None, 10.0, 20.0]),
    "flat_fail_s": st.sampled_from([None, 30.0]),
    "flat_tolerance": st.sampled_from([0.0, 0.0, 0.5, 1.0]),
    "neighbour": st.sampled_from(["", *(f"S{number}:level" for number in NUMBERS), "S9:level"]),
    "neighbour_suspect": st.sampled_from([None, 0.5, 1.0]),
    "neighbour_fail": st.sampled_from([None, 1.5]),
    "unit": st.sampled_from(["cm", "cm", "cm", "cm", "m"]),
}
columns = st.fixed_dictionaries({"interval_calm_s": st.just(10.0)}, optional=limits)
steps_us = st.sampled_from([*[10 * SECOND_US] * 4, 5 * SECOND_US, 1, GAP_US, GAP_US + 1, -GAP_US])


@st.composite
def observations(draw: st.DrawFn) -> Batch:
    """In order of arrival, each newer than the one before of its datastream, but where our clock was set back."""
    rows = draw(st.lists(st.tuples(st.sampled_from(NUMBERS[:3]), steps_us, grid, st.sampled_from([1, 1, 1, 2, 3, 4]))))
    now_us = dict.fromkeys(NUMBERS, START_US)
    times = []
    for number, step_us, _, _ in rows:
        now_us[number] += step_us
        times.append(now_us[number])
    batch = batch_of([row[0] for row in rows], times, [row[2] for row in rows], [row[3] for row in rows])
    marks = draw(st.lists(st.sampled_from([0, 0, 128, 16384]), min_size=len(rows), max_size=len(rows)))
    return replace(batch, reasons=np.array(marks, np.uint16))


cities = st.fixed_dictionaries(dict.fromkeys(NUMBERS, columns))
cuts = st.lists(st.integers(0, 60), max_size=4)


@dataclass
class Gauge:
    """What the loop knows of one datastream."""

    seen_us: int | None = None
    sound: list[tuple[int, float]] = field(default_factory=list)  # what did not fail, with times
    run: list[tuple[int, float]] = field(default_factory=list)


class Loop:
    """The quality tests, one observation at a time, from the catalogue and the words of its columns."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.gauges = {number: Gauge() for number in catalogue.datastream_by_number}

    def judge(self, number: int, time_us: int, value: float, came_as: int) -> tuple[int, Reason]:
        datastream, gauge = self.catalogue.datastream_by_number[number], self.gauges[number]
        reasons, seen_us = Reason.NONE, gauge.seen_us
        gap_us = self._gap_us(datastream)
        if seen_us is not None and time_us - seen_us > gap_us:
            reasons |= Reason.AFTER_GAP
        gauge.seen_us = time_us
        if came_as == Quality.FAIL:
            return came_as, reasons
        found = {Reason.RATE_OF_CHANGE: self._rate(datastream, gauge, time_us, value, gap_us)}
        found[Reason.FLAT_LINE] = self._flat(datastream, gauge, time_us, value)
        found[Reason.NEIGHBOUR] = self._neighbour(datastream, time_us, value)
        if self._is_spike(datastream, gauge, time_us, value, gap_us):
            reasons |= Reason.SPIKE_BEFORE
        gauge.sound.append((time_us, value))
        for reason, flag in found.items():
            if flag in (Quality.SUSPECT, Quality.FAIL):
                reasons |= reason
        return self._worst([came_as, *(flag for flag in found.values() if flag is not None)]), reasons

    def _gap_us(self, datastream: Datastream) -> float:
        return self.catalogue.city.silence.intervals * datastream.interval_calm_s * SECOND_US

    def _worst(self, flags: list[int]) -> int:
        return max(flags, key=[9, 2, 1, 3, 4].index)

    def _rate(self, datastream: Datastream, gauge: Gauge, time_us: int, value: float, gap_us: float) -> int | None:
        limit = datastream.rise_limit_per_h
        if limit is None or not gauge.sound or not 0 < time_us - gauge.sound[-1][0] <= gap_us:
            return None
        rise_per_h = Fraction(value - gauge.sound[-1][1]) / Fraction(time_us - gauge.sound[-1][0], HOUR_US)
        return Quality.SUSPECT if rise_per_h > limit else Quality.PASS

    def _is_spike(self, datastream: Datastream, gauge: Gauge, time_us: int, value: float, gap_us: float) -> bool:
        chain = [*gauge.sound[-2:], (time_us, value)]
        if len(chain) < 3 or not all(0 < chain[i + 1][0] - chain[i][0] <= gap_us for i in (0, 1)):
            return False
        up, down = chain[1][1] - chain[0][1], chain[2][1] - chain[1][1]
        height = min(abs(up), abs(down)) if up * down < 0 else 0.0
        return any(limit is not None and height > limit for limit in (datastream.spike_suspect, datastream.spike_fail))

    def _flat(self, datastream: Datastream, gauge: Gauge, time_us: int, value: float) -> int | None:
        follows = bool(gauge.sound) and time_us > gauge.sound[-1][0]
        near = [gauge.run[0][1], gauge.run[-1][1]] if gauge.run else []
        if not follows or any(abs(value - other) > datastream.flat_tolerance for other in near):
            gauge.run = []
        gauge.run.append((time_us, value))
        suspect_s, fail_s = datastream.flat_suspect_s, datastream.flat_fail_s
        if not follows or (suspect_s is None and fail_s is None):
            return None
        lasted_s = Fraction(time_us - gauge.run[0][0], SECOND_US)
        if fail_s is not None and lasted_s >= fail_s:
            return Quality.FAIL
        return Quality.SUSPECT if suspect_s is not None and lasted_s >= suspect_s else Quality.PASS

    def _neighbour(self, datastream: Datastream, time_us: int, value: float) -> int | None:
        other = self.catalogue.datastream_by_id.get(datastream.neighbour)
        suspect, fail = datastream.neighbour_suspect, datastream.neighbour_fail
        if other is None or other.id == datastream.id or other.unit != datastream.unit or suspect is fail is None:
            return None
        sound = self.gauges[other.number].sound
        if not sound or abs(time_us - sound[-1][0]) > self._gap_us(other):
            return None
        apart = abs(value - sound[-1][1])
        if fail is not None and apart > fail:
            return Quality.FAIL
        return Quality.SUSPECT if suspect is not None and apart > suspect else Quality.PASS


def by_loop(catalogue: Catalogue, batch: Batch) -> list[tuple[int, int]]:
    loop = Loop(catalogue)
    rows = zip(batch.datastream, batch.time_us, batch.value, batch.quality, batch.reasons, strict=True)
    result = []
    for number, time_us, value, quality, reasons in rows:
        flag, more = loop.judge(int(number), int(time_us), float(value), int(quality))
        result.append((flag, int(reasons) | int(more)))
    return result


def by_stage(
    catalogue: Catalogue, batch: Batch, cuts: Sequence[int] = ()
) -> tuple[list[tuple[int, int]], QualityState]:
    """Flags and reasons in order of arrival, and the state at the end, of batches cut before these observations."""
    rules = quality_rules(catalogue)
    state, parts = fresh_quality(rules), []
    edges = sorted({min(cut, len(batch)) for cut in (0, *cuts, len(batch))})
    for start, end in pairwise(edges):
        rows = as_rows(batch.take(slice(start, end)))
        state, after = judge_quality(state, rules, rows)
        parts.append(after.take(np.argsort(rows.arrival)))
    whole = concatenate(parts)
    return list(zip(whole.quality.tolist(), whole.reasons.tolist(), strict=True)), state


def as_bytes(state: QualityState) -> dict[str, bytes]:
    return {field.name: getattr(state, field.name).tobytes() for field in fields(state)}


@law
@given(streams=cities, batch=observations())
def test_the_loop_agrees(streams: Mapping[int, Mapping[str, Any]], batch: Batch) -> None:
    catalogue = city_of(streams)
    assert by_stage(catalogue, batch)[0] == by_loop(catalogue, batch)


@law
@given(streams=cities, batch=observations(), cuts=cuts)
def test_how_rows_are_split_into_batches_does_not_matter(
    streams: Mapping[int, Mapping[str, Any]], batch: Batch, cuts: list[int]
) -> None:
    catalogue = city_of(streams)
    whole, state = by_stage(catalogue, batch)
    in_parts, state_of_parts = by_stage(catalogue, batch, cuts)
    assert in_parts == whole
    assert as_bytes(state_of_parts) == as_bytes(state)


@law
@given(
    values=st.lists(st.tuples(st.integers(-9, 9), st.sampled_from([1, 1, 1, 4])), min_size=30, max_size=200),
    tolerance=st.sampled_from([1.0, 2.0, 3.0]),
    copies=st.sampled_from([1, 40]),
    cut=st.integers(0, 8000),
)
def test_drift_beyond_the_tolerance_is_found_in_columns_and_by_the_loop(
    values: list[tuple[int, int]], tolerance: float, copies: int, cut: int
) -> None:
    limits = {"flat_tolerance": tolerance, "flat_suspect_s": 20.0, "flat_fail_s": 60.0, "interval_calm_s": 10.0}
    n = len(values)
    drift = np.cumsum([step for step, _ in values]) / 8  # exact; within the tolerance of its predecessor
    quality = np.array([flag for _, flag in values])
    number = np.tile(np.arange(copies), n)
    times = START_US + np.repeat(np.arange(n), copies) * 10 * SECOND_US
    batch = batch_of(
        number.tolist(), times.tolist(), np.repeat(drift, copies).tolist(), np.repeat(quality, copies).tolist()
    )
    catalogue = city_of(dict.fromkeys(range(copies), limits))
    expected = by_loop(city_of({0: limits}), batch.take(batch.datastream == 0))
    whole, state = by_stage(catalogue, batch)
    in_parts, state_of_parts = by_stage(catalogue, batch, [cut % (n * copies)])
    assert whole == [one for one in expected for _ in range(copies)]
    assert in_parts == whole
    assert as_bytes(state_of_parts) == as_bytes(state)


@law
@given(streams=cities, batch=observations(), order=st.permutations(range(8)))
def test_numbers_do_not_matter(streams: Mapping[int, Mapping[str, Any]], batch: Batch, order: list[int]) -> None:
    catalogue = city_of(streams)
    number = {(d.station, d.property, d.unit): order[d.number] for d in catalogue.datastreams}
    other = replace(batch, datastream=np.array(order, np.int32)[batch.datastream])
    found, state = by_stage(catalogue, batch)
    found_there, state_there = by_stage(catalogue.numbered(number), other)
    assert found_there == found
    for name in as_bytes(state):
        here, there = getattr(state, name), getattr(state_there, name)
        assert all(here[n].tobytes() == there[order[n]].tobytes() for n in NUMBERS)


@law
@given(streams=cities, batch=observations(), shift_us=st.integers(-(10**15), 10**17), shift=st.integers(-1000, 1000))
def test_moved_in_time_and_height_it_is_the_same(
    streams: Mapping[int, Mapping[str, Any]], batch: Batch, shift_us: int, shift: int
) -> None:
    catalogue = city_of(streams)
    moved = replace(batch, time_us=batch.time_us + shift_us, value=batch.value + shift)
    assert by_stage(catalogue, moved)[0] == by_stage(catalogue, batch)[0]


@law
@given(streams=cities, batch=observations())
def test_values_stay_quality_never_gets_better_than_evaluated_and_nothing_handed_in_changes(
    streams: Mapping[int, Mapping[str, Any]], batch: Batch
) -> None:
    rules = quality_rules(city_of(streams))
    rows, state = as_rows(batch), fresh_quality(rules)
    held = [*rows.batch.columns().values(), *(getattr(state, f.name) for f in fields(state)), rows.arrival]
    for array in held:
        array.flags.writeable = False
    _, after = judge_quality(state, rules, rows)
    given_columns, columns_after = rows.batch.columns(), after.columns()
    for name in given_columns.keys() - {"quality", "reasons"}:
        assert columns_after[name].tobytes() == given_columns[name].tobytes()
    assert ((after.quality >= rows.batch.quality) | (rows.batch.quality == Quality.NOT_EVALUATED)).all()
    assert (after.reasons & rows.batch.reasons == rows.batch.reasons).all()


@law
@given(streams=cities, batch=observations(), cut=st.integers(0, 40))
def test_rules_that_are_the_same_anew_change_nothing(
    streams: Mapping[int, Mapping[str, Any]], batch: Batch, cut: int
) -> None:
    rules, again = quality_rules(city_of(streams)), quality_rules(city_of(streams))
    first, second = as_rows(batch.take(slice(0, cut))), as_rows(batch.take(slice(cut, None)))
    state, _ = judge_quality(fresh_quality(rules), rules, first)
    mapped = remap_quality(state, rules, again)
    assert as_bytes(mapped) == as_bytes(state)
    went_on, after = judge_quality(state, rules, second)
    went_on_mapped, after_mapped = judge_quality(mapped, again, second)
    assert as_bytes(went_on_mapped) == as_bytes(went_on)
    assert after_mapped.reasons.tobytes() == after.reasons.tobytes()
