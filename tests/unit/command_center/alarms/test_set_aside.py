"""What people set aside, over a real operations.db: who is called, who is not, and that it comes back."""

import asyncio
import contextlib
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from command_center.alarms import store
from command_center.alarms.acts import Acts
from command_center.alarms.alarm import Aside, Event, State
from command_center.alarms.annunciation import Annunciation
from command_center.alarms.desk import AlarmDesk
from command_center.alarms.orders import Order
from command_center.errors import NotAllowed
from command_center.operations import FILE, Operations
from command_center.schema import SCHEMA
from sensors.transition import Kind
from tests.unit.command_center.alarms.annunciations import annunciations_after
from tests.unit.command_center.alarms.test_desk import DIRECTORY, LOG, operations, play, row, taking
from tests.unit.command_center.little_city import LEVEL_ID, minutes, raised, returned, transition

__all__ = ["operations"]
ID = f"{LOG}-1-0"
Story = Callable[[AlarmDesk], Awaitable[None]]


def calls(operations: Operations) -> list[tuple[Event, str, str]]:
    """(why, level, muted) of each annunciation."""
    return [(one.why, one.level, one.muted) for _, one in annunciations_after(operations, 0, 1000)]


def maintenance(until: float, *, since: float = 2) -> Order:
    return Order(
        aside=Aside.SUPPRESSED, scope="ROLAK", by="wati", reason="ganti baterai",
        since_us=minutes(since), until_us=minutes(until),
    )  # fmt: skip


def then(*stories: Story) -> Story:
    async def whole(desk: AlarmDesk) -> None:
        for story in stories:
            await story(desk)

    return whole


def beat(at: float) -> Story:
    async def story(desk: AlarmDesk) -> None:
        await desk.beat(minutes(at))

    return story


def shelve(until: float) -> Story:
    async def story(desk: AlarmDesk) -> None:
        await Acts(desk).shelve(ID, "sari", "bergetar", minutes(2), minutes(until))

    return story


def refute(until: float) -> Story:
    async def story(desk: AlarmDesk) -> None:
        await Acts(desk).refute(ID, "sari", "camera", "kering", minutes(2), minutes(until))

    return story


def test_a_shelf_ends_by_itself_and_what_nobody_has_seen_calls_then(operations: Operations) -> None:
    desk = play(operations, then(taking(row(1, raised("hijau"))), shelve(10), beat(9)))
    assert desk.open_alarms()[0].state is State.SHELVED
    desk = play(operations, beat(10))  # after a restart
    assert desk.open_alarms()[0].state is State.UNACKNOWLEDGED
    assert calls(operations) == [(Event.RAISED, "hijau", ""), (Event.UNSHELVED, "hijau", "")]
    assert [one.event for one in store.events_of(operations, ID)] == [Event.RAISED, Event.SHELVED, Event.UNSHELVED]


def test_on_the_shelf_its_own_level_is_mute_and_a_worse_one_is_not(operations: Operations) -> None:
    rows = row(3, returned("hijau")), row(4, raised("hijau")), row(5, raised("kuning"))
    desk = play(operations, then(taking(row(1, raised("hijau"))), shelve(60), taking(*rows)))
    assert calls(operations) == [
        (Event.RAISED, "hijau", ""), (Event.RAISED, "hijau", "shelved"), (Event.WORSE, "kuning", ""),
    ]  # fmt: skip
    assert desk.open_alarms()[0].shelf is None


def test_the_highest_level_is_never_shelved_and_can_be_refuted(operations: Operations) -> None:
    play(operations, taking(row(1, raised("merah"))))
    with pytest.raises(NotAllowed, match="is of the highest level, which is never shelved: it can be refuted"):
        play(operations, shelve(10))
    desk = play(operations, then(refute(30), beat(29)))
    [alarm] = desk.open_alarms()
    assert (alarm.state, alarm.acknowledged_by) == (State.ACKNOWLEDGED, "sari")
    [alarm] = play(operations, beat(30)).open_alarms()
    assert (alarm.state, alarm.refutation) == (State.UNACKNOWLEDGED, None)
    assert calls(operations) == [(Event.RAISED, "merah", ""), (Event.SPEAKS_AGAIN, "merah", "")]


