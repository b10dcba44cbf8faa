"""Each fault of a city's tables is named with file, line, column and reason, costs its row only, and the rest runs."""

import pytest

from sensors.errors import CatalogueError
from tests.unit.sensors.small_city import CityFolder

ALL = {"BRANGKAL:level", "BRANGKAL:rain", "UDARA-1:pm25"}

# One row each: file, what is replaced, by what, the fault, the datastreams that are left.
SPOILT = {
    "cell is empty": (
        "stations.csv", "Alun-alun", "", "stations.csv:3: name: is empty", ALL - {"UDARA-1:pm25"},
    ),
    "bad number": (
        "datastreams.csv", "mm/h,,,0,200", "mm/h,,,0,dua ratus",
        "datastreams.csv:3: valid_max: expected a number without thousands separators, got 'dua ratus'",
        ALL - {"BRANGKAL:rain"},
    ),
    "not a number": (
        "datastreams.csv", "mm/h,,,0,200", "mm/h,,,0,nan",
        "datastreams.csv:3: valid_max: expected a number without thousands separators, got 'nan'",
        ALL - {"BRANGKAL:rain"},
    ),
    "too large a number": (
        "datastreams.csv", "mm/h,,,0,200", "mm/h,,,0,1e300",
        "datastreams.csv:3: valid_max: expected a number up to 1e+12, got '1e300'",
        ALL - {"BRANGKAL:rain"},
    ),
    "broken whole number": (
        "levels.csv", "waspada,1,2", "waspada,1.5,2",
        "levels.csv:2: rank: expected a whole number, got '1.5'", ALL,
    ),
    "unknown station": (
        "datastreams.csv", "UDARA-1,pm25", "UDARA-2,pm25",
        "datastreams.csv:4: station: no station 'UDARA-2'", ALL - {"UDARA-1:pm25"},
    ),
    "station in another case": (
        "datastreams.csv", "UDARA-1,pm25", "udara-1,pm25",
        "datastreams.csv:4: station: no station 'udara-1'; did you mean 'UDARA-1'?", ALL - {"UDARA-1:pm25"},
    ),
    "unknown datastream": (
        "levels.csv", "BRANGKAL,level,siaga", "BRANGKAL,debit,siaga",
        "levels.csv:3: property: no datastream 'BRANGKAL:debit' in datastreams.csv", ALL,
    ),
    "unknown level": (
        "levels.csv", "siaga,2,3", "merah,2,3",
        "levels.csv:3: level: no level 'merah' in city.toml (there are waspada, siaga, kering): [levels.merah]",
        ALL,
    ),
    "unknown source": (
        "datastreams.csv", "cm,pjt", "cm,bbws",
        "datastreams.csv:2: origin_source: no source 'bbws'", ALL - {"BRANGKAL:level"},
    ),
    "unknown zone": (
        "datastreams.csv", "Asia/Jakarta", "WIB",
        "datastreams.csv:2: zone: expected an IANA zone such as Asia/Jakarta, got 'WIB'", ALL - {"BRANGKAL:level"},
    ),
    "unknown unit": (
        "datastreams.csv", "ug/m3", "furlong",
        "datastreams.csv:4: unit: expected one of ", ALL - {"UDARA-1:pm25"},
    ),
    "unknown area": (
        "stations.csv", "112.43,35.76.01.1003", "112.43,35.76.01.1004",
        "stations.csv:3: area: no area '35.76.01.1004'", ALL - {"UDARA-1:pm25"},
    ),
    "unknown area downstream": (
        "stations.csv", "35.76.01.1003 35.76.01", "35.76.01.1003 35.76.02",
        "stations.csv:2: affects: no area '35.76.02'", {"UDARA-1:pm25"},
    ),
    "unknown programme": (
        "stations.csv", "EWS", "EWS-2", "stations.csv:2: programme: no programme 'EWS-2'", {"UDARA-1:pm25"},
    ),
    "unknown basin": (
        "stations.csv", "EWS,brantas", "EWS,bengawan", "stations.csv:2: basin: no basin 'bengawan'", {"UDARA-1:pm25"},
    ),
    "unknown kind of station": (
        "stations.csv", "air,-7.47", "udara,-7.47",
        "stations.csv:3: kind: expected one of river, weir, rain, air, road, got 'udara'", ALL - {"UDARA-1:pm25"},
    ),
    "station that is no name": (
        "stations.csv", "UDARA-1,", "UDARA 1,",
        "stations.csv:3: station: expected letters, digits, _ and -, at most 64, got 'UDARA 1'", ALL - {"UDARA-1:pm25"},
    ),
    "property that is no name": (
        "datastreams.csv", "UDARA-1,pm25", "UDARA-1,pm2/5",
        "datastreams.csv:4: property: expected letters, digits, _ and -, at most 64, got 'pm2/5'",
        ALL - {"UDARA-1:pm25"},
    ),
    "station off the earth": (
        "stations.csv", "-7.47,112.43", "112.43,-7.47",
        "stations.csv:3: lat: expected -90 to 90, got 112.43", ALL - {"UDARA-1:pm25"},
    ),
    "id turned into a number": (
        "stations.csv", "UDARA-1,", "1.01E+14,",
        "stations.csv:3: station: '1.01E+14' looks like an id that a spreadsheet turned into a number",
        ALL - {"UDARA-1:pm25"},
    ),
    "area code turned into a number": (
        "areas.csv", "35.76.01.1003", "7.1",
        "areas.csv:4: code: expected a Kemendagri code such as 35.76.01.1003", None,
    ),
    "unknown parent": (
        "areas.csv", "kecamatan,35.76", "kecamatan,35.16", "areas.csv:3: parent: no area '35.16'", ALL,
    ),
    "parent that lies within": (
        "areas.csv", "kecamatan,35.76", "kecamatan,35.76.01.1003",
        "areas.csv:3: parent: a kecamatan cannot lie in 35.76.01.1003, a kelurahan", ALL,
    ),
    "area in itself": (
        "areas.csv", "kecamatan,35.76", "kecamatan,35.76.01",
        "areas.csv:3: parent: a kecamatan cannot lie in 35.76.01, a kecamatan", ALL,
    ),
    "unknown station of a reach": (
        "reaches.csv", "BRANGKAL,UDARA-1", "BRANGKAL,UDARA-9", "reaches.csv:2: downstream: no station 'UDARA-9'", ALL,
    ),
    "reach in a circle": (
        "reaches.csv", "BRANGKAL,UDARA-1", "BRANGKAL,BRANGKAL",
        "reaches.csv:2: downstream: a reach cannot end where it begins", ALL,
    ),
    "reach that flows back in time": (
        "reaches.csv", "UDARA-1,30", "UDARA-1,-30", "reaches.csv:2: travel_min: expected 0 or more, got -30.0", ALL,
    ),
    "programme with fewer than no stations": (
        "programmes.csv", "ya,3", "ya,-3", "programmes.csv:2: planned_stations: expected 0 or more, got -3",
        {"UDARA-1:pm25"},
    ),
    "neither yes nor no": (
        "programmes.csv", "ya,3", "mungkin,3",
        "programmes.csv:2: quick_win: expected yes or no (ya, tidak), got 'mungkin'", {"UDARA-1:pm25"},
    ),
    "interval of nothing": (
        "datastreams.csv", ",,3600", ",,0",
        "datastreams.csv:4: interval_calm_s: expected more than 0, at most 31622400 (a year), got 0.0",
        ALL - {"UDARA-1:pm25"},
    ),
    "valid range upside down": (
        "datastreams.csv", "0,500", "500,500",
        "datastreams.csv:4: valid_max: expected more than valid_min 500.0, got 500.0", ALL - {"UDARA-1:pm25"},
    ),
    "rise limit of nothing": (
        "datastreams.csv", "120.5", "0", "datastreams.csv:2: rise_limit_per_h: expected more than 0, got 0.0",
        ALL - {"BRANGKAL:level"},
    ),
    "cell too many": (
        "datastreams.csv", ",,3600", ",,3600,5",
        "datastreams.csv:4: a cell stands under no column name; a decimal comma that is not in quotes?",
        ALL - {"UDARA-1:pm25"},
    ),
    "level that is never reached": (
        "levels.csv", "rising,400", "rising,601",
        "levels.csv:3: value: 601.0 cm is never reached: the valid range ends at 600.0", ALL,
    ),
    "falling level that is never reached": (
        "levels.csv", "falling,20", "falling,-1",
        "levels.csv:4: value: -1.0 cm is never reached: the valid range ends at 0.0", ALL,
    ),
    "level that is never left": (
        "levels.csv", "400,cm,5", "400,cm,400",
        "levels.csv:3: value: 400.0 cm is never left: that takes less than 0.0, the valid range ends at 0.0", ALL,
    ),
    "limits against the ranks": (
        "levels.csv", "rising,400", "rising,300.5",
        "levels.csv:3: value: rank 2 at 300.5 contradicts waspada (rank 1, 300.5)", ALL,
    ),
    "rank that is taken": (
        "levels.csv", "siaga,2,3", "siaga,1,3",
        "levels.csv:3: value: rank 1 is that of waspada (rank 1, 300.5) already", ALL,
    ),
    "rank of normal": (
        "levels.csv", "siaga,2,3", "siaga,0,3",
        "levels.csv:3: rank: expected 1 to 100 (normal is 0 and has no row), got 0", ALL,
    ),
    "severity beyond the worst": (
        "levels.csv", "siaga,2,3", "siaga,2,5", "levels.csv:3: severity: expected 1 to 4, got 5", ALL,
    ),
    "unknown direction": (
        "levels.csv", "3,rising,400", "3,naik,400",
        "levels.csv:3: direction: expected one of rising, falling, got 'naik'", ALL,
    ),
    "negative hysteresis": (
        "levels.csv", "400,cm,5", "400,cm,-5", "levels.csv:3: hysteresis: expected 0 or more, got -5.0", ALL,
    ),
    "unit that does not convert": (
        "levels.csv", "400,cm", "400,m3/s",
        "levels.csv:3: unit: expected a unit that converts to cm, got 'm3/s'", ALL,
    ),
    "delay": (
        "levels.csv", "400,cm,5,,", "400,cm,5,86401,",
        "levels.csv:3: on_delay_s: expected 0 to 86400 (a day), got 86401.0", ALL,
    ),
    "delay of the worst": (
        "levels.csv", "siaga,2,3,rising,400,cm,5,,", "siaga,2,4,rising,400,cm,5,60,",
        "levels.csv:3: on_delay_s: severity 4 has no on-delay: expected 0, got 60.0", ALL,
    ),
    "delay before it ends": (
        "levels.csv", "400,cm,5,,", "400,cm,5,0,-1",
        "levels.csv:3: off_delay_s: expected 0 to 86400 (a day), got -1.0", ALL,
    ),
    "date in another order": (
        "levels.csv", "400,cm,5,,,,", "400,cm,5,,,31/01/2026,",
        "levels.csv:3: effective_from: expected a date such as 2026-01-31, got '31/01/2026'", ALL,
    ),
    "mixed decimal marks": (
        "levels.csv", "rising,400,cm", 'rising,"400,5",cm',
        "levels.csv:3: value: mixed decimal marks: got '400,5', but most numbers here have a decimal '.'", ALL,
    ),
    "thousands separators": (
        "levels.csv", "rising,400,cm", "rising,1.400.5,cm",
        "levels.csv:3: value: expected a number without thousands separators, got '1.400.5'", ALL,
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", SPOILT)
def test_a_fault_is_named_and_the_rest_loads(city: CityFolder, what: str) -> None:
    file, old, new, fault, left = SPOILT[what]
    city.replace(file, old, new)
    if left is None:
        with pytest.raises(CatalogueError) as failed:
            city.load()
        faults = list(failed.value.faults)
    else:
        catalogue, found = city.load()
        assert set(catalogue.datastream_by_id) == left
        faults = list(found)
    assert str(faults[0]).startswith(fault), faults


@pytest.mark.parametrize(
    ("file", "row", "column"),
    [
        ("stations.csv", "udara-1,Lain,air,-7.4,112.4,35.76.01.1003,,DLH,,", "station"),
        ("areas.csv", "35.76,Kota Mojokerto,kota,", "code"),
        ("programmes.csv", "ews,Lagi,living,BPBD,no,1", "code"),
        ("datastreams.csv", "BRANGKAL,LEVEL,river_level,cm,,,,,,60", "property"),
        ("reaches.csv", "BRANGKAL,UDARA-1,20", "downstream"),
        ("levels.csv", "BRANGKAL,level,siaga,2,3,rising,410,cm,5,,,,", "level"),
    ],
)
def test_what_stands_twice_ignoring_case_is_a_fault_at_its_second_place(
    city: CityFolder, file: str, row: str, column: str
) -> None:
    whole = city.catalogue()
    lines = (city.folder / file).read_text().count("\n")
    catalogue, faults = city.append(file, row).load()
    assert catalogue == whole
    ((name, line, where, reason),) = [(f.file, f.line, f.column, f.reason) for f in faults]
    assert (name, line, where) == (file, lines + 1, column)
    assert "already (names are unique ignoring case)" in reason
