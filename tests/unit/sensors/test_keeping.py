"""Reloading a city: what vanished keeps its last good version, and says so, until it is mended or retired by name."""

import pytest

from sensors.catalogue import Catalogue, Level
from sensors.errors import CatalogueError
from sensors.keeping import keep_last_good
from tests.unit.sensors.small_city import AREAS, CITY_TOML, LEVELS, STATIONS, CityFolder

NOBODY: frozenset[str] = frozenset()
GONE = "is no longer in {}; its last good version is kept: mend the row or name it in retired.csv"


def reloaded(old: Catalogue, city: CityFolder, *retired: str) -> tuple[Catalogue, list[str]]:
    """The city as it would be in force, and what the wall would say about keeping."""
    catalogue, faults = keep_last_good(old, city.load()[0], frozenset(retired))
    return catalogue, [str(fault) for fault in faults]


def levels_of(catalogue: Catalogue, name: str = "BRANGKAL:level") -> list[Level]:
    return list(catalogue.datastream_by_id[name].levels)


def test_nothing_vanished_nothing_changes(city: CityFolder) -> None:
    old = city.catalogue()
    assert keep_last_good(old, city.catalogue(), NOBODY) == (old, ())


def test_a_changed_row_is_taken_as_it_is(city: CityFolder) -> None:
    old = city.catalogue()
    city.replace("levels.csv", "300.5", "310").replace("datastreams.csv", "120.5", "99")
    catalogue, faults = reloaded(old, city)
    assert (catalogue, faults) == (city.catalogue(), [])


def test_a_vanished_datastream_is_kept_with_its_levels(city: CityFolder) -> None:
    old = city.catalogue()
    city.replace("datastreams.csv", "BRANGKAL,level", "BRANGKAL,tinggi").write("levels.csv", LEVELS.split("\n")[0])
    catalogue, faults = reloaded(old, city)
    assert set(catalogue.datastream_by_id) == {"BRANGKAL:level", "BRANGKAL:tinggi", "BRANGKAL:rain", "UDARA-1:pm25"}
    assert catalogue.datastream_by_id["BRANGKAL:level"] == old.datastream_by_id["BRANGKAL:level"]
    assert faults == ["datastreams.csv: BRANGKAL:level " + GONE.format("datastreams.csv")]


def test_it_stays_kept_at_the_next_reload_and_goes_when_it_is_retired(city: CityFolder) -> None:
    old = city.catalogue()
    city.replace("datastreams.csv", "UDARA-1,pm25", "UDARA-1,pm10")
    once, _ = reloaded(old, city)
    twice, faults = reloaded(once, city)
    assert twice == once
    assert len(faults) == 1
    retired, faults = reloaded(twice, city, "udara-1:PM25")
    assert set(retired.datastream_by_id) == {"BRANGKAL:level", "BRANGKAL:rain", "UDARA-1:pm10"}
    assert faults == []


def test_a_mended_row_is_taken_again(city: CityFolder) -> None:
    old = city.catalogue()
    kept, _ = reloaded(old, city.replace("datastreams.csv", "120.5", "kira-kira"))
    mended, faults = reloaded(kept, city.replace("datastreams.csv", "kira-kira", "60"))
    assert mended.datastream_by_id["BRANGKAL:level"].rise_limit_per_h == 60.0
    assert faults == []


def test_a_station_that_vanished_is_kept_with_all_that_it_needs(city: CityFolder) -> None:
    old = city.catalogue()
    city.write("stations.csv", "".join(line + "\n" for line in STATIONS.splitlines() if "BRANGKAL" not in line))
    city.write(
        "areas.csv", AREAS.replace("1003", "1004").replace("35.76.01,", "35.76.02,").replace("35.76.01.", "35.76.02.")
    )
    city.replace("stations.csv", "35.76.01.1003", "35.76.02.1004").remove("programmes.csv")
    city.write("city.toml", CITY_TOML.replace("brantas =", "bengawan ="))
    catalogue, faults = reloaded(old, city)
    assert catalogue.station_by_id["BRANGKAL"] == old.station_by_id["BRANGKAL"]
    assert {"35.76", "35.76.01", "35.76.01.1003", "35.76.02.1004"} <= set(catalogue.area_by_code)
    assert len(catalogue.areas) == len(catalogue.area_by_code)
    assert [p.code for p in catalogue.programmes] == ["EWS"]
    assert set(catalogue.city.basins) == {"brantas", "bengawan"}
    assert catalogue.station_by_id["UDARA-1"].area == "35.76.02.1004"
    assert [fault.split()[1] for fault in faults] == ["BRANGKAL:level", "BRANGKAL:rain"]


