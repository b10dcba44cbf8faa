"""From raw values to values: unit, scale and zero, by the installation in force at the time."""

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensors.arithmetic import NOT_STATED, Arithmetic, rounded, unit_code
from sensors.catalogue import Catalogue, Installation
from sensors.installations import NOT_IN_FORCE, Versions
from sensors.times import NEVER
from sensors.units import conversion
from tests.unit.gateway.small_city import small_catalogue

DAY_US = 86_400_000_000
JUNE_US = 1_780_272_000_000_000  # 2026-06-01T00:00:00Z


def catalogue(*installations: Installation, unit: str = "cm", name: str = "level") -> Catalogue:
    small = small_catalogue()
    first = msgspec.structs.replace(small.datastreams[0], installations=installations, unit=unit, property=name)
    return msgspec.structs.replace(small, datastreams=(first, *small.datastreams[1:]))


def value(
    of: Catalogue,
    raw: float,
    time_us: int = JUNE_US,
    unit: str = "",
    *,
    is_final: bool = False,
    own_word: bool = False,
) -> float:
    code = unit_code(unit) if unit else NOT_STATED
    values, _ = Arithmetic(of).values(
        np.array([raw]),
        np.zeros(1, np.int32),
        np.array([time_us]),
        np.array([code], np.int16),
        is_final=np.array([is_final]),
        own_word=np.array([own_word]),
    )
    return float(values[0])


def test_a_devices_scale_and_zero_are_not_for_what_comes_under_the_datastreams_own_name() -> None:
    device = catalogue(Installation(device="D1", field="mm", sent_unit="mm", scale=-1.0, zero=500.0))
    assert value(device, 100) == 490.0
    assert value(device, 100, own_word=True) == 100.0
    assert value(device, 1, unit="m", own_word=True) == 100.0
    assert value(catalogue(Installation(scale=2.0)), 100, own_word=True) == 200.0


def test_without_an_installation_a_value_stays_bit_for_bit() -> None:
    assert value(catalogue(), 0.1 + 0.2) == 0.1 + 0.2
    assert value(catalogue(), 2.3, unit="m") == 230.0


def test_a_reference_level_less_a_measured_distance() -> None:
    above = catalogue(Installation(sent_unit="mm", scale=-1.0, zero=512.3))
    assert value(above, 2301.0) == 282.2
    assert value(above, 2.301, unit="m") == 282.2  # what the payload states counts
    assert np.isnan(value(above, float("nan")))


def test_the_installation_in_force_at_the_time_counts() -> None:
    dated = catalogue(
        Installation(valid_from="2026-06-01T00:00:00Z", zero=10.0),
        Installation(valid_from="2026-06-02T00:00:00Z", zero=20.0, scale=2.0),
    )
    times = (JUNE_US - 1, JUNE_US, JUNE_US + DAY_US - 1, JUNE_US + DAY_US)
    assert [value(dated, 1.0, at) for at in times] == [1.0, 11.0, 11.0, 22.0]


def test_what_no_device_sent_has_no_zero() -> None:
    above = catalogue(Installation(sent_unit="mm", scale=-1.0, zero=512.3))
    assert value(above, 120.0, is_final=True) == 120.0
    assert value(above, 1.2, unit="m", is_final=True) == 120.0


@pytest.mark.parametrize(
    ("name", "expected"), [("no2", 18.8041041834), ("SO2-roof", 26.1830954414), ("co", 11.4488198713)]
)
def test_a_share_of_volume_becomes_a_concentration_by_its_substance(name: str, expected: float) -> None:
    air = catalogue(Installation(sent_unit="ppb"), unit="ug/m3", name=name)
    assert value(air, 10.0) == expected
    assert value(air, 0.01, unit="ppm") == expected


def test_a_reserved_field_has_its_own_unit() -> None:
    assert value(catalogue(Installation(field="@battery_v"), unit="mV"), 3.6) == 3600.0


@given(st.floats(-1e9, 1e9), st.sampled_from([("m", "cm"), ("mm", "cm"), ("ft", "cm"), ("K", "Cel"), ("mph", "km/h")]))
def test_columns_convert_as_one_number_does(raw: float, units: tuple[str, str]) -> None:
    sent, wanted = units
    one = conversion(sent, wanted)
    assert one is not None
    got = value(catalogue(unit=wanted), raw, unit=sent)
    assert got == pytest.approx(one.apply(raw), rel=2e-12, abs=1e-9)


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e200, max_value=1e200))
def test_rounding_keeps_twelve_digits_and_is_stable(number: float) -> None:
    once = rounded(np.array([number]), np.abs([number]))
    assert once[0] == pytest.approx(number, rel=5e-12)
    assert rounded(once, np.abs(once))[0] == pytest.approx(once[0], rel=1e-15)


@given(
    st.lists(st.lists(st.integers(-50, 50), min_size=1, max_size=6, unique=True).map(sorted), min_size=1, max_size=5),
    st.lists(st.tuples(st.integers(0, 4), st.integers(-60, 60)), max_size=30),
)
def test_versions_in_force_as_a_loop_finds_them(starts: list[list[int]], asked: list[tuple[int, int]]) -> None:
    asked = [(thing % len(starts), time) for thing, time in asked]
    versions = Versions(starts)
    things, times = np.array([a[0] for a in asked], np.int32), np.array([a[1] for a in asked], np.int64)
    expected = []
    for thing, time in asked:
        before = sum(len(some) for some in starts[:thing])
        in_force = [k for k, start in enumerate(starts[thing]) if start <= time]
        expected.append(before + in_force[-1] if in_force else NOT_IN_FORCE)
    assert versions.in_force(things, times).tolist() == expected


def test_versions_that_hold_always() -> None:
    assert Versions([[NEVER], [NEVER]]).in_force(np.array([1, 0]), np.array([-5, 5])).tolist() == [1, 0]
