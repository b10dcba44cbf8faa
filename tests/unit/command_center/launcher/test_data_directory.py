"""Who holds the data directory."""

import contextlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from command_center.errors import StartError
from command_center.launcher.data_directory import check_city, held, holds_live_readings
from gateway.log.writer import LogWriter
from sensors.settings import LogSettings
from tests.unit.command_center.little_city import LEVEL, NOW_US, entry, little_city

HOLD = """
import pathlib, sys, time
from command_center.launcher.data_directory import held
with held(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


def test_a_missing_directory_is_made_and_names_its_holder(tmp_path: Path) -> None:
    with held(tmp_path / "new" / "data"):
        assert (tmp_path / "new" / "data" / "lock").read_text() == f"{os.getpid()}\n"


def test_a_second_holder_is_told_the_directory_and_the_pid_of_the_first(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLD, tmp_path], stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "held\n"
        with pytest.raises(StartError, match=f"{tmp_path} is in use .* pid {first.pid};"), held(tmp_path):
            pass
        first.kill()
        first.wait()
    with held(tmp_path):  # kill -9 leaves nothing that is in the way
        pass


def test_what_cannot_be_a_directory_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(StartError, match=r"file/data cannot be used: Not a directory \(--data-dir\)"),
        held(tmp_path / "file" / "data"),
    ):
        pass


def test_another_city_s_log_is_refused(tmp_path: Path) -> None:
    check_city(tmp_path, "kotamobagu")  # there is no log
    with contextlib.closing(LogWriter(tmp_path, LogSettings(), 1)) as writer:
        writer.install_catalogue(little_city(), NOW_US)
        check_city(tmp_path, "kotamobagu")  # nor a row in it
        writer.append(entry([(LEVEL, NOW_US, 1.0)]))
    check_city(tmp_path, "little")
    with pytest.raises(StartError, match=f"{tmp_path} holds the log of city little, not of kotamobagu: .* --data-dir"):
        check_city(tmp_path, "kotamobagu")


def test_a_log_that_cannot_be_read_is_left_to_the_gateway(tmp_path: Path) -> None:
    (tmp_path / "log.db").write_text("no database")
    check_city(tmp_path, "little")


def test_the_marker_of_live_readings(tmp_path: Path) -> None:
    assert not holds_live_readings(tmp_path)
    (tmp_path / "holds-live-readings").touch()
    assert holds_live_readings(tmp_path)
