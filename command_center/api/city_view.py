"""The city as the wall needs it."""

import msgspec
from msgspec.structs import asdict

from sensors.catalogue import Area, Catalogue, Layer, LevelStyle, MapView, Programme, Reach, Station, Text


class LayerView(Layer, frozen=True, kw_only=True, forbid_unknown_fields=False):
    """A map layer, and where its file is."""

    url: str


class StationView(Station, frozen=True, kw_only=True):
    """A station with the names of its area."""

    area_name: str
    jurisdiction: str
    illustrative: bool


class CityView(msgspec.Struct, frozen=True, kw_only=True):
    """Names, levels, places, reaches, programmes and map layers."""

    code: str
    name: Text
    time_zone: str  # IANA name
    zone_label: str
    map: MapView
    layers: list[LayerView]
    levels: dict[str, LevelStyle]
    basins: dict[str, Text]
    properties: dict[str, Text]
    areas: tuple[Area, ...]
    stations: list[StationView]
    reaches: tuple[Reach, ...]
    pace: float  # how many times as fast as life its rivers move: 1, or that of an exercise
    programmes: tuple[Programme, ...]
    credit: Text


def city_view(catalogue: Catalogue) -> CityView:
    """The city of a catalogue."""
    city = catalogue.city
    return CityView(
        code=city.code,
        name=city.name,
        time_zone=city.time_zone,
        zone_label=city.zone_label,
        map=city.map,
        layers=[LayerView(**asdict(layer), url=f"/api/v1/city/layers/{i}") for i, layer in enumerate(city.layers)],
        levels=city.levels,
        basins=city.basins,
        properties=city.properties,
        areas=catalogue.areas,
        stations=[_station(station, catalogue) for station in catalogue.stations],
        reaches=catalogue.reaches,
        pace=catalogue.pace,
        programmes=catalogue.programmes,
        credit=city.credit,
    )


def _station(station: Station, catalogue: Catalogue) -> StationView:
    area, jurisdiction = catalogue.area_by_code.get(station.area), catalogue.jurisdiction(station.area)
    return StationView(
        **asdict(station),
        area_name="" if area is None else area.name,
        jurisdiction="" if jurisdiction is None else jurisdiction.name,
        illustrative=station.is_illustrative,
    )
