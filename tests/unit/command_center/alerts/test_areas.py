"""Where a warning holds, and that every warning a built-in city could need is a right message."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import xmlschema
from msgspec.structs import replace

from command_center.alarms import life_cycle
from command_center.alarms.alarm import Alarm, Position
from command_center.alarms.step import Context
from command_center.alerts.areas import area_of, read_polygons
from command_center.alerts.compose import Scene, Wanted, composed, composed_end, warned_of
from command_center.alerts.faults import faults, own_faults
from command_center.alerts.message import Alert, reference
from command_center.alerts.write import to_xml
from sensors.catalogue import Catalogue, Layer, Text
from sensors.city import city_folder, load_city
from tests.unit.command_center.alerts.messages import recorded_messages
from tests.unit.command_center.little_city import NOW_US, little_city, raised

CITIES = ("mojokerto", "kotamobagu")


def layer(folder: Path, *features: tuple[str, str, object]) -> Layer:
    body = {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "properties": {"code": code}, "geometry": {"type": kind, "coordinates": shape}}
            for code, kind, shape in features
        ],
    }
    (folder / "x.geojson").write_bytes(msgspec.json.encode(body))
    return Layer(file="x.geojson", kind="area", name=Text("x", "x"))


RING = [[112.4, -7.4], [112.5, -7.4], [112.5, -7.5], [112.4, -7.4]]


def test_polygons_are_the_outer_rings_latitude_first_and_closed(tmp_path: Path) -> None:
    hole = [[112.41, -7.41], [112.42, -7.41], [112.42, -7.42], [112.41, -7.41]]
    found = read_polygons(
        tmp_path,
        [
            layer(
                tmp_path,
                ("35.76.01.1001", "Polygon", [RING, hole]),
                ("35.76", "MultiPolygon", [[RING[:3]], [RING]]),
                ("35.16", "Point", [112.4, -7.4]),
                ("35.17", "Polygon", [RING[:2]]),
            )
        ],
    )
    closed = "-7.4,112.4 -7.4,112.5 -7.5,112.5 -7.4,112.4"
    assert found == {"35.76.01.1001": (closed,), "35.76": (closed, closed), "35.16": (), "35.17": ()}


def test_a_kelurahan_gets_its_kecamatans_polygon_only_where_the_city_says_so() -> None:
    city, polygons = little_city(), {"35.76.01": ("p",)}
    wide = replace(city, city=replace(city.city, cap=replace(city.city.cap, parent_polygons=True)))
    assert area_of(city.stations[0], city, polygons).polygon == ()
    assert area_of(wide.stations[0], wide, polygons).polygon == ("p",)


def test_areas_are_the_stations_own_and_those_downstream_by_home() -> None:
    catalogue, _ = load_city("mojokerto")
    area = area_of(catalogue.station_by_id["ROLAK-SONGO"], catalogue, {})
    assert area.area_desc.count("(Kota Mojokerto)") == area.area_desc.count("(Kabupaten Mojokerto)") == 1
    assert [code.value for code in area.geocode][:2] == ["35.16.18.2002", "35.76.02.1010"]


def every_alarm(catalogue: Catalogue) -> Iterator[Alarm]:
    """Each level of each datastream, reached."""
    for datastream in catalogue.datastreams:
        for level in datastream.levels:
            step = replace(
                raised(level.level), rank=level.rank, severity=level.severity, limit=level.value, value=level.value + 1
            )
            context = Context("a" * 16, Position(1, 0), NOW_US, datastream.id, datastream.unit, level.is_illustrative)
            alarm = life_cycle.apply(None, step, context)
            assert alarm is not None
            yield alarm


def every_message(name: str) -> Iterator[Alert]:
    """What would be drafted for it, real and as an exercise, with polygons, and its end."""
    catalogue, _ = load_city(name)
    cap = replace(catalogue.city.cap, sender="bpbd@kota.go.id", parent_polygons=True, web="https://a.id", contact="112")
    catalogue = replace(catalogue, city=replace(catalogue.city, cap=cap))
    polygons = read_polygons(city_folder(name), catalogue.city.layers)
    for alarm in every_alarm(catalogue):
        held = warned_of(alarm)
        assert held is not None
        scene = Scene(alarm, catalogue, polygons, NOW_US, 20.0, held.level)
        for status in ("Actual", "Exercise"):
            first, _ = composed(scene, held, Wanted("a-1", "Alert", status))
            yield first
            yield composed_end(scene, first, Wanted("a-2", "Cancel", status, reference(first)))[0]


@pytest.mark.parametrize("name", CITIES)
def test_nothing_is_wrong_with_any_warning_of_a_built_in_city(name: str) -> None:
    messages = list(every_message(name))
    assert len(messages) > 100
    assert [fault for one in messages for fault in (*faults(one), *own_faults(one))] == []
    offset = {"mojokerto": "+07:00", "kotamobagu": "+08:00"}[name]
    assert {one.sent[-6:] for one in messages} == {offset}
    assert any(area.polygon for one in messages for info in one.info for area in info.area)


@pytest.mark.recorded
@pytest.mark.parametrize("name", CITIES)
def test_the_schema_takes_every_kind_of_them(name: str) -> None:
    schema = xmlschema.XMLSchema(str(recorded_messages() / "CAP-v1.2.xsd"))
    messages = list(every_message(name))
    assert [one for one in messages[:: max(1, len(messages) // 40)] if not schema.is_valid(to_xml(one).decode())] == []
