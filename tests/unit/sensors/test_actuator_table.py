"""actuators.csv: what is read, and each fault by line and column."""

import pytest

from sensors.city import load_city, read_retired
from sensors.keeping import keep_last_good
from tests.unit.sensors.small_city import CityFolder

COLUMNS = (
    *("actuator", "kind", "station", "area", "topic_set", "payload_on", "payload_off", "topic_state", "state_on"),
    *("state_off", "confirm_s", "datastream", "level", "severity", "who", "broker", "source"),
)


def write(city: CityFolder, *rows: dict[str, str]) -> CityFolder:
    fixed = {"actuator": "HORN", "kind": "siren", "station": "BRANGKAL", "source": "SK 3"}
    lines = [";".join((fixed | row).get(name, "") for name in COLUMNS) for row in rows]
    return city.write("actuators.csv", "\n".join([";".join(COLUMNS), *lines, ""]))


def test_a_siren_of_a_few_cells_speaks_plain_json_under_siaga(city: CityFolder) -> None:
    [horn] = write(city, {"datastream": "BRANGKAL:level", "level": "siaga"}).catalogue().actuators
    assert (horn.set_topic, horn.state_topic) == ("siaga/actuator/HORN/set", "siaga/actuator/HORN/state")
    assert (horn.confirm_s, horn.expires_s, horn.who, horn.is_autonomous) == (30.0, 60.0, "supervisor", False)


@pytest.mark.parametrize(
    ("change", "column"),
    [
        ({"actuator": "a b"}, "actuator"),
        ({"station": ""}, "station"),
        ({"area": "35.76.01"}, "station"),
        ({"station": "NOBODY"}, "station"),
        ({"station": "", "area": "99"}, "area"),
        ({"broker": "nobody"}, "broker"),
        ({"kind": "bell"}, "kind"),
        ({"topic_set": "cmnd/+/POWER"}, "topic_set"),
        ({"topic_set": "-", "topic_state": "-"}, "topic_state"),
        ({"state_on": "x", "state_off": "x"}, "state_off"),
        ({"payload_on": "TOGGLE", "payload_off": "TOGGLE"}, "payload_off"),
        ({"confirm_s": "0"}, "confirm_s"),
        ({"severity": "5"}, "severity"),
        ({"datastream": "BRANGKAL:level", "level": "siaga", "severity": "3"}, "severity"),
        ({"level": "siaga"}, "datastream"),
        ({"datastream": "BRANGKAL:nothing", "level": "siaga"}, "datastream"),
        ({"datastream": "BRANGKAL:level", "level": "awas"}, "level"),
    ],
)
def test_a_fault_is_named_and_costs_its_row_only(city: CityFolder, change: dict[str, str], column: str) -> None:
    catalogue, faults = write(city, change, {"actuator": "LAMP", "kind": "lamp"}).load()
    assert [one.actuator for one in catalogue.actuators] == ["LAMP"]
    assert [(fault.file, fault.line, fault.column) for fault in faults] == [("actuators.csv", 2, column)]


def test_two_rows_that_would_sound_one_thing_are_a_fault(city: CityFolder) -> None:
    row = {"topic_set": "cmnd/a/POWER", "payload_on": "ON", "payload_off": "OFF"}
    assert [str(fault).split(": ")[1] for fault in write(city, row, row | {"actuator": "HORN2"}).load()[1]] == [
        "topic_set"
    ]


def test_a_row_that_vanished_is_kept_until_it_is_retired_by_name(city: CityFolder) -> None:
    old = write(city, {}, {"actuator": "LAMP"}).catalogue()
    new = write(city, {"actuator": "LAMP"}).catalogue()
    kept, faults = keep_last_good(old, new, frozenset())
    assert {one.actuator for one in kept.actuators} == {"HORN", "LAMP"}
    assert [fault.file for fault in faults] == ["actuators.csv"]
    city.write("retired.csv", "name,by,reason\nactuator:HORN,sri,stolen\n")
    retired, wrong = read_retired(city.folder)
    assert wrong == ()
    assert keep_last_good(old, new, retired) == (new, ())


@pytest.mark.parametrize("name", ["mojokerto", "kotamobagu"])
def test_the_built_in_cities_have_made_up_actuators_without_faults(name: str) -> None:
    catalogue, faults = load_city(name)
    assert catalogue.actuators
    assert all(one.is_illustrative for one in catalogue.actuators)
    assert [fault for fault in faults if fault.file == "actuators.csv"] == []
