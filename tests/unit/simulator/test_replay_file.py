"""Recordings: what is read, what is skipped and why, and what it becomes on the wire."""

from pathlib import Path

import msgspec
import pytest

from sensors.broker_address import broker_address
from sensors.errors import RecordingError
from sensors.recording import Sample, Skipped, read_recording
from sensors.times import parse_rfc3339
from simulator.recording import Renaming, survey
from simulator.replay import Replay, Tally, check_renaming, messages

HEADER = "time,station,variable,value,unit,qualifier\n"


def recording(folder: Path, *lines: str, header: str = HEADER) -> Path:
    path = folder / "recording.csv"
    path.write_text(header + "".join(line + "\n" for line in lines), encoding="utf-8")
    return path


def job(path: Path, *, renaming: Renaming | None = None, now_us: int | None = None) -> Replay:
    return Replay(path, broker_address("mqtt://127.0.0.1"), renaming or Renaming(), now_us)


def test_rows_are_read_in_order_and_other_columns_ignored(tmp_path: Path) -> None:
    path = recording(
        tmp_path, "2018-08-31T23:00:00Z,G-1,gage_height,5.0,ft,A", "2018-08-31T19:05:00-04:00,G-1,rain,,mm,"
    )
    first, second = read_recording(path)
    assert first == Sample(2, parse_rfc3339("2018-08-31T23:00:00Z") or 0, "G-1", "gage_height", 5.0, "ft")
    assert second == Sample(3, parse_rfc3339("2018-08-31T23:05:00Z") or 0, "G-1", "rain", None, "mm")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("yesterday,G-1,level,1,cm,", "the time is not RFC 3339"),
        ("2018-08-31T23:00:00,G-1,level,1,cm,", "the time has no offset"),
        ("2018-08-31T23:00:00Z,G-1,level,1 250,cm,", "the value is not a number"),
        ("2018-08-31T23:00:00Z,G-1,level,nan,cm,", "the value is not a finite number"),
        ("2018-08-31T23:00:00Z,G-1", "cells are missing"),
    ],
)
def test_a_row_that_cannot_be_replayed_is_skipped_with_its_reason(tmp_path: Path, line: str, reason: str) -> None:
    assert list(read_recording(recording(tmp_path, line))) == [Skipped(2, reason)]


def test_a_byte_order_mark_and_blank_lines_do_no_harm(tmp_path: Path) -> None:
    path = recording(tmp_path, "", "2018-08-31T23:00:00Z,G-1,level,1,cm,", header="\ufeff" + HEADER)
    assert [row.line for row in read_recording(path)] == [3]


def test_what_is_no_recording_is_refused_with_the_columns_that_are_missing(tmp_path: Path) -> None:
    path = recording(tmp_path, "1,2", header="time,water\n")
    with pytest.raises(RecordingError, match="missing station, variable, value, unit, got time, water"):
        survey(path)
    with pytest.raises(RecordingError, match="No such file"):
        survey(tmp_path / "nowhere.csv")


def test_samples_become_native_messages_with_origin_replayed_and_null_for_missing(tmp_path: Path) -> None:
    path = recording(
        tmp_path,
        "2018-08-31T23:00:00.250Z,G-1,level,5.25,ft,",
        "2018-08-31T23:05:00Z,G-1,level,,ft,",
        "x,G-1,level,1,ft,",
    )
    tally = Tally()
    sent = list(messages(job(path), 0, tally))
    assert [message.topic for message in sent] == ["telemetry/G-1/level"] * 2
    assert [msgspec.json.decode(message.payload) for message in sent] == [
        {"ts": 1535756400250, "value": 5.25, "unit": "ft", "origin": "replayed"},
        {"ts": 1535756700000, "value": None, "unit": "ft", "origin": "replayed"},
    ]
    assert tally.rows == 3
    assert tally.skipped == {"the time is not RFC 3339": [4]}


def test_shifted_times_keep_their_spacing_and_stations_get_their_new_names(tmp_path: Path) -> None:
    path = recording(tmp_path, "2018-08-31T23:00:00Z,G 1,gage,1,ft,", "2018-08-31T23:10:00Z,G 1,gage,2,ft,")
    contents = survey(path)
    assert contents.last_us is not None
    shift_us = 1_800_000_000_000_000 - contents.last_us
    renaming = Renaming(stations={"G 1": "G-1"}, all_variables="level")
    sent = list(messages(job(path, renaming=renaming), shift_us, Tally()))
    assert [msgspec.json.decode(m.payload)["ts"] for m in sent] == [1_799_999_400_000, 1_800_000_000_000]
    assert {m.topic for m in sent} == {"telemetry/G-1/level"}


def test_a_name_that_is_no_topic_is_skipped_until_it_is_renamed(tmp_path: Path) -> None:
    tally = Tally()
    assert not list(messages(job(recording(tmp_path, "2018-08-31T23:00:00Z,a/#,level,1,cm,")), 0, tally))
    assert [reason for reason in tally.skipped if "station is no id" in reason]


@pytest.mark.parametrize(
    ("renaming", "complaint"),
    [
        (Renaming(stations={"G-9": "X"}), "--station G-9: not in the recording, which has G-1"),
        (Renaming(variables={"flow": "x"}), "--property flow: not in the recording, which has level, rain"),
        (Renaming(all_variables="x"), "several variables"),
    ],
)
def test_a_renaming_that_does_not_fit_is_refused(tmp_path: Path, renaming: Renaming, complaint: str) -> None:
    path = recording(tmp_path, "2018-08-31T23:00:00Z,G-1,level,1,cm,", "2018-08-31T23:00:00Z,G-1,rain,1,mm,")
    with pytest.raises(RecordingError, match=complaint):
        check_renaming(job(path, renaming=renaming), survey(path))


def test_the_final_counts_name_the_first_lines_of_each_reason() -> None:
    tally = Tally(rows=10, published=3)
    for line in range(2, 9):
        tally.skip(Skipped(line, "the time has no offset"))
    assert tally.lines() == [
        "10 rows: 3 published and acknowledged, 7 skipped",
        "  7 skipped, the time has no offset: line 2, 3, 4, 5, 6 and 2 more",
    ]
