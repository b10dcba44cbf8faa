"""The recorded spikes of Manggarai: each is told by the observation after it, and no value is touched."""

from datetime import datetime
from typing import Final

import numpy as np
import pytest

from sensors.quality import Quality, Reason
from sensors.quality_tests.stage import fresh_quality, judge_quality, quality_rules
from sensors.times import HOUR_US, from_datetime
from tests.e2e.recorded_city import read, recorded_floods
from tests.unit.sensors.quality_tests.observations import as_rows, batch_of, city_of

pytestmark = pytest.mark.recorded

GAUGE: Final = "JKT-MANGGARAI"
LIMITS: Final = {
    "spike_suspect": 50.0,
    "spike_fail": 100.0,
    "rise_limit_per_h": 100.0,
    "flat_suspect_s": 7 * 86_400.0,
    "flat_fail_s": 20 * 86_400.0,
}


def moment(text: str) -> int:
    return from_datetime(datetime.fromisoformat(text))


def test_every_listed_spike_is_told_by_the_next_observation_and_no_value_is_muted() -> None:
    folder = recorded_floods()
    series = read(folder / "jakarta_manggarai_hourly.csv")
    times, values = [moment(row["time"]) for row in series], [float(row["value"]) for row in series]
    listed = [row for row in read(folder / "isolated_spikes.csv") if row["station"] == GAUGE]
    jumps = {moment(row["time"]): row for row in listed if float(row["min_jump"]) >= 100}
    assert len(jumps) > 30

    rules = quality_rules(city_of({0: LIMITS}))
    rows = as_rows(batch_of([0] * len(times), times, values))
    _, after = judge_quality(fresh_quality(rules), rules, rows)
    told = after.time_us[after.reasons & np.uint16(Reason.SPIKE_BEFORE) != 0]

    missed = [row["time"] for at_us, row in jumps.items() if at_us + HOUR_US not in told]
    assert missed == []
    assert after.value.tobytes() == np.array(values).tobytes()
    assert set(after.quality.tolist()) == {Quality.PASS, Quality.SUSPECT, Quality.FAIL}


def test_the_flood_of_march_2025_is_suspect_at_most_for_its_rise() -> None:
    series = read(recorded_floods() / "jakarta_manggarai_hourly.csv")
    flood = [row for row in series if "2025-03-03T18" <= row["time"] <= "2025-03-05T06"]
    rules = quality_rules(city_of({0: LIMITS}))
    rows = as_rows(
        batch_of([0] * len(flood), [moment(row["time"]) for row in flood], [float(row["value"]) for row in flood])
    )
    _, after = judge_quality(fresh_quality(rules), rules, rows)
    assert Quality.FAIL not in after.quality
    assert float(after.value.max()) == 850.0
    peak = after.value == after.value.max()
    assert set(after.quality[peak].tolist()) == {Quality.PASS}
