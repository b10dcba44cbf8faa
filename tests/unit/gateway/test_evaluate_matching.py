"""Excursions against what the detector held: by hand, and against a slow loop."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.evaluation.matching import match
from gateway.evaluation.spans import OPEN, Span, first_overlaps
from tests.unit.gateway.evaluated import HEADER, TRUTH, at, run, series, thresholds, write


def ascending(edges: Sequence[int], *, is_open: bool) -> list[Span]:
    """Spans without overlaps between each two of the edges, the last one open."""
    edges = sorted(set(edges))
    spans = [Span(a, b) for a, b in zip(edges[::2], edges[1::2], strict=False)]
    return [*spans, Span(edges[-1] + 1, OPEN)] if is_open and edges else spans


SPANS = st.builds(
    lambda edges, is_open: ascending(edges, is_open=is_open), st.lists(st.integers(0, 40), max_size=14), st.booleans()
)


def test_an_excursion_is_hit_merged_or_missed_and_a_raise_outside_is_false() -> None:
    truth = [Span(0, 5), Span(10, 12), Span(20, 25), Span(30, 35)]
    held = [Span(0, 11), Span(22, 23), Span(24, 26), Span(28, 29)]
    found = match(truth, held)
    assert found.hits == [(truth[0], held[0]), (truth[2], held[1])]
    assert found.merged == [truth[1]]
    assert found.misses == [truth[3]]
    assert found.false == [held[3]]
    assert found.repeated == [held[2]]


@settings(deadline=None)
@given(truth=SPANS, held=SPANS)
def test_matching_agrees_with_a_slow_loop(truth: list[Span], held: list[Span]) -> None:
    found = match(truth, held)
    begun = [[h for h in held if e.start_us <= h.start_us < e.end_us] for e in truth]
    over = [any(h.start_us < e.start_us < h.end_us for h in held) for e in truth]
    assert found.hits == [(e, h[0]) for e, h in zip(truth, begun, strict=True) if h]
    assert found.merged == [e for e, h, o in zip(truth, begun, over, strict=True) if not h and o]
    assert found.misses == [e for e, h, o in zip(truth, begun, over, strict=True) if not h and not o]
    assert found.repeated == [h for many in begun for h in many[1:]]
    assert found.false == [h for h in held if not any(e.start_us <= h.start_us < e.end_us for e in truth)]


@settings(deadline=None)
@given(spans=SPANS, others=SPANS)
def test_first_overlaps_agree_with_a_slow_loop(spans: list[Span], others: list[Span]) -> None:
    slow = [next((o for o in others if s.start_us < o.end_us and o.start_us < s.end_us), None) for s in spans]
    assert first_overlaps(spans, others) == slow


def test_a_ground_truth_counts_where_it_names_the_level_and_else_the_plain_rule(tmp_path: Path) -> None:
    files = {
        "a.csv": HEADER + series([100, 160, 160, 100, 160, 100, 210, 100]),
        "thresholds.csv": thresholds(siaga3=150, siaga2=200, siaga1=300),
        "expected_excursions.csv": TRUTH
        + f"a.csv,G-1,siaga3,{at(20)},{at(30)}\n"  # raised before: at 10
        + f"a.csv,G-1,siaga3,{at(32)},{at(35)}\n"  # nothing there
        + f"a.csv,G-1,siaga3,{at(40)},\n"
        + "a.csv,G-1,siaga1,,\n"
        + f"b.csv,G-1,siaga2,{at(0)},\n",
    }
    report = run(write(tmp_path / "record", files), tmp_path / "out")
    siaga3, siaga2, siaga1 = report.series[0].levels
    assert [level.truth for level in (siaga3, siaga2, siaga1)] == [
        "expected_excursions.csv", "plain rule", "expected_excursions.csv",
    ]  # fmt: skip
    assert (siaga3.crossings, siaga3.hits, siaga3.merged, siaga3.misses) == (3, 1, 1, 1)
    assert (siaga3.false_alarms, siaga3.repeated) == (1, 1)  # at 10; at 60, within the third
    assert (siaga3.missed_at, siaga3.false_at, siaga3.repeated_at) == ([at(32)], [at(10)], [at(60)])
    assert (siaga2.crossings, siaga2.hits, siaga1.crossings) == (1, 1, 0)
    assert "4 of 4" not in report.verdict
    assert report.verdict.startswith("3 of 4 crossings found")
    assert report.verdict.endswith("1 missed, 2 false.")


def test_a_ground_truth_cannot_mean_two_series_of_one_station(tmp_path: Path) -> None:
    files = {
        "a.csv": HEADER + series([100, 160]) + series([100, 100], variable="backup"),
        "thresholds.csv": thresholds(siaga3=150),
        "expected_excursions.csv": TRUTH + f"a.csv,G-1,siaga3,{at(10)},\n",
    }
    report = run(write(tmp_path / "record", files), tmp_path / "out")
    assert [(one.levels[0].truth, one.levels[0].crossings) for one in report.series] == [
        ("plain rule", 1),
        ("plain rule", 0),
    ]


def test_how_late_a_raise_and_a_return_are_is_measured_from_the_truth(tmp_path: Path) -> None:
    files = {
        "a.csv": HEADER + series([100, 160, 148, 100]),
        "thresholds.csv": thresholds(siaga3=150),
        "expected_excursions.csv": TRUTH + f"a.csv,G-1,siaga3,{at(7)},{at(20)}\n",
    }
    report = run(write(tmp_path / "record", files), tmp_path / "out")
    level = report.series[0].levels[0]
    assert (level.delay_s.max, level.held_longer_s.max) == (180.0, 600.0)
    assert "at most 3 min after their observation" in report.verdict


@pytest.mark.parametrize(("pause", "flaps"), [(35, 1), (36, 0)])
def test_a_flap_is_raised_again_within_6_hours(tmp_path: Path, pause: int, flaps: int) -> None:
    files = {
        "a.csv": HEADER + series([100, 160, *[100] * pause, 160]),
        "thresholds.csv": thresholds(siaga3=150),
    }
    assert run(write(tmp_path / "record", files), tmp_path / "out").series[0].levels[0].flaps == flaps
