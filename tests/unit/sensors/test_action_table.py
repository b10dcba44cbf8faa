"""actions.csv: what is read, each fault by line and column, and what a reload keeps."""

import pytest

from sensors.city import load_city, read_retired
from sensors.keeping import keep_last_good
from tests.unit.sensors.small_city import CityFolder

HEADER = "action,station,property,level,what_id,what_en,opd,takes_min,undo_level,report_every_min,source"
ROW = {
    "action": "close-road",
    "station": "BRANGKAL",
    "property": "level",
    "level": "siaga",
    "what_id": "Tutup jalan",
    "what_en": "Close the road",
    "opd": "Dishub",
    "takes_min": "20",
    "undo_level": "waspada",
    "report_every_min": "30",
    "source": "SOP 3/2025",
}


def write(city: CityFolder, *rows: dict[str, str]) -> CityFolder:
    lines = [",".join((ROW | row)[name] for name in HEADER.split(",")) for row in rows]
    return city.write("actions.csv", "\n".join([HEADER, *lines, ""]))


def test_an_action_is_in_the_catalogue_under_the_datastream_that_opens_it(city: CityFolder) -> None:
    catalogue = write(city, {}, {"action": "siren", "undo_level": "", "report_every_min": ""}).catalogue()
    road, siren = catalogue.actions_of["BRANGKAL:level"]
    assert (road.key, road.what.id, road.takes_min) == ("BRANGKAL:level!close-road", "Tutup jalan", 20.0)
    assert (road.undo_level, road.report_every_min, road.is_illustrative) == ("waspada", 30.0, False)
    assert (siren.undo_level, siren.report_every_min) == ("", None)


def test_a_city_without_the_table_has_no_actions(city: CityFolder) -> None:
    assert city.catalogue().actions == ()


@pytest.mark.parametrize(
    ("change", "column", "told"),
    [
        ({"action": "close road"}, "action", "letters"),
        ({"station": "BRANGKAL2"}, "property", "no datastream 'BRANGKAL2:level'"),
        ({"property": "rain"}, "property", "no datastream 'BRANGKAL:rain'"),
        ({"level": "Siaga"}, "level", "did you mean 'siaga'"),
        ({"undo_level": "awas"}, "undo_level", "no level 'awas'"),
        ({"level": "waspada", "undo_level": "siaga"}, "undo_level", "a milder level"),
        ({"undo_level": "kering"}, "undo_level", "of its direction"),
        ({"takes_min": "-1"}, "takes_min", "0 to 1440"),
        ({"takes_min": "1e4"}, "takes_min", "0 to 1440"),
        ({"report_every_min": "0"}, "report_every_min", "1 to 1440"),
        ({"opd": ""}, "opd", "is empty"),
        ({"what_en": "x" * 201}, "what_en", "200 characters"),
    ],
)
def test_a_fault_is_named_and_costs_its_row_only(
    city: CityFolder, change: dict[str, str], column: str, told: str
) -> None:
    catalogue, faults = write(city, change, {"action": "other"}).load()
    assert [action.action for action in catalogue.actions] == ["other"]
    [fault] = faults
    assert (fault.file, fault.line, fault.column) == ("actions.csv", 2, column)
    assert told in fault.reason


def test_an_action_stands_once_in_its_datastream(city: CityFolder) -> None:
    assert write(city, {}, {"action": "Close-Road"}).faults() == [
        "actions.csv:3: action: 'BRANGKAL:level!Close-Road' stands in line 2 already (names are unique ignoring case)"
    ]


def test_a_datastream_has_at_most_so_many_actions(city: CityFolder) -> None:
    catalogue, faults = write(city, *({"action": f"a{n}"} for n in range(33))).load()
    assert len(catalogue.actions) == 32
    assert [fault.line for fault in faults] == [34]


def test_a_row_that_vanished_is_kept_until_it_is_retired_by_name(city: CityFolder) -> None:
    old = write(city, {}, {"action": "siren"}).catalogue()
    new = write(city, {"action": "siren"}).catalogue()
    kept, faults = keep_last_good(old, new, frozenset())
    assert {action.action for action in kept.actions} == {"close-road", "siren"}
    assert [fault.file for fault in faults] == ["actions.csv"]
    city.write("retired.csv", "name,by,reason\nBRANGKAL:level!close-road,sri,the road is gone\n")
    retired, wrong = read_retired(city.folder)
    assert wrong == ()
    assert keep_last_good(old, new, retired) == (new, ())


def test_an_action_goes_with_the_level_that_opens_it(city: CityFolder) -> None:
    old = write(city, {}).catalogue()
    city.remove("actions.csv").replace("levels.csv", "BRANGKAL,level,siaga,2,3,rising,400,cm,5,,,,\n", "")
    kept, _ = keep_last_good(old, city.catalogue(), frozenset({"BRANGKAL:level/siaga"}))
    assert kept.actions == ()


@pytest.mark.parametrize("name", ["mojokerto", "kotamobagu"])
def test_the_built_in_cities_have_actions_without_faults(name: str) -> None:
    catalogue, faults = load_city(name)
    assert catalogue.actions
    assert [fault for fault in faults if fault.file == "actions.csv"] == []
    assert all(action.is_illustrative for action in catalogue.actions)
