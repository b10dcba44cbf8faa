"""Roads and air: the shapes that a person expects of a day."""

import numpy as np

from simulator.air import CYCLES, dry_concentration, washed
from simulator.traffic import demand_share, road_state

ONE = np.ones(1)


def test_the_day_has_a_quiet_night_and_two_rush_hours() -> None:
    share = {hour: demand_share(float(hour)) for hour in range(24)}
    assert share[3] < 0.15
    assert share[7] > share[10]
    assert share[17] > share[14]
    assert max(share.values()) < 1.0


def test_more_demand_slows_traffic_and_fills_the_detector() -> None:
    capacity, free_speed = np.full(4, 2000.0), np.full(4, 45.0)
    state = road_state(np.array([200.0, 1000.0, 1900.0, 2800.0]), capacity, free_speed, np.zeros(4))
    assert (np.diff(state.speed) < 0).all()
    assert (np.diff(state.occupancy) > 0).all()
    assert (state.occupancy <= 100.0).all()
    assert state.flow[3] < state.flow[2]  # past capacity even the flow falls


def test_rain_turns_a_busy_road_into_a_jam() -> None:
    dry = road_state(1800.0 * ONE, 2000.0 * ONE, 45.0 * ONE, 0.0 * ONE)
    wet = road_state(1800.0 * ONE, 2000.0 * ONE, 45.0 * ONE, 60.0 * ONE)
    assert wet.speed[0] < 10.0 < 25.0 < dry.speed[0]


def test_every_pollutant_stays_positive_and_ozone_follows_the_sun() -> None:
    day = {name: [dry_concentration(name, hour / 2) for hour in range(48)] for name in CYCLES}
    assert all(min(values) > 0.0 for values in day.values())
    assert 11 <= np.argmax(day["o3"]) / 2 <= 15


def test_rain_washes_the_air_and_it_fills_again() -> None:
    scavenging = np.array([0.05, 0.0])
    clean = np.ones(2)
    for _ in range(120):
        clean = washed(clean, np.full(2, 30.0), scavenging, 30.0)
    assert clean[0] < 0.5
    assert clean[1] == 1.0
    for _ in range(120 * 24):
        clean = washed(clean, np.zeros(2), scavenging, 30.0)
    assert clean[0] > 0.95
