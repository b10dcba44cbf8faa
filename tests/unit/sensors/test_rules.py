"""Which levels are in force when, and what the detector gets of them."""

from collections.abc import Sequence

import numpy as np
import pytest

from sensors.catalogue import Datastream, Derivation, DetectorRules, Level, Reach
from sensors.rules import NO_TIMER, compile_rules, levels_in_force, next_change_us
from sensors.times import parse_rfc3339
from tests.oracle.cities import with_datastreams


def us(text: str) -> int:
    time_us = parse_rfc3339(text)
    assert time_us is not None
    return time_us


def level(name: str, rank: int, value: float, **more: object) -> Level:
    values = {"level": name, "rank": rank, "severity": 2, "direction": "rising", "value": value} | more
    return Level(**values)  # type: ignore[arg-type]


def gauge(number: int, levels: Sequence[Level] = (), interval_s: float = 60.0, **more: object) -> Datastream:
    values = {"station": f"S{number}", "property": "level", "kind": "river_level", "unit": "cm"} | more
    return Datastream(number=number, interval_calm_s=interval_s, levels=tuple(levels), **values)  # type: ignore[arg-type]


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


def test_levels_by_number_and_rank() -> None:
    falling = level("kering", 1, 20.0, direction="falling", hysteresis=2.0, severity=1, off_delay_s=1.5)
    streams = [gauge(3, [level("awas", 3, 500.0, hysteresis=5.0, on_delay_s=60.0), falling]), gauge(1)]
    rules = compile_rules(with_datastreams(streams), 0)
    levels = rules.levels
    assert rules.shape == levels.shape == (4, 2)
    assert levels.names == ((), (), (), ("kering", "awas"))
    assert levels.limit[3].tolist() == [-20.0, 500.0]
    assert levels.clear[3].tolist() == [-22.0, 495.0]
    assert levels.sign[3].tolist() == [-1.0, 1.0]
    assert levels.rank[3].tolist() == [1, 3]
    assert levels.severity[3].tolist() == [1, 2]
    assert levels.on_delay_us[3].tolist() == [0, 60_000_000]
    assert levels.off_delay_us[3].tolist() == [1_500_000, 0]
    assert levels.delayed.tolist() == [False, False, False, True]
    assert np.isnan(levels.limit[:3]).all()
    assert rules.known.tolist() == [False, True, False, True]


def test_silence_by_number() -> None:
    streams = [
        gauge(3, interval_s=0.5),
        gauge(1, interval_s=60.0, interval_storm_s=10.0),
        gauge(4, derivation=Derivation(method="linear", inputs=("S1:level",))),
    ]
    silence = compile_rules(with_datastreams(streams, intervals=2.0, severity=2, rising_severity=4), 0).silence
    assert silence.calm_us.tolist() == [NO_TIMER, 120_000_000, NO_TIMER, 1_000_000, NO_TIMER]
    assert silence.storm_us.tolist() == [NO_TIMER, 20_000_000, NO_TIMER, 1_000_000, NO_TIMER]
    assert (silence.severity, silence.rising_severity) == (2, 4)


def test_a_device_tells_its_interval_to_the_others_at_its_station() -> None:
    teller = gauge(2, station="S0", property="interval", kind="interval", unit="min")
    silence = compile_rules(with_datastreams([gauge(0), gauge(1), teller], intervals=2.0), 0).silence
    assert silence.told_by.tolist() == [2, -1, -1]
    assert silence.told_us[0] == 120_000_000.0  # two intervals of a minute
    assert silence.tells.tolist() == [False, False, True]


def test_doubt_is_for_rivers_without_a_gate() -> None:
    streams = [
        gauge(0, fall_limit_per_h=60.0, interval_s=600.0),
        gauge(1),
        gauge(2, kind="rain"),
        gauge(3, kind="discharge"),
        gauge(4, derivation=Derivation(method="linear", inputs=("S0:level",))),
    ]
    settings = DetectorRules(fall_factor=3.0, doubt_s=90.0)
    doubt = compile_rules(with_datastreams(streams, gated=["S1"], detector=settings), 0).doubt
    assert doubt.applies.tolist() == [True, False, False, True, False]
    assert doubt.limit_per_h[0] == 60.0
    assert np.isnan(doubt.limit_per_h[1:]).all()
    assert doubt.gap_us[0] == 1_800_000_000
    assert (doubt.factor, doubt.holds_us) == (3.0, 90_000_000)


