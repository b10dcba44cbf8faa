"""What is drawn of a record: the events, the windows, and lines that keep their peaks."""

import math
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from gateway.evaluation.events import MAX_DRAWN, MAX_POINTS, Event, envelope, worth_drawing
from gateway.evaluation.spans import Span
from tests.unit.gateway.evaluated import HEADER, run, series, thresholds, write

VALUES = arrays(np.float64, st.integers(0, 300), elements=st.one_of(st.just(math.nan), st.integers(-50, 50).map(float)))


@settings(deadline=None)
@given(values=VALUES, most=st.integers(2, 60))
def test_a_thinned_line_has_few_points_and_every_extreme(values: NDArray[np.float64], most: int) -> None:
    place = envelope(values, most)
    assert len(place) <= max(most, 2)
    assert (np.diff(place) > 0).all()
    if not np.isnan(values).all():
        assert np.nanmax(values[place]) == np.nanmax(values)
        assert np.nanmin(values[place]) == np.nanmin(values)
    if len(values) <= most:
        assert len(place) == len(values)


def test_a_single_spike_in_a_long_record_stays() -> None:
    values = np.zeros(1_000_000)
    values[777_777] = 1.0
    place = envelope(values)
    assert len(place) <= MAX_POINTS
    assert 777_777 in place


def test_the_worst_events_are_drawn_and_stand_in_the_order_of_time() -> None:
    events = [Event(Span(n * 100, n * 100 + 1), 1 + n % 2, "x", float(n), n * 100) for n in range(30)]
    drawn = worth_drawing(events)
    assert len(drawn) == MAX_DRAWN
    assert {event.rank for event in drawn} == {2}
    assert [event.peak for event in drawn] == [float(n) for n in range(7, 30, 2)]


def page(folder: Path, values: list[float]) -> str:
    files = {"a.csv": HEADER + series(values, step_min=60), "thresholds.csv": thresholds(siaga3=150, siaga2=200)}
    run(write(folder / "record", files), folder / "out")
    return (folder / "out" / "report.html").read_text(encoding="utf-8")


def test_crossings_within_a_day_are_one_event_and_further_ones_another(tmp_path: Path) -> None:
    html = page(tmp_path, [100, 160, 100, 210, 100, *[100] * 30, 160, *[100] * 10])
    assert html.count("<figure>") == 3
    assert "siaga2 from 2026-01-05 01:00, peak 210 cm" in html
    assert "siaga3 from 2026-01-06 11:00, peak 160 cm" in html


def test_events_beyond_the_bound_are_listed(tmp_path: Path) -> None:
    html = page(tmp_path, [100, 160, *[100] * 30] * (MAX_DRAWN + 2))
    assert html.count("<figure>") == 1 + MAX_DRAWN
    assert html.count("siaga3 from") == MAX_DRAWN + 2
    assert "Further events" in html


def test_a_series_without_an_event_shows_where_it_came_nearest(tmp_path: Path) -> None:
    html = page(tmp_path, [100, 100, 140, 100])
    assert "nearest to a level: 140 cm at 2026-01-05 02:00" in html
    assert html.count("<svg") == 2
