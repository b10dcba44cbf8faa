"""The alarm desk over a real operations.db: what is stored, what a crash loses (nothing), what a full disk does."""

import asyncio
import json
import shutil
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from command_center.alarms import desk as alarm_desk
from command_center.alarms import store
from command_center.alarms.acts import Acts
from command_center.alarms.alarm import Alarm, Event, State
from command_center.alarms.desk import AlarmDesk
from command_center.alarms.store import Changes, Cursor
from command_center.bell import Bell
from command_center.errors import NotStored
from command_center.operations import Operations
from command_center.picture.directory import Directory
from gateway.log.rows import LogRow
from sensors.batch import empty_batch
from sensors.origin import Origin
from sensors.transition import Kind, Transition
from tests.unit.command_center.little_city import (
    DISCHARGE,
    LEVEL_ID,
    NOW_US,
    little_city,
    minutes,
    raised,
    returned,
    transition,
)

LOG = "a" * 16
DIRECTORY = Directory(little_city(), 1)


def row(seq: int, *transitions: Transition) -> LogRow:
    return LogRow(seq, minutes(seq), "observations", 1, 1, empty_batch(), transitions)


@pytest.fixture
def operations(tmp_path: Path) -> Iterator[Operations]:
    database = Operations(tmp_path)
    yield database
    database.close()


def play(operations: Operations, story: Callable[[AlarmDesk], Awaitable[None]]) -> AlarmDesk:
    """A desk that follows log `LOG` and went through a story."""

    async def whole() -> AlarmDesk:
        desk = AlarmDesk(operations, Bell())
        desk.follow(DIRECTORY.catalogue)
        if desk.cursor is None:
            await desk.switch(LOG, NOW_US)
        await story(desk)
        return desk

    return asyncio.run(whole())


def taking(*rows: LogRow) -> Callable[[AlarmDesk], Awaitable[None]]:
    async def story(desk: AlarmDesk) -> None:
        await desk.take(rows, DIRECTORY)

    return story


def events(operations: Operations, alarm: Alarm) -> list[Event]:
    return [event.event for event in store.events_of(operations, alarm.id)]


def test_alarms_their_events_and_the_cursor_are_stored_together(operations: Operations) -> None:
    play(operations, taking(row(1), row(2, raised("hijau"), raised("kuning")), row(3)))
    [alarm] = store.newest_of_each(operations)
    assert (alarm.id, alarm.shown.level) == (f"{LOG}-2-0", "kuning")
    assert events(operations, alarm) == [Event.RAISED, Event.WORSE]
    assert store.stored_cursor(operations) == Cursor(LOG, 3)


def test_a_restart_goes_on_where_it_was(operations: Operations) -> None:
    play(operations, taking(row(1, raised("hijau"))))
    desk = play(operations, taking(row(2, returned("hijau"))))
    [alarm] = desk.open_alarms()
    assert (alarm.id, alarm.state) == (f"{LOG}-1-0", State.RETURNED_UNACKNOWLEDGED)


def test_rows_read_again_change_nothing(operations: Operations) -> None:
    rows = row(1, raised("hijau")), row(2, returned("hijau"), raised("kuning"))
    play(operations, taking(*rows))
    before = operations.read("SELECT * FROM alarm"), operations.read("SELECT * FROM alarm_event")
    play(operations, taking(*rows))
    assert (operations.read("SELECT * FROM alarm"), operations.read("SELECT * FROM alarm_event")) == before


def test_a_crash_before_the_commit_gives_the_same_alarm_again(tmp_path: Path) -> None:
    with_crash, without = tmp_path / "crash", tmp_path / "plain"
    for data_dir in (with_crash, without):
        data_dir.mkdir()
    first = Operations(with_crash)
    play(first, taking(row(1)))
    first.close()
    kept = shutil.copytree(with_crash, tmp_path / "kept")
    lost = Operations(with_crash)
    play(lost, taking(row(2, raised("hijau")), row(3, raised("kuning"))))
    lost.close()
    again, plain = Operations(kept), Operations(without)
    play(again, taking(row(2, raised("hijau")), row(3, raised("kuning"))))
    play(plain, taking(row(1), row(2, raised("hijau")), row(3, raised("kuning"))))
    assert again.read("SELECT id, state, body FROM alarm") == plain.read("SELECT id, state, body FROM alarm")
    again.close()
    plain.close()


