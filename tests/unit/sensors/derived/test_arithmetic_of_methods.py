"""The arithmetic of each method, at its boundaries; and that each says what it takes and where it is from."""

import importlib
import inspect
import pkgutil

import numpy as np
import pytest
from numpy.typing import NDArray

import sensors.derived
from sensors import units
from sensors.derived.curve import interpolate, tables_of
from sensors.derived.dominant import dominant
from sensors.derived.gate import discharge_under_gates
from sensors.derived.ispu import CATEGORIES, ispu_category, sub_index
from sensors.derived.ispu_breakpoints import INDEX, MEAN_UG_M3
from sensors.derived.ispu_max import largest
from sensors.derived.linear import weighted_sum
from sensors.derived.los import BOUNDS, is_closed, level_of_service
from sensors.derived.methods import METHODS
from sensors.derived.speed_ratio import percent_of_usual, usual_speed

NAN = float("nan")


def floats(*values: float) -> NDArray[np.float64]:
    return np.array(values, np.float64)


@pytest.mark.parametrize("name", [*METHODS])
def test_every_method_says_shapes_units_and_source(name: str) -> None:
    module = importlib.import_module(f"sensors.derived.{name}")
    public = [
        (where, f)
        for where, f in inspect.getmembers(module, inspect.isfunction)
        if f.__module__ == module.__name__ and not where.startswith("_") and "ndarray" in str(inspect.signature(f))
    ]
    assert public
    for where, function in public:
        text = inspect.getdoc(function) or ""
        for said in ("Parameters", "Returns", "References", "shape ("):
            assert said in text, f"{name}.{where} does not say {said!r}"


def test_each_method_has_a_file_of_its_own() -> None:
    files = {module.name for module in pkgutil.iter_modules(sensors.derived.__path__)}
    assert set(METHODS) <= files


def test_a_table_is_exact_at_its_points_and_holds_its_ends_beyond_them() -> None:
    tables = tables_of([((0.0, 1.0), (0.1, 0.3)), ((0.1, 0.2, 0.7), (1 / 3, 2.0, 1e6))])
    x = floats(0.1, 0.2, 0.7, 0.7000001, 0.0999, NAN)
    y, outside = interpolate(tables, np.ones(6, np.intp), x)
    assert y[:5].tolist() == [1 / 3, 2.0, 1e6, 1e6, 1 / 3]
    assert np.isnan(y[5])
    assert outside.tolist() == [False, False, False, True, True, False]


def test_a_closed_gate_and_a_head_below_the_sill_let_nothing_through() -> None:
    opening, width = np.array([[0.0, -0.2], [0.5, 0.5]]), np.array([[2.0, 2.0], [2.0, 0.0]])
    assert discharge_under_gates(floats(2.0, -0.5), opening, width, floats(0.6, 0.6)).tolist() == [0.0, 0.0]
    assert np.isnan(discharge_under_gates(floats(NAN), opening[:1], width[:1], floats(0.6)))[0]


def test_gates_side_by_side_add_up_and_a_gate_that_is_not_there_counts_nothing() -> None:
    both = discharge_under_gates(floats(1.0), np.array([[0.5, 0.25]]), np.array([[2.0, 4.0]]), floats(0.6))
    one = discharge_under_gates(floats(1.0), np.array([[0.5, NAN]]), np.array([[2.0, 0.0]]), floats(0.6))
    assert both[0] == pytest.approx(2 * one[0])
    assert one[0] == pytest.approx(0.6 * 2.0 * 0.5 * (2 * 9.80665) ** 0.5)


def test_a_sum_with_a_missing_input_is_missing() -> None:
    assert np.isnan(weighted_sum(np.array([[1.0, NAN]]), np.ones((1, 2)), floats(3.0)))[0]


@pytest.mark.parametrize(
    ("ratio", "level"),
    [(0, 1), (0.19, 1), (0.2, 2), (0.45, 3), (0.74, 3), (0.75, 4), (0.85, 5), (1.0, 5), (1.0001, 6), (NAN, NAN)],
)
def test_levels_of_service_begin_at_their_bounds_and_f_beyond_the_last(ratio: float, level: float) -> None:
    np.testing.assert_equal(level_of_service(floats(ratio), np.zeros(1, np.bool_), np.array([BOUNDS])), [level])


