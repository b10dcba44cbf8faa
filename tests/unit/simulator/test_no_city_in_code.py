"""Nothing of a named city is in code: its name and its stations live in the city's folder alone."""

import re
from pathlib import Path

import pytest

from sensors.settings import Settings
from tests.unit.simulator.cities import CITIES, catalogue

ROOT = Path(__file__).parents[3]
PACKAGES = ("sensors", "gateway", "simulator", "command_center")
SOURCES = [
    file for package in PACKAGES for file in sorted((ROOT / package).rglob("*.py")) if "cities" not in file.parts
]
NAMES_THE_DEFAULT = {ROOT / "sensors" / "settings.py", ROOT / "command_center" / "commands.py"}  # the setting, its help


@pytest.mark.parametrize("city", CITIES)
def test_no_source_file_names_a_city_or_its_stations(city: str) -> None:
    declared = catalogue(city)
    names = {city, declared.city.name.id, declared.city.name.en}
    names |= {station.station for station in declared.stations} | {station.name for station in declared.stations}
    pattern = re.compile(r"\b(" + "|".join(re.escape(name) for name in sorted(names)) + r")\b", re.IGNORECASE)
    default = re.compile(re.escape(Settings().city), re.IGNORECASE)
    for file in SOURCES:
        text = file.read_text(encoding="utf-8")
        found = pattern.search(default.sub("", text) if file in NAMES_THE_DEFAULT else text)
        assert found is None, f"{file.relative_to(ROOT)} names {found.group()!r}"
