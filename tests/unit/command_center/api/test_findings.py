"""What the detector finds beyond levels and silence, through the API of a running command center."""

import dataclasses
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from command_center.clock import now_us
from sensors.quality import Reason
from sensors.times import MINUTE_US, rfc3339
from sensors.transition import Cause, Kind
from tests import plain_http
from tests.unit.command_center import derived_city as city
from tests.unit.command_center.derived_city import BELOW, BELOW_ID, derived_city
from tests.unit.command_center.little_city import LEVEL, LEVEL_ID, RAIN, batch, entry, raised, transition
from tests.unit.command_center.running import Gateway, Running, running

NOW_US = now_us() // MINUTE_US * MINUTE_US
HEIGHTS = [(LEVEL, NOW_US - n * MINUTE_US, 550.0 - n) for n in range(6, 0, -1)]
DERIVED = {
    city.RATE: 34.0, city.RATE_LOW: 28.0, city.RATE_HIGH: 45.0,
    city.ETA: 90.0, city.ETA_LOW: 70.0, city.ETA_HIGH: 1440.0,
    city.O3: 40.0, city.PM25: 60.0, city.PM25_MEAN: 50.0,
    city.PM25_INDEX: 88.0, city.O3_INDEX: 30.0, city.ISPU: 88.0, city.DOMINANT: 1.0,
}  # fmt: skip