def test_a_station_that_stands_is_taken_as_it_is_now(city: CityFolder) -> None:
    old = city.catalogue()
    city.replace("stations.csv", "Alun-alun", "Taman").replace("datastreams.csv", "UDARA-1,pm25", "UDARA-1,pm10")
    catalogue, _ = reloaded(old, city)
    assert "UDARA-1:pm25" in catalogue.datastream_by_id
    assert [s.name for s in catalogue.stations if s.station == "UDARA-1"] == ["Taman"]


def test_a_source_that_is_gone_is_not_listened_to_again(city: CityFolder) -> None:
    old = city.catalogue()
    assert old.datastream_by_id["BRANGKAL:level"].origin_source == "pjt"
    city.write("city.toml", CITY_TOML.replace('"pjt"', '"bbws"'))
    catalogue, _ = reloaded(old, city)
    assert [source.name for source in catalogue.city.sources] == ["bbws"]
    assert catalogue.datastream_by_id["BRANGKAL:level"].origin_source == ""


def test_another_unit_is_another_datastream_under_the_same_id(city: CityFolder) -> None:
    old = city.catalogue()
    city.replace("datastreams.csv", "level,river_level,cm", "level,river_level,m")
    city.replace("datastreams.csv", "Asia/Jakarta,0,600,", "Asia/Jakarta,0,6,").write(
        "levels.csv", LEVELS.split("\n")[0]
    )
    catalogue, faults = reloaded(old, city)
    assert catalogue == city.catalogue()
    assert faults == []


def test_a_vanished_level_is_kept(city: CityFolder) -> None:
    old = city.catalogue()
    city.replace("levels.csv", "siaga,2,3,rising,400", "siaga,2,3,rising,empat ratus")
    catalogue, faults = reloaded(old, city)
    assert levels_of(catalogue) == levels_of(old)
    assert faults == ["levels.csv: BRANGKAL:level/siaga " + GONE.format("levels.csv")]


def test_a_retired_level_is_not(city: CityFolder) -> None:
    old = city.catalogue()
    city.replace("levels.csv", "BRANGKAL,level,siaga,2,3,rising,400,cm,5,,,,\n", "")
    catalogue, faults = reloaded(old, city, "BRANGKAL:level/siaga")
    assert {level.level for level in levels_of(catalogue)} == {"waspada", "kering"}
    assert faults == []


def test_a_retired_level_of_a_kept_datastream_goes_too(city: CityFolder) -> None:
    old = city.catalogue()
    city.replace("datastreams.csv", "BRANGKAL,level", "BRANGKAL,tinggi")
    catalogue, _ = reloaded(old, city, "BRANGKAL:level/siaga")
    assert {level.level for level in levels_of(catalogue)} == {"waspada", "kering"}


def test_a_retired_name_that_still_stands_stands(city: CityFolder) -> None:
    old = city.catalogue()
    assert reloaded(old, city, "BRANGKAL:level", "BRANGKAL:level/siaga") == (old, [])


def test_a_level_whose_style_vanished_keeps_that_too(city: CityFolder) -> None:
    old = city.catalogue()
    city.write("city.toml", CITY_TOML.replace("[levels.siaga]", "[levels.awas]"))
    catalogue, faults = reloaded(old, city)
    assert levels_of(catalogue) == levels_of(old)
    assert catalogue.city.levels["siaga"] == old.city.levels["siaga"]
    assert len(faults) == 1


SIAGA = "BRANGKAL,level,siaga,2,3,rising,400,cm,5,,,,\n"
LATER = "BRANGKAL,level,siaga,2,3,rising,420,cm,5,,,2026-02-01,\n"


