"""The log run again: which rows make one step, what is compared, logs of an older detector."""

import logging
import sqlite3
from argparse import ArgumentParser
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import msgspec
import numpy as np
import pytest

from gateway.city_in_force import CityInForce
from gateway.engine import Engine
from gateway.ingest import Ingested
from gateway.log.reader import LogReader
from gateway.log.rows import Entry
from gateway.log.schema import FILE
from gateway.log.writer import LogWriter
from gateway.log_commands import LOG
from gateway.recovery import compared, recover, run_again
from sensors.batch import Batch
from sensors.catalogue import Catalogue
from sensors.detector import DETECTOR_VERSION
from sensors.settings import LogSettings, Settings
from sensors.times import HOUR_US, NEVER, SECOND_US
from sensors.transition import Cause, Kind, Transition
from tests.unit.gateway.log_entries import transition
from tests.unit.gateway.small_city import small_catalogue
from tests.unit.gateway.version_1 import write_version_1

NOW = 1_780_000_000_000_000
WASPADA = Transition(
    datastream=0, kind=Kind.RAISED, cause=Cause.CROSSED, level="waspada", rank=1, severity=1, limit=100.0,
    time_us=2, at_us=2, value=150.0, quality=1, origin=0,
)  # fmt: skip


def reading(value: float, time_us: int, number: int = 0) -> Batch:
    return Batch(
        datastream=np.array([number], np.int32),
        time_us=np.array([time_us], np.int64),
        value=np.array([value], np.float64),
        receive_us=np.array([time_us], np.int64),
        device_us=np.array([NEVER], np.int64),
        origin=np.zeros(1, np.uint8),
        quality=np.ones(1, np.uint8),
        reasons=np.zeros(1, np.uint16),
    )


class Gateway:
    """An engine that writes each of its rows into a log."""

    def __init__(self, folder: Path) -> None:
        self.writer = LogWriter(folder, LogSettings(), DETECTOR_VERSION)
        self.writer.numbers((d.station, d.property, d.unit) for d in small_catalogue().datastreams)
        self.engine = Engine(self.city(small_catalogue()), None, 64)
        self.keep(self.engine.start(NOW))

    def city(self, catalogue: Catalogue) -> CityInForce:
        return CityInForce(catalogue, self.writer.install_catalogue(catalogue, NOW), ())

    def keep(self, entry: Entry | None) -> int:
        assert entry is not None
        return self.writer.append(entry)

    def observe(self, *values: float) -> None:
        """A row for each."""
        for value in values:
            now_us = self.engine.now_us + 10 * SECOND_US
            self.keep(self.engine.judge(Ingested(reading(value, now_us), (), 0), now_us))


def stretches(folder: Path, at_once: int = 1_000) -> list[list[int]]:
    with LogReader(folder) as reader:
        return [[row.seq for row in stretch.rows] for stretch in run_again(reader, at_once=at_once)]


def siaga_log(folder: Path, *words: str) -> int:
    parser = ArgumentParser()
    LOG.add_arguments(parser)
    return LOG.run(parser.parse_args([*words, "--data-dir", str(folder)]), Settings())


def test_rows_are_merged_up_to_a_start_a_catalogue_and_the_bound(tmp_path: Path) -> None:
    gateway = Gateway(tmp_path)
    gateway.observe(50, 150, 250)
    gateway.keep(gateway.engine.start(gateway.engine.now_us - HOUR_US))  # our clock was set back
    gateway.observe(90, 80)
    changed = msgspec.structs.replace(small_catalogue(), reaches=(), visits=(), areas=small_catalogue().areas * 2)
    gateway.keep(gateway.engine.reload(gateway.city(changed), gateway.engine.now_us))
    gateway.observe(70, 60)
    assert stretches(tmp_path) == [[1], [2, 3, 4], [5], [6, 7], [8], [9, 10]]
    assert stretches(tmp_path, at_once=50) == [[1], [2, 3], [4], [5], [6, 7], [8], [9, 10]]
    assert stretches(tmp_path, at_once=1) == [[seq] for seq in range(1, 11)]


def test_a_row_that_lies_before_the_one_ahead_of_it_begins_anew(tmp_path: Path) -> None:
    gateway = Gateway(tmp_path)
    gateway.observe(50, 150)
    gateway.engine.start(gateway.engine.now_us - HOUR_US)  # its row is lost
    gateway.observe(90, 80, 70)
    assert stretches(tmp_path) == [[1], [2, 3], [4], [5, 6]]
    with LogReader(tmp_path) as reader:
        *_, last = run_again(reader)
    assert last.judge.state.now_us == gateway.engine.now_us


