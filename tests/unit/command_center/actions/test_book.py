"""Opened actions and operations.db: stored with their alarm or not at all, shown meanwhile, the same after a crash."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from command_center.actions import store
from command_center.actions.action import Act
from command_center.alarms.alarm import Aside
from command_center.alarms.desk import AlarmDesk
from command_center.alarms.orders import Order
from command_center.bell import Bell
from command_center.errors import NotStored
from command_center.operations import Operations
from command_center.picture.directory import Directory
from gateway.log.rows import LogRow
from sensors.batch import empty_batch
from sensors.transition import Transition
from tests.unit.command_center.actions.acting_city import acting_city
from tests.unit.command_center.little_city import LEVEL_ID, NOW_US, minutes, raised, returned

LOG = "a" * 16
DIRECTORY = Directory(acting_city(), 1)


@pytest.fixture
def operations(tmp_path: Path) -> Iterator[Operations]:
    database = Operations(tmp_path)
    yield database
    database.close()


def row(seq: int, *transitions: Transition) -> LogRow:
    return LogRow(seq, minutes(seq), "observations", 1, 1, empty_batch(), transitions)


def play(operations: Operations, story: Callable[[AlarmDesk], Awaitable[None]]) -> AlarmDesk:
    """A desk that follows log `LOG` and went through a story."""

    async def whole() -> AlarmDesk:
        desk = AlarmDesk(operations, Bell())
        if desk.cursor is None:
            await desk.switch(LOG, NOW_US)
        await story(desk)
        return desk

    return asyncio.run(whole())


def names(operations: Operations) -> list[str]:
    return [action.action for action in store.open_actions(operations)]


def test_a_peak_between_two_stores_opens_its_actions_all_the_same(operations: Operations) -> None:
    async def story(desk: AlarmDesk) -> None:
        await desk.take([row(1, raised("kuning")), row(2, returned("kuning"))], DIRECTORY)

    play(operations, story)
    assert names(operations) == ["road", "pump"]


def test_a_database_that_takes_no_writes_shows_the_action_and_stores_it_with_its_alarm(operations: Operations) -> None:
    async def story(desk: AlarmDesk) -> None:
        operations.read("PRAGMA query_only = ON")  # as a full disk, or one mounted read-only
        await desk.take([row(1, raised("kuning"))], DIRECTORY)
        assert [action.action for action in desk.actions.open_actions] == ["road", "pump"]
        with pytest.raises(NotStored):
            async with desk.acting() as store_also:
                await store_also([])
        assert names(operations) == []
        operations.read("PRAGMA query_only = OFF")
        await desk.beat(NOW_US)

    play(operations, story)
    assert names(operations) == ["road", "pump"]
    assert [event.act for event in store.events_of(operations, f"{LOG}-1-0.road")] == ["opened"]


def test_a_crash_before_the_commit_opens_the_same_actions_again(tmp_path: Path) -> None:
    async def quiet(desk: AlarmDesk) -> None:
        await desk.take([row(1)], DIRECTORY)

    async def flood(desk: AlarmDesk) -> None:
        await desk.take([row(2, raised("kuning")), row(3, raised("merah"))], DIRECTORY)

    (tmp_path / "first").mkdir()
    first = Operations(tmp_path / "first")
    play(first, quiet)
    first.close()
    shutil.copytree(tmp_path / "first", tmp_path / "kept")
    stories = []
    for name in ("first", "kept"):  # the second is what a crash before the commit leaves
        opened = Operations(tmp_path / name)
        play(opened, flood)
        stories.append(opened.read("SELECT id, state, body FROM action ORDER BY number"))
        opened.close()
    assert stories[0] == stories[1]
    assert [action_id for action_id, _, _ in stories[0]] == [f"{LOG}-2-0.{name}" for name in ("road", "pump", "leave")]


def test_what_holds_when_maintenance_ends_is_stored_with_its_end(operations: Operations) -> None:
    order = Order(
        aside=Aside.SUPPRESSED, scope="ROLAK", by="budi", reason="new cable", since_us=NOW_US, until_us=minutes(60)
    )

    async def story(desk: AlarmDesk) -> None:
        placed = await desk.begin(order)
        await desk.take([row(1, raised("kuning"))], DIRECTORY)
        assert desk.actions.open_actions == []
        await desk.end(placed.number, "budi", minutes(9))
        assert names(operations) == ["road", "pump"]

    desk = play(operations, story)
    assert desk.open_of(LEVEL_ID) is not None


def test_a_restart_remembers_which_ids_were_given(operations: Operations) -> None:
    road = f"{LOG}-1-0.road"

    async def first(desk: AlarmDesk) -> None:
        await desk.take([row(1, raised("kuning")), row(2, returned("kuning"), raised("hijau"))], DIRECTORY)
        action = desk.actions.find(road)
        assert action is not None
        undone = replace(action, undone=Act(by="budi", at_us=minutes(2)))
        async with desk.acting() as store_also:
            await store_also([lambda connection: store.put(connection, undone)])

    async def again(desk: AlarmDesk) -> None:
        await desk.take([row(3, raised("kuning"))], DIRECTORY)

    play(operations, first)
    play(operations, again)
    assert [action.id for action in store.open_actions(operations) if action.action == "road"] == [f"{road}.2"]
