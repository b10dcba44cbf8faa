"""The log: bit-exact, all or nothing, and readable while it is written."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import numpy as np
import pytest

from gateway.errors import LogError, LogMissing
from gateway.log.letter_book import Wanted
from gateway.log.reader import LogReader
from gateway.log.rows import Entry
from gateway.log.writer import LogWriter
from sensors.batch import Batch
from sensors.settings import LogSettings
from tests.unit.gateway.log_entries import DETECTOR, entry, letter, some_batch, transition
from tests.unit.gateway.small_city import small_catalogue

SMALL = LogSettings(dead_letters_per_cause=3, dead_letter_total_mib=1)


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[LogWriter]:
    """A new log with one catalogue, version 1."""
    with LogWriter(tmp_path, SMALL, DETECTOR) as log:
        assert log.install_catalogue(small_catalogue(), 1) == 1
        yield log


@pytest.fixture
def reader(tmp_path: Path, writer: LogWriter) -> Iterator[LogReader]:  # noqa: ARG001 (there must be a log)
    """A reader of the same log."""
    with LogReader(tmp_path) as log:
        yield log


def assert_same(one: Batch, other: Batch) -> None:
    for name, column in one.columns().items():
        assert column.tobytes() == other.columns()[name].tobytes(), name


def spoil(folder: Path, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(folder / "log.db", isolation_level=None)) as connection:
        connection.execute(statement, values)


def test_what_is_appended_is_read(writer: LogWriter, reader: LogReader) -> None:
    moves = (transition(2), transition(0))
    first = writer.append(Entry(10, "start", 1))
    second = writer.append(Entry(20, "observations", 1, some_batch(500), moves))
    start, row = reader.read_after(0)
    assert (start.seq, start.now_us, start.event, len(start.batch)) == (first, 10, "start", 0)
    assert (row.seq, row.now_us, row.event, row.catalogue_version) == (second, 20, "observations", 1)
    assert (row.detector_version, row.transitions, row.damage) == (DETECTOR, moves, "")
    assert_same(row.batch, some_batch(500))
    assert reader.log_id == writer.log_id


def test_reading_on_from_a_seq(writer: LogWriter, reader: LogReader) -> None:
    seqs = [writer.append(entry(now_us=10 * n)) for n in range(1, 6)]
    assert [row.seq for row in reader.read_after(seqs[1], 2)] == seqs[2:4]
    assert reader.read_after(seqs[-1]) == []
    assert (reader.first_seq(), reader.last_seq()) == (seqs[0], seqs[-1])
    assert [reader.seq_at(now_us) for now_us in (10, 11, 10**9)] == [0, seqs[0], seqs[-1]]


def test_where_to_start_reading_is_before_every_row_of_that_time_or_later(writer: LogWriter, reader: LogReader) -> None:
    for now_us in (10, 20, 90, 91, 30, 40):  # our clock ran ahead, and was set back
        writer.append(entry(now_us=now_us))
    assert [reader.seq_at(now_us) for now_us in (5, 15, 25, 50, 91, 92)] == [0, 1, 2, 2, 3, 6]


def test_an_empty_log_has_no_rows(reader: LogReader) -> None:
    assert (reader.read_after(0), reader.first_seq(), reader.last_seq()) == ([], 0, 0)
    assert (reader.letters.page(None, 10), reader.letters.counts()) == ([], [])


def test_transitions_are_read_on_from_a_place_within_a_row(writer: LogWriter, reader: LogReader) -> None:
    first = writer.append(entry(transitions=(transition(0), transition(1), transition(2))))
    second = writer.append(entry(transitions=(transition(3),)))
    assert [(t.seq, t.ordinal) for t in reader.transitions_after(0, -1, 10)] == [
        (first, 0),
        (first, 1),
        (first, 2),
        (second, 0),
    ]
    assert [t.transition.datastream for t in reader.transitions_after(first, 1, 10)] == [2, 3]
    assert [t.transition.datastream for t in reader.transitions_after(first, 0, 1)] == [1]


def test_a_batch_that_is_a_view_into_another_is_stored_as_itself(writer: LogWriter, reader: LogReader) -> None:
    whole = some_batch(100)
    writer.append(Entry(10, "observations", 1, whole.take(slice(1, 90, 3))))
    assert_same(reader.read_after(0)[0].batch, whole.take(np.arange(1, 90, 3)))


@pytest.mark.parametrize(
    ("statement", "damage"),
    [
        ("UPDATE batch SET columns = zeroblob(length(columns)) WHERE seq = 2", "checksum of the blob: expected"),
        ("UPDATE batch SET columns = substr(columns, 1, 20) WHERE seq = 2", "checksum of the blob: expected"),
    ],
)
def test_a_damaged_blob_costs_its_row_only_and_is_named(
    writer: LogWriter, reader: LogReader, tmp_path: Path, statement: str, damage: str
) -> None:
    for _ in range(3):
        writer.append(entry(size=50, transitions=(transition(1),)))
    spoil(tmp_path, statement)
    before, spoilt, after = reader.read_after(0)
    assert spoilt.damage.startswith(f"row 2: {damage}")
    assert (len(spoilt.batch), spoilt.transitions) == (0, (transition(1),))
    assert (before.damage, after.damage) == ("", "")
    assert_same(after.batch, some_batch(50))


def test_a_damaged_transition_costs_its_row_only_and_is_named(
    writer: LogWriter, reader: LogReader, tmp_path: Path
) -> None:
    for _ in range(2):
        writer.append(entry(size=50, transitions=(transition(1),)))
    spoil(tmp_path, "UPDATE transition SET body = '{' WHERE seq = 1")
    spoilt, after = reader.read_after(0)
    assert spoilt.damage.startswith("row 1: transition: ")
    assert spoilt.transitions == ()
    assert_same(spoilt.batch, some_batch(50))
    assert (after.transitions, after.damage) == ((transition(1),), "")
    assert [t.seq for t in reader.transitions_after(0, -1, 10)] == [2]


@pytest.mark.parametrize(
    "change",
    [
        *("crc = crc + 1", "n = n + 1", "n = 4000000000000", "format = 9", "format = 1", "now_us = 0", "detector = 9"),
        *("event = 'start'", "head_crc = NULL", "moves_crc = 0", "seq = 20", "catalogue = 3", "columns = 'text'"),
    ],
)
def test_a_row_that_cannot_be_believed_is_left_out(
    writer: LogWriter, reader: LogReader, tmp_path: Path, change: str
) -> None:
    for _ in range(3):
        writer.append(entry(size=50, transitions=(transition(1),)))
    spoil(tmp_path, f"UPDATE batch SET {change} WHERE seq = 2")  # noqa: S608 (as the list above has it)
    found = [(row.seq, len(row.batch), row.damage) for row in reader.read_after(0)]
    if change.startswith("columns"):
        assert found[1] == (2, 0, "row 2: columns: expected a blob")
        del found[1]
    assert found == [(1, 50, ""), (3, 50, "")]
    assert [row.seq for row in reader.read_after(0, 1)] == [1]
    assert reader.read_after(3) == []
    assert writer.append(entry()) == 4


def test_a_transition_that_is_gone_or_changed_is_named(writer: LogWriter, reader: LogReader, tmp_path: Path) -> None:
    for _ in range(3):
        writer.append(entry(size=50, transitions=(transition(1), transition(2))))
    spoil(tmp_path, "UPDATE transition SET body = replace(body, '200.0', '300.0') WHERE seq = 1")
    spoil(tmp_path, "DELETE FROM transition WHERE seq = 2 AND ordinal = 1")
    rows = reader.read_after(0)
    assert rows[0].damage.startswith("row 1: transition: checksum of 2 transitions: expected")
    assert rows[1].damage.startswith("row 2: transition: checksum of 1 transitions: expected")
    assert [len(row.transitions) for row in rows] == [0, 0, 2]
    assert [len(row.batch) for row in rows] == [50, 50, 50]
    assert [t.seq for t in reader.transitions_after(0, -1, 1)] == [3]  # none of a row that cannot be believed


def test_numbers_are_given_once_and_never_again(tmp_path: Path) -> None:
    level, rain, metres = ("S1", "level", "cm"), ("S1", "rain", "mm/h"), ("S1", "level", "m")
    with LogWriter(tmp_path, SMALL, DETECTOR) as log:
        assert log.numbers([level, rain]) == {level: 0, rain: 1}
        assert log.numbers([metres])[metres] == 2  # another unit, another number
    with LogWriter(tmp_path, SMALL, DETECTOR) as log:
        assert log.numbers([rain]) == {level: 0, rain: 1, metres: 2}  # what is retired keeps its number
        assert log.numbers([("S2", "level", "cm"), level])[("S2", "level", "cm")] == 3


def test_a_catalogue_is_installed_once_while_it_stays_the_same(writer: LogWriter, reader: LogReader) -> None:
    same, other = small_catalogue(), msgspec.structs.replace(small_catalogue(), reaches=(), programmes=(), stations=())
    assert writer.install_catalogue(same, 2) == 1
    assert writer.install_catalogue(other, 3) == 2
    assert writer.install_catalogue(same, 4) == 3  # in force again is a new version
    assert reader.catalogue(1) == reader.catalogue(3) == same
    assert reader.catalogue(2) == other
    with pytest.raises(LogError, match=r"log\.db: there is no catalogue version 9"):
        reader.catalogue(9)


def test_a_damaged_catalogue_is_named(writer: LogWriter, reader: LogReader, tmp_path: Path) -> None:  # noqa: ARG001
    spoil(tmp_path, "UPDATE catalogue SET text = zeroblob(100)")
    with pytest.raises(LogError, match=r"log\.db: catalogue version 1 is damaged"):
        reader.catalogue(1)


def test_dead_letters_come_back_whole(writer: LogWriter, reader: LogReader) -> None:
    sent = [letter(payload=b"\x00\xff", received_us=n) for n in (1, 2)]
    writer.append(entry(dead_letters=tuple(sent)))
    found = reader.letters.page(None, 10)
    assert [msgspec.structs.replace(x, id=0, group=0, seq=0) for x in found] == sent[::-1]
    assert {(x.group, x.seq) for x in found} == {(1, 1)}
    assert reader.letters.page(found[0].id, 10) == found[1:]
    assert reader.letters.page(None, 10, Wanted(reason="no_such_reason")) == []


def test_dead_letters_are_kept_up_to_a_bound_per_cause_and_source_and_counted_beyond(
    writer: LogWriter, reader: LogReader
) -> None:
    writer.append(entry(dead_letters=tuple(letter(received_us=n) for n in range(10))))
    writer.append(entry(dead_letters=(letter("bad_time"), letter(source="bbws"), letter(received_us=99))))
    assert len(reader.letters.page(None, 100)) == 5
    counts = {(c.source, c.reason): (c.count, c.kept, c.first_us, c.last_us) for c in reader.letters.counts()}
    assert counts == {
        ("pjt", "not_json"): (11, 3, 0, 99),
        ("pjt", "bad_time"): (1, 1, 5, 5),
        ("bbws", "not_json"): (1, 1, 5, 5),
    }


def test_all_dead_letters_together_are_bounded_too_even_over_a_restart(tmp_path: Path) -> None:
    big = bytes(400 * 1024)
    with LogWriter(tmp_path, SMALL, DETECTOR) as log:
        log.install_catalogue(small_catalogue(), 1)
        log.append(entry(dead_letters=(letter("a", big), letter("b", big), letter("c", big))))
    with LogWriter(tmp_path, SMALL, DETECTOR) as log, LogReader(tmp_path) as reader:
        log.append(entry(dead_letters=(letter("d", big), letter("e", bytes(10)))))
        assert {x.reason for x in reader.letters.page(None, 10)} == {"a", "b", "e"}
        assert {c.reason: c.count for c in reader.letters.counts()} == dict.fromkeys("abcde", 1)


def test_the_newest_two_checkpoints_are_kept_and_a_damaged_one_is_passed_over(
    writer: LogWriter, tmp_path: Path
) -> None:
    for n in range(1, 5):
        writer.append(entry(checkpoint=b"state %d" % n))
    assert writer.checkpoints() == [(4, b"state 4"), (3, b"state 3")]
    spoil(tmp_path, "UPDATE checkpoint SET body = x'00' WHERE seq = 4")
    assert writer.checkpoints() == [(3, b"state 3")]


def test_a_checkpoint_of_another_detector_is_none(tmp_path: Path) -> None:
    with LogWriter(tmp_path, SMALL, DETECTOR) as log:
        log.install_catalogue(small_catalogue(), 1)
        log.append(entry(checkpoint=b"state"))
    with LogWriter(tmp_path, SMALL, DETECTOR + 1) as log:
        assert log.checkpoints() == []


def test_notes_stay(tmp_path: Path) -> None:
    with LogWriter(tmp_path, SMALL, DETECTOR) as log:
        assert log.recall("client_id") == ""
        log.remember("client_id", "siaga-1")
        log.remember("client_id", "siaga-2")
    with LogWriter(tmp_path, SMALL, DETECTOR) as log:
        assert log.recall("client_id") == "siaga-2"


def test_a_log_keeps_its_id_and_another_has_another(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    ids = []
    for name in ("a", "a", "b"):
        with LogWriter(tmp_path / name, SMALL, DETECTOR) as log:
            ids.append(log.log_id)
    assert ids[0] == ids[1] != ids[2]
    assert len(ids[0]) == 16


def test_there_is_no_log_yet(tmp_path: Path) -> None:
    with pytest.raises(LogMissing, match=r"log\.db: there is no log yet"):
        LogReader(tmp_path)
    (tmp_path / "log.db").touch()
    with pytest.raises(LogMissing, match=r"log\.db: there is no log yet"):
        LogReader(tmp_path)


def test_a_file_that_is_no_log_is_named(tmp_path: Path) -> None:
    (tmp_path / "log.db").write_bytes(b"no database" * 1000)
    with pytest.raises(LogError, match=r"log\.db: cannot be read: file is not a database"):
        LogReader(tmp_path)
    with pytest.raises(LogError, match=r"log\.db: cannot be read: file is not a database"):
        LogWriter(tmp_path, SMALL, DETECTOR)


def test_a_log_of_another_version_is_left_alone(tmp_path: Path) -> None:
    LogWriter(tmp_path, SMALL, DETECTOR).close()
    spoil(tmp_path, "PRAGMA user_version = 99")
    for kind in (lambda: LogReader(tmp_path), lambda: LogWriter(tmp_path, SMALL, DETECTOR)):
        with pytest.raises(LogError, match=r"log\.db: expected schema version 2, got 99"):
            kind()
