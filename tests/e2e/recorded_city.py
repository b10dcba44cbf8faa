"""The recorded floods as a city: written at test time from the recordings' own thresholds, never kept."""

import csv
import os
from pathlib import Path
from typing import Final

import pytest

DEFAULT_DATA: Final = Path(__file__).parents[3] / "shared" / "data"
CITY_TOML: Final = """
code = "rekaman"
name = { id = "Rekaman", en = "Recorded" }
time_zone = "Asia/Jakarta"
zone_label = "WIB"
map = { lon = 106.8, lat = -6.2, zoom = 8 }
"""


def recorded_floods() -> Path:
    """The folder of the recorded floods; skips the test, saying so, where the recordings are absent."""
    folder = Path(os.environ.get("SIAGA_RECORDED_DATA", DEFAULT_DATA)).resolve() / "A_flood"
    if not (folder / "expected_excursions.csv").is_file():
        pytest.skip(f"SIAGA_RECORDED_DATA: no recorded floods in {folder}")
    return folder


def write_recorded_city(folder: Path, floods: Path, series: dict[str, tuple[str, str]]) -> Path:
    """A city of the recorded stations; `series` gives variable and unit by station."""
    folder.mkdir()
    thresholds = [row for row in read(floods / "thresholds.csv") if row["station"] in series]
    names = sorted({row["level"] for row in thresholds})
    styles = [f'[levels.{name}]\nname = {{ id = "{name}", en = "{name}" }}\ncolour = "#c00000"' for name in names]
    _write(folder, "city.toml", [CITY_TOML, *styles])
    _write(folder, "areas.csv", ["code,name,kind,parent", "31.71,Jakarta,kota,"])
    stations = [f"{name},{name},river,-6.2,106.8,31.71,PUPR" for name in series]
    _write(folder, "stations.csv", ["station,name,kind,lat,lon,area,agency", *stations])
    datastreams = [f"{name},{variable},river_level,{unit},3600" for name, (variable, unit) in series.items()]
    _write(folder, "datastreams.csv", ["station,property,kind,unit,interval_calm_s", *datastreams])
    levels = [
        f"{row['station']},{series[row['station']][0]},{row['level']},{row['rank']},{row['rank']},rising,"
        f"{row['value']},{row['unit']},recorded"
        for row in thresholds
    ]
    _write(folder, "levels.csv", ["station,property,level,rank,severity,direction,value,unit,source", *levels])
    return folder


def read(file: Path) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _write(folder: Path, name: str, lines: list[str]) -> None:
    (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
