"""The city as the gateway puts it in force: numbered, kept where a row went bad, its ingest rules checked."""

import shutil
from pathlib import Path

import pytest

from gateway.city_in_force import checked, kept_in_force, put_in_force, reread
from gateway.log.writer import LogWriter
from sensors.city import BUILT_IN
from sensors.errors import AnotherCity, CatalogueError
from sensors.settings import LogSettings
from sensors.trend.rules import trend_window_s

NOW = 1_780_000_000_000_000


@pytest.fixture
def city(tmp_path: Path) -> Path:
    return Path(shutil.copytree(BUILT_IN / "kotamobagu", tmp_path / "kota"))


@pytest.mark.parametrize(
    ("name", "filter_", "reason"),
    [
        ("martian", "up/#", "'martian'"),
        ("native", "siaga/#", "what is under siaga/ is Siaga's own"),
        ("native", "$SYS/#", "the broker's own"),
        ("native", "up/#/x", "# for the last one"),
    ],
)
def test_ingest_rules_that_cannot_be_followed_are_named(city: Path, name: str, filter_: str, reason: str) -> None:
    rule = f'\n[[ingest]]\nsource = "*"\nfilter = "{filter_}"\nformat = "{name}"\n'
    toml = city / "city.toml"
    toml.write_text(toml.read_text(encoding="utf-8") + rule, encoding="utf-8")
    _, faults = checked(str(city))
    assert [reason in fault.reason for fault in faults] == [True]


def test_sources_that_cannot_be_listened_to_are_named(city: Path) -> None:
    toml = city / "city.toml"
    sources = (
        ("a", "amqp://10.0.0.5", ""),
        ("b", "mqtt://10.0.0.5", 'ca_file = "ca.pem"'),
        ("c", "mqtts://10.0.0.5", 'password_env = "SANDI"\npassword_file = "sandi"'),
    )
    blocks = "".join(f'\n[[sources]]\nname = "{name}"\nurl = "{url}"\n{more}\n' for name, url, more in sources)
    toml.write_text(toml.read_text(encoding="utf-8") + blocks, encoding="utf-8")
    _, faults = checked(str(city))
    assert [fault.reason.split(":")[0] for fault in faults if fault.column == "sources"] == ["a", "b", "c"]


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


def test_a_city_that_is_played_faster_is_so_once_and_with_it_a_row_that_is_kept(city: Path, tmp_path: Path) -> None:
    with LogWriter(tmp_path, LogSettings(), 1) as writer:
        life = put_in_force(str(city), writer, None, NOW)
        played = put_in_force(str(city), writer, life.catalogue, NOW + 1, 60.0)
        assert put_in_force(str(city), writer, played.catalogue, NOW + 2, 60.0).version == played.version
        assert played.version != life.version
        (city / "reaches.csv").write_text("upstream,downstream,travel_min\n", encoding="utf-8")
        derived = city / "derived.csv"
        rows = derived.read_text(encoding="utf-8").splitlines(keepends=True)
        derived.write_text("".join(row for row in rows if ",rate," not in row), encoding="utf-8")
        back = put_in_force(str(city), writer, played.catalogue, NOW + 3)
        for before, after in ((life, played), (life, back)):
            windows = [(d.id, (trend_window_s(d) or 0.0) * after.catalogue.pace) for d in after.catalogue.datastreams]
            assert sorted(windows) == sorted((d.id, trend_window_s(d) or 0.0) for d in before.catalogue.datastreams)


def test_water_has_its_own_pace_where_the_city_cannot_be_read(city: Path, tmp_path: Path) -> None:
    with LogWriter(tmp_path, LogSettings(), 1) as writer:
        played = put_in_force(str(city), writer, None, NOW, 60.0)
        (city / "city.toml").write_text("code = ", encoding="utf-8")
        same = reread(str(city), writer, played, NOW + 1, 60.0)
        assert (same.catalogue is played.catalogue, same.version, len(same.faults)) == (True, played.version, 1)
        live = reread(str(city), writer, same, NOW + 2, 1.0)
        assert (live.catalogue.pace, live.version != played.version) == (1.0, True)
        assert [fault.file for fault in live.faults] == ["city.toml"]  # told once
        again = kept_in_force(played, CatalogueError("as a start finds it"), writer, NOW + 3, 1.0)
        assert (again.catalogue, again.version) == (live.catalogue, live.version)


def test_another_city_has_no_business_in_this_log(city: Path, tmp_path: Path) -> None:
    with LogWriter(tmp_path, LogSettings(), 1) as writer:
        first = put_in_force(str(city), writer, None, NOW)
        with pytest.raises(AnotherCity, match="mojokerto"):
            put_in_force("mojokerto", writer, first.catalogue, NOW)