@pytest.mark.parametrize(
    ("before", "after", "in_the_end"),
    [
        (SIAGA + LATER, LATER, [400.0, 420.0]),  # what ruled before it
        (SIAGA + LATER, SIAGA, [400.0, 420.0]),  # nothing took its place
        (SIAGA, SIAGA + LATER, [400.0, 420.0]),
        (SIAGA, LATER, [400.0, 420.0]),  # moved into the future: until then nothing would be in force
        (LATER, LATER.replace("2026-02", "2026-01").replace("420", "410"), [410.0]),  # its date was edited
        (SIAGA + LATER, SIAGA + LATER.replace("2026-02", "2026-01"), [400.0, 420.0]),
    ],
)
def test_versions(city: CityFolder, before: str, after: str, in_the_end: list[float]) -> None:
    old = city.write("levels.csv", LEVELS.replace(SIAGA, before)).catalogue()
    catalogue, _ = reloaded(old, city.write("levels.csv", LEVELS.replace(SIAGA, after)))
    assert [level.value for level in levels_of(catalogue) if level.level == "siaga"] == in_the_end


def test_ids_in_another_case_have_not_vanished(city: CityFolder) -> None:
    old = city.catalogue()
    for file in ("stations.csv", "datastreams.csv", "levels.csv", "reaches.csv"):
        city.write(file, (city.folder / file).read_text().replace("BRANGKAL,", "Brangkal,"))
    city.replace("datastreams.csv", "Brangkal,rain", "Brangkal,hujan")
    catalogue, faults = reloaded(old, city)
    assert set(catalogue.datastream_by_id) == {"Brangkal:level", "Brangkal:hujan", "UDARA-1:pm25", "Brangkal:rain"}
    assert set(catalogue.station_by_id) == {"Brangkal", "UDARA-1"}
    assert [fault.split()[1] for fault in faults] == ["BRANGKAL:rain"]


def test_another_city_is_refused(city: CityFolder) -> None:
    old = city.catalogue()
    city.replace("city.toml", 'code = "kota"', 'code = "desa"')
    with pytest.raises(CatalogueError, match="city code: expected 'kota' as before the reload, got 'desa'"):
        keep_last_good(old, city.catalogue(), NOBODY)


def test_what_is_kept_refers_to_nothing_that_is_not_there(city: CityFolder) -> None:
    old = city.catalogue()
    city.write("stations.csv", STATIONS.splitlines()[0] + "\n" + STATIONS.splitlines()[2] + "\n").remove(
        "programmes.csv"
    )
    catalogue, _ = reloaded(old, city)
    for datastream in catalogue.datastreams:
        station = catalogue.station_by_id[datastream.station]
        assert {station.area, *station.affects} <= set(catalogue.area_by_code)
        assert station.programme in {"", *(p.code for p in catalogue.programmes)}
        assert station.basin in {"", *catalogue.city.basins}
        assert {level.level for level in datastream.levels} <= set(catalogue.city.levels)


INSTALLATIONS = """station,property,valid_from,device,field,zero
BRANGKAL,level,,D1,a,500
BRANGKAL,level,2026-06-01,D2,a,510
"""


def zeros(catalogue: Catalogue, name: str = "BRANGKAL:level") -> list[float]:
    return [version.zero for version in catalogue.datastream_by_id[name].installations]


def test_a_vanished_installation_is_kept_until_it_is_retired(city: CityFolder) -> None:
    old = city.write("installations.csv", INSTALLATIONS).catalogue()
    city.remove("installations.csv")
    kept, faults = reloaded(old, city)
    assert zeros(kept) == [500.0, 510.0]
    assert faults == [
        "installations.csv: BRANGKAL:level@always " + GONE.format("installations.csv"),
        "installations.csv: BRANGKAL:level@2026-05-31T17:00:00Z " + GONE.format("installations.csv"),
    ]
    retired, faults = reloaded(kept, city, "Brangkal:level@ALWAYS")
    assert (zeros(retired), len(faults)) == ([510.0], 1)


def test_an_installation_that_was_mended_or_dated_anew_is_taken_as_it_is(city: CityFolder) -> None:
    old = city.write("installations.csv", INSTALLATIONS).catalogue()
    city.replace("installations.csv", "2026-06-01,D2,a,510", "2026-06-02,D3,a,511")
    catalogue, faults = reloaded(old, city)
    assert (zeros(catalogue), faults) == ([500.0, 511.0], [])


def test_a_device_that_moved_takes_its_installation_along(city: CityFolder) -> None:
    old = city.write("installations.csv", INSTALLATIONS).catalogue()
    city.write("installations.csv", INSTALLATIONS.replace("BRANGKAL,level,2026", "BRANGKAL,rain,2026"))
    catalogue, faults = reloaded(old, city)
    assert (zeros(catalogue), zeros(catalogue, "BRANGKAL:rain")) == ([500.0], [510.0])
    assert faults == []
