"""Every example of docs/formats.md, run: its rule and rows in a city's folder, its message through ingest."""

import re
from pathlib import Path

import pytest

from gateway.formats import known_formats
from gateway.ingest import Ingested
from gateway.readings import Refusal
from sensors.catalogue import Catalogue
from sensors.times import rfc3339
from tests.unit.gateway.formats.mapped import Reader
from tests.unit.sensors.small_city import CITY_TOML, LEVELS, REACHES, STATIONS, CityFolder

DOCUMENT = (Path(__file__).parents[4] / "docs" / "formats.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", DOCUMENT, re.MULTILINE | re.DOTALL))
RECEIVED_US = 1_780_000_100_000_000


def block(section: str, language: str) -> str:
    """The section's one block of that language."""
    found = dict(re.findall(r"^```(\w*)\n(.*?)^```$", section, re.MULTILINE | re.DOTALL))
    return str(found[language])


def city_of(section: str, folder: Path) -> Catalogue:
    """The city with the section's rule and rows."""
    city = CityFolder(folder / "kota").write("levels.csv", LEVELS.splitlines()[0] + "\n")
    city.write("city.toml", CITY_TOML[: CITY_TOML.index("[[ingest]]")] + block(section, "toml"))
    city.write("datastreams.csv", block(section, "csv"))
    for table, rows in (("stations.csv", STATIONS), ("reaches.csv", REACHES)):
        city.write(table, rows.replace("BRANGKAL,", "BRANGKAL-SOOKO,"))  # as the built-in city has it
    catalogue = city.catalogue()
    numbers = {(d.station, d.property, d.unit): number for number, d in enumerate(catalogue.datastreams)}
    return catalogue.numbered(numbers)


def told(catalogue: Catalogue, result: Ingested) -> list[str]:
    """What the document says of a result."""
    found = []
    batch = result.batch
    for number, value, time_us, device_us in zip(
        batch.datastream.tolist(), batch.value.tolist(), batch.time_us.tolist(), batch.device_us.tolist(), strict=True
    ):
        datastream = catalogue.datastream_by_number[number]
        when = rfc3339(time_us) if device_us > 0 else "the time it was received"
        found.append(f"Stored: `{datastream.id} {value} {datastream.unit} at {when}`.")
    return found + [f"Dead letter: `{letter.reason}`." for letter in result.dead_letters]


@pytest.mark.parametrize("name", list(SECTIONS))
def test_an_example_does_what_the_document_says(name: str, tmp_path: Path) -> None:
    section = SECTIONS[name]
    catalogue = city_of(section, tmp_path)
    assert catalogue.city.ingest[0].format == name
    topic, content = block(section, "").rstrip("\n").split("\n", 1)
    payload = bytes.fromhex(content[4:]) if content.startswith("hex:") else content.encode()
    reader = Reader(catalogue)
    reader.now_us = RECEIVED_US
    expected = re.findall(r"^(?:Stored|Dead letter): .*$", section, re.MULTILINE)
    assert sorted(told(catalogue, reader.read((topic, payload)))) == sorted(expected)


def test_the_document_has_every_reason() -> None:
    table = DOCUMENT[DOCUMENT.index("## Why a message is a dead letter") :]
    named = {name for row in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)}
    assert named == set(Refusal)


def test_the_document_has_every_format() -> None:
    assert set(SECTIONS) == set(known_formats())