@pytest.fixture(scope="module")
def center(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A gauge that rises over a doubtful level, a spike in it; another lost while rising; a wave; air."""
    folder = tmp_path_factory.mktemp("data")
    with running(folder, Gateway(folder, derived_city())) as center:
        told = [(number, NOW_US, value) for number, value in DERIVED.items()]
        spiky = batch(HEIGHTS)
        spiky.reasons[3] = Reason.SPIKE_BEFORE | Reason.UNIT_CONVERTED
        center.gateway.append(
            dataclasses.replace(entry(now_us=NOW_US), batch=spiky),
            entry([*told, (BELOW, NOW_US - 30 * MINUTE_US, 210.0)], now_us=NOW_US),
            entry(None, *findings(), now_us=NOW_US),
        )
        center.wait_ready()
        center.wait_applied()
        yield center


def findings() -> list[Any]:
    at: dict[str, Any] = {"time_us": NOW_US, "at_us": NOW_US}
    lost: dict[str, Any] = {"datastream": BELOW, "rate_per_h": 61.0, "value": 210.0} | at
    return [
        raised("hijau", verify=True, quality=3, count=2, value=549.0, **at),
        raised("hijau", datastream=city.ETA, value=48.0, **at),
        transition(Kind.SILENT, cause=Cause.LOST_RISING, **(lost | {"severity": 3})),
        transition(Kind.POSSIBLE, "kuning", **lost),
        transition(Kind.POSSIBLE, "merah", **lost),
        transition(Kind.SILENT, datastream=city.PM25, severity=1, **at),
        transition(Kind.WAVE, "kuning", datastream=BELOW, other=LEVEL, until_us=NOW_US + 40 * MINUTE_US, **at),
        transition(Kind.REBASED, datastream=RAIN, **at),
    ]


def alarm_of(center: Running, datastream: str) -> dict[str, Any]:
    [found] = [alarm for alarm in center.get("/alarms")["items"] if alarm["datastream"] == datastream]
    assert isinstance(found, dict)
    return found


def test_what_is_derived_says_from_what_and_how_and_whether_it_has_a_row(center: Running) -> None:
    sensors = {sensor["id"]: sensor for sensor in center.get("/sensors")["items"]}
    assert (sensors[LEVEL_ID]["derived_from"], sensors[LEVEL_ID]["method"]) == (None, None)
    assert sensors["ROLAK:level_rate_low"]["derived_from"] == [LEVEL_ID]
    assert sensors["ROLAK:level_rate_low"]["method"] == "rate"
    in_a_row = [one for one, sensor in sensors.items() if sensor["derived_from"] and not sensor["helper"]]
    assert in_a_row == ["ROLAK:level_eta_middle", "ROLAK:ispu"]  # the first has levels of its own
    level = sensors["ROLAK:level_eta_middle"]["levels"][0]
    assert (level["on_delay_s"], level["off_delay_s"]) == (120.0, 300.0)


def test_beside_a_level_stand_its_rate_and_the_time_to_the_next_one(center: Running) -> None:
    sensor = center.get(f"/sensors/{LEVEL_ID}")
    rate = {"value": 34.0, "unit": "cm/h", "low": 28.0, "high": 45.0, "time": rfc3339(NOW_US)}
    assert sensor["rate"] == {**rate, "lasts_s": 300.0, "turned": False}
    assert sensor["eta"] == {
        "level": "kuning", "earliest_min": 70.0, "middle_min": 90.0, "latest_min": None, "time": rfc3339(NOW_US),
        "needed_min": None,
    }  # fmt: skip
    assert (center.get("/sensors/POS:rain")["rate"], center.get(f"/sensors/{BELOW_ID}")["eta"]) == (None, None)


def test_beside_an_index_stands_the_pollutant_that_makes_it(center: Running) -> None:
    assert center.get("/sensors/ROLAK:ispu")["dominant"] == "pm25"


def test_what_is_derived_is_silent_with_anything_that_it_is_computed_from(center: Running) -> None:
    silent = {sensor["id"] for sensor in center.get("/sensors")["items"] if sensor["silent"]}
    air = {"pm25", "pm25_24h", "ispu_pm25", "ispu", "ispu_dominant"}
    assert silent == {BELOW_ID, *(f"ROLAK:{name}" for name in air)}


def test_a_level_reached_in_doubt_says_so(center: Running) -> None:
    alarm = alarm_of(center, LEVEL_ID)
    assert (alarm["verify"], alarm["count"], alarm["projected"]) == (True, 2, False)
    assert (alarm["levels"][0]["verify"], alarm["levels"][0]["count"]) == (True, 2)
    assert "periksa sekarang" in alarm["text"]["id"]


def test_a_time_to_come_is_a_projected_alarm(center: Running) -> None:
    assert alarm_of(center, "ROLAK:level_eta_middle")["projected"]


def test_a_gauge_lost_while_rising_says_what_it_could_be(center: Running) -> None:
    alarm = alarm_of(center, BELOW_ID)
    assert (alarm["level"], alarm["silent"], alarm["lost_rising"], alarm["rate_per_h"]) == ("silent", True, True, 61.0)
    assert (alarm["severity"], [one["level"] for one in alarm["possible"]]) == (4, ["merah", "kuning"])
    assert [(change["event"], change["kind"]) for change in alarm["levels"]] == [
        ("silent", "silent"), ("possible", "possible"), ("worse", "possible"),
    ]  # fmt: skip
    sensor = center.get(f"/sensors/{BELOW_ID}")
    assert sensor["possible"] == alarm["possible"]
    assert "could be merah" in alarm["text"]["en"]


def test_a_wave_is_expected(center: Running) -> None:
    [wave] = center.get("/waves")["items"]
    assert (wave["upstream_station"], wave["downstream_station"], wave["state"]) == ("ROLAK", "BAWAH", "expected")
    assert (wave["from"], wave["until"]) == (rfc3339(NOW_US), rfc3339(NOW_US + 40 * MINUTE_US))


def test_a_spike_is_marked_where_it_stands_and_not_where_it_was_found(center: Running) -> None:
    items = center.get(f"/sensors/{LEVEL_ID}/observations", points=0)["items"]
    assert [item["quality"] for item in items] == [1, 1, 3, 1, 1, 1]
    assert [item.get("reasons", []) for item in items[2:4]] == [["spike"], ["unit_converted", "spike_before"]]
    to = rfc3339(HEIGHTS[3][1])  # the range ends before the observation that tells
    items = center.get(f"/sensors/{LEVEL_ID}/observations", points=0, to=to)["items"]
    assert [item["quality"] for item in items] == [1, 1, 3]


def test_the_feed_tells_every_kind_and_its_cause(center: Running) -> None:
    items = center.get("/transitions")["items"]
    assert [(item["kind"], item["cause"]) for item in items] == [
        ("raised", "crossed"),
        ("raised", "crossed"),
        ("silent", "lost_rising"),
        ("possible", "unseen"),
        ("possible", "unseen"),
        ("silent", "overdue"),
        ("wave", "expected"),
        ("rebased", "clock"),
    ]
    assert (items[0]["verify"], items[0]["count"], items[3]["rate_per_h"]) == (True, 2, 61.0)
    assert (items[6]["upstream"], items[6]["until"]) == (LEVEL_ID, rfc3339(NOW_US + 40 * MINUTE_US))
    assert (items[0]["upstream"], items[0]["until"]) == (None, None)


def test_a_rebased_datastream_is_counted_and_raises_no_alarm(center: Running) -> None:
    assert "siaga_rebased_total 1.0" in plain_http.get(f"{center.url}/metrics").text
    assert all(alarm["datastream"] != "POS:rain" for alarm in center.get("/alarms")["items"])


def test_what_is_derived_is_not_counted_among_the_sensors(center: Running) -> None:
    assert "siaga_sensors 6.0" in plain_http.get(f"{center.url}/metrics").text


def doubtful(time_us: int, value: float, reasons: Reason) -> Any:
    """A row of the log with one reading of `ROLAK:level`."""
    one = batch([(LEVEL, time_us, value)])
    one.reasons[0] = reasons
    return dataclasses.replace(entry(now_us=time_us), batch=one)


def test_a_doubt_is_over_with_the_first_reading_that_is_not_in_doubt(tmp_path: Path) -> None:
    later = [NOW_US + n * MINUTE_US for n in range(4)]
    with running(tmp_path, Gateway(tmp_path, derived_city())) as center:
        fall = transition(Kind.VERIFY, "hijau", value=90.0, time_us=later[0], at_us=later[0])
        in_doubt = doubtful(later[0], 90.0, Reason.IMPLAUSIBLE_FALL)
        center.gateway.append(dataclasses.replace(in_doubt, transitions=(raised("hijau"), fall)))
        center.wait_ready()
        for reading in (
            doubtful(later[1], 95.0, Reason.IMPLAUSIBLE_FALL),
            doubtful(later[2], math.nan, Reason.MISSING_VALUE),
        ):
            center.gateway.append(reading)
            center.wait_applied()
            assert alarm_of(center, LEVEL_ID)["doubt"]["value"] == 90.0
            assert center.get(f"/sensors/{LEVEL_ID}")["doubt"]["value"] == 90.0
        center.gateway.append(doubtful(later[3], 540.0, Reason.NONE))
        center.wait_applied()
        alarm = alarm_of(center, LEVEL_ID)
        assert (alarm["doubt"], alarm["level"], center.get(f"/sensors/{LEVEL_ID}")["doubt"]) == (None, "hijau", None)
        assert "dipercaya" not in alarm["text"]["id"]


def test_a_restart_knows_the_waves_and_the_doubts_again(tmp_path: Path) -> None:
    for _ in range(2):
        gateway = Gateway(tmp_path, derived_city())
        with running(tmp_path, gateway) as center:
            if gateway.writer.last_seq == 0:
                gateway.append(
                    entry([(LEVEL, NOW_US, 500.0)], *findings(), now_us=NOW_US),
                    entry(None, transition(Kind.VERIFY, "hijau", value=90.0, time_us=NOW_US), now_us=NOW_US),
                )
            center.wait_ready()
            center.wait_applied()
            [wave] = center.get("/waves")["items"]
            assert wave["state"] == "expected"
            alarm = alarm_of(center, LEVEL_ID)
            assert alarm["doubt"] == {"cause": "after_gap", "time": rfc3339(NOW_US), "value": 90.0}
            assert center.get(f"/sensors/{LEVEL_ID}")["doubt"] == alarm["doubt"]
            assert [change["event"] for change in alarm["levels"]] == ["raised", "verify"]