@pytest.mark.parametrize(
    ("ratio", "speed", "water", "level"),
    [
        (0.0, NAN, 20.0, 6),  # flooded: nothing flows, and it is no free road
        (0.0199, NAN, 25.0, 6),
        (0.02, NAN, 25.0, 1),  # something gets through
        (0.0, NAN, 19.9, 1),
        (0.0, 4.9, 0.0, 6),  # what is there stands
        (0.0, 5.0, 0.0, 1),
        (0.0, NAN, NAN, 1),  # nobody says that it is flooded
    ],
)
def test_no_flow_on_a_flooded_road_is_f(ratio: float, speed: float, water: float, level: float) -> None:
    closed = is_closed(floats(speed), floats(0.2), floats(BOUNDS[0]), floats(water), floats(20.0))
    assert level_of_service(floats(ratio), closed, np.array([BOUNDS])).tolist() == [level]


@pytest.mark.parametrize(("flowed", "closed"), [(0.2, True), (0.19, False), (NAN, False)])
def test_a_road_that_was_all_but_empty_before_is_empty_and_not_closed(flowed: float, closed: bool) -> None:
    found = is_closed(floats(0.0), floats(flowed), floats(BOUNDS[0]), floats(NAN), floats(20.0))
    assert found.tolist() == [closed]


def test_of_equal_sub_indices_the_first_is_dominant_and_those_not_given_do_not_count() -> None:
    values = np.array([[3.0, 7.0, 7.0], [NAN, 0.0, NAN], [NAN, NAN, NAN]])
    np.testing.assert_equal(dominant(values), [2.0, 2.0, NAN])
    np.testing.assert_equal(largest(values), [7.0, 0.0, NAN])


def test_a_share_of_a_standstill_is_not_known() -> None:
    usual = usual_speed(np.array([0, 40_000_000]), np.array([2, 2]), np.zeros(2, np.int64), floats(0.8, 0.8))
    percent = percent_of_usual(floats(30.0, 30.0), usual)
    np.testing.assert_equal(percent, [NAN, 150.0])


@pytest.mark.parametrize(("pollutant", "mean", "index"), [("pm25", 35.0, 74.4), ("pm10", 100, 75), ("no2", 665, 150)])
def test_worked_checks_of_ispu(pollutant: str, mean: float, index: float) -> None:
    table = tables_of([(MEAN_UG_M3[pollutant], INDEX)])
    assert sub_index(table, np.zeros(1, np.intp), floats(mean))[0] == pytest.approx(index, abs=0.05)


@pytest.mark.parametrize("pollutant", [*MEAN_UG_M3])
def test_every_breakpoint_has_exactly_its_index_and_beyond_the_last_it_is_500(pollutant: str) -> None:
    table, of = tables_of([(MEAN_UG_M3[pollutant], INDEX)]), np.zeros(6, np.intp)
    assert sub_index(table, of, floats(*MEAN_UG_M3[pollutant])).tolist() == list(INDEX)
    assert sub_index(table, of[:1], floats(1e5)).tolist() == [500.0]


@pytest.mark.parametrize(
    ("index", "category"),
    [
        (0, "Baik"),
        (50, "Baik"),
        (51, "Sedang"),
        (100, "Sedang"),
        (101, "Tidak sehat"),
        (200, "Tidak sehat"),  # four rows of Jakarta's portal say "sangat tidak sehat": an error of theirs
        (201, "Sangat tidak sehat"),
        (300, "Sangat tidak sehat"),
        (301, "Berbahaya"),
        (500, "Berbahaya"),
        (100.4, "Sedang"),
        (100.5, "Tidak sehat"),
    ],
)
def test_categories_at_their_boundaries(index: float, category: str) -> None:
    assert ispu_category(index).name.id == category


@pytest.mark.parametrize("index", [-1.0, NAN])
def test_what_is_no_index_has_no_category(index: float) -> None:
    with pytest.raises(ValueError, match="expected an index of 0 or more"):
        ispu_category(index)


def test_sedang_is_blue_and_tidak_sehat_yellow() -> None:
    assert [category.colour for category in CATEGORIES[1:3]] == ["#0000cc", "#cccc00"]


def test_a_rate_in_another_unit_of_length_converts_and_a_rate_of_discharge_does_not() -> None:
    assert set(units.PER_HOUR.values()) <= set(units.KNOWN)
    to = units.conversion("m/h", "cm/h")
    assert to is not None
    assert to.apply(0.6) == 60.0
    assert units.conversion("m3/s/h", "cm/h") is None
    assert units.conversion("veh/h", "smp/h") is None  # what a vehicle weighs depends on the mix
