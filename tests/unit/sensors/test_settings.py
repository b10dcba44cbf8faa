"""Settings: file under environment, every mistake named with file or variable, key, expected and got."""

from pathlib import Path

import pytest

from sensors.errors import SettingsError
from sensors.settings import Settings, environment_names, load_settings


def toml(folder: Path, text: str) -> Path:
    file = folder / "siaga.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_without_a_file_the_defaults() -> None:
    assert load_settings(None, {"PATH": "/usr/bin", "HOME": "/root"}) == Settings()


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = toml(tmp_path, 'city = "kotamobagu"\n[http]\nport = 8100\nhost = "0.0.0.0"\n')
    settings = load_settings(file, {"SIAGA_HTTP_PORT": "8200", "SIAGA_LOG_CHECKPOINT_S": "1.5"})
    assert (settings.city, settings.http.host, settings.http.port) == ("kotamobagu", "0.0.0.0", 8200)  # noqa: S104
    assert settings.log.checkpoint_s == 1.5
    assert settings.mqtt == Settings().mqtt


def test_every_key_has_its_variable() -> None:
    names = environment_names()
    assert names["SIAGA_CITY"] == ("city",)
    assert names["SIAGA_MQTT_KEEP_ALIVE_S"] == ("mqtt", "keep_alive_s")
    assert len(names) == len(set(names.values()))


def test_variables_that_are_no_settings_are_left_alone() -> None:
    assert load_settings(None, {"SIAGA_CONFIG": "x.toml", "SIAGA_RECORDED_DATA": "data"}) == Settings()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("stadt = 1", "siaga.toml: Object contains unknown field `stadt`"),
        ("[http]\nprot = 1", r"siaga.toml: Object contains unknown field `prot` - at `\$.http`"),
        ('[http]\nport = "8000"', r"siaga.toml: Expected `int`, got `str` - at `\$.http.port`"),
        ("[http]\nport = 65536", r"siaga.toml: Expected `int` <= 65535 - at `\$.http.port`"),
        ("[mqtt]\nkeep_alive_s = 70000", r"siaga.toml: Expected `int` <= 65535 - at `\$.mqtt.keep_alive_s`"),
        ("[log]\ncheckpoint_s = 0", r"siaga.toml: Expected `float` > 0.0 - at `\$.log.checkpoint_s`"),
        ("[log]\ncheckpoint_s = nan", r"siaga.toml: Expected `float` > 0.0 - at `\$.log.checkpoint_s`"),
        ("[http", "siaga.toml: not TOML: "),
    ],
)
def test_a_mistake_in_the_file(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        load_settings(toml(tmp_path, text), {})


@pytest.mark.parametrize(
    ("variable", "text", "message"),
    [
        ("SIAGA_HTTP_PORT", "acht", "SIAGA_HTTP_PORT='acht': Expected `int`, got `str`"),
        ("SIAGA_HTTP_PORT", "-1", "SIAGA_HTTP_PORT='-1': Expected `int` >= 0"),
        ("SIAGA_INGEST_TICK_S", "inf", "SIAGA_INGEST_TICK_S='inf': Expected `float` < 1000000000.0"),
        ("SIAGA_PROT", "1", "SIAGA_PROT: no such setting; known are SIAGA_ADMIN_PASSWORD, SIAGA_BROKER_CA_FILE, "),
    ],
)
def test_a_mistake_in_the_environment(variable: str, text: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        load_settings(None, {variable: text})


def test_a_file_that_is_not_there_or_not_text(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"nowhere\.toml: cannot be read: No such file"):
        load_settings(tmp_path / "nowhere.toml", {})
    (tmp_path / "siaga.toml").write_bytes(b"city = '\xff'")
    with pytest.raises(SettingsError, match=r"siaga\.toml: not TOML"):
        load_settings(tmp_path / "siaga.toml", {})