def test_what_a_person_did_is_on_record_with_name_and_words(operations: Operations) -> None:
    async def story(desk: AlarmDesk) -> None:
        await desk.take([row(1, raised("hijau"))], DIRECTORY)
        await Acts(desk).acknowledge([f"{LOG}-1-0"], "sari", "petugas dihubungi", minutes(2))
        await Acts(desk).acknowledge([f"{LOG}-1-0"], "budi", "saya juga", minutes(3))
        await Acts(desk).note(f"{LOG}-1-0", "budi", "pintu air dibuka", minutes(4))
        await desk.take([row(5, returned("hijau"))], DIRECTORY)

    play(operations, story)
    found = store.events_of(operations, f"{LOG}-1-0")
    assert [(event.event, event.by, event.comment) for event in found] == [
        (Event.RAISED, "", ""),
        (Event.ACKNOWLEDGED, "sari", "petugas dihubungi"),
        (Event.NOTE, "budi", "saya juga"),  # the first name stays, and what the second one says is kept
        (Event.NOTE, "budi", "pintu air dibuka"),
        (Event.RETURNED, "", ""),
    ]
    assert operations.read("SELECT who, what FROM audit ORDER BY number") == [
        ("sari", "alarm acknowledged"),
        ("budi", "alarm note"),
        ("budi", "alarm note"),
    ]


def test_a_note_on_an_old_alarm_leaves_the_newest_one_alone(operations: Operations) -> None:
    async def story(desk: AlarmDesk) -> None:
        await desk.take([row(1, raised("hijau")), row(2, returned("hijau"))], DIRECTORY)
        await Acts(desk).close(f"{LOG}-1-0", "sari", "", minutes(3))
        await desk.take([row(4, raised("kuning"))], DIRECTORY)
        await Acts(desk).note(f"{LOG}-1-0", "sari", "salah pasang", minutes(5))

    desk = play(operations, story)
    newest = desk.open_of(LEVEL_ID)
    assert newest is not None
    assert newest.id == f"{LOG}-4-0"
    assert [alarm.id for alarm in desk.closed_alarms()] == [f"{LOG}-1-0"]


def test_a_database_that_takes_no_writes_shows_the_alarm_refuses_the_act_and_loses_nothing(
    operations: Operations,
) -> None:
    async def story(desk: AlarmDesk) -> None:
        await desk.take([row(1)], DIRECTORY)
        await desk.beat(NOW_US)
        operations.read("PRAGMA query_only = ON")  # as a full disk, or one mounted read-only
        await desk.take([row(2, raised("hijau"))], DIRECTORY)
        alarm = desk.open_of(LEVEL_ID)
        assert alarm is not None
        assert (desk.pending, desk.cursor, desk.stored) == (1, Cursor(LOG, 2), Cursor(LOG, 1))
        with pytest.raises(NotStored, match=r"operations\.db: cannot be written"):
            await Acts(desk).acknowledge([alarm.id], "sari", "", minutes(3))
        assert desk.open_of(LEVEL_ID) is alarm  # still unacknowledged
        assert operations.error
        operations.read("PRAGMA query_only = OFF")
        await desk.beat(NOW_US)
        assert (desk.pending, desk.stored, operations.error) == (0, Cursor(LOG, 2), "")

    play(operations, story)
    [alarm] = store.newest_of_each(operations)
    assert (alarm.id, alarm.state) == (f"{LOG}-2-0", State.UNACKNOWLEDGED)
    assert events(operations, alarm) == [Event.RAISED]


