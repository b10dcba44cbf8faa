"""Units: exact conversions, and a limit that is met in one unit is met in the other."""

import pytest

from sensors.units import KNOWN, Conversion, canonical, conversion


@pytest.mark.parametrize(
    ("written", "unit"),
    [
        ("cm", "cm"),
        (" cm ", "cm"),
        ("µg/m³", "ug/m3"),  # micro sign
        ("μg/m³", "ug/m3"),  # Greek mu
        ("m³/s", "m3/s"),
        ("m^3/s", "m3/s"),
        ("L/s", "l/s"),
        ("°C", "Cel"),
        ("℃", "Cel"),
        ("％", "%"),
        ("CM", None),
        ("ppb", "ppb"),
        ("", None),
    ],
)
def test_spellings(written: str, unit: str | None) -> None:
    assert canonical(written) == unit


@pytest.mark.parametrize("unit", KNOWN)
def test_a_unit_is_its_own_and_converts_to_itself_bit_for_bit(unit: str) -> None:
    assert canonical(unit) == unit
    same = conversion(unit, unit)
    assert same is not None
    assert same.apply(0.1 + 0.2) == 0.1 + 0.2


@pytest.mark.parametrize(
    ("value", "sent", "wanted", "expected"),
    [
        (2.3, "m", "cm", 230.0),
        (1.1, "m", "cm", 110.0),
        (2301.0, "mm", "cm", 230.1),
        (1.0, "ft", "cm", 30.48),
        (1.0, "mg/m3", "ug/m3", 1000.0),
        (850_500.0, "l/s", "m3/s", 850.5),
        (10.0, "m/s", "km/h", 36.0),
        (1.0, "mph", "km/h", 1.609344),
        (300.0, "K", "Cel", 26.85),
        (26.85, "Cel", "K", 300.0),
        (12_100.0, "mV", "V", 12.1),
        (-0.5, "m", "cm", -50.0),
    ],
)
def test_known_conversions(value: float, sent: str, wanted: str, expected: float) -> None:
    to = conversion(sent, wanted)
    assert to is not None
    assert to.apply(value) == expected


@pytest.mark.parametrize(("sent", "wanted"), [("cm", "m3/s"), ("ppb", "ug/m3"), ("cm", "furlong"), ("mm", "mm/h")])
def test_what_cannot_be_converted(sent: str, wanted: str) -> None:
    assert conversion(sent, wanted) is None


def test_a_difference_has_no_offset() -> None:
    assert conversion("K", "Cel") == Conversion(1.0, -273.15)
    to = conversion("K", "Cel")
    assert to is not None
    assert to.apply_to_difference(0.5) == 0.5


def test_every_centimetre_of_a_gauge_in_metres_meets_its_limit() -> None:
    to = conversion("m", "cm")
    assert to is not None
    assert [to.apply(cm / 100) for cm in range(2000)] == list(range(2000))


def test_missing_stays_missing() -> None:
    to = conversion("m", "cm")
    assert to is not None
    assert to.apply(float("nan")) != to.apply(float("nan"))
