"""Which datastreams have a trend, and what becomes of it when the catalogue changes."""

from dataclasses import fields

import msgspec
import numpy as np
import pytest

from sensors.catalogue import Catalogue, Datastream, Derivation
from sensors.trend.advance import advance
from sensors.trend.rules import LONGEST_US, TrendRules, trend_rules, trend_window_s
from sensors.trend.state import TrendState, fresh_trend, remap_trend, reset_trend
from tests.unit.sensors.small_city import CityFolder
from tests.unit.sensors.trend.slow_trend import START_US, WINDOW_US, Seen, bits, rows_in_order, rules_of

PART_US = WINDOW_US // 8


def datastream(**columns: object) -> Datastream:
    plain = {"station": "S", "property": "p", "kind": "river_level", "unit": "cm", "interval_calm_s": 60.0}
    return Datastream(**(plain | columns))  # type: ignore[arg-type]


def risen(rules: TrendRules) -> TrendState:
    """All slots after nine points of a rise."""
    seen = [Seen(int(n), START_US + i * PART_US, float(i * (n + 1))) for n in rules.number for i in range(9)]
    return advance(fresh_trend(rules), rules, rows_in_order(seen))[0]


def row(state: TrendState, slot: int) -> list[bytes]:
    return [bits(getattr(state, field.name)[slot]) for field in fields(state)]


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({}, 1800.0),
        ({"interval_calm_s": 300.0}, 1800.0),
        ({"interval_calm_s": 3600.0}, 21600.0),
        ({"kind": "discharge", "interval_calm_s": 600.0}, 3600.0),
        ({"derivation": Derivation(method="rating", inputs=("S:level",))}, 1800.0),
        ({"trend_window_s": 900.0}, 900.0),
        ({"trend_window_s": 900.0, "kind": "rain"}, 900.0),
        ({"kind": "rain"}, None),
        ({"kind": "battery"}, None),
    ],
)
def test_the_window_of_a_datastream(columns: dict[str, object], expected: float | None) -> None:
    assert trend_window_s(datastream(**columns)) == expected


def test_rules_of_a_catalogue_with_holes(city: CityFolder) -> None:
    numbers = {("BRANGKAL", "level", "cm"): 5, ("BRANGKAL", "rain", "mm/h"): 2, ("UDARA-1", "pm25", "ug/m3"): 0}
    rules = trend_rules(city.catalogue().numbered(numbers))
    assert rules.slot.tolist() == [-1, -1, -1, -1, -1, 0]
    assert rules.number.tolist() == [5]
    assert rules.window_us.tolist() == [WINDOW_US]
    assert rules.part_us.tolist() == [PART_US]
    assert [array.dtype for array in (rules.slot, rules.number, rules.window_us)] == [np.int32, np.int32, np.int64]


def test_slots_are_in_the_order_of_numbers(city: CityFolder) -> None:
    catalogue = city.catalogue()
    twice = [msgspec.structs.replace(catalogue.datastreams[0], number=n, trend_window_s=100.0 + n) for n in (7, 1, 3)]
    rules = trend_rules(msgspec.structs.replace(catalogue, datastreams=tuple(twice)))
    assert rules.number.tolist() == [1, 3, 7]
    assert rules.slot.tolist() == [-1, 0, -1, 1, -1, -1, -1, 2]
    assert rules.window_us.tolist() == [101_000_000, 103_000_000, 107_000_000]


@pytest.mark.parametrize(("window_s", "expected_us"), [(1e-9, 8), (1e300, LONGEST_US), (0.00001, 10)])
def test_a_mistyped_window_is_still_a_number(city: CityFolder, window_s: float, expected_us: int) -> None:
    one = msgspec.structs.replace(city.catalogue().datastreams[0], number=0, trend_window_s=window_s)
    rules = trend_rules(msgspec.structs.replace(city.catalogue(), datastreams=(one,)))
    assert rules.window_us.tolist() == [expected_us]
    seen = [Seen(0, START_US + i * max(1, expected_us // 8), float(i)) for i in range(8)]
    state, points = advance(fresh_trend(rules), rules, rows_in_order(seen))
    assert len(points) == 8
    assert state.rate[0] > 0


def test_no_datastreams_at_all(city: CityFolder) -> None:
    empty: Catalogue = msgspec.structs.replace(city.catalogue(), datastreams=())
    rules = trend_rules(empty)
    assert (rules.slot.shape, rules.number.shape, rules.window_us.shape) == ((0,), (0,), (0,))
    assert fresh_trend(rules).time_us.shape == (0, 8)


def test_a_trend_goes_with_its_number_and_begins_anew_under_another_window() -> None:
    old = rules_of({0: WINDOW_US, 2: WINDOW_US, 3: WINDOW_US}, 4)
    new = rules_of({1: WINDOW_US, 2: WINDOW_US // 2, 3: WINDOW_US, 5: WINDOW_US}, 6)
    state, fresh = risen(old), fresh_trend(new)
    remapped = remap_trend(state, old, new)
    assert row(remapped, 2) == row(state, 2)  # datastream 3
    assert [row(remapped, slot) == row(fresh, slot) for slot in (0, 1, 3)] == [True] * 3
    assert not np.isnan(remapped.rate[2])


def test_a_remap_writes_nothing_and_to_nothing_is_nothing() -> None:
    old, none = rules_of({0: WINDOW_US, 2: WINDOW_US}, 3), rules_of({}, 0)
    state = risen(old)
    kept = [row(state, slot) for slot in (0, 1)]
    assert row(remap_trend(state, old, old), 1) == kept[1]
    assert remap_trend(state, old, none).rate.shape == (0,)
    assert row(remap_trend(fresh_trend(none), none, old), 1) == row(fresh_trend(old), 1)
    assert [row(state, slot) for slot in (0, 1)] == kept


def test_a_reset_passes_over_datastreams_without_a_trend() -> None:
    rules = rules_of({0: WINDOW_US, 2: WINDOW_US}, 4)
    state = risen(rules)
    reset = reset_trend(state, rules.slot[[0, 1, 3]])
    assert row(reset, 0) == row(fresh_trend(rules), 0)
    assert row(reset, 1) == row(state, 1)
