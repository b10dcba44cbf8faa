"""The city as the gateway puts it in force: numbered, kept where a row went bad, its ingest rules checked."""

import shutil
from pathlib import Path

import pytest

from gateway.city_in_force import checked, put_in_force
from gateway.log.writer import LogWriter
from sensors.city import BUILT_IN
from sensors.errors import AnotherCity
from sensors.settings import LogSettings

NOW = 1_780_000_000_000_000


@pytest.fixture
def city(tmp_path: Path) -> Path:
    return Path(shutil.copytree(BUILT_IN / "kotamobagu", tmp_path / "kota"))


def test_ingest_rules_that_cannot_be_followed_are_named(city: Path) -> None:
    rules = '\n[[ingest]]\nsource = "*"\nfilter = "up/#"\nformat = "{}"\n'
    toml = city / "city.toml"
    before = toml.read_text(encoding="utf-8")
    for name, reason in (("martian", "expected a format of native, got 'martian'"), ("native", "nothing else is")):
        toml.write_text(before + rules.format(name), encoding="utf-8")
        _, faults = checked(str(city))
        assert [reason in fault.reason for fault in faults] == [True]


def test_the_same_city_is_the_same_version_and_a_lost_row_stays(city: Path, tmp_path: Path) -> None:
    with LogWriter(tmp_path, LogSettings(), 1) as writer:
        first = put_in_force(str(city), writer, None, NOW)
        again = put_in_force(str(city), writer, first.catalogue, NOW + 1)
        assert (again.version, again.faults) == (first.version, ())
        levels = city / "levels.csv"
        lines = levels.read_text(encoding="utf-8").splitlines()
        levels.write_text("\n".join(lines[:-1]) + "\n", encoding="utf-8")
        third = put_in_force(str(city), writer, first.catalogue, NOW + 2)
        assert third.catalogue == first.catalogue
        assert len(third.faults) == 1
        assert "last good version is kept" in third.faults[0].reason


def test_another_city_has_no_business_in_this_log(city: Path, tmp_path: Path) -> None:
    with LogWriter(tmp_path, LogSettings(), 1) as writer:
        first = put_in_force(str(city), writer, None, NOW)
        with pytest.raises(AnotherCity, match="mojokerto"):
            put_in_force("mojokerto", writer, first.catalogue, NOW)