def test_a_certain_lower_level_is_shelved_not_refuted(operations: Operations) -> None:
    with pytest.raises(NotAllowed, match="in no doubt and not of the highest level: shelve it"):
        play(operations, then(taking(row(1, raised("hijau"))), refute(30)))
    doubted = raised("kuning", verify=True)
    assert play(operations, then(taking(row(2, doubted)), refute(30))).open_alarms()[0].refutation is not None


@pytest.mark.parametrize("until", [2.0, 62.1])
def test_a_refutation_lasts_an_hour_at_most(operations: Operations, until: float) -> None:
    with pytest.raises(NotAllowed, match="a refutation: expected an end after now and within 60 min"):
        play(operations, then(taking(row(1, raised("merah"))), refute(until)))


def test_in_maintenance_alarms_are_listed_and_call_when_it_is_over(operations: Operations) -> None:
    async def order(desk: AlarmDesk) -> None:
        await desk.begin(maintenance(100))

    desk = play(operations, then(taking(row(1)), order, taking(row(3, raised("hijau"), raised("merah")))))
    assert desk.open_alarms()[0].state is State.SUPPRESSED
    assert calls(operations) == [(Event.RAISED, "hijau", "suppressed"), (Event.WORSE, "merah", "suppressed")]
    desk = play(operations, beat(100))
    assert (desk.orders, desk.open_alarms()[0].state) == ([], State.UNACKNOWLEDGED)
    assert calls(operations)[2:] == [(Event.BACK, "merah", "")]
    audit = [what for (what,) in operations.read("SELECT what FROM audit ORDER BY number")]
    assert audit[-2:] == ["suppressed until 2025-11-22T16:40:00Z", "suppressed ended"]


def test_an_operator_ends_it_and_what_was_acknowledged_stays_so(operations: Operations) -> None:
    async def story(desk: AlarmDesk) -> None:
        order = await desk.begin(maintenance(100))
        await Acts(desk).acknowledge([ID], "sari", "", minutes(3))
        assert await desk.end(order.number, "budi", minutes(4)) is not None
        assert await desk.end(order.number, "budi", minutes(5)) is None

    desk = play(operations, then(taking(row(1, raised("hijau"))), story))
    assert desk.open_alarms()[0].state is State.ACKNOWLEDGED
    assert calls(operations) == [(Event.RAISED, "hijau", "")]


def test_what_was_never_heard_of_an_order_is_refused(operations: Operations) -> None:
    async def twice(desk: AlarmDesk) -> None:
        await desk.begin(maintenance(100))
        await desk.begin(maintenance(200))

    async def too_long(desk: AlarmDesk) -> None:
        await desk.begin(maintenance(2 + 4 * 60 + 1))

    with pytest.raises(NotAllowed, match=r"ROLAK is suppressed already, by wati until 2025-11-22T16:40:00Z"):
        play(operations, then(taking(row(1)), twice))
    with pytest.raises(NotAllowed, match="expected an end after now and within 4 h"):
        play(operations, too_long)


def test_out_of_service_outranks_maintenance(operations: Operations) -> None:
    async def story(desk: AlarmDesk) -> None:
        await desk.begin(maintenance(100))
        broken = Order(
            aside=Aside.OUT_OF_SERVICE, scope=LEVEL_ID, by="wati", reason="rusak", ticket="T-7",
            since_us=minutes(2), until_us=minutes(9_000),
        )  # fmt: skip
        await desk.begin(broken)

    states = [taking(row(1, raised("hijau"))), story, beat(100)]
    assert play(operations, then(*states)).open_alarms()[0].state is State.OUT_OF_SERVICE
    assert len(calls(operations)) == 1


def test_chatter_is_counted_and_calls_nobody_until_it_holds(operations: Operations) -> None:
    chatter = [
        row(seq, returned("hijau"), raised("hijau", count=count)) for seq, count in ((2, 2), (3, 3), (4, 4), (5, 5))
    ]
    desk = play(operations, then(taking(row(1, raised("hijau")), *chatter), beat(5.9)))
    [alarm] = desk.open_alarms()
    assert (alarm.shown.count, alarm.held_back, alarm.state) == (5, True, State.UNACKNOWLEDGED)
    assert calls(operations) == [(Event.RAISED, "hijau", "")] * 2
    play(operations, beat(6))
    assert calls(operations)[2:] == [(Event.SPEAKS_AGAIN, "hijau", "")]


