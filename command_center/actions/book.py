"""The open actions in memory, and those that operations.db has not taken yet.

The alarm desk owns it: actions are opened by the step that changes an alarm, and stored in the transaction that stores
it.  Of each row of actions.csv one is open at most, so the table bounds the book.
"""

import sqlite3
from collections import Counter
from collections.abc import Mapping
from typing import Final

from msgspec.structs import replace

from command_center.actions import store
from command_center.actions.action import Action, ActionAct, ActionEvent, opened_by
from command_center.alarms.alarm import Alarm
from command_center.operations import Operations, Write
from sensors.catalogue import Catalogue, StandingAction

_NONE: Final[Mapping[str, tuple[StandingAction, ...]]] = {}


class ActionBook:
    """Read by API and wall; changed by the desk alone."""

    def __init__(self, operations: Operations) -> None:
        self._open = {action.id: action for action in store.open_actions(operations)}
        self._given = Counter(_first(one) for one in store.ids_under_open_alarms(operations))
        self._table = _NONE
        self.is_ready = False  # a catalogue was followed: what steps of alarms open is known
        self._pending: dict[str, Action] = {}

    @property
    def open_actions(self) -> list[Action]:
        """Every action that nobody has taken back, the one opened last first."""
        return sorted(self._open.values(), key=lambda action: action.opened_us, reverse=True)

    @property
    def unstored(self) -> list[Action]:
        """Those that operations.db has not taken yet."""
        return list(self._pending.values())

    def find(self, action_id: str) -> Action | None:
        """The open action of that id."""
        return self._open.get(action_id)

    def follow(self, catalogue: Catalogue) -> None:
        """Take the table in force; what is open stays as it was opened."""
        self._table, self.is_ready = catalogue.actions_of, True

    def opened(self, before: Alarm | None, after: Alarm) -> list[Action]:
        """What a step of an alarm opens, with ids of their own; the book is not changed."""
        table = self._table.get(after.datastream, ())
        if not table:
            return []
        found = opened_by(before, after, table, {action.key for action in self._open.values()})
        return [replace(one, id=self._id(one)) for one in found]

    def step(self, before: Alarm | None, after: Alarm) -> None:
        """Open what a step of an alarm opens."""
        for action in self.opened(before, after):
            self._given[_first(action.id)] += 1
            self._open[action.id] = self._pending[action.id] = action
        if not after.is_open:  # it never opens again: its ids need no memory
            for row in self._table.get(after.datastream, ()):
                del self._given[f"{after.id}.{row.action}"]

    def put(self, action: Action) -> None:
        """An action as a person left it, stored already."""
        if action.is_open:
            self._open[action.id] = action
        else:
            self._open.pop(action.id, None)

    def writes(self) -> list[Write]:
        """What operations.db has not taken yet."""
        return [write_of(action) for action in self._pending.values()]

    def stored(self) -> None:
        """operations.db has everything."""
        self._pending.clear()

    def _id(self, action: Action) -> str:
        """Opened again under the same alarm, after it was taken back, it is another action."""
        given = self._given[action.id]
        return f"{action.id}.{given + 1}" if given else action.id


def write_of(action: Action) -> Write:
    """The write of an action that a level opened."""
    event = ActionEvent(action_id=action.id, at_us=action.opened_us, act=ActionAct.OPENED)

    def write(connection: sqlite3.Connection) -> None:
        store.put(connection, action)
        store.put_event(connection, event)

    return write


def _first(action_id: str) -> str:
    """`{alarm}.{action}` of an id, whatever number stands behind it."""
    return ".".join(action_id.split(".")[:2])
