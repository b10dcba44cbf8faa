"""What `siaga run` starts, and with what."""

from dataclasses import replace
from pathlib import Path

import pytest

from command_center.launcher import children
from command_center.launcher.children import Plan, environment
from gateway.devices.opening import local_opening
from sensors.settings import HttpSettings, Settings, SimulatorSettings, load_settings


def plan(data_dir: Path, **settings: object) -> Plan:
    return Plan(
        settings=Settings(city="kotamobagu", http=HttpSettings(port=8123), **settings),  # type: ignore[arg-type]
        data_dir=data_dir,
        config="",
        simulate=True,
        broker_url="mqtt://127.0.0.1:1899",
        opening=local_opening(1899),
    )


def test_what_run_was_told_reaches_the_children_as_settings_over_their_inheritance(tmp_path: Path) -> None:
    inherited = {"PATH": "/bin", "SIAGA_CITY": "mojokerto", "SIAGA_MQTT_KEEP_ALIVE_S": "7"}
    given = environment(plan(tmp_path), inherited)
    settings = load_settings(None, given)
    assert (settings.city, settings.data_dir, settings.http.port) == ("kotamobagu", str(tmp_path), 8123)
    assert (settings.mqtt.url, settings.mqtt.keep_alive_s) == ("mqtt://127.0.0.1:1899", 7)
    assert given["PATH"] == "/bin"


def test_the_settings_file_is_named_absolutely(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    base = plan(tmp_path)
    named = Plan(base.settings, base.data_dir, "siaga.toml", base.simulate, base.broker_url, base.opening)
    assert environment(named, {})["SIAGA_CONFIG"] == str(tmp_path / "siaga.toml")


def test_every_child_has_the_data_directory_on_its_command_line(tmp_path: Path) -> None:
    for spec in (children.gateway(plan(tmp_path)), children.command_center(plan(tmp_path))):
        assert spec.argv[-2:] == ("--data-dir", str(tmp_path))


def test_the_gateway_takes_the_rivers_at_the_pace_they_are_simulated_at(tmp_path: Path) -> None:
    played = plan(tmp_path, simulator=SimulatorSettings(speed=120.0))
    assert load_settings(None, children.gateway(played).environment).ingest.pace == 120.0
    alone = replace(played, simulate=False)
    assert load_settings(None, children.gateway(alone).environment).ingest.pace == 1.0


def test_all_stops_in_order_fit_into_five_seconds(tmp_path: Path) -> None:
    makers = (
        children.broker,
        children.gateway,
        children.command_center,
        children.sink,
        children.public_page,
        children.simulator,
    )
    assert sum(maker(plan(tmp_path)).stop_s for maker in makers) < 5


def test_the_brokers_chatter_is_shown_only_for_debugging(tmp_path: Path) -> None:
    chatter = "[1] 2026/11/22 22:11:29.103525 [INF] Server is ready"
    assert not children.broker(plan(tmp_path)).shows(chatter)
    assert children.broker(plan(tmp_path, log_level="debug")).shows(chatter)


def test_the_simulator_is_refused_where_live_readings_are_and_the_wall_is_told(tmp_path: Path) -> None:
    spec = children.simulator(plan(tmp_path))
    assert spec.forbidden() == ""
    (tmp_path / "holds-live-readings").touch()
    assert f"{tmp_path} HOLDS LIVE READINGS" in spec.forbidden()
    assert (tmp_path / "simulator-refused").exists()
    children.clear_refusal(tmp_path)
    assert not (tmp_path / "simulator-refused").exists()
