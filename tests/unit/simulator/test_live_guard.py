"""Simulation can't hurt: simulate, replay and publish refuse a data directory that holds live readings."""

from pathlib import Path

import pytest

from command_center.main import main
from sensors.running_city import note_city


@pytest.mark.parametrize("command", [["simulate"], ["replay", "recording.csv"], ["publish", "S-1", "level", "1"]])
def test_a_directory_with_live_readings_is_refused_before_any_connection(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "holds-live-readings").touch()
    assert main([*command, "--data-dir", str(tmp_path), "--mqtt-url", "mqtt://127.0.0.1:1"]) == 1
    said = capsys.readouterr().err
    assert "holds live readings" in said
    assert said.count("\n") == 1
    assert not (tmp_path / "simulator").exists()


@pytest.mark.parametrize(
    ("noted", "warns"), [("60\n", True), ("1\n", False), ("nan", False), ("60 km/h", False), ("", False)]
)
def test_a_replay_says_where_rivers_are_judged_at_another_pace_than_its_recordings(
    noted: str, warns: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "pace").write_text(noted)
    path = tmp_path / "recording.csv"
    path.write_text("time,station,variable,value,unit\n2018-08-31T23:00:00Z,G-1,level,1,cm\n")
    assert main(["replay", str(path), "--data-dir", str(tmp_path), "--mqtt-url", "mqtt://127.0.0.1:1"]) == 1
    said = capsys.readouterr().err
    assert ("60 times as fast as life" in said and "SIAGA_INGEST_PACE=1" in said) == warns
    assert said.count("\n") == 1 + warns


def test_publish_says_that_there_is_no_broker(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["publish", "S-1", "level", "120", "--mqtt-url", "mqtt://127.0.0.1:1"]) == 1
    assert "broker mqtt://127.0.0.1:1" in capsys.readouterr().err


def test_publish_knows_the_city_that_runs_on_the_data_directory(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    note_city(tmp_path, "kotamobagu")
    reading = [
        "publish",
        "BRANGKAL-SOOKO",
        "level",
        "1",
        "--data-dir",
        str(tmp_path),
        "--mqtt-url",
        "mqtt://127.0.0.1:1",
    ]
    assert main(reading) == 1
    assert "is not in the city" in capsys.readouterr().err
    assert main([*reading, "--city", "mojokerto"]) == 1
    assert "is not in the city" not in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["S 1", "level", "1"],
        ["S-1", "a/b", "1"],
        ["S-1", "level", "tinggi"],
        ["S-1", "level", "1", "--unit", "furlong"],
        ["S-1", "level", "1", "--ts", "2026-01-01T00:00:00"],
    ],
)
def test_what_cannot_be_published_is_wrong_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(["publish", *arguments])
    assert exit_.value.code == 2
    assert "expected" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["S-1", "level"], 2, "expected PROPERTY and VALUE, or --payload"),
        (["S-1", "level", "1", "--payload", "1"], 2, "without VALUE"),
        (["S-1", "level", "--payload", "[1", "--unit", "cm"], 2, "without --unit"),
        (["S-1", "level", "--payload", "[1"], 1, "expected JSON, got '[1'"),
        (["S-1", "level", "--payload", '[1, {"ts": 5}]'], 1, "reading[1]: expected a number"),
        (["S-1", "level", "--payload", '{"value": "1"}'], 1, 'as "value", got'),
        (["S-1", "level", "--payload", "@/nowhere.json"], 1, "@/nowhere.json: No such file"),
        (["S-1", "--payload", "1"], 1, 'expected an object with "values"'),
        (["S-1", "level", "--payload", "[" + "1," * 10_000 + "1]"], 1, "at most 10000 readings"),
    ],
)
def test_a_payload_that_cannot_be_published_is_said_before_any_connection(
    arguments: list[str], status: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["publish", *arguments, "--mqtt-url", "mqtt://127.0.0.1:1"]) == status
    assert said in capsys.readouterr().err


def test_publish_says_that_a_property_is_computed(capsys: pytest.CaptureFixture[str]) -> None:
    reading = ["publish", "BRANGKAL-SOOKO", "level-rate", "1", "--mqtt-url", "mqtt://127.0.0.1:1"]
    main([*reading, "--city", "mojokerto"])
    assert "is computed from BRANGKAL-SOOKO:level" in capsys.readouterr().err
