"""What a map layer's file must be, as far as a map can be drawn from it."""

from pathlib import Path
from typing import Any, Final

import msgspec

MAX_BYTES: Final = 64 * 1024 * 1024  # of GeoJSON; larger maps belong into PMTiles
_PMTILES: Final = b"PMTiles"  # the first bytes of the file (PMTiles specification v3, 3.1)
_SHAPES: Final = {"Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon"}


class _Geometry(msgspec.Struct):
    type: str
    coordinates: list[Any]


class _Feature(msgspec.Struct):
    type: str
    geometry: _Geometry | None
    properties: dict[str, Any] | None = None


class _Collection(msgspec.Struct):
    type: str
    features: list[_Feature]


def why_unusable(path: Path) -> str:
    """The reason why a layer cannot be drawn; "" where it can."""
    try:
        if path.suffix == ".pmtiles":
            with path.open("rb") as file:
                return "" if file.read(len(_PMTILES)) == _PMTILES else f"{path.name}: expected a PMTiles file"
        if path.stat().st_size > MAX_BYTES:
            return f"{path.name}: expected at most {MAX_BYTES} bytes of GeoJSON; make PMTiles of it"
        collection = msgspec.json.decode(path.read_bytes(), type=_Collection)
    except OSError as error:
        return f"{path.name}: cannot be read: {error.strerror}"
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        return f"{path.name}: expected a GeoJSON FeatureCollection: {error}"
    strange = {f.geometry.type for f in collection.features if f.geometry is not None} - _SHAPES
    if collection.type != "FeatureCollection" or strange:
        found = ", ".join(sorted(strange)) or collection.type
        return f"{path.name}: expected a GeoJSON FeatureCollection of points, lines and polygons, got {found}"
    return ""
