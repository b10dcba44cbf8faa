"""`siaga dead-letters`: what a person reads, and what a terminal must not obey."""

import json
from argparse import ArgumentParser
from pathlib import Path

import msgspec
import pytest

from gateway.dead_letter_commands import DEAD_LETTERS
from gateway.errors import LogMissing
from gateway.log.writer import LogWriter
from sensors.settings import LogSettings, Settings
from tests.unit.gateway.log_entries import DETECTOR, entry, letter
from tests.unit.gateway.small_city import small_catalogue

RED = "\x1b[31m"


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """A log with a hostile letter, one that is no text, and a stranger's."""
    strange = msgspec.structs.replace(letter("unknown_station", b"12.5"), topic="telemetry/NEW/level", detail="'NEW'")
    hostile = msgspec.structs.replace(letter(payload=f"{RED}x\nline two".encode()), topic=f"telemetry/{RED}S1")
    with LogWriter(tmp_path, LogSettings(), DETECTOR) as log:
        log.install_catalogue(small_catalogue(), 1)
        log.append(entry(dead_letters=(hostile, letter(payload=b"\xff\x00"), strange)))
    return tmp_path


def siaga(data_dir: Path, *words: str) -> int:
    parser = ArgumentParser()
    DEAD_LETTERS.add_arguments(parser)
    return DEAD_LETTERS.run(parser.parse_args([*words, "--data-dir", str(data_dir)]), Settings())


def test_the_list_has_groups_with_counts_and_times(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert siaga(data_dir, "list") == 0
    text = capsys.readouterr().out
    assert "1 x unknown_station from pjt, 1970-01-01T00:00:00.000005Z" in text
    assert "3 dead letters ever, 3 kept, 3 groups listed" in text
    assert "    'NEW'\n" in text  # the only one of its group is named in full
    assert RED not in text
    assert siaga(data_dir, "list", "--search", "LINE TWO", "--json") == 0
    assert len(json.loads(capsys.readouterr().out)["groups"]) == 1
    assert siaga(data_dir, "list", "--letters", "--reason", "unknown_station") == 0
    assert capsys.readouterr().out.startswith("3  1970-01-01T")


def test_one_is_shown_whole_as_text_or_as_hexadecimal(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert siaga(data_dir, "show", "1") == 0
    text = capsys.readouterr().out
    assert "  \\x1b[31mx\n  line two\n" in text
    assert siaga(data_dir, "show", "2") == 0
    assert "     0  ff 00\n" in capsys.readouterr().out
    assert siaga(data_dir, "show", "2", "--json") == 0
    assert json.loads(capsys.readouterr().out)["payload_base64"] == "/wA="
    assert siaga(data_dir, "show", "99") == 1


def test_strangers_come_with_their_rows(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert siaga(data_dir, "unknown") == 0
    text = capsys.readouterr().out
    assert "level = 12.5" in text
    assert "  stations.csv:    NEW,NEW,river," in text
    assert siaga(data_dir, "unknown", "--json") == 0
    assert json.loads(capsys.readouterr().out)["items"][0]["device"] == "NEW"


def test_a_retry_says_which_and_needs_a_gateway(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert siaga(data_dir, "retry") == 2
    assert siaga(data_dir, "retry", "1", "--all") == 2
    assert siaga(data_dir, "retry", "--reason", "unknown_station") == 1
    assert "no gateway is running here" in capsys.readouterr().err


def test_without_a_log_it_is_said(tmp_path: Path) -> None:
    with pytest.raises(LogMissing):
        siaga(tmp_path, "list")
