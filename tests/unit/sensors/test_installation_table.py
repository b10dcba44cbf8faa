"""Which device stands behind a datastream from when on: dated rows, and what is wrong with them."""

from pathlib import Path

import pytest

from sensors.catalogue import Installation
from tests.unit.sensors.small_city import DATASTREAMS, CityFolder

HEADER = "station,property,valid_from,device,field,sent_unit,scale,zero,author"
NODE = "A84041FFFF01"


@pytest.fixture
def city(tmp_path: Path) -> CityFolder:
    header, level, rain, air = DATASTREAMS.splitlines()
    columns = ",device,field,sent_unit,scale,zero"
    rows = [header + columns, level + ",,,,,", rain + f",{NODE},rain_mm,,,", air + ",,,,,"]
    return CityFolder(tmp_path / "kota").write("datastreams.csv", "\n".join(rows) + "\n")


def installed(city: CityFolder, *rows: str) -> tuple[Installation, ...]:
    city.write("installations.csv", "\n".join([HEADER, *rows]) + "\n")
    return city.catalogue().datastream_by_id["BRANGKAL:level"].installations


def faults(city: CityFolder, *rows: str) -> list[str]:
    city.write("installations.csv", "\n".join([HEADER, *rows]) + "\n")
    return city.faults()


def test_the_columns_of_a_datastream_hold_always(city: CityFolder) -> None:
    catalogue = city.catalogue()
    assert catalogue.datastream_by_id["BRANGKAL:level"].installations == ()
    (rain,) = catalogue.datastream_by_id["BRANGKAL:rain"].installations
    assert (rain.valid_from, rain.device, rain.field, rain.scale, rain.zero) == ("", NODE, "rain_mm", 1.0, 0.0)


def test_dated_rows_come_in_order_in_the_zone_of_the_city(city: CityFolder) -> None:
    rows = installed(
        city,
        "BRANGKAL,level,2026-06-01T08:30,D2,distance,mm,-1,512.5,Sari",
        "BRANGKAL,level,2026-05-01,D1,distance,mm,-1,500,Sari",
    )
    assert [(row.valid_from, row.device, row.zero) for row in rows] == [
        ("2026-04-30T17:00:00Z", "D1", 500.0),
        ("2026-06-01T01:30:00Z", "D2", 512.5),
    ]


def test_a_device_may_move_when_its_old_place_ends(city: CityFolder) -> None:
    rows = installed(
        city,
        "BRANGKAL,rain,2026-06-01,,,,,,",
        f"BRANGKAL,level,2026-06-01,{NODE.lower()},rain_mm,,,,",
    )
    assert [row.device for row in rows] == [NODE.lower()]


FAULTS = {
    "the device is elsewhere": (
        f"BRANGKAL,level,2026-06-01,{NODE.lower()},rain_mm,,,,",
        (
            "installations.csv:2: device: device 'a84041ffff01', field 'rain_mm' is at BRANGKAL:rain at that time; "
            "a row without a device ends that"
        ),
    ),
    "twice from one moment": (
        "BRANGKAL,rain,,D9,rain_mm,,,,",
        "installations.csv:2: valid_from: is empty, and datastreams.csv has what always holds for BRANGKAL:rain",
    ),
    "an id that a spreadsheet mangled": (
        "BRANGKAL,level,,8.40E+15,level,,,,",
        (
            "installations.csv:2: device: '8.40E+15' looks like an id that a spreadsheet turned into a number; "
            "format the column as text"
        ),
    ),
    "no such datastream": (
        "BRANGKAL,wind,,D1,,,,,",
        "installations.csv:2: property: no datastream 'BRANGKAL:wind' in datastreams.csv",
    ),
    "no such unit": (
        "BRANGKAL,level,,D1,,furlong,,,",
        "installations.csv:2: sent_unit: expected a unit that converts to cm, got 'furlong'",
    ),
    "a scale of nothing": (
        "BRANGKAL,level,,D1,,,0,,",
        "installations.csv:2: scale: expected a factor, got 0: every value would be the zero",
    ),
    "no time": (
        "BRANGKAL,level,kemarin,D1,,,,,",
        "installations.csv:2: valid_from: expected a date such as 2026-01-31, got 'kemarin'",
    ),
    "a reserved field that is none": (
        "BRANGKAL,level,,D1,@mood,,,,",
        (
            "installations.csv:2: field: expected one of @battery_pct, @battery_v, @rssi_dbm, @snr_db, @margin_db, "
            "@frame_counter, @clock_offset_s, @duplicates, got '@mood'"
        ),
    ),
    "a field of health in a unit that it is not in": (
        "BRANGKAL,level,,D1,@battery_v,,,,",
        "installations.csv:2: sent_unit: expected a unit that converts to cm, got 'V'",
    ),
}


@pytest.mark.parametrize("what", FAULTS)
def test_a_fault_costs_its_row(city: CityFolder, what: str) -> None:
    row, fault = FAULTS[what]
    assert faults(city, row) == [fault]
    assert city.load()[0].datastream_by_id["BRANGKAL:level"].installations == ()


def test_two_rows_of_one_moment_for_one_device(city: CityFolder) -> None:
    found = faults(city, "BRANGKAL,level,2026-06-01,D1,x,,,,", "UDARA-1,pm25,2026-06-01,d1,x,,,,")
    assert [fault.split(" at ")[0] for fault in found] == ["installations.csv:3: device: device 'd1', field 'x' is"]


def test_a_device_twice_among_the_datastreams_costs_the_second(city: CityFolder) -> None:
    city.replace("datastreams.csv", "500,,3600,,,,,", f"500,,3600,{NODE},rain_mm,,,")
    assert city.faults() == [
        (
            "datastreams.csv:4: device: \"device 'a84041ffff01', field 'rain_mm'\" stands in line 3 already "
            "(names are unique ignoring case)"
        )
    ]
