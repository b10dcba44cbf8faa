"""Against what was recorded: Jakarta's daily ISPU, and speeds of Twin Cities roads with their labelled incidents."""

import json
from typing import NamedTuple

import numpy as np
import pytest

from sensors.derived.dominant import dominant
from sensors.derived.ispu import ispu_category
from sensors.derived.ispu_breakpoints import INDEX, MEAN_UG_M3
from sensors.derived.ispu_max import largest
from sensors.derived.rules import derived_rules
from sensors.derived.stage import derive
from sensors.derived.state import fresh_derived
from sensors.times import parse_rfc3339
from sensors.trend.rules import trend_rules
from sensors.trend.state import fresh_trend
from tests.oracle.derived_loop import Observation
from tests.unit.sensors.derived.recorded import recorded, table
from tests.unit.sensors.derived.small_catalogue import catalogue, datastream, derived, limits, rows

pytestmark = pytest.mark.recorded

POLLUTANTS = ("pm10", "pm25", "so2", "co", "o3", "no2")
COLLAPSE = 60.0  # percent of the hour before
RECOVERED = 70.0


def test_the_worst_sub_index_the_critical_pollutant_and_the_category_of_jakartas_days() -> None:
    days = [
        row
        for row in table("B_air", "ispu_jakarta_daily_dki1_dki2_dki4.csv")
        if row["max_ok"] == row["critical_ok"] == row["category_ok"] == "True"
    ]
    values = np.array([[float(row[name] or "nan") for name in POLLUTANTS] for row in days])
    index, place = largest(values), dominant(values)
    assert len(days) > 3000
    assert index.tolist() == [float(row["max_published"]) for row in days]
    known = {"PM2.5": "pm25", "PM25": "pm25", "PM10": "pm10", "SO2": "so2", "CO": "co", "O3": "o3", "NO2": "no2"}
    for row, value, found, at in zip(days, values, place, index, strict=True):
        published = known[row["critical_published"].upper()]
        ours = POLLUTANTS[int(found) - 1]
        is_tie = (value == at).sum() > 1
        assert ours == published or (is_tie and value[POLLUTANTS.index(published)] == at), row
        assert ispu_category(float(at)).name.id.upper() == row["category_published"], row


def test_our_breakpoints_are_those_that_were_written_down() -> None:
    for row in table("B_air", "ispu_breakpoints_P14_2020.csv"):
        at = INDEX.index(float(row["ispu"]))
        assert {name: float(row[name]) for name in MEAN_UG_M3} == {name: MEAN_UG_M3[name][at] for name in MEAN_UG_M3}


class Collapses(NamedTuple):
    """When a road's speed fell to the level, by labelled window and outside of them."""

    in_windows: list[int]
    outside: list[int]


def collapses(file: str) -> Collapses:
    whole = catalogue(
        [datastream("speed", "traffic", "mph", 300.0)],
        [derived("ratio", "%", "speed_ratio", "speed", window_s=3600.0, completeness=0.5)],
    )
    history: list[Observation] = []
    for row in table("C_traffic", file):
        time_us = parse_rfc3339(row["time"])
        assert time_us is not None
        if row["value"] and (not history or time_us > history[-1].time_us):
            history.append(Observation(len(history), 0, time_us, float(row["value"]), time_us, 1, 0, 0))
    rules, trend = derived_rules(whole), trend_rules(whole)
    _, _, batch, _ = derive(fresh_derived(rules), rules, (fresh_trend(trend), trend), limits(whole, {}), rows(history))
    held, fallen = False, []
    for time_us, ratio in zip(batch.time_us.tolist(), batch.value.tolist(), strict=True):
        if not held and ratio <= COLLAPSE:
            fallen.append(time_us)
        held = ratio <= COLLAPSE or (held and not ratio > RECOVERED)
    labels = json.loads(recorded("C_traffic", "nab_labels.json").read_text())[file]["anomaly_windows"]
    windows = [tuple(parse_rfc3339(end) or 0 for end in window) for window in labels]
    return Collapses(
        [sum(start <= time_us <= end for time_us in fallen) for start, end in windows],
        [time_us for time_us in fallen if not any(start <= time_us <= end for start, end in windows)],
    )


def test_every_labelled_incident_is_found_by_the_speed_against_the_hour_before() -> None:
    found = collapses("nab_speed_7578.csv")
    assert [count > 0 for count in found.in_windows] == [True] * 4
    assert (
        len(found.outside) == 2
    )  # in nine days: 36 mph at a Monday's 17:05, 23 mph on a Thursday; nobody labelled them


def test_the_other_road_has_its_one_incident_and_no_other() -> None:
    found = collapses("nab_speed_6005.csv")
    assert found.in_windows[0] > 0
    assert found.outside == []