def test_another_log_lets_go_of_what_the_old_one_held(operations: Operations) -> None:
    async def story(desk: AlarmDesk) -> None:
        await desk.take([row(7, raised("hijau"))], DIRECTORY)
        await desk.switch("b" * 16, minutes(8))

    desk = play(operations, story)
    [alarm] = desk.open_alarms()
    assert (alarm.id, alarm.state) == (f"{LOG}-7-0", State.RETURNED_UNACKNOWLEDGED)
    assert desk.cursor == Cursor("b" * 16, 0)


def test_an_older_copy_of_the_log_is_followed_from_its_end(operations: Operations) -> None:
    async def story(desk: AlarmDesk) -> None:
        await desk.take([row(7, raised("hijau"))], DIRECTORY)
        await desk.rewind(3)
        await desk.take([row(4, returned("hijau"))], DIRECTORY)

    [alarm] = play(operations, story).open_alarms()
    assert alarm.state is State.RETURNED_UNACKNOWLEDGED


def test_an_older_copy_of_the_log_gives_no_id_a_second_time(operations: Operations, caplog: Any) -> None:
    async def story(desk: AlarmDesk) -> None:
        await desk.take([row(7, raised("hijau"))], DIRECTORY)
        await Acts(desk).acknowledge([f"{LOG}-7-0"], "sari", "banjir lama", minutes(8))
        await desk.rewind(3)
        await desk.take([row(7, raised("kuning", datastream=DISCHARGE))], DIRECTORY)

    desk = play(operations, story)
    ids = {alarm.datastream: alarm.id for alarm in store.newest_of_each(operations)}
    assert ids == {LEVEL_ID: f"{LOG}-7-0", "ROLAK:discharge": f"{LOG}-7-0-1"}
    old = alarm_of(operations, f"{LOG}-7-0")
    assert (old.datastream, old.acknowledged_by) == (LEVEL_ID, "sari")
    assert [event.event for event in store.events_of(operations, f"{LOG}-7-0-1")] == [Event.RAISED]
    assert desk.twins == 1
    assert f"{LOG}-7-0 is the id of an alarm of rows that are gone" in caplog.text


def test_an_id_is_not_given_again_after_a_restart_or_to_the_same_datastream(operations: Operations) -> None:
    async def first(desk: AlarmDesk) -> None:
        await desk.take([row(7, raised("hijau")), row(8, returned("hijau"))], DIRECTORY)
        await Acts(desk).close(f"{LOG}-7-0", "sari", "", minutes(8))
        await desk.rewind(3)

    play(operations, first)
    desk = play(operations, taking(row(7, raised("kuning"))))
    assert [alarm.id for alarm in desk.open_alarms()] == [f"{LOG}-7-0-1"]
    assert [alarm.id for alarm in desk.closed_alarms()] == [f"{LOG}-7-0"]
    again = play(operations, taking(row(9, returned("kuning"))))
    assert [(alarm.id, alarm.state) for alarm in again.open_alarms()] == [
        (f"{LOG}-7-0-1", State.RETURNED_UNACKNOWLEDGED)
    ]


def test_a_log_that_comes_back_leaves_its_old_alarms_as_they_are(operations: Operations) -> None:
    async def story(desk: AlarmDesk) -> None:
        await desk.take([row(7, raised("hijau"))], DIRECTORY)
        await Acts(desk).acknowledge([f"{LOG}-7-0"], "sari", "", minutes(8))
        await desk.switch("b" * 16, minutes(9))
        await desk.switch(LOG, minutes(10))
        await desk.take([row(7, raised("hijau"))], DIRECTORY)

    desk = play(operations, story)
    assert [alarm.id for alarm in desk.open_alarms()] == [f"{LOG}-7-0-1"]
    old = alarm_of(operations, f"{LOG}-7-0")
    assert (old.state, old.acknowledged_by) == (State.NORMAL, "sari")


def alarm_of(operations: Operations, alarm_id: str) -> Alarm:
    alarm = store.find(operations, alarm_id)
    assert alarm is not None
    return alarm


