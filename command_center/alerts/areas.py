"""Where a warning holds: a station's areas by their codes, with polygons where the city's layers have them."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from command_center.alerts.message import Area, Named
from sensors.catalogue import Catalogue, Layer, Station
from sensors.warning_rules import CapRules

MAX_POINTS: Final = 2_000  # of one polygon; a finer one is left out, the codes remain
MAX_POLYGONS: Final = 200  # of one message

Polygons = Mapping[str, tuple[str, ...]]  # by Kemendagri code, as CAP writes them


def area_of(station: Station, catalogue: Catalogue, polygons: Polygons) -> Area:
    """The station's own area and those that its levels concern."""
    cap = catalogue.city.cap
    codes = tuple(dict.fromkeys((station.area, *station.affects)))
    return Area(
        area_desc=_names(codes, catalogue) or station.name,
        polygon=_polygons(codes, polygons, cap)[:MAX_POLYGONS],
        geocode=tuple(Named(value_name=cap.geocode_name, value=code) for code in codes),
    )


def _names(codes: Iterable[str], catalogue: Catalogue) -> str:
    """The areas' names, those of one kota or kabupaten together."""
    groups: dict[str, list[str]] = {}
    for code in codes:
        area, home = catalogue.area_by_code.get(code), catalogue.jurisdiction(code)
        if area is not None:
            names = groups.setdefault("" if home is None or home is area else home.name, [])
            names.append(area.name if area.kind in ("kota", "kabupaten") else f"{area.kind.title()} {area.name}")
    return "; ".join(", ".join(names) + (f" ({home})" if home else "") for home, names in groups.items())


def _polygons(codes: Iterable[str], polygons: Polygons, cap: CapRules) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for code in codes:
        own = polygons.get(code, ())
        if not own and cap.parent_polygons:
            own = polygons.get(code[:8], ())  # 35.76.01 of 35.76.01.1003
        found.update(dict.fromkeys(own))
    return tuple(found)


class _Geometry(msgspec.Struct):
    type: str
    coordinates: list[Any]


class _Feature(msgspec.Struct):
    geometry: _Geometry | None = None
    properties: dict[str, Any] | None = None


class _Collection(msgspec.Struct):
    features: list[_Feature]


def read_polygons(folder: Path, layers: Iterable[Layer]) -> dict[str, tuple[str, ...]]:
    """The polygons of a city's areas by code (a feature's property `code`).

    Reads files.  Raises OSError or msgspec.MsgspecError where a layer that was usable has gone bad.
    """
    found: dict[str, tuple[str, ...]] = {}
    for layer in layers:
        if layer.kind in ("area", "boundary") and layer.file.endswith(".geojson"):
            body = (folder / Path(layer.file).name).read_bytes()
            for feature in msgspec.json.decode(body, type=_Collection).features:
                code = (feature.properties or {}).get("code")
                if isinstance(code, str) and feature.geometry is not None:
                    found.setdefault(code, _rings(feature.geometry))
    return found


def _rings(geometry: _Geometry) -> tuple[str, ...]:
    """The outer rings; CAP knows no holes."""
    shapes = {"Polygon": [geometry.coordinates], "MultiPolygon": geometry.coordinates}.get(geometry.type, [])
    rings = [_ring(shape[0]) for shape in shapes if shape]
    return tuple(ring for ring in rings if ring)


def _ring(points: list[Any]) -> str:
    """A ring as CAP writes it: "lat,lon lat,lon …", the last point the first; "" where it is none."""
    pairs = [f"{float(point[1]):.6g},{float(point[0]):.7g}" for point in points]
    if pairs and pairs[0] != pairs[-1]:
        pairs.append(pairs[0])
    return " ".join(pairs) if 4 <= len(pairs) <= MAX_POINTS else ""