def test_damage_costs_its_row_and_stands_alone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    gateway = Gateway(tmp_path)
    gateway.observe(50, 150, 90, 80)
    gateway.writer.close()
    with closing(sqlite3.connect(tmp_path / FILE)) as log:
        log.execute("UPDATE batch SET columns = x'00' WHERE seq = 3")
        log.commit()
    assert stretches(tmp_path) == [[1], [2], [3], [4], [5]]
    with LogReader(tmp_path) as reader:
        _, count = recover(reader, [])
    assert count == 5
    assert "row 3: checksum" in caplog.text
    assert "2 stored transitions are not found now, 0 that are found are not stored" in caplog.text
    assert siaga_log(tmp_path, "replay") == 1


def test_the_newest_checkpoint_that_can_be_used(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    gateway = Gateway(tmp_path)
    gateway.observe(50, 150)
    checkpoint = gateway.engine.checkpoint()
    gateway.observe(90, 80, 250)
    with LogReader(tmp_path) as reader:
        judge, count = recover(reader, [(5, b"damaged"), (3, checkpoint)])
    assert judge is not None
    assert (count, judge.checkpoint()) == (3, gateway.engine.checkpoint())
    assert "row 5: checkpoint cannot be used" in caplog.text
    assert "transitions" not in caplog.text


def test_an_empty_log_has_no_state(tmp_path: Path) -> None:
    with LogWriter(tmp_path, LogSettings(), DETECTOR_VERSION), LogReader(tmp_path) as reader:
        assert recover(reader, []) == (None, 0)


def write_old(folder: Path, values: Sequence[float], *moves: Transition) -> None:
    """Rows at 1, 2, 3 … µs, written by version 1 of detector and log."""
    write_version_1(folder, [reading(value, n) for n, value in enumerate(values, 1)], moves, detector=1)


def test_rows_of_an_older_detector_are_run_again_from_the_first(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_old(tmp_path, (50, 150, 250), transition(1))
    caplog.set_level(logging.INFO)
    with LogWriter(tmp_path, LogSettings(), DETECTOR_VERSION) as writer, LogReader(tmp_path) as reader:
        judge, count = recover(reader, writer.checkpoints())
    assert judge is not None
    assert (count, judge.state.newest.value[0]) == (3, 250.0)
    assert judge.state.held.reached[0].tolist() == [True, True, False]
    assert "every row up to 3 is run again" in caplog.text
    assert "3 stored transitions are not found now, 2 that are found are not stored (stored only: " in caplog.text


def test_what_an_older_detector_did_not_know_is_no_difference(tmp_path: Path) -> None:
    write_old(tmp_path, (50, 150), msgspec.structs.replace(WASPADA, count=0, at_us=1))
    with LogReader(tmp_path) as reader:
        again = compared(reader)
    assert again.found == 1
    assert again.differences.found_only == []
    assert len(again.differences.stored_only) == 1  # it stands in both rows
    raised_otherwise = Cause.STILL_HELD
    other = tmp_path / "other"
    other.mkdir()
    write_old(other, (50, 150), msgspec.structs.replace(WASPADA, cause=raised_otherwise))
    with LogReader(other) as reader:
        assert [one.cause for one in compared(reader).differences.found_only] == [Cause.CROSSED]


def test_the_command_says_that_nothing_differs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gateway = Gateway(tmp_path)
    gateway.observe(50, 150, 90)
    assert siaga_log(tmp_path, "replay", "--differences") == 0
    text = capsys.readouterr().out
    assert text.count("\n") == 1
    assert f"4 rows, 3 observations, run again by detector version {DETECTOR_VERSION}" in text
    assert text.endswith("2 transitions stored, 2 found: the same\n")


def test_the_command_lists_what_differs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_old(tmp_path, (50, 150), transition(1))
    assert siaga_log(tmp_path, "replay") == 1
    assert capsys.readouterr().out.endswith("2 transitions stored, 1 found: 2 stored only, 1 found only\n")
    assert siaga_log(tmp_path, "replay", "--differences") == 1
    assert capsys.readouterr().out.splitlines()[:3] == [
        "stored only: S1:rain raised siaga (crossed) at 1970-01-01T00:00:00.000007Z, value 200.1",
        "stored only: S1:rain raised siaga (crossed) at 1970-01-01T00:00:00.000007Z, value 200.1",
        "found only: S1:level raised waspada (crossed) at 1970-01-01T00:00:00.000002Z, value 150",
    ]


def test_a_retired_beginning_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gateway = Gateway(tmp_path)
    gateway.observe(50, 150, 160)
    with gateway.writer.connection as log:
        log.execute("DELETE FROM transition WHERE seq < 4")
        log.execute("DELETE FROM batch WHERE seq < 4")
    assert siaga_log(tmp_path, "replay", "--differences") == 1
    text = capsys.readouterr().out
    assert "found only: S1:level raised waspada" in text
    assert "rows before 4 are not there any more" in text
