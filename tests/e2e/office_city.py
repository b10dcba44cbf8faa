"""The small city with what an office works with: warnings, contacts, a siren and a lamp, and areas on a map."""

import json
from pathlib import Path
from typing import Final

SENDER: Final = "pusdalops@bpbd.uji.go.id"
SIREN: Final = "SIRENE-UJI"
LAMP: Final = "LAMPU-UJI"
HOSTILE: Final = '<script>alert("x")</script>'

CITY: Final = f"""
[[layers]]
file = "areas.geojson"
kind = "area"
name = {{ id = "Kelurahan", en = "Wards" }}

[cap]
sender = "{SENDER}"
sender_name = {{ id = "BPBD Kota Uji", en = "Test City disaster agency" }}
contact = "0321-000000"
"""
TABLES: Final = {
    "actuators.csv": f"""
actuator,kind,station,datastream,level,who,confirm_s,source
{SIREN},siren,SUNGAI-UJI,SUNGAI-UJI:level,awas,supervisor,5,for tests
{LAMP},lamp,SUNGAI-UJI,SUNGAI-UJI:level,siaga,operator,5,for tests
""",
    "contacts.csv": """
contact,name,language,urls,group,areas,least_severity,mass,test,canary,source
HOOK,Posko BPBD,id,env:UJI_HOOK,posko,*,1,no,no,no,for tests
GONE,Radio rusak,id,env:UJI_GONE,posko,*,1,no,no,yes,for tests
""",
}
RING: Final = [[112.425, -7.475], [112.44, -7.476], [112.437, -7.463], [112.428, -7.461], [112.425, -7.475]]


def write_office(city: Path) -> None:
    """Add it to the small city in `city`."""
    with (city / "city.toml").open("a", encoding="utf-8") as table:
        table.write(CITY)
    for name, text in TABLES.items():
        (city / name).write_text(text.lstrip("\n"), encoding="utf-8")
    feature = {
        "type": "Feature",
        "properties": {"code": "35.76.01.1001"},
        "geometry": {"type": "Polygon", "coordinates": [RING]},
    }
    collection = {"type": "FeatureCollection", "features": [feature]}
    (city / "areas.geojson").write_text(json.dumps(collection), encoding="utf-8")
    stations = city / "stations.csv"
    stations.write_text(stations.read_text(encoding="utf-8").replace("Pos hujan Uji", f'"{_quoted(HOSTILE)}"'))


def _quoted(text: str) -> str:
    return text.replace('"', '""')
