"""What was derived stays out of an export: a gateway that gets the rest again derives it again."""

import csv
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from command_center.main import main
from gateway.log.export import exported
from gateway.log.reader import LogReader
from gateway.log.rows import Entry
from gateway.log.schema import FILE
from gateway.log.writer import LogWriter
from sensors.catalogue import Catalogue, Datastream, Derivation
from sensors.settings import LogSettings
from tests.unit.gateway.log_entries import DETECTOR, entry, some_batch
from tests.unit.gateway.small_city import small_catalogue

DERIVED = "S1:rain"  # number 1
OBSERVED = {"S1:level", "S2:level"}


def derived_from(city: Catalogue) -> Catalogue:
    """The city where the rain is computed and no longer observed."""
    first, rain, *others = city.datastreams
    computed: Datastream = replace(rain, derivation=Derivation(method="rate", inputs=(first.id,)))
    return replace(city, datastreams=(first, computed, *others))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A log whose rain is derived."""
    with LogWriter(tmp_path, LogSettings(), DETECTOR) as log:
        city = derived_from(small_catalogue())
        log.numbers((d.station, d.property, d.unit) for d in city.datastreams)
        log.install_catalogue(city, 1)
        log.append(entry(1, 300))
    return tmp_path


def sensors(folder: Path, *options: str) -> set[str]:
    """Whose observations `siaga log export` writes."""
    out = folder / "out.csv"
    assert main(["log", "export", "--data-dir", str(folder), "--out", str(out), *options]) == 0
    with out.open(encoding="utf-8") as lines:
        return {f"{row['station']}:{row['variable']}" for row in csv.DictReader(lines)}


def test_what_was_derived_is_left_out_unless_it_is_asked_for_or_named(folder: Path) -> None:
    assert sensors(folder) == OBSERVED
    assert sensors(folder, "--derived") == OBSERVED | {DERIVED}
    assert sensors(folder, "--sensor", DERIVED) == {DERIVED}


def test_each_row_is_taken_by_the_catalogue_under_which_it_was_written(folder: Path) -> None:
    observed_later = some_batch(300, seed=1)
    with LogWriter(folder, LogSettings(), DETECTOR) as log:
        log.append(Entry(2, "observations", log.install_catalogue(small_catalogue(), 2), observed_later))
    with LogReader(folder) as reader:
        rain = [float(row[3]) for row in exported(reader) if row[2] == "rain"]
    assert rain == observed_later.value[observed_later.datastream == 1].tolist()


def test_where_the_catalogue_cannot_be_read_nothing_is_left_out_and_it_is_said(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with closing(sqlite3.connect(folder / FILE)) as connection, connection:
        connection.execute("UPDATE catalogue SET text = x'00'")
    with LogReader(folder) as reader:
        assert {f"{row[1]}:{row[2]}" for row in exported(reader)} == OBSERVED | {DERIVED}
    assert "catalogue version 1 is damaged" in caplog.text
    assert "exported with the rest" in caplog.text
