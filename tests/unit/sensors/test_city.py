"""A city's folder: read whole, or told what is missing.  `test_city_faults` has the faults of single rows."""

from pathlib import Path

import pytest

from sensors.city import BUILT_IN, city_folder, load_city, read_retired
from sensors.errors import CatalogueError
from sensors.tables import Fault
from tests.unit.sensors.small_city import CityFolder

ALL = {"BRANGKAL:level", "BRANGKAL:rain", "UDARA-1:pm25"}


def test_a_sound_city(city: CityFolder) -> None:
    catalogue = city.catalogue()
    assert set(catalogue.datastream_by_id) == ALL
    brangkal = catalogue.station_by_id["BRANGKAL"]
    assert (brangkal.affects, brangkal.programme, brangkal.basin) == (("35.76.01.1003", "35.76.01"), "EWS", "brantas")
    assert [(p.code, p.quick_win, p.planned_stations) for p in catalogue.programmes] == [("EWS", True, 3)]
    assert [(r.upstream, r.downstream, r.travel_min) for r in catalogue.reaches] == [("BRANGKAL", "UDARA-1", 30.0)]
    level = catalogue.datastream_by_id["BRANGKAL:level"]
    assert (level.valid_min, level.valid_max, level.rise_limit_per_h, level.unit) == (0.0, 600.0, 120.5, "cm")
    assert {(x.level, x.rank, x.value, x.hysteresis, x.direction) for x in level.levels} == {
        ("waspada", 1, 300.5, 5.0, "rising"),
        ("kering", 1, 20.0, 2.5, "falling"),
        ("siaga", 2, 400.0, 5.0, "rising"),
    }
    jurisdiction = catalogue.jurisdiction(brangkal.area)
    assert jurisdiction is not None
    assert jurisdiction.name == "Kota Mojokerto"


@pytest.mark.parametrize("folder", sorted(p.parent.name for p in BUILT_IN.glob("*/city.toml")))
def test_the_built_in_cities_have_no_fault(folder: str) -> None:
    _, faults = load_city(folder)
    assert faults == ()


def test_a_missing_file_is_named(city: CityFolder) -> None:
    catalogue, faults = city.remove("levels.csv").remove("reaches.csv").load()
    assert faults == (Fault("levels.csv", 0, "", "file is missing"),)  # a city without reaches may be
    assert all(not d.levels for d in catalogue.datastreams)
    with pytest.raises(CatalogueError, match="no usable datastream is left") as failed:
        city.remove("stations.csv").load()
    assert Fault("stations.csv", 0, "", "file is missing") in failed.value.faults


def test_a_missing_column_is_named(city: CityFolder) -> None:
    city.replace("levels.csv", "severity,", "").append("levels.csv")
    catalogue, faults = city.load()
    assert set(catalogue.datastream_by_id) == ALL
    assert faults == (Fault("levels.csv", 1, "severity", "column is missing"),)


def test_an_unknown_column_is_named_and_the_rows_count(city: CityFolder) -> None:
    whole = city.catalogue()
    catalogue, faults = city.replace("reaches.csv", "travel_min\n", "travel_min,jarak\n").load()
    assert catalogue == whole
    assert faults == (Fault("reaches.csv", 1, "jarak", "unknown column"),)


def test_a_column_twice_is_a_fault(city: CityFolder) -> None:
    catalogue, faults = city.replace("reaches.csv", "travel_min\n", "travel_min,travel_min\n").load()
    assert catalogue.reaches == ()
    assert faults == (Fault("reaches.csv", 1, "travel_min", "column stands twice"),)


def test_a_city_that_is_not_there_is_named_with_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(
        CatalogueError, match=r"city 'atlantis': expected a built-in city \(.*mojokerto.*\) or a folder"
    ):
        city_folder("atlantis")
    with pytest.raises(CatalogueError, match="got neither"):
        city_folder(str(tmp_path))


def test_without_retired_csv_nothing_is_retired(city: CityFolder) -> None:
    assert read_retired(city.folder) == (frozenset(), ())


def test_retired_names_are_read_and_others_named(city: CityFolder) -> None:
    city.write(
        "retired.csv",
        "name;by;reason\nBRANGKAL:rain;Sari;pindah\nBRANGKAL:level/siaga;Sari;SK 12\nBRANGKAL;Sari;?\nA:b;;hanyut\n",
    )
    names, faults = read_retired(city.folder)
    assert names == {"BRANGKAL:rain", "BRANGKAL:level/siaga"}
    assert [str(fault) for fault in faults] == [
        (
            "retired.csv:4: name: expected STATION:PROPERTY, or that with /LEVEL, @VALID_FROM or !ACTION behind it, "
            "got 'BRANGKAL'"
        ),
        "retired.csv:5: by: is empty",
    ]
