"""A city's folder of a few rows, made for tests, that is written, spoilt and read."""

from pathlib import Path

from sensors.catalogue import Catalogue
from sensors.city import load_city
from sensors.tables import Fault

CITY_TOML = """
code = "kota"
name = { id = "Kota Uji", en = "Test City" }
time_zone = "Asia/Jakarta"
zone_label = "WIB"

[map]
lon = 112.44
lat = -7.5
zoom = 11

[levels.waspada]
name = { id = "Waspada", en = "Advisory" }
colour = "#f2c200"

[levels.siaga]
name = { id = "Siaga", en = "Warning" }
colour = "#f28c1e"

[levels.kering]
name = { id = "Kering", en = "Dry" }
colour = "#4aa3df"

[basins]
brantas = { id = "Brantas", en = "Brantas" }

[[sources]]
name = "pjt"
url = "mqtt://127.0.0.1:1883"

[[ingest]]
source = "*"
filter = "telemetry/#"
format = "native"
"""

AREAS = """code,name,kind,parent
35.76,Kota Mojokerto,kota,
35.76.01,Prajurit Kulon,kecamatan,35.76
35.76.01.1003,Mentikan,kelurahan,35.76.01
"""

STATIONS = """station,name,kind,lat,lon,area,affects,agency,programme,basin
BRANGKAL,Kali Brangkal,river,-7.48,112.41,35.76.01.1003,35.76.01.1003 35.76.01,BPBD,EWS,brantas
UDARA-1,Alun-alun,air,-7.47,112.43,35.76.01.1003,,DLH,,
"""

PROGRAMMES = """code,name,dimension,opd,quick_win,planned_stations
EWS,Peringatan dini,environment,BPBD,ya,3
"""

DATASTREAMS = """station,property,kind,unit,origin_source,zone,valid_min,valid_max,rise_limit_per_h,interval_calm_s
BRANGKAL,level,river_level,cm,pjt,Asia/Jakarta,0,600,120.5,60
BRANGKAL,rain,rain,mm/h,,,0,200,,60
UDARA-1,pm25,air,ug/m3,,,0,500,,3600
"""

LEVELS = """\
station,property,level,rank,severity,direction,value,unit,hysteresis,on_delay_s,off_delay_s,effective_from,author
BRANGKAL,level,waspada,1,2,rising,300.5,cm,5,,,,
BRANGKAL,level,siaga,2,3,rising,400,cm,5,,,,
BRANGKAL,level,kering,1,1,falling,20,cm,2.5,,,,
"""

REACHES = """upstream,downstream,travel_min
BRANGKAL,UDARA-1,30
"""

FILES = {
    "city.toml": CITY_TOML,
    "areas.csv": AREAS,
    "stations.csv": STATIONS,
    "programmes.csv": PROGRAMMES,
    "datastreams.csv": DATASTREAMS,
    "levels.csv": LEVELS,
    "reaches.csv": REACHES,
}


class CityFolder:
    """The folder of a sound city; each call spoils or changes one thing."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        for name, text in FILES.items():
            self.write(name, text)

    def write(self, file: str, content: str | bytes) -> "CityFolder":
        raw = content.encode() if isinstance(content, str) else content
        (self.folder / file).write_bytes(raw)
        return self

    def replace(self, file: str, old: str, new: str) -> "CityFolder":
        text = (self.folder / file).read_text(encoding="utf-8")
        assert old in text, f"{old!r} is not in {file}"
        return self.write(file, text.replace(old, new, 1))

    def append(self, file: str, *lines: str) -> "CityFolder":
        text = (self.folder / file).read_text(encoding="utf-8")
        return self.write(file, text + "".join(f"{line}\n" for line in lines))

    def remove(self, file: str) -> "CityFolder":
        (self.folder / file).unlink()
        return self

    def load(self) -> tuple[Catalogue, tuple[Fault, ...]]:
        return load_city(str(self.folder))

    def catalogue(self) -> Catalogue:
        """The catalogue of a city without faults."""
        catalogue, faults = self.load()
        assert faults == ()
        return catalogue

    def faults(self) -> list[str]:
        return [str(fault) for fault in self.load()[1]]
