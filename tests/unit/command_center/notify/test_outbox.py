"""The outbox over a real operations.db and a real desk: any story, killed anywhere, loses and invents nothing."""

import asyncio
import contextlib
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from command_center.alarms import set_aside
from command_center.alarms.acts import Acts
from command_center.alarms.alarm import Event, Release
from command_center.alarms.desk import AlarmDesk
from command_center.alarms.store import AlarmEvent
from command_center.bell import Bell
from command_center.errors import CommandCenterError, NotStored
from command_center.notify import store
from command_center.notify.book import Book
from command_center.notify.notice import Attempt, Result
from command_center.notify.outbox import Outbox
from command_center.notify.record import NoticeView, notices_after
from command_center.operations import Operations
from command_center.picture.directory import Directory
from command_center.schema import SCHEMA
from gateway.log.rows import LogRow
from sensors.batch import empty_batch
from sensors.origin import Origin
from sensors.times import MINUTE_US
from sensors.transition import Transition
from tests.unit.command_center.alarms.annunciations import annunciations_after
from tests.unit.command_center.little_city import NOW_US, minutes, raised, returned
from tests.unit.command_center.notify.city_of_contacts import city_of, contact

LOG = "a" * 16
CITY = city_of(
    contact("P"), contact("C", "chiefs"), contact("V", "villages", least_severity=3), contact("T", "test", test=True),
    contact("M", "many", mass=True),
)  # fmt: skip
DIRECTORY = Directory(CITY, 1)