def test_the_highest_level_calls_however_often_it_chatters(operations: Operations) -> None:
    chatter = [row(seq, returned("merah"), raised("merah", count=seq)) for seq in range(2, 6)]
    play(operations, taking(row(1, raised("merah")), *chatter))
    assert calls(operations) == [(Event.RAISED, "merah", "")] * 5


def test_several_are_acknowledged_at_once_or_none(operations: Operations) -> None:
    async def story(desk: AlarmDesk) -> None:
        await desk.take([row(1, raised("hijau")), row(2, transition(Kind.SILENT, datastream=1))], DIRECTORY)
        ids = [alarm.id for alarm in desk.open_alarms()]
        assert await Acts(desk).acknowledge([*ids, "nothing"], "sari", "", minutes(3)) is None
        assert {alarm.state for alarm in desk.open_alarms()} == {State.UNACKNOWLEDGED}
        assert await Acts(desk).acknowledge(ids, "sari", "banjir", minutes(3)) is not None

    desk = play(operations, story)
    assert {alarm.state for alarm in desk.open_alarms()} == {State.ACKNOWLEDGED}


def test_a_file_of_the_version_before_is_brought_up_to_date(tmp_path: Path) -> None:
    (tmp_path / "now").mkdir()
    database = Operations(tmp_path / "now")
    play(database, taking(row(1, raised("hijau"))))
    database.close()
    _first_version_of(tmp_path / "now" / FILE, tmp_path / FILE)
    again = Operations(tmp_path)
    play(again, taking(row(2, raised("kuning"))))
    [(_, call)] = annunciations_after(again, 0, 10)
    assert call == Annunciation(ID, 2, minutes(2), LEVEL_ID, "kuning", 2, 3, Event.WORSE, "")
    again.close()


def _first_version_of(now: Path, old: Path) -> None:
    """The alarms of one file in a file as the first version made it."""
    with contextlib.closing(sqlite3.connect(old)) as file:
        file.executescript(f"{SCHEMA[0]}PRAGMA user_version = 1;")
        file.execute("ATTACH ? AS now", (str(now),))
        for table in ("alarm", "alarm_event", "cursor"):
            columns = ", ".join(name for _, name, *_ in file.execute(f"PRAGMA main.table_info({table})"))
            file.execute(f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM now.{table}")  # noqa: S608 (our own names)
        file.commit()


def test_acts_at_once_are_told_apart(operations: Operations) -> None:
    async def story(desk: AlarmDesk) -> None:
        await desk.take([row(1, raised("hijau"))], DIRECTORY)
        acts = Acts(desk)
        both = await asyncio.gather(
            acts.acknowledge([ID], "sari", "saya", minutes(2)), acts.acknowledge([ID], "budi", "saya juga", minutes(2))
        )
        assert [None if alarms is None else alarms[0].acknowledged_by for alarms in both] == ["sari", "sari"]

    play(operations, story)
    told = [(one.event, one.by, one.comment) for one in store.events_of(operations, ID)][1:]
    assert told == [(Event.ACKNOWLEDGED, "sari", "saya"), (Event.NOTE, "budi", "saya juga")]


def test_what_a_lost_gauge_could_have_reached_calls_though_nobody_has_acknowledged_it(operations: Operations) -> None:
    silent = transition(Kind.SILENT, severity=2)
    play(operations, taking(row(1, silent), row(2, transition(Kind.POSSIBLE, "merah", severity=4))))
    assert [(why, muted) for why, _, muted in calls(operations)] == [(Event.SILENT, ""), (Event.WORSE, "")]


def test_graver_silence_on_an_unacknowledged_level_calls(operations: Operations) -> None:
    play(operations, taking(row(1, raised("hijau")), row(2, transition(Kind.SILENT, severity=3))))
    assert [why for why, _, _ in calls(operations)] == [Event.RAISED, Event.SILENT]


def test_a_refutation_is_not_renewed_while_it_lasts(operations: Operations) -> None:
    with pytest.raises(NotAllowed, match="is refuted already, by sari"):
        play(operations, then(taking(row(1, raised("merah"))), refute(30), refute(60)))
