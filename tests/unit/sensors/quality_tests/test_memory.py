"""What is remembered when the rules change."""

from dataclasses import fields

import numpy as np

from sensors.quality_tests.stage import QualityState, fresh_quality, judge_quality, quality_rules, remap_quality
from sensors.times import HOUR_US, NEVER
from tests.unit.sensors.quality_tests.observations import START_US, as_rows, batch_of, city_of

FLAT = {"flat_suspect_s": 2 * 3600.0, "flat_tolerance": 1.0}
RATE = {"rise_limit_per_h": 100.0}


def remembered(streams: dict[int, dict[str, float]]) -> QualityState:
    """After two observations, 500 and 500.5 an hour apart, of every datastream."""
    numbers, rules = list(streams), quality_rules(city_of(streams))
    times = [START_US] * len(numbers) + [START_US + HOUR_US] * len(numbers)
    batch = batch_of(numbers * 2, times, [500.0] * len(numbers) + [500.5] * len(numbers))
    return judge_quality(fresh_quality(rules), rules, as_rows(batch))[0]


def at(state: QualityState, number: int) -> list[float]:
    return [getattr(state, field.name)[number].item() for field in fields(state)]


def remapped(old: dict[int, dict[str, float]], new: dict[int, dict[str, float]]) -> QualityState:
    state = remembered(old)
    before = [getattr(state, field.name).tobytes() for field in fields(state)]
    result = remap_quality(state, quality_rules(city_of(old)), quality_rules(city_of(new)))
    assert [getattr(state, field.name).tobytes() for field in fields(state)] == before
    return result


SEEN = START_US + HOUR_US


def test_the_same_rules_keep_everything() -> None:
    state = remapped({0: FLAT, 2: RATE}, {0: FLAT, 2: RATE})
    assert at(state, 0) == [SEEN, SEEN, 500.5, 500.0, START_US, 500.0]
    assert at(state, 2) == [SEEN, SEEN, 500.5, 500.0, SEEN, 500.5]
    assert state.seen_us[1] == NEVER


def test_numbers_grow_and_shrink() -> None:
    assert at(remapped({0: FLAT}, {0: FLAT, 7: RATE}), 0) == [SEEN, SEEN, 500.5, 500.0, START_US, 500.0]
    assert remapped({0: FLAT}, {0: FLAT, 7: RATE}).seen_us[7] == NEVER
    assert len(remapped({0: FLAT, 7: RATE}, {0: FLAT}).seen_us) == 1


def test_what_is_new_or_was_a_hole_starts_fresh() -> None:
    state = remapped({0: FLAT, 2: FLAT}, {1: FLAT, 2: FLAT})
    assert state.seen_us.tolist() == [NEVER, NEVER, SEEN]
    assert np.isnan(state.sound[:2]).all()


def test_limits_on_a_datastream_without_any_begin_with_nothing_but_its_last_time() -> None:
    state = remapped({0: {}}, {0: RATE})
    assert (state.seen_us[0], state.sound_us[0]) == (SEEN, NEVER)
    assert np.isnan([state.sound[0], state.earlier[0], state.run[0]]).all()
    assert remapped({0: RATE}, {0: {}}).sound_us[0] == NEVER


def test_another_tolerance_begins_the_run_anew_at_the_newest_value() -> None:
    state = remapped({0: FLAT}, {0: FLAT | {"flat_tolerance": 0.0}})
    assert at(state, 0) == [SEEN, SEEN, 500.5, 500.0, SEEN, 500.5]


def test_the_first_flat_limit_of_a_city_begins_runs_at_the_newest_values() -> None:
    state = remapped({0: RATE}, {0: RATE | {"flat_suspect_s": 2 * 3600.0}})
    assert at(state, 0) == [SEEN, SEEN, 500.5, 500.0, SEEN, 500.5]