class Center:
    """A desk and its outbox over one data directory, killed and started again at will; the log outlives both."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self.rows: list[LogRow] = []
        self.now_us = NOW_US
        self.start()

    def start(self) -> None:
        self.operations = Operations(self._data_dir)
        self.outbox = Outbox(self.operations, lambda: CITY, lambda: self.now_us)
        self.desk = AlarmDesk(self.operations, Bell(), (self.outbox.follow,))
        self.outbox.newest = self.desk.newest

    def kill(self) -> None:
        """What was not committed is gone."""
        self.operations.close()
        self.start()

    async def follow_log(self, *, replay: int = 0) -> None:
        """Apply the log, from some rows before the cursor on."""
        if self.desk.cursor is None:
            await self.desk.switch(LOG, self.now_us)
        if self.rows:
            cursor = self.desk.cursor
            seq = 0 if cursor is None else cursor.seq
            await self.desk.take([row for row in self.rows if row.seq > seq - replay] or self.rows[-1:], DIRECTORY)

    def append(self, *transitions: Transition) -> None:
        self.rows.append(LogRow(len(self.rows) + 1, self.now_us, "observations", 1, 1, empty_batch(), transitions))

    @contextlib.contextmanager
    def mistaken(self) -> Iterator[None]:
        """Planning makes a mistake: there is something in the place of contacts that is none."""
        right, self.outbox._book = self.outbox._book, None
        book = Book(CITY)
        book._members = {"posko": [None]}  # type: ignore[list-item]
        self.outbox._book = book
        yield
        self.outbox._book = right

    def notices(self) -> list[NoticeView]:
        return notices_after(self.operations, 0, 10_000, None)

    def send(self, *names: str) -> None:
        """Everything that waits for these is sent."""
        for target in [f"env:{name}" for name in names]:
            waiting = self.outbox.waiting(target)
            if waiting:
                is_recorded = self.outbox.begin(waiting, self.now_us)
                self.outbox.end(waiting, Attempt(self.now_us, Result.SENT, self.now_us), is_recorded=is_recorded)


@contextlib.contextmanager
def center() -> Iterator[Center]:
    with tempfile.TemporaryDirectory() as folder:
        made = Center(Path(folder))
        yield made
        made.operations.close()


ACTS = ("acknowledge", "shelve", "unshelve", "refute", "confirm")
LEVELS = ("hijau", "kuning", "merah")
STEP = st.one_of(
    st.tuples(st.just("raised"), st.sampled_from(LEVELS), st.sampled_from([Origin.LIVE, Origin.SIMULATED])),
    st.tuples(st.just("returned"), st.sampled_from(LEVELS)),
    st.tuples(st.just("act"), st.sampled_from(ACTS)),
    st.tuples(st.just("minutes"), st.integers(1, 40)),
    st.tuples(st.just("kill"), st.integers(0, 3)),
    st.tuples(st.just("send"), st.sampled_from("PCVTM")),
)


async def play(center: Center, step: tuple[object, ...]) -> None:
    kind, what = step[0], step[1]
    if kind == "raised":
        center.append(raised(str(what), origin=step[2], time_us=center.now_us, at_us=center.now_us))
    elif kind == "returned":
        center.append(returned(str(what), time_us=center.now_us, at_us=center.now_us))
    elif kind == "minutes":
        center.now_us += int(str(what)) * MINUTE_US
        await center.desk.beat(center.now_us)
    elif kind == "kill":
        center.kill()
    elif kind == "send":
        center.send(str(what))
    await center.follow_log(replay=int(str(what)) if kind == "kill" else 0)
    if kind == "act":
        await act(center, str(what))
    center.outbox.plan(center.now_us)


async def act(center: Center, what: str) -> None:
    acts, now_us, until_us = Acts(center.desk), center.now_us, center.now_us + 20 * MINUTE_US
    for alarm in center.desk.open_alarms():
        with contextlib.suppress(CommandCenterError):  # an act that this alarm does not allow
            if what == "shelve":
                await acts.shelve(alarm.id, "x", "why", now_us, until_us)
            elif what == "refute":
                await acts.refute(alarm.id, "x", "camera", "why", now_us, until_us)
            elif what == "acknowledge":
                await acts.acknowledge([alarm.id], "x", "", now_us)
            else:
                await getattr(acts, what)(alarm.id, "x", "why", now_us)


@settings(max_examples=60, deadline=None)
@given(st.lists(STEP, max_size=25))
def test_any_story_killed_anywhere_loses_no_annunciation_and_invents_none(story: list[tuple[object, ...]]) -> None:
    with center() as played:

        async def whole() -> None:
            await played.follow_log()
            for step in story:
                await play(played, step)

        asyncio.run(whole())
        annunciations = {a.id: a for _, a in annunciations_after(played.operations, 0, 1_000)}
        notices = played.notices()
        book = Book(CITY)
        for annunciation in annunciations.values():
            told = {notice.contact for notice in notices if f"{notice.alarm}/{notice.call}" == annunciation.id}
            wanted = {
                one.contact.contact
                for one in book.addressees(annunciation, annunciation.at_us)
                if one.after_us == 0 and not (one.contact.mass and annunciation.severity == 4)
            }
            assert told >= (set() if annunciation.muted else wanted)
            assert not (annunciation.muted and told)
            assert not annunciation.exercise or told <= {"T"}
        assert {f"{notice.alarm}/{notice.call}" for notice in notices} <= set(annunciations)
        played.kill()
        asyncio.run(played.follow_log(replay=99))
        played.outbox.plan(played.now_us)
        assert played.notices() == notices


def test_a_kill_between_the_attempt_and_its_end_is_marked_as_perhaps_received() -> None:
    with center() as killed:
        asyncio.run(killed.follow_log())
        killed.append(raised("kuning"))
        asyncio.run(killed.follow_log())
        [waiting] = killed.outbox.waiting("env:P")
        assert not waiting.perhaps_received
        killed.outbox.begin([waiting], minutes(1))
        killed.kill()
        [again] = killed.outbox.waiting("env:P")
        assert again.perhaps_received
        refused = Attempt(minutes(2), Result.REFUSED, minutes(2), "no")
        assert killed.outbox.begin([again], minutes(2))
        killed.outbox.end([again], refused, is_recorded=True)
        [still] = killed.outbox.waiting("env:P")
        assert (still.perhaps_received, still.attempts) == (True, 2)
        [notice, *_] = killed.notices()
        assert [one.outcome for one in notice.tries] == ["begun", "refused"]


def test_a_clear_refusal_is_no_repeat() -> None:
    with center() as tried:
        asyncio.run(tried.follow_log())
        tried.append(raised("kuning"))
        asyncio.run(tried.follow_log())
        [waiting] = tried.outbox.waiting("env:P")
        tried.outbox.begin([waiting], minutes(1))
        tried.outbox.end([waiting], Attempt(minutes(1), Result.REFUSED, minutes(1), "429"), is_recorded=True)
        assert [one.perhaps_received for one in tried.outbox.waiting("env:P")] == [False]


def refuse_writes(operations: Operations, *, refused: bool) -> None:
    """As a full disk does."""
    operations._connection.execute(f"PRAGMA query_only = {int(refused)}")


def test_while_nothing_can_be_written_the_highest_is_sent_from_memory_once_and_recorded_later() -> None:
    with center() as full:
        asyncio.run(full.follow_log())
        refuse_writes(full.operations, refused=True)
        full.append(raised("kuning"))
        asyncio.run(full.follow_log())
        full.append(raised("merah"))
        asyncio.run(full.follow_log())
        assert full.desk.pending
        full.outbox.plan_unstored(full.now_us, full.desk.unstored_calls())
        full.outbox.plan_unstored(full.now_us, full.desk.unstored_calls())
        assert full.outbox.targets() == {"env:P", "env:V", "env:T"}  # the many wait for its release
        [waiting] = full.outbox.waiting("env:P")
        assert (waiting.notice.severity, waiting.number) == (4, 0)
        is_recorded = full.outbox.begin([waiting], minutes(1))
        assert not is_recorded
        full.outbox.end([waiting], Attempt(minutes(1), Result.SENT, minutes(1)), is_recorded=False)
        assert full.outbox.waiting("env:P") == []
        refuse_writes(full.operations, refused=False)
        asyncio.run(full.desk.beat(minutes(2)))
        assert not full.desk.pending
        assert [one.notice.severity for one in full.outbox.waiting("env:P")] == [3]  # the other is sent already
        full.outbox.record()
        assert len(full.outbox.memory) == 0
        told = {(one.contact, one.severity): one for one in full.notices()}
        assert [one.unrecorded for one in told["P", 4].tries] == [True]
        assert (told["P", 4].progress, told["P", 3].progress, told["V", 4].progress) == ("sent", "waiting", "waiting")
        assert len(told) == len(full.notices())


def test_who_updates_is_not_told_of_what_was_annunciated_before(tmp_path: Path) -> None:
    """An operations.db of an older version: its calls are years old."""
    connection = sqlite3.connect(tmp_path / "operations.db")
    steps = "".join(map(str, SCHEMA[:2]))
    connection.executescript(f"BEGIN;{steps}PRAGMA user_version = 2;COMMIT;")
    connection.execute(
        "INSERT INTO alarm (id, log_id, seq, ordinal, datastream, state, body)"
        " VALUES ('x', 'l', 1, 0, 'd', 'normal', '')"
    )
    connection.execute(
        "INSERT INTO annunciation (alarm_id, call, at_us, datastream, level, rank, severity, why, muted)"
        " VALUES ('x', 1, 1, 'ROLAK:level', 'merah', 3, 4, 'raised', '')"
    )
    connection.commit()
    connection.close()
    operations = Operations(tmp_path)
    Outbox(operations, lambda: CITY, lambda: NOW_US).plan(NOW_US)
    assert notices_after(operations, 0, 10, None) == []
    operations.close()


def test_the_worst_of_what_could_not_be_planned_is_planned_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MAX_PLANNED_AT_ONCE", 1)
    with center() as played:

        async def story() -> None:
            with played.mistaken():
                for level in ("hijau", "kuning"):
                    played.append(raised(level))
                    await played.follow_log()
            assert (played.notices(), played.outbox.mistakes) == ([], 2)
            assert "AttributeError" in played.outbox.mistake
            played.outbox.plan(played.now_us)
            assert {one.severity for one in played.notices()} == {3}
            played.outbox.plan(played.now_us)
            assert [one.severity for one in played.notices()] == sorted(
                (one.severity for one in played.notices()), reverse=True
            )
            played.outbox.plan(played.now_us)
            assert played.outbox.mistake == ""

        asyncio.run(story())


def test_a_release_reaches_the_many_though_nothing_can_be_written_any_more() -> None:
    with center() as played:

        async def story() -> None:
            await play(played, ("raised", "merah", Origin.LIVE))
            played.operations._connection.execute("PRAGMA query_only = ON")
            [alarm] = played.desk.open_alarms()
            after = set_aside.release(alarm, Release(how="reading", who="", at_us=played.now_us))
            await played.desk.find_out([(alarm, after, AlarmEvent(alarm.id, played.now_us, Event.RELEASED))])
            with pytest.raises(NotStored):
                played.outbox.plan(played.now_us)
            assert "env:M" in played.outbox.memory.targets()
            played.operations._connection.execute("PRAGMA query_only = OFF")

        asyncio.run(story())