@pytest.mark.parametrize(
    ("levels", "least"),
    [
        ([], np.inf),
        ([level("siaga", 1, 400.0)], np.inf),
        ([level("siaga", 1, 400.0, hysteresis=5.0)], 50.0),
        ([level("kering", 1, 20.0, direction="falling"), level("siaga", 2, 400.0, hysteresis=5.0)], 50.0),
        ([level("hijau", 1, 100.0), level("kuning", 2, 180.0, hysteresis=5.0), level("merah", 3, 220.0)], 40.0),
    ],
)
def test_the_least_drop_that_may_be_in_doubt(levels: list[Level], least: float) -> None:
    assert compile_rules(with_datastreams([gauge(0, levels)]), 0).doubt.least.tolist() == [least]


def test_the_citys_settings() -> None:
    settings = DetectorRules(chatter_s=90.0, settle_s=12.5, wave_severity=3)
    rules = compile_rules(with_datastreams([gauge(0)], detector=settings), 0)
    assert (rules.chatter_us, rules.settle_us, rules.waves.severity) == (90_000_000, 12_500_000, 3)
    assert rules.quality_gates


def test_what_is_derived_and_what_has_a_range() -> None:
    streams = [gauge(0, valid_min=0.0), gauge(1, derivation=Derivation(method="rate", inputs=("S0:level",)))]
    rules = compile_rules(with_datastreams(streams), 0)
    assert rules.derived.tolist() == [False, True]
    assert rules.ranged.tolist() == [True, False]


def test_a_reach_joins_the_first_river_datastreams_with_levels_in_force() -> None:
    streams = [
        gauge(0, station="UP"),
        gauge(1, [AWAS], station="UP", property="new"),
        gauge(2, [SIAGA[0]], station="UP", property="staff"),
        gauge(3, [SIAGA[0]], station="DOWN", kind="rain"),
        gauge(4, [SIAGA[0]], station="DOWN", property="flow", kind="discharge"),
    ]
    reach = Reach(upstream="UP", downstream="DOWN", travel_min=60.0)
    catalogue = with_datastreams(streams, reaches=[reach])
    before = compile_rules(catalogue, us("2026-01-01T00:00:00Z")).waves
    assert list(zip(before.upstream.tolist(), before.downstream.tolist(), strict=True)) == [(2, 4)]
    assert (before.low_us.tolist(), before.high_us.tolist()) == ([1_800_000_000], [5_400_000_000])
    assert compile_rules(catalogue, us("2026-02-01T00:00:00Z")).waves.upstream.tolist() == [1]


def test_plain_has_no_hysteresis_no_delays_no_doubt_and_no_gates() -> None:
    slow = level("awas", 3, 500.0, hysteresis=5.0, on_delay_s=5.0, off_delay_s=5.0)
    rules = compile_rules(with_datastreams([gauge(0, [slow])]), 0, plain=True)
    assert rules.levels.clear.tolist() == rules.levels.limit.tolist() == [[500.0]]
    assert rules.levels.on_delay_us.tolist() == rules.levels.off_delay_us.tolist() == [[0]]
    assert not rules.levels.delayed.any()
    assert not rules.doubt.applies.any()
    assert not rules.quality_gates


@pytest.mark.parametrize(
    ("reached", "stays", "moves"),
    [
        ((False, False), [20.5, 499.9], [20.0, 500.0]),
        ((False, True), [495.0, 1e9], [494.9]),
        ((True, False), [-1e9, 22.0], [22.1]),
    ],
)
def test_within_the_band_no_value_moves_a_level(
    reached: tuple[bool, bool], stays: list[float], moves: list[float]
) -> None:
    falling = level("kering", 1, 20.0, direction="falling", hysteresis=2.0)
    levels = compile_rules(with_datastreams([gauge(0, [falling, level("awas", 3, 500.0, hysteresis=5.0)])]), 0).levels
    low, high = levels.band(np.array([0]), np.array([reached]))
    assert [low[0] <= value < high[0] for value in stays] == [True] * len(stays)
    assert [low[0] <= value < high[0] for value in moves] == [False] * len(moves)


def test_a_city_without_levels_and_one_without_numbers() -> None:
    assert compile_rules(with_datastreams([gauge(0)]), 0).shape == (1, 0)
    assert compile_rules(with_datastreams([gauge(-1)]), 0).shape == (0, 0)
