"""Which levels are in force when, and what the detector gets of them."""

from collections.abc import Sequence

import numpy as np
import pytest

from sensors.catalogue import Datastream, Level
from sensors.rules import NO_TIMER, compile_rules, levels_in_force, next_change_us
from sensors.times import parse_rfc3339
from tests.property.worlds import with_datastreams


def us(text: str) -> int:
    time_us = parse_rfc3339(text)
    assert time_us is not None
    return time_us


def level(name: str, rank: int, value: float, **more: object) -> Level:
    values = {"level": name, "rank": rank, "severity": 2, "direction": "rising", "value": value} | more
    return Level(**values)  # type: ignore[arg-type]


def gauge(number: int, levels: Sequence[Level] = (), interval_s: float = 60.0) -> Datastream:
    return Datastream(
        number=number,
        station=f"S{number}",
        property="level",
        kind="river_level",
        unit="cm",
        interval_calm_s=interval_s,
        levels=tuple(levels),
    )


SIAGA = (
    level("siaga", 2, 400.0),
    level("siaga", 2, 420.0, effective_from="2026-02-01T00:00:00Z"),
    level("siaga", 2, 440.0, effective_from="2026-03-01T00:00:00Z"),
)
AWAS = level("awas", 3, 500.0, effective_from="2026-02-01T00:00:00Z")


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-01-31T23:59:59.999999Z", [("siaga", 400.0)]),
        ("2026-02-01T00:00:00Z", [("siaga", 420.0), ("awas", 500.0)]),
        ("2026-12-01T00:00:00Z", [("siaga", 440.0), ("awas", 500.0)]),
    ],
)
@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (1, 3, 0, 2)])
def test_the_newest_version_that_took_effect_is_in_force(
    now: str, expected: list[tuple[str, float]], order: tuple[int, ...]
) -> None:
    rows = (*SIAGA, AWAS)
    in_force = levels_in_force(gauge(0, [rows[i] for i in order]), us(now))
    assert [(x.level, x.value) for x in in_force] == expected


def test_the_next_change() -> None:
    catalogue = with_datastreams([gauge(0, SIAGA), gauge(1, [AWAS])])
    assert next_change_us(catalogue, us("2026-01-01T00:00:00Z")) == us("2026-02-01T00:00:00Z")
    assert next_change_us(catalogue, us("2026-02-01T00:00:00Z")) == us("2026-03-01T00:00:00Z")
    assert next_change_us(catalogue, us("2026-03-01T00:00:00Z")) == NO_TIMER


def test_arrays_by_number_and_rank() -> None:
    falling = level("kering", 1, 20.0, direction="falling", hysteresis=2.0, severity=1)
    streams = [gauge(3, [level("awas", 3, 500.0, hysteresis=5.0), falling], interval_s=0.5), gauge(1)]
    rules = compile_rules(with_datastreams(streams, intervals=2.0, severity=3), 0)
    assert rules.shape == (4, 2)
    assert rules.names == ((), (), (), ("kering", "awas"))
    assert rules.limit[3].tolist() == [-20.0, 500.0]
    assert rules.clear[3].tolist() == [-22.0, 495.0]
    assert rules.sign[3].tolist() == [-1.0, 1.0]
    assert rules.rank[3].tolist() == [1, 3]
    assert rules.severity[3].tolist() == [1, 2]
    assert np.isnan(rules.limit[:3]).all()
    assert rules.silence_us.tolist() == [NO_TIMER, 120_000_000, NO_TIMER, 1_000_000]
    assert rules.silence_severity == 3


def test_plain_has_no_hysteresis() -> None:
    rules = compile_rules(with_datastreams([gauge(0, [level("awas", 3, 500.0, hysteresis=5.0)])]), 0, plain=True)
    assert rules.clear.tolist() == rules.limit.tolist() == [[500.0]]


def test_a_city_without_levels_and_one_without_numbers() -> None:
    assert compile_rules(with_datastreams([gauge(0)]), 0).shape == (1, 0)
    assert compile_rules(with_datastreams([gauge(-1)]), 0).shape == (0, 0)
