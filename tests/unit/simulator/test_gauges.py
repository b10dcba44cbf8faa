"""What gauges read: calm below every level, past the worst one in the design storm, wherever the city is."""

import numpy as np
import pytest

from simulator.city import STEP_S
from simulator.gauges import build_rivers
from simulator.weather import DESIGN_HOURS, DESIGN_RATE_MM_PER_H
from tests.unit.simulator.cities import CITIES, catalogue


@pytest.mark.parametrize("city", CITIES)
def test_calm_weather_is_below_every_level_and_the_design_storm_past_the_worst(city: str) -> None:
    rivers = build_rivers(catalogue(city), STEP_S)
    datastreams = [catalogue(city).datastreams[i] for i in rivers.rating.position]
    calm = rivers.rating.read(np.zeros(len(rivers.stations)))
    worst = calm
    rain = np.full(len(rivers.stations), DESIGN_RATE_MM_PER_H)
    for step in range(int(12 * 3600 / STEP_S)):
        raining = step * STEP_S < DESIGN_HOURS * 3600.0
        worst = np.maximum(worst, rivers.rating.read(rivers.network.step(rain if raining else 0.0 * rain)))
    for datastream, low, high in zip(datastreams, calm, worst, strict=True):
        limits = [level.value for level in datastream.levels]
        assert all(low < 0.95 * limit for limit in limits), datastream.id
        assert all(high > limit for limit in limits), datastream.id
        assert datastream.valid_min is not None
        assert datastream.valid_max is not None
        assert datastream.valid_min <= low <= high <= datastream.valid_max, datastream.id


@pytest.mark.parametrize("city", CITIES)
def test_a_gated_weir_hardly_moves_while_its_discharge_multiplies(city: str) -> None:
    weirs = {s.station for s in catalogue(city).stations if s.kind == "weir"}
    rivers = build_rivers(catalogue(city), STEP_S)
    calm = rivers.rating.read(np.zeros(len(rivers.stations)))
    for _ in range(int(8 * 3600 / STEP_S)):
        rivers.network.step(np.full(len(rivers.stations), DESIGN_RATE_MM_PER_H))
    flood = rivers.rating.read(rivers.network.discharge)
    for i, low, high in zip(rivers.rating.position, calm, flood, strict=True):
        datastream = catalogue(city).datastreams[i]
        if datastream.station in weirs and datastream.kind == "river_level":
            assert high - low < 0.05 * low, datastream.id
        elif datastream.station in weirs:
            assert high > 1.5 * low, datastream.id
