"""Map layers: what cannot be drawn is named."""

from pathlib import Path

import pytest

from sensors.map_layer import why_unusable

POINT = b'{"type": "Feature", "properties": {"nama": "A"}, "geometry": {"type": "Point", "coordinates": [1, 2]}}'


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b'{"type": "FeatureCollection", "features": [' + POINT + b"]}", ""),
        (b"", "expected a GeoJSON FeatureCollection"),
        (b"[1, 2]", "expected a GeoJSON FeatureCollection"),
        (b"\xff\xfe", "expected a GeoJSON FeatureCollection"),
        (b'{"type": "FeatureCollection", "features": [' + POINT, "expected a GeoJSON FeatureCollection"),
        (POINT, "expected a GeoJSON FeatureCollection"),
        (b'{"type": "Topology", "features": []}', "got Topology"),
        (
            b'{"type": "FeatureCollection", "features": [' + POINT.replace(b"Point", b"Circle") + b"]}",
            "points, lines and polygons, got Circle",
        ),
        (
            b'{"type": "FeatureCollection", "features": [' + POINT.replace(b"[1, 2]", b'"x"') + b"]}",
            "expected a GeoJSON FeatureCollection",
        ),
    ],
)
def test_geojson(tmp_path: Path, content: bytes, reason: str) -> None:
    file = tmp_path / "layer.geojson"
    file.write_bytes(content)
    assert reason in why_unusable(file)
    assert bool(why_unusable(file)) == bool(reason)


def test_pmtiles(tmp_path: Path) -> None:
    file = tmp_path / "base.pmtiles"
    file.write_bytes(b"PMTiles\x03rest")
    assert why_unusable(file) == ""
    file.write_bytes(b"no tiles")
    assert "expected a PMTiles file" in why_unusable(file)
    assert "cannot be read" in why_unusable(tmp_path / "none.pmtiles")
