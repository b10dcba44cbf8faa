"""What people do about standing actions, each under a name: stored with its audit record, or it did not happen."""

import asyncio
import sqlite3
from collections.abc import Callable

from msgspec.structs import replace

from command_center.actions import action as pure
from command_center.actions import store
from command_center.actions.action import Action, ActionAct, ActionEvent, Gauge
from command_center.alarms.desk import AlarmDesk
from command_center.bell import Bell
from command_center.operations import Operations
from command_center.picture.picture import Picture
from sensors.rules import levels_in_force


class ActionActs:
    """Each answers with the action after it, None where there is none; raises NotAllowed, NotStored.

    Where an act changes nothing (somebody did the same before) what was said is put on record as a note.
    """

    def __init__(self, desk: AlarmDesk, operations: Operations, picture: Picture, news: Bell) -> None:
        self._desk, self._operations, self._picture, self._news = desk, operations, picture, news

    @property
    def open_actions(self) -> list[Action]:
        """Every action that nobody has taken back, the one opened last first."""
        return self._desk.actions.open_actions

    @property
    def unstored(self) -> list[Action]:
        """Actions that operations.db has not taken yet."""
        return self._desk.actions.unstored

    async def find(self, action_id: str) -> Action | None:
        """The action of that id, however old."""
        known = self._desk.actions.find(action_id)
        return known or await asyncio.to_thread(store.find, self._operations, action_id)

    def gauge_of(self, action: Action, now_us: int) -> Gauge:
        """What is known of the datastream that opened it."""
        directory, latest = self._picture.directory, self._picture.latest
        datastream = None if directory is None else directory.catalogue.datastream_by_id.get(action.datastream)
        return Gauge(
            alarm=self._desk.open_of(action.datastream),
            levels=() if datastream is None else levels_in_force(datastream, now_us),
            heard=datastream is not None and latest.heard(datastream.number),
        )

    async def take(self, said: ActionEvent, *, over: bool) -> Action | None:
        """Who speaks has it in hand."""
        return await self._act(said, lambda action: pure.take(action, said.by, said.at_us, over=over))

    async def carry_out(self, said: ActionEvent) -> Action | None:
        """It is done."""
        return await self._act(said, lambda action: pure.carry_out(action, said.by, said.at_us))

    async def undo(self, said: ActionEvent, seen: str) -> Action | None:
        """It is taken back; `seen`: by what it was seen that it may be, where the gauge cannot tell."""

        def change(action: Action) -> Action:
            return pure.undo(action, said.by, said.at_us, self.gauge_of(action, said.at_us), seen)

        return await self._act(said, change)

    async def note(self, said: ActionEvent) -> Action | None:
        """Words on record."""
        return await self._act(said, lambda action: action)

    async def _act(self, said: ActionEvent, change: Callable[[Action], Action]) -> Action | None:
        async with self._desk.acting() as store_also:
            before = await self.find(said.action_id)
            if before is None:
                return None
            after = change(before)
            if after is before and not said.comment.strip():
                return before
            event = said if after is not before else replace(said, act=ActionAct.NOTE)

            def write(connection: sqlite3.Connection) -> None:
                store.put(connection, after)
                store.put_event(connection, event)

            await store_also([write])
            if before.is_open:
                self._desk.actions.put(after)
            self._news.ring()
            return after
