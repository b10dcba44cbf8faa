"""Storms: repeatable, as deep as asked for, over when they are over."""

import numpy as np
import pytest

from simulator.weather import DESIGN_DEPTH_MM, draw_storm, local_km

POINTS_KM = np.array([[0.0, 0.0], [5.0, 1.0], [-4.0, 8.0], [12.0, -6.0]])


def test_the_same_seed_gives_the_same_storm_and_another_seed_another() -> None:
    rates = [draw_storm(np.random.default_rng(seed), POINTS_KM, 0.0, 1.0).rate(POINTS_KM, 3600.0) for seed in (1, 1, 2)]
    assert rates[0].tolist() == rates[1].tolist()
    assert rates[0].tolist() != rates[2].tolist()


@pytest.mark.parametrize("severity", [0.05, 0.9])
def test_the_points_get_the_depth_that_was_asked_for_on_average(severity: float) -> None:
    storm = draw_storm(np.random.default_rng(3), POINTS_KM, 500.0, severity)
    assert storm.depth_mm(POINTS_KM).mean() == pytest.approx(severity * DESIGN_DEPTH_MM, rel=1e-6)


def test_it_rains_only_between_start_and_end() -> None:
    storm = draw_storm(np.random.default_rng(4), POINTS_KM, 1000.0, 1.0)
    assert not storm.rate(POINTS_KM, 999.0).any()
    assert storm.rate(POINTS_KM, 1000.0 + 3600.0).all()
    assert not storm.rate(POINTS_KM, storm.end_s + 1.0).any()
    assert 2.0 * 3600.0 < storm.end_s - 1000.0 < 4.0 * 3600.0


def test_a_storm_over_one_place_or_none_is_still_a_storm() -> None:
    one = np.zeros((1, 2))
    assert draw_storm(np.random.default_rng(5), one, 0.0, 1.0).depth_mm(one)[0] == pytest.approx(DESIGN_DEPTH_MM)
    none = np.zeros((0, 2))
    assert draw_storm(np.random.default_rng(5), none, 0.0, 1.0).rate(none, 60.0).shape == (0,)


def test_places_become_kilometres_around_their_middle() -> None:
    # 0.02 degrees of latitude are 2.224 km; of longitude at the equator as much
    km = local_km(np.array([0.01, -0.01, 0.0]), np.array([124.0, 124.0, 124.0]))
    assert km[:, 1].tolist() == pytest.approx([1.112, -1.112, 0.0])
    assert km[:, 0].tolist() == pytest.approx([0.0, 0.0, 0.0])
    assert local_km(np.zeros(0), np.zeros(0)).shape == (0, 2)
