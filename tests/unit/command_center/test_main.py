"""The `siaga` command as a user meets it."""

import subprocess
import sys
from argparse import Namespace
from pathlib import Path

import pytest

from command_center import main as program
from command_center.commands import with_options
from command_center.errors import StartError
from sensors.command import Command
from sensors.errors import SettingsError
from sensors.settings import MqttSettings, Settings

EXPECTED = {
    "run", "gateway", "command-center", "simulate", "publish", "replay", "check", "evaluate",
    "sink", "log", "dead-letters", "pull", "device", "audit", "user", "token", "cap", "notify", "public-page",
    "export",
}  # fmt: skip


def siaga(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "command_center", *arguments], capture_output=True, text=True, check=False, timeout=60
    )


def test_every_command_is_found_and_explains_itself() -> None:
    commands = program.discover()
    assert set(commands) == EXPECTED
    for name in commands:
        with pytest.raises(SystemExit) as end:
            program.parser(commands).parse_args([name, "--help"])
        assert end.value.code == 0


def test_help_and_version_are_success_and_wrong_usage_is_2() -> None:
    assert siaga("--version").stdout == "siaga 0.1.0\n"
    assert siaga("--help").returncode == 0
    assert siaga().returncode == 2
    assert siaga("nonsense").returncode == 2


def test_a_wrong_setting_is_one_clear_line_and_wrong_usage(tmp_path: Path) -> None:
    missing = tmp_path / "none.toml"
    run = siaga("--config", str(missing), "run")
    assert run.returncode == 2
    assert run.stderr == f"siaga: {missing}: cannot be read: No such file or directory\n"


def test_an_unusable_city_is_one_clear_line(tmp_path: Path) -> None:
    run = siaga("run", "--city", str(tmp_path), "--data-dir", str(tmp_path / "data"))
    assert run.returncode == 1
    assert run.stderr.startswith("siaga: city ")
    assert len(run.stderr.splitlines()) == 1


@pytest.mark.parametrize("raised", [StartError("two\nlines"), KeyboardInterrupt()])
def test_what_a_command_raises_is_told_in_one_line(
    raised: BaseException, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_arguments: Namespace, _settings: Settings) -> int:
        raise raised

    monkeypatch.setattr(program, "discover", lambda: {"fail": Command("fails", lambda _parser: None, fail)})
    assert program.main(["fail"]) == 1
    assert capsys.readouterr().err.startswith("siaga: ")


def test_an_unknown_log_level_is_named() -> None:
    with pytest.raises(SettingsError, match="log_level: 'loud' is no level; known are debug, info, warning, error"):
        program.set_up_logging("loud")


def test_the_configuration_is_taken_from_the_option_then_from_the_environment() -> None:
    environ = {"SIAGA_CONFIG": "from-environment"}
    assert program.config_file(Namespace(config="option"), environ) == Path("option")
    assert program.config_file(Namespace(config=None), environ) == Path("from-environment")
    assert program.config_file(Namespace(config=None), {}) is None


def test_options_go_over_settings_and_absent_ones_change_nothing() -> None:
    settings = Settings(city="x", mqtt=MqttSettings(port=1, keep_alive_s=7))
    assert with_options(settings, Namespace(city=None, no_simulator=False)) == settings
    changed = with_options(settings, Namespace(city="y", data_dir="d", http_port=8001, mqtt_port=1884, scenario="calm"))
    assert (changed.city, changed.data_dir, changed.http.port, changed.simulator.scenario) == ("y", "d", 8001, "calm")
    assert (changed.mqtt.port, changed.mqtt.keep_alive_s) == (1884, 7)
