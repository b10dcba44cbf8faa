"""The shift journal and the handovers in operations.db.  Calls wait for the disk: they are made from threads.

A note is tied to no alarm.  A handover holds the digest as it was when it was made; it counts as taken when the one it
names has accepted it, and nobody else can.
"""

from collections.abc import Callable
from typing import Any, Final

import msgspec

from command_center.errors import NotAllowed, UnknownName
from command_center.handover import MAX_LINES, Digest, Note
from command_center.operations import Operations, note_audit
from command_center.people import Role

_DIGEST: Final = msgspec.json.Decoder(Digest)
_HANDOVER: Final = "number, at_us, by, receiver, text, digest, accepted_us"
Make = Callable[[list[Note], int, int | None], Digest]  # of notes, how many older ones there are, and since when


class Handover(msgspec.Struct, frozen=True, kw_only=True):
    """One handover, from `by` to `receiver`."""

    number: int
    at_us: int  # µs UTC
    by: str
    receiver: str
    text: str
    digest: Digest
    accepted_us: int | None  # µs UTC; None: not yet


class ShiftBook:
    """What a shift writes down, and hands over."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations

    def write(self, text: str, by: str, now_us: int) -> Note:
        """Put a note into the journal.  Raises NotStored."""
        with self._operations.transaction() as connection:
            done = connection.execute("INSERT INTO journal (at_us, by, text) VALUES (?, ?, ?)", (now_us, by, text))
            number = int(done.lastrowid or 0)
            note_audit(connection, now_us, by, "journal", str(number))
        return Note(number=number, at_us=now_us, by=by, text=text)

    def notes(self, after: int, limit: int) -> list[Note]:
        """The notes behind number `after`, oldest first."""
        rows = self._operations.read(
            "SELECT number, at_us, by, text FROM journal WHERE number > ? ORDER BY number LIMIT ?", after, limit
        )
        return [_note(row) for row in rows]

    def hand_over(self, receiver: str, text: str, by: str, make: Make, now_us: int) -> Handover:
        """Hand over to `receiver`, with the digest that `make` makes.  Raises UnknownName, NotAllowed, NotStored."""
        if receiver == by:
            raise NotAllowed("a handover goes to somebody else")
        with self._operations.transaction() as connection:
            role = connection.execute("SELECT role FROM user WHERE name = ?", (receiver,)).fetchone()
            if role is None:
                raise UnknownName(f"there is no user {receiver!r}")
            if not Role(role[0]).covers(Role.OPERATOR):
                raise NotAllowed(f"{receiver} is {role[0]} and cannot take a shift: that takes an operator")
            last = connection.execute(
                "SELECT journal_number, at_us FROM handover ORDER BY number DESC LIMIT 1"
            ).fetchone()
            behind, since_us = last or (0, None)
            rows = connection.execute(
                "SELECT number, at_us, by, text FROM journal WHERE number > ? ORDER BY number DESC LIMIT ?",
                (behind, MAX_LINES),
            ).fetchall()
            [(count,)] = connection.execute("SELECT count(*) FROM journal WHERE number > ?", (behind,)).fetchall()
            digest = make([_note(row) for row in reversed(rows)], count - len(rows), since_us)
            newest = rows[0][0] if rows else behind
            done = connection.execute(
                "INSERT INTO handover (at_us, by, receiver, text, journal_number, digest) VALUES (?, ?, ?, ?, ?, ?)",
                (now_us, by, receiver, text, newest, msgspec.json.encode(digest).decode()),
            )
            number = int(done.lastrowid or 0)
            note_audit(connection, now_us, by, "handed over", f"{number} to {receiver}")
        return Handover(
            number=number, at_us=now_us, by=by, receiver=receiver, text=text, digest=digest, accepted_us=None
        )

    def accept(self, number: int, by: str, now_us: int) -> Handover:
        """Take it; once taken it stays so.  Raises UnknownName, NotAllowed where it is somebody else's, NotStored."""
        with self._operations.transaction() as connection:
            row = connection.execute(
                f"SELECT {_HANDOVER} FROM handover WHERE number = ?",  # noqa: S608 (our own names)
                (number,),
            ).fetchone()
            if row is None:
                raise UnknownName(f"there is no handover {number}")
            handover = _handover(row)
            if handover.receiver != by:
                raise NotAllowed(f"handover {number} goes to {handover.receiver}: only they can accept it")
            if handover.accepted_us is not None:
                return handover
            connection.execute("UPDATE handover SET accepted_us = ? WHERE number = ?", (now_us, number))
            note_audit(connection, now_us, by, "handover accepted", f"{number} from {handover.by}")
        return msgspec.structs.replace(handover, accepted_us=now_us)

    def handovers(self, before: int | None, limit: int) -> list[Handover]:
        """The handovers with a number below `before`, the newest first."""
        rows = self._operations.read(
            f"SELECT {_HANDOVER} FROM handover WHERE number < ? ORDER BY number DESC LIMIT ?",  # noqa: S608 (our own names)
            2**63 - 1 if before is None else before,
            limit,
        )
        return [_handover(row) for row in rows]


def _note(row: Any) -> Note:
    number, at_us, by, text = row
    return Note(number=number, at_us=at_us, by=by, text=text)


def _handover(row: Any) -> Handover:
    number, at_us, by, receiver, text, digest, accepted_us = row
    return Handover(
        number=number,
        at_us=at_us,
        by=by,
        receiver=receiver,
        text=text,
        digest=_DIGEST.decode(digest),
        accepted_us=accepted_us,
    )