def test_the_record_of_another_datastream_is_never_written_over(operations: Operations, caplog: Any) -> None:
    [alarm] = play(operations, taking(row(7, raised("hijau")))).open_alarms()
    store.store(operations, Changes([replace(alarm, datastream="X:y")]), Cursor(LOG, 7))
    assert store.find(operations, alarm.id) == alarm
    assert "X:y is not stored: another datastream's alarm has that id" in caplog.text


def test_too_much_pending_holds_up_the_log_and_nobody_who_acknowledges(
    operations: Operations, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alarm_desk, "MAX_PENDING", 1)

    async def story(desk: AlarmDesk) -> None:
        operations.read("PRAGMA query_only = ON")
        await desk.take([row(1, raised("hijau"))], DIRECTORY)
        taking_more = asyncio.create_task(desk.take([row(2, raised("kuning"))], DIRECTORY))
        await asyncio.sleep(0.1)
        with pytest.raises(NotStored):
            await asyncio.wait_for(Acts(desk).acknowledge([f"{LOG}-1-0"], "sari", "", minutes(3)), 0.5)
        assert not taking_more.done()
        operations.read("PRAGMA query_only = OFF")
        await asyncio.wait_for(taking_more, 5)

    [alarm] = play(operations, story).open_alarms()
    assert alarm.shown.level == "kuning"


def test_a_gauge_lost_after_its_flood_was_acknowledged_is_a_call(operations: Operations) -> None:
    async def story(desk: AlarmDesk) -> None:
        await desk.take([row(1, raised("merah"))], DIRECTORY)
        await Acts(desk).acknowledge([f"{LOG}-1-0"], "sari", "", minutes(2))
        await desk.take([row(3, transition(Kind.SILENT, severity=1))], DIRECTORY)

    desk = play(operations, story)
    assert (desk.calls, desk.open_alarms()[0].state) == (2, State.UNACKNOWLEDGED)


def test_a_transition_without_a_name_is_counted_and_the_rest_goes_on(operations: Operations) -> None:
    desk = play(operations, taking(row(1, raised("hijau", datastream=99), raised("hijau"))))
    assert (desk.unnamed, len(desk.open_alarms())) == (1, 1)


def test_an_illustrative_level_makes_an_exercise(operations: Operations) -> None:
    desk = play(operations, taking(row(1, raised("merah", origin=Origin.LIVE))))
    assert desk.open_alarms()[0].shown.exercise


def test_a_fall_in_doubt_is_a_call_and_a_clock_that_was_set_back_is_counted(operations: Operations) -> None:
    async def story(desk: AlarmDesk) -> None:
        await desk.take([row(1, raised("hijau", verify=True))], DIRECTORY)
        await Acts(desk).acknowledge([f"{LOG}-1-0"], "sari", "", minutes(1))
        fall = transition(Kind.VERIFY, "hijau", value=90.0)
        await desk.take([row(2, fall), row(3, transition(Kind.REBASED)), row(4, fall)], DIRECTORY)

    desk = play(operations, story)
    assert (desk.calls, desk.rebased) == (2, 1)
    [alarm] = store.newest_of_each(operations)
    assert events(operations, alarm) == [Event.RAISED, Event.ACKNOWLEDGED, Event.VERIFY, Event.VERIFY]
    assert play(operations, taking(row(4, raised("merah")))).open_of(LEVEL_ID) == alarm  # read again, no news


def test_an_alarm_stored_before_there_were_doubts_is_read_as_one_without(operations: Operations) -> None:
    play(operations, taking(row(1, raised("hijau"))))
    [(body,)] = operations.read("SELECT body FROM alarm")
    old = json.loads(body)
    for name in ("possible", "doubt"):
        del old[name]
    for name in ("verify", "count", "lost_rising", "rate_per_h"):
        del old["worst"][name], old["held"][0][name]
    with operations.transaction() as connection:
        connection.execute("UPDATE alarm SET body = ?", (json.dumps(old),))
    [alarm] = store.newest_of_each(operations)
    assert (alarm.possible, alarm.doubt, alarm.shown.verify, alarm.shown.count) == ((), None, False, 1)
