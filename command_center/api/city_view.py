"""The city as the wall needs it."""

from typing import Any

import msgspec

from sensors.catalogue import Catalogue, Station


def city_view(catalogue: Catalogue) -> dict[str, Any]:
    """Names, levels, places, reaches, programmes and map layers of a catalogue."""
    city = catalogue.city
    return {
        "code": city.code,
        "name": city.name,
        "time_zone": city.time_zone,
        "zone_label": city.zone_label,
        "map": city.map,
        "layers": [
            {"url": f"/api/v1/city/layers/{i}", **msgspec.structs.asdict(layer)} for i, layer in enumerate(city.layers)
        ],
        "levels": city.levels,
        "basins": city.basins,
        "properties": city.properties,
        "areas": catalogue.areas,
        "stations": [_station(station, catalogue) for station in catalogue.stations],
        "reaches": catalogue.reaches,
        "programmes": catalogue.programmes,
        "credit": city.credit,
    }


def _station(station: Station, catalogue: Catalogue) -> dict[str, Any]:
    area, jurisdiction = catalogue.area_by_code.get(station.area), catalogue.jurisdiction(station.area)
    return {
        **msgspec.structs.asdict(station),
        "area_name": "" if area is None else area.name,
        "jurisdiction": "" if jurisdiction is None else jurisdiction.name,
        "illustrative": station.is_illustrative,
    }
