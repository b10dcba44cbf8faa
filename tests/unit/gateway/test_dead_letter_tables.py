"""Dead letters in the log: groups, bounds, a fresh sample, and what a retry leaves."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from gateway.errors import LogError
from gateway.log.dead_letters import FRESH_SAMPLE_US, GROUPS_PER_CAUSE, LetterBox, shape_of
from gateway.log.letter_book import Wanted
from gateway.log.reader import LogReader
from gateway.log.rows import DeadLetter, Retried
from gateway.log.writer import LogWriter
from sensors.settings import LogSettings
from tests.unit.gateway.log_entries import DETECTOR, entry, letter
from tests.unit.gateway.small_city import small_catalogue

BOUND = 10


def told(detail: str, topic: str = "telemetry/S1/level", received_us: int = 5, **more: object) -> DeadLetter:
    return msgspec.structs.replace(letter(received_us=received_us), topic=topic, detail=detail, **more)


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[LogWriter]:
    with LogWriter(tmp_path, LogSettings(dead_letters_per_cause=BOUND, dead_letter_total_mib=1), DETECTOR) as log:
        log.install_catalogue(small_catalogue(), 1)
        yield log


@pytest.fixture
def reader(tmp_path: Path, writer: LogWriter) -> Iterator[LogReader]:  # noqa: ARG001 (there must be a log)
    with LogReader(tmp_path) as log:
        yield log


def test_the_same_fault_of_the_same_device_is_one_group(writer: LogWriter, reader: LogReader) -> None:
    faults = [told(f"expected a number, got 'x{n}' at byte {n}", received_us=n) for n in range(4)]
    other_device = told("expected a number, got 'y' at byte 1", topic="telemetry/S2/level", received_us=9)
    writer.append(entry(dead_letters=(*faults, other_device, told("nested too deeply", received_us=4))))
    groups = {(g.topic, g.shape): (g.count, g.kept, g.first_us, g.last_us) for g in reader.letters.groups()}
    assert groups == {
        ("telemetry/S1/level", "expected a number, got '…' at byte #"): (4, 4, 0, 3),
        ("telemetry/S2/level", "expected a number, got '…' at byte #"): (1, 1, 9, 9),
        ("telemetry/S1/level", "nested too deeply"): (1, 1, 4, 4),
    }
    newest = reader.letters.groups()[0]
    assert reader.letters.page(None, 10, Wanted(group=newest.id))[0].topic == "telemetry/S2/level"
    examples = {g.example for g in reader.letters.groups()}
    assert examples == {faults[-1].detail, other_device.detail, "nested too deeply"}


def test_two_unknown_devices_on_one_topic_are_two_groups(writer: LogWriter, reader: LogReader) -> None:
    letters = [told(f"device 'a{n}' is in no row", reason="unknown_device") for n in (1, 2)]
    writer.append(entry(dead_letters=tuple(letters)))
    assert len(reader.letters.groups()) == 2


def test_a_new_fault_finds_a_place_in_a_full_cause(writer: LogWriter, reader: LogReader) -> None:
    writer.append(entry(dead_letters=tuple(told("first", received_us=n) for n in range(3 * BOUND))))
    writer.append(entry(dead_letters=(told("second", received_us=99), told("second", received_us=100))))
    kept = reader.letters.page(None, 100)
    assert [(x.detail, x.received_us) for x in kept][:2] == [("second", 99), ("first", BOUND - 2)]
    [count] = reader.letters.counts()
    assert (count.count, count.kept, len(kept)) == (3 * BOUND + 2, BOUND, BOUND)


def test_the_sample_of_a_group_stays_fresh(writer: LogWriter, reader: LogReader) -> None:
    for n in range(BOUND + 5):
        writer.append(entry(dead_letters=(told("first", received_us=n * FRESH_SAMPLE_US),)))
    kept = [x.received_us // FRESH_SAMPLE_US for x in reader.letters.page(None, 100)]
    assert kept == [BOUND + 4, *range(BOUND - 2, -1, -1)]


def test_groups_are_bounded(writer: LogWriter, reader: LogReader) -> None:
    writer.append(entry(dead_letters=tuple(told("x", topic=f"t/{n}") for n in range(GROUPS_PER_CAUSE + 50))))
    groups = reader.letters.groups()
    assert len(groups) == GROUPS_PER_CAUSE + 1
    assert {g.topic: g.count for g in groups}[""] == 50
    assert len(reader.letters.page(None, 1000)) == BOUND


def test_bounds_hold_over_a_restart_and_a_rolled_back_entry(tmp_path: Path) -> None:
    settings = LogSettings(dead_letters_per_cause=BOUND, dead_letter_total_mib=1)
    with LogWriter(tmp_path, settings, DETECTOR) as log:
        log.install_catalogue(small_catalogue(), 1)
        log.append(entry(dead_letters=tuple(told("x") for _ in range(BOUND - 1))))
        log._connection.execute(
            "CREATE TRIGGER full BEFORE INSERT ON checkpoint BEGIN SELECT RAISE(ABORT, 'full'); END"
        )
        with pytest.raises(LogError):
            log.append(entry(dead_letters=(told("lost"), told("y")), checkpoint=b"state"))
        log._connection.execute("DROP TRIGGER full")
        log.append(entry(dead_letters=(told("x"),)))
    with LogWriter(tmp_path, settings, DETECTOR) as log, LogReader(tmp_path) as reader:
        log.append(entry(dead_letters=(told("x"), told("x"))))
        [group], [count] = reader.letters.groups(), reader.letters.counts()
        assert (group.count, group.kept, count.count, count.kept) == (BOUND + 2, BOUND, BOUND + 2, BOUND)


def test_letters_are_found_by_text_in_topic_detail_and_payload(writer: LogWriter, reader: LogReader) -> None:
    writer.append(
        entry(
            dead_letters=(
                told("expected", topic="telemetry/NGOTOK/level"),
                told("got Ngotok"),
                told("x", payload=b"\xff ngoTOK", length=9),
                told("y"),
            )
        )
    )
    found = reader.letters.page(None, 10, Wanted(search="ngotok"))
    assert [x.id for x in found] == [3, 2, 1]
    assert reader.letters.page(2, 1, Wanted(search="ngotok"))[0].id == 1
    assert reader.letters.ids(Wanted(search="ngotok")) == [1, 2, 3]
    assert [g.topic for g in reader.letters.groups(Wanted(search="ngo"))][-1] == "telemetry/NGOTOK/level"


def test_a_retry_takes_out_what_became_observations_and_moves_what_failed_again(
    writer: LogWriter, reader: LogReader
) -> None:
    writer.append(entry(dead_letters=(told("first"), told("first"), told("other", reason="bad_time"))))
    one, two, _ = reader.letters.these([1, 2, 3])
    failed = msgspec.structs.replace(two, reason="bad_time", detail="other")
    retried = Retried(77, "siti", (one.id,), (failed,), took=True)
    for _ in range(2):  # twice the same: the second time there is nothing left to take out
        writer.append(entry(size=3, retried=retried))
    left = reader.letters.page(None, 10)
    assert [(x.id, x.reason, x.retries, x.more_seqs) for x in left] == [
        (3, "bad_time", 0, ""),
        (2, "bad_time", 2, "2 3"),
    ]
    assert {c.reason: (c.count, c.kept) for c in reader.letters.counts()} == {"not_json": (1, 0), "bad_time": (2, 2)}
    groups = {g.reason: (g.count, g.kept, g.retried, g.retried_us, g.retried_by) for g in reader.letters.groups()}
    assert groups == {"not_json": (1, 0, 1, 77, "siti"), "bad_time": (2, 2, 0, None, "")}


def test_old_letters_are_forgotten_and_their_counts_stay(writer: LogWriter, reader: LogReader) -> None:
    writer.append(entry(dead_letters=tuple(told("x", received_us=n) for n in (1, 2, 3))))
    box = LetterBox(writer._connection, LogSettings())
    assert box.forget_before(3, 100) == 2
    assert [x.received_us for x in reader.letters.page(None, 10)] == [3]
    assert [(c.count, c.kept) for c in reader.letters.counts()] == [(3, 1)]


def test_the_letters_of_one_message_belong_together(writer: LogWriter, reader: LogReader) -> None:
    writer.append(entry(dead_letters=(told("x"), told("y", reason="bad_time"), told("z", received_us=6))))
    assert [x.id for x in reader.letters.siblings(reader.letters.these([1]))] == [1, 2]


def test_shapes_are_bounded() -> None:
    assert len(shape_of("x " * 10_000)) <= 160


def test_long_topics_count_as_what_a_letter_takes(writer: LogWriter, reader: LogReader) -> None:
    for n in range(3):  # of three causes, each within its own bound
        letters = (told("x", topic=f"telemetry/{'ü' * 30_000}{k}", reason=f"reason{n}") for k in range(BOUND))
        writer.append(entry(dead_letters=tuple(letters)))
    kept = reader.letters.page(None, 100)
    assert sum(len(x.topic.encode()) for x in kept) <= 1024 * 1024
    assert len(kept) == 17
    writer.append(entry(retried=Retried(9, "siti", tuple(x.id for x in kept), ())))
    writer.append(entry(dead_letters=tuple(told("y", payload=bytes(60_000), received_us=9) for _ in range(BOUND))))
    assert len(reader.letters.page(None, 100)) == BOUND  # all of the room is free again
