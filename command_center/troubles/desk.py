"""The trouble desk: looks every second what is wrong, keeps the story of each, and has people told.

A trouble is shown at once; its notices are planned in the transaction that stores it.  While operations.db takes no
writes it stays in memory and is tried again every second: what is of the highest severity is told from there.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from command_center.bell import Bell
from command_center.errors import NotStored
from command_center.operations import Operations
from command_center.troubles import store
from command_center.troubles.call import TroubleCall
from command_center.troubles.trouble import MOST_OPEN, REOPEN_US, Condition, Key, Trouble, acknowledged, stepped
from sensors.times import HOUR_US

COMPLAIN_EVERY: Final = 60  # failed writes
KEEP_US: Final = 366 * 24 * HOUR_US  # of troubles that are over; an unsteady link makes 144 a day at most
MOST_UNSTORED: Final = 1_000  # troubles in memory; of those that are over the oldest make room, and are counted
Source = Callable[[int], Iterable[Condition]]  # what is wrong at a moment (µs UTC)
Follow = Callable[[sqlite3.Connection, Sequence[TroubleCall]], None]

_log = logging.getLogger("command_center.troubles")


class TroubleDesk:
    """Read by API, wall and outbox; told by its sources every second, and by people."""

    def __init__(
        self, operations: Operations, sources: Sequence[Source], follow: Follow, news: Bell, now_us: int
    ) -> None:
        self._operations, self._sources, self._follow, self._news = operations, sources, follow, news
        self._known: dict[Key, Trouble] = {one.condition.key: one for one in store.known(operations, now_us)}
        self._unstored: dict[str, tuple[Trouble | None, Trouble]] = {}  # by id: as operations.db has it, as it is
        self._beyond: set[Key] = set()  # found no place at the last look
        self._lock = asyncio.Lock()
        self._failures = 0
        self.raised = 0  # calls since the start
        self.left_out = 0  # conditions beyond the bound, and stories that will not be on record

    def open_troubles(self) -> list[Trouble]:
        """What is wrong now, the worst first."""
        found = [one for one in list(self._known.values()) if one.is_open]
        return sorted(found, key=lambda one: (not one.unacknowledged, -one.condition.severity, one.raised_us))

    def calls(self) -> list[TroubleCall]:
        """Those of which somebody has yet to be told, or told again.  From any thread."""
        return [TroubleCall(one, one.called_us) for one in list(self._known.values()) if one.is_wanting]

    async def find(self, trouble_id: str) -> Trouble | None:
        """The trouble of that id, however old."""
        known = next((one for one in self._known.values() if one.id == trouble_id), None)
        return known or await asyncio.to_thread(store.find, self._operations, trouble_id)

    async def beat(self, now_us: int) -> None:
        """Once a second: what is wrong, and what is not any more."""
        async with self._lock:
            found = [one for source in self._sources for one in source(now_us)]
            self._count_left_out(found[MOST_OPEN:])
            for after in stepped(self._known, found[:MOST_OPEN], now_us):
                self._put(after)
            if self._unstored:
                await self._store(now_us)
            for key in [key for key, one in self._known.items() if not one.is_open and _is_old(one, now_us)]:
                del self._known[key]

    async def acknowledge(self, trouble_id: str, by: str, comment: str, now_us: int) -> Trouble | None:
        """Somebody acts on it; None where there is no such trouble.  The first name stays.  Raises NotStored."""
        async with self._lock:
            before = await self.find(trouble_id)
            after = None if before is None else acknowledged(before, by, comment, now_us)
            if before is None or after is None or after is before:
                return before
            first = self._unstored.get(after.id, (before, before))[0]
            await asyncio.to_thread(self._write, [(first, after)], now_us)
            self._unstored.pop(after.id, None)
            self._known[after.condition.key] = after
            self._news.ring()
            return after

    def _put(self, after: Trouble) -> None:
        key = after.condition.key
        before = self._known.get(key)
        before = before if before is not None and before.id == after.id else None
        if before is None or before.calls != after.calls:
            self.raised += 1
            _log.warning("%s: %s (%s)", after.condition.subject, after.condition.text.en, after.id)
        elif not after.is_open:
            _log.info("%s: %s is over", after.condition.subject, after.condition.kind)
        first, _ = self._unstored.get(after.id, (before, before))
        self._unstored[after.id] = first, after
        self._make_room()
        self._known[key] = after
        self._news.ring()

    def _count_left_out(self, beyond: Sequence[Condition]) -> None:
        """Each counts once for as long as it finds no place."""
        keys = {condition.key for condition in beyond}
        self.left_out += len(keys - self._beyond)
        self._beyond = keys

    def _make_room(self) -> None:
        if len(self._unstored) > MOST_UNSTORED:
            over = next((one for one, (_, after) in self._unstored.items() if not after.is_open), None)
            if over is not None:
                del self._unstored[over]
                self.left_out += 1

    async def _store(self, now_us: int) -> None:
        changes = list(self._unstored.values())
        try:
            await asyncio.to_thread(self._write, changes, now_us)
        except NotStored as error:
            if self._failures % COMPLAIN_EVERY == 0:
                _log.error("%s; %d troubles wait in memory", error, len(changes))
            self._failures += 1
            return
        self._failures = 0
        self._unstored.clear()

    def _write(self, changes: Sequence[tuple[Trouble | None, Trouble]], now_us: int) -> None:
        with self._operations.transaction() as connection:
            store.tidy(connection, now_us - KEEP_US)
            for before, after in changes:
                store.put(connection, after)
                store.record(connection, before, after, now_us)
            called = [
                TroubleCall(after, None)
                for before, after in changes
                if after.is_wanting and (before is None or before.calls != after.calls)
            ]
            if called:
                self._follow(connection, called)


def _is_old(trouble: Trouble, now_us: int) -> bool:
    """Whether it cannot come back as the same any more."""
    return trouble.cleared_us is not None and now_us - trouble.cleared_us > REOPEN_US
