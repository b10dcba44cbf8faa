"""A city of three stations, made for tests: every figure is made up here."""

from pathlib import Path
from typing import Final

RIVER: Final = "SUNGAI-UJI:level"  # waspada 150 cm, siaga 250 cm, awas 350 cm; valid 0 to 1000 cm
RAIN: Final = "HUJAN-UJI:rain"
AIR: Final = "UDARA-UJI:pm25"
WASPADA_CM: Final = 150.0
SIAGA_CM: Final = 250.0
AWAS_CM: Final = 350.0

FILES: Final = {
    "city.toml": """
code = "kota-uji"
name = { id = "Kota Uji", en = "Test City" }
time_zone = "Asia/Jakarta"
zone_label = "WIB"

[map]
lon = 112.43
lat = -7.47
zoom = 12

[levels.waspada]
name = { id = "Waspada", en = "Advisory" }
colour = "#f2c200"

[levels.siaga]
name = { id = "Siaga", en = "Watch" }
colour = "#f07800"

[levels.awas]
name = { id = "Awas", en = "Warning" }
colour = "#d00020"

[basins.uji]
id = "Kali Uji"
en = "Test River"
""",
    "areas.csv": """
code,name,kind,parent,source
35.76,Kota Uji,kota,,for tests
35.76.01,Uji,kecamatan,35.76,for tests
35.76.01.1001,Uji Kulon,kelurahan,35.76.01,for tests
35.76.01.1002,Uji Wetan,kelurahan,35.76.01,for tests
""",
    "programmes.csv": """
code,name,dimension,opd,quick_win,due,planned_stations,targets,source_page,source
EWS,Peringatan dini,environment,BPBD Kota Uji,true,2027-12,3,,,for tests
""",
    "stations.csv": """
station,name,kind,lat,lon,area,affects,agency,programme,basin,source
SUNGAI-UJI,Kali Uji di Jembatan,river,-7.470,112.430,35.76.01.1001,35.76.01.1002,BPBD Kota Uji,EWS,uji,for tests
HUJAN-UJI,Pos hujan Uji,rain,-7.480,112.440,35.76.01.1002,,BPBD Kota Uji,EWS,uji,for tests
UDARA-UJI,Udara Uji,air,-7.475,112.435,35.76.01.1001,,DLH Kota Uji,,,for tests
""",
    "datastreams.csv": """
station,property,kind,unit,valid_min,valid_max,interval_calm_s,interval_storm_s,sharing,source
SUNGAI-UJI,level,river_level,cm,0,1000,600,300,public,for tests
HUJAN-UJI,rain,rain,mm,0,200,600,300,public,for tests
UDARA-UJI,pm25,air,ug/m3,0,1000,600,,public,for tests
""",
    "levels.csv": """
station,property,level,rank,severity,direction,value,unit,hysteresis,source
SUNGAI-UJI,level,waspada,1,2,rising,150,cm,5,for tests
SUNGAI-UJI,level,siaga,2,3,rising,250,cm,5,for tests
SUNGAI-UJI,level,awas,3,4,rising,350,cm,5,for tests
""",
}


def write_city(folder: Path) -> Path:
    """Write the city into `folder` and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in FILES.items():
        (folder / name).write_text(text.lstrip("\n"), encoding="utf-8")
    return folder


def let_it_fall_fast(city: Path) -> None:
    """The stations stand at gates: a story ends within a second, and no such fall is in doubt."""
    stations = city / "stations.csv"
    head, *rows = (line.rpartition(",") for line in stations.read_text(encoding="utf-8").splitlines())
    lines = [f"{head[0]},gated,{head[2]}", *(f"{row},yes,{last}" for row, _, last in rows)]
    stations.write_text("\n".join(lines) + "\n", encoding="utf-8")
