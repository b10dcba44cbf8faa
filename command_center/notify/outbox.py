"""The outbox: notices planned in the transaction of their annunciation, and what became of each.

Calls wait for the disk: they are made from threads.  While operations.db takes no writes the highest severity is
planned and sent from memory (`command_center.notify.memory`); lower ones wait, and the log has their alarms.
"""

import logging
import sqlite3
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from command_center.alarms.alarm import HIGHEST_SEVERITY, Alarm
from command_center.alarms.annunciation import Annunciation
from command_center.alarms.store import Changes
from command_center.errors import NotStored, OperationsError
from command_center.notify import store
from command_center.notify.book import Book
from command_center.notify.due import due
from command_center.notify.memory import Memory
from command_center.notify.notice import Attempt, Call, Calling, Notice, Told, Waiting, test_notice
from command_center.operations import Operations, note_audit
from sensors.catalogue import Catalogue
from sensors.contacts import Contact

_log = logging.getLogger("command_center.notify")


class Outbox:
    """`catalogue` gives the one in force (None: none yet), `clock` microseconds since the epoch."""

    def __init__(
        self, operations: Operations, catalogue: Callable[[], Catalogue | None], clock: Callable[[], int]
    ) -> None:
        self._operations, self._catalogue, self._clock = operations, catalogue, clock
        self._book: Book | None = None
        self._making = threading.Lock()
        self.memory = Memory()
        self.planned = 0  # notices, repeats included
        self.mistakes = 0  # of ours in planning: the calls are planned within seconds, or the next mistake says why not
        self.mistake = ""  # the newest; empty = planning has gone well since
        self.newest: Callable[[Alarm], Alarm] = _as_it_is  # what memory knows of a stored alarm; from any thread
        self.troubles: Callable[[], Sequence[Calling]] = tuple  # calls of our own troubles; from any thread
        self._planned_up_to = store.PLANNED_UNKNOWN
        self.news: Callable[[], None] = _nobody  # called when something may wait; from any thread

    @property
    def book(self) -> Book | None:
        """The contacts in force; None before there is a catalogue."""
        catalogue = self._catalogue()
        with self._making:
            if catalogue is not None and (self._book is None or self._book.catalogue is not catalogue):
                self._book = Book(catalogue)
            return self._book

    def follow(self, connection: sqlite3.Connection, changes: Changes) -> None:
        """Plan what a new annunciation makes due, in its own transaction (`command_center.alarms.store.store`)."""
        if not changes.annunciations:
            return
        try:
            self._plan_new(connection, self._clock())
        except sqlite3.Error:
            raise  # nothing of it is stored
        except Exception as error:  # noqa: BLE001 (told, counted, and tried again)
            # A mistake of ours in planning must not keep an alarm from being stored: `plan` tries it within seconds.
            self._note(error, len(changes.annunciations))
        self.news()

    def follow_troubles(self, connection: sqlite3.Connection, calls: Sequence[Calling]) -> None:
        """The same of troubles that call (`command_center.troubles.desk`)."""
        book = self.book
        if book is None:
            return
        try:
            notices = due(self._clock(), calls, book, self._with_memory(store.told_of(connection, calls)))
            store.put(connection, notices)
            self.planned += len(notices)
        except sqlite3.Error:
            raise
        except Exception as error:  # noqa: BLE001 (told, counted, and tried again)
            self._note(error, len(calls))
        self.news()

    def _note(self, error: Exception, calls: int) -> None:
        _log.exception("notices of %d calls are not planned yet", calls)
        self.mistakes += 1
        self.mistake = f"{type(error).__name__}: {error}"

    def plan(self, now_us: int) -> None:
        """What falls due by time, and what could not be planned before."""
        book = self.book
        if book is None:
            return
        with self._operations.reading() as connection:
            # What is not stored yet counts, too: a release must reach the many though the disk is full.
            alarms = [replace(call, alarm=self.newest(call.alarm)) for call in store.open_calls(connection)]
            calls: list[Calling] = [*alarms, *self.troubles()]
            told = store.told_of(connection, calls)
            has_new = bool(store.unplanned(connection, self._first_unplanned(connection)))
            if not has_new:
                self._planned_up_to = store.last_annunciation(connection)
        notices = due(now_us, calls, book, self._with_memory(told))
        if not notices and not has_new:
            self.mistake = ""
            return
        try:
            with self._operations.transaction() as connection:
                store.put(connection, notices)
                self._plan_new(connection, now_us)
        except NotStored:
            self.memory.plan(notice for notice in notices if notice.severity >= HIGHEST_SEVERITY)
            raise
        self.planned += len(notices)
        self.mistake = ""

    def plan_unstored(self, now_us: int, calls: Iterable[tuple[Annunciation, Alarm]]) -> None:
        """The highest severity among calls that operations.db has not taken, planned in memory."""
        book = self.book
        if book is None:
            return
        worst = [
            Call(annunciation, alarm, None)
            for annunciation, alarm in calls
            if annunciation.severity >= HIGHEST_SEVERITY
        ]
        told = {call.key: self.memory.told(*call.key) for call in worst}
        began = [
            replace(call, planned_us=min((one.planned_us for one in told[call.key]), default=None)) for call in worst
        ]
        self.memory.plan(due(now_us, began, book, told))

    def test(self, contact: Contact, by: str, now_us: int) -> list[Notice]:
        """A message to each way out of a contact that says that it is a test; `by` empty: the daily canary."""
        with self._operations.transaction() as connection:
            number = store.next_test(connection)
            notices = [test_notice(contact.contact, target, number, now_us) for target in contact.urls]
            store.put(connection, notices)
            if by:
                note_audit(connection, now_us, by, "notification test", contact.contact)
        self.planned += len(notices)
        self.news()
        return notices

    def targets(self) -> set[str]:
        """For which something waits."""
        return {*store.waiting_targets(self._operations), *self.memory.targets()}

    def waiting(self, target: str) -> list[Waiting]:
        """What waits for a target."""
        kept = self.memory.waiting(target)
        try:
            rows = [one for one in store.waiting(self._operations, target) if not self.memory.knows(one.notice.key)]
        except OperationsError:
            if not kept:
                raise
            return kept  # what is in memory goes out though the file cannot be read
        return [*kept, *rows]

    def begin(self, notices: Sequence[Waiting], at_us: int) -> bool:
        """An attempt begins; False: it could not be recorded.  Raises NotStored where it has to wait for that."""
        rows = [one.number for one in notices if not self.memory.knows(one.notice.key)]
        try:
            if rows:
                with self._operations.transaction() as connection:
                    store.begin(connection, rows, at_us)
        except NotStored:
            if any(one.notice.severity < HIGHEST_SEVERITY for one in notices):
                raise
            for one in notices:
                self.memory.keep(one)
        return not any(self.memory.knows(one.notice.key) for one in notices)

    def end(self, notices: Sequence[Waiting], attempt: Attempt, *, is_recorded: bool) -> None:
        """The attempt has ended; what cannot be written now is written later.  `is_recorded`: its beginning is."""
        if not is_recorded:
            attempt = replace(attempt, unrecorded=True)
        rows = [one for one in notices if not self.memory.note(one.notice.key, attempt)]
        if not rows:
            return
        try:
            with self._operations.transaction() as connection:
                for one in rows:
                    if is_recorded:
                        store.end(connection, one, attempt)
                    else:
                        store.record(connection, one, [attempt])
        except NotStored:
            for one in rows:
                self.memory.keep(one)
                self.memory.note(one.notice.key, attempt)

    def withdraw(self, notices: Sequence[Waiting], now_us: int, reason: str) -> None:
        """They are not to be sent any more."""
        rows = [one for one in notices if not self.memory.knows(one.notice.key)]
        if rows:
            with self._operations.transaction() as connection:
                for one in rows:
                    store.withdraw(connection, one, now_us, reason)

    def record(self) -> None:
        """Write what is in memory.  Raises NotStored while that fails."""
        snapshot = self.memory.snapshot()
        if snapshot:
            with self._operations.transaction() as connection:
                for one, attempts in snapshot:
                    store.record(connection, one, attempts)
            self.memory.written(snapshot)

    def _plan_new(self, connection: sqlite3.Connection, now_us: int) -> None:
        book = self.book
        if book is None:
            return
        numbered = store.unplanned(connection, self._first_unplanned(connection))
        calls = [call for _, call in numbered]
        notices = due(now_us, calls, book, self._with_memory(store.told_of(connection, calls)))
        store.put(connection, notices)
        store.mark_planned(connection, numbered, now_us)
        self.planned += len(notices)

    def _first_unplanned(self, connection: sqlite3.Connection) -> int:
        """Behind which number annunciations may lie that are not planned."""
        if self._planned_up_to == store.PLANNED_UNKNOWN:
            self._planned_up_to = store.planned_up_to(connection)
        return self._planned_up_to

    def _with_memory(self, told: dict[tuple[str, int], list[Told]]) -> dict[tuple[str, int], list[Told]]:
        if not len(self.memory):
            return told
        return {key: [*known, *self.memory.told(*key)] for key, known in told.items()}


def _as_it_is(alarm: Alarm) -> Alarm:
    """Nobody knows more of it."""
    return alarm


def _nobody() -> None:
    """Nobody listens yet."""
