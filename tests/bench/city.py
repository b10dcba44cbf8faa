"""A city of many equal gauges, as files: what the gateway under measurement is given."""

from pathlib import Path
from typing import Final

from tests.bench.traffic import TOPICS

LEVELS: Final = (("waspada", 1, 300), ("siaga", 2, 400), ("awas", 3, 500), ("darurat", 4, 600))
_CITY: Final = """
code = "bench"
name = { id = "Uji", en = "Bench" }
time_zone = "Asia/Jakarta"
zone_label = "WIB"

[map]
lon = 112.4
lat = -7.5
zoom = 10.0
"""


def write_bench_city(folder: Path, topics: int = TOPICS) -> Path:
    """A folder with one datastream per topic, each with four levels (as many as the peers' ifs)."""
    folder.mkdir(parents=True)
    styles = "".join(
        f'\n[levels.{level}]\nname = {{ id = "{level}", en = "{level}" }}\ncolour = "#ffaa00"\n'
        for level, _, _ in LEVELS
    )
    (folder / "city.toml").write_text(_CITY + styles, encoding="utf-8")
    names = [f"STATION-{n:06d}" for n in range(topics)]
    _table(folder / "areas.csv", "code,name,kind,parent", ["35.76,Kota,kota,", "35.76.01.1001,Kel,kelurahan,35.76"])
    _table(
        folder / "stations.csv",
        "station,name,kind,lat,lon,area,agency",
        [f"{name},{name},river,-7.5,112.4,35.76.01.1001,PU" for name in names],
    )
    _table(
        folder / "datastreams.csv",
        "station,property,kind,unit,valid_min,valid_max,interval_calm_s",
        [f"{name},level,river_level,cm,0,2000,3600" for name in names],
    )
    _table(
        folder / "levels.csv",
        "station,property,level,rank,severity,direction,value,unit,hysteresis",
        [f"{name},level,{level},{rank},{rank},rising,{value},cm,5" for name in names for level, rank, value in LEVELS],
    )
    return folder


def _table(file: Path, head: str, rows: list[str]) -> None:
    file.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
