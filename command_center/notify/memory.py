"""Notices of the highest severity that operations.db could not take: sent all the same, recorded when there is room.

Used from the loop and from threads, behind a lock.
"""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from command_center.notify.notice import Attempt, Notice, Result, Told, Waiting

MAX_KEPT: Final = 5_000
NoticeKey = tuple[str, int, str, int]


@dataclass(slots=True)
class _Kept:
    waiting: Waiting
    attempts: list[Attempt] = field(default_factory=list)
    sent: bool = False


class Memory:
    """What is known of them until it is written."""

    def __init__(self) -> None:
        self._kept: dict[NoticeKey, _Kept] = {}
        self._lock = threading.Lock()
        self.left_out = 0  # notices beyond the bound: the log still has their alarms

    def __len__(self) -> int:
        return len(self._kept)

    def plan(self, notices: Iterable[Notice]) -> None:
        """Notices that could not be stored; one that is known stays as it is."""
        for notice in notices:
            self.keep(Waiting(notice))

    def keep(self, one: Waiting) -> None:
        """A notice whose attempts cannot be stored."""
        with self._lock:
            if one.notice.key in self._kept:
                return
            if len(self._kept) >= MAX_KEPT:
                self.left_out += 1
                return
            self._kept[one.notice.key] = _Kept(one)

    def note(self, key: NoticeKey, attempt: Attempt) -> bool:
        """An attempt, once it has ended; False: its notice is not here."""
        with self._lock:
            kept = self._kept.get(key)
            if kept is None:
                return False
            kept.attempts.append(attempt)
            kept.sent |= attempt.result is Result.SENT
            perhaps = kept.waiting.perhaps_received or attempt.result is not Result.REFUSED
            kept.waiting = replace(kept.waiting, attempts=kept.waiting.attempts + 1, perhaps_received=perhaps)
            return True

    def waiting(self, target: str) -> list[Waiting]:
        """What waits here for a target."""
        with self._lock:
            return [
                kept.waiting for kept in self._kept.values() if kept.waiting.notice.target == target and not kept.sent
            ]

    def targets(self) -> set[str]:
        """For which something waits here."""
        with self._lock:
            return {kept.waiting.notice.target for kept in self._kept.values() if not kept.sent}

    def knows(self, key: NoticeKey) -> bool:
        """Whether a notice is here, sent or not: what its row says is old."""
        with self._lock:
            return key in self._kept

    def told(self, alarm_id: str, call: int) -> list[Told]:
        """The newest notice of a call to each target, as far as it is here."""
        with self._lock:
            found: dict[str, Told] = {}
            for kept in self._kept.values():
                notice = kept.waiting.notice
                if (notice.alarm_id, notice.call) == (alarm_id, call):
                    told = Told(notice.target, notice.ordinal, notice.planned_us, waits=not kept.sent)
                    found[told.target] = max(told, found.get(told.target, told), key=lambda one: one.ordinal)
            return list(found.values())

    def snapshot(self) -> list[tuple[Waiting, tuple[Attempt, ...]]]:
        """All of it, to be written."""
        with self._lock:
            return [(kept.waiting, tuple(kept.attempts)) for kept in self._kept.values()]

    def written(self, snapshot: Iterable[tuple[Waiting, tuple[Attempt, ...]]]) -> None:
        """It is written; what came since stays, and is written the next time."""
        with self._lock:
            for waiting, attempts in snapshot:
                kept = self._kept.get(waiting.notice.key)
                if kept is not None and len(kept.attempts) == len(attempts):
                    del self._kept[waiting.notice.key]
                elif kept is not None:
                    del kept.attempts[: len(attempts)]
