"""Reading dead letters: pages, groups, one by its id.  Every statement is short: no read of the log lasts long."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import msgspec

from gateway.log.rows import DeadLetter, DeadLetterCount, DeadLetterGroup

MAX_ID: Final = 2**63 - 1  # of SQLite; what is greater raises OverflowError there
_AT_ONCE: Final = 64  # letters looked at by one statement of a search; each may hold 64 KiB
_EXAMPLE_BYTES: Final = 120  # of what a letter sent: enough to see what is wrong with it
_COLUMNS: Final = (
    "id, received_us, source, topic, reason, detail, payload, length, sha256, element, retained, group_id, retries,"
    " seq, more_seqs"
)


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which dead letters; what is None does not matter."""

    reason: str | None = None
    source: str | None = None
    group: int | None = None
    search: str | None = None  # text in topic, detail or payload; letters' case does not matter in ASCII

    def finds(self, letter: DeadLetter) -> bool:
        """Whether the letter holds the text searched for."""
        if not self.search:
            return True
        text = self.search.lower()
        return text in letter.topic.lower() or text in letter.detail.lower() or text.encode() in letter.payload.lower()


class LetterBook:
    """Reads dead letters; `ask` runs a statement over the log and gives its rows.  Raises what `ask` raises."""

    def __init__(self, ask: Callable[..., list[Any]]) -> None:
        self._ask = ask

    def page(self, before_id: int | None, limit: int, wanted: Wanted | None = None) -> list[DeadLetter]:
        """Up to `limit` dead letters that are wanted, newest first, older than `before_id` where given."""
        wanted = wanted or Wanted()
        found: list[DeadLetter] = []
        for letter in self._all(before_id, wanted, limit if not wanted.search else _AT_ONCE):
            if wanted.finds(letter):
                found.append(letter)
                if len(found) == limit:
                    break
        return found

    def ids(self, wanted: Wanted) -> list[int]:
        """The ids of all that are wanted, the oldest first: the order in which they came."""
        if wanted.search:
            return [letter.id for letter in self._all(None, wanted, _AT_ONCE) if wanted.finds(letter)][::-1]
        condition, values = _condition(wanted, None)
        return [row[0] for row in self._ask(f"SELECT id FROM dead_letter{condition} ORDER BY id", *values)]  # noqa: S608

    def these(self, ids: Sequence[int]) -> list[DeadLetter]:
        """The letters of these ids that are still there, the oldest first."""
        ids = [letter_id for letter_id in ids if 0 < letter_id <= MAX_ID]
        marks = ", ".join("?" * len(ids))
        rows = self._ask(f"SELECT {_COLUMNS} FROM dead_letter WHERE id IN ({marks}) ORDER BY id", *ids)  # noqa: S608
        return [_letter(row) for row in rows]

    def one(self, letter_id: int) -> DeadLetter | None:
        """The letter of this id; None where it is not (any more) kept."""
        return next(iter(self.these((letter_id,))), None)

    def siblings(self, letters: Sequence[DeadLetter]) -> list[DeadLetter]:
        """The letters of the same messages as these, these included: a message is refused once for each reason."""
        ids: set[int] = set()
        for letter in letters:
            rows = self._ask(
                "SELECT id FROM dead_letter WHERE source = ? AND topic = ? AND sha256 = ? AND received_us = ?",
                *(letter.source, letter.topic, letter.sha256, letter.received_us),
            )
            ids.update(row[0] for row in rows)
        return self.these(sorted(ids))

    def counts(self) -> list[DeadLetterCount]:
        """How many there were, by source and reason, kept or not."""
        rows = self._ask(
            "SELECT source, reason, count, kept, first_us, last_us FROM dead_letter_count"
            " WHERE count > 0 ORDER BY source, reason"
        )
        names = DeadLetterCount.__struct_fields__
        return [DeadLetterCount(**dict(zip(names, row, strict=True))) for row in rows]

    def groups(self, wanted: Wanted | None = None) -> list[DeadLetterGroup]:
        """The groups, the one seen last first, with their newest kept letter; a search looks into topic and detail."""
        wanted = wanted or Wanted()
        rows = self._ask(
            "SELECT g.id, g.source, g.reason, g.topic, shape, count, coalesce(kept, 0), first_us, last_us, retried,"
            " retried_us, retried_by, newest, coalesce(detail, ''), coalesce(substr(payload, 1, ?4), x'')"
            " FROM dead_letter_group AS g LEFT JOIN"
            " (SELECT group_id, count(*) AS kept, max(id) AS newest FROM dead_letter GROUP BY group_id)"
            " AS k ON k.group_id = g.id LEFT JOIN dead_letter AS d ON d.id = newest"
            " WHERE count > 0 AND (?1 IS NULL OR g.reason = ?1) AND (?2 IS NULL OR g.source = ?2)"
            " AND (?3 IS NULL OR g.id = ?3) ORDER BY last_us DESC, g.id DESC",
            wanted.reason,
            wanted.source,
            wanted.group,
            _EXAMPLE_BYTES,
        )
        names = DeadLetterGroup.__struct_fields__
        groups = [DeadLetterGroup(**dict(zip(names, row, strict=True))) for row in rows]
        text = (wanted.search or "").lower()
        return [group for group in groups if text in group.topic.lower() or text in group.shape.lower()]

    def _all(self, before_id: int | None, wanted: Wanted, at_once: int) -> Iterator[DeadLetter]:
        """All of the wanted cause, newest first, read in pieces."""
        while True:
            condition, values = _condition(wanted, before_id)
            rows = self._ask(
                f"SELECT {_COLUMNS} FROM dead_letter{condition} ORDER BY id DESC LIMIT ?",  # noqa: S608 (words are ours)
                *values,
                at_once,
            )
            for row in rows:
                yield _letter(row)
            if len(rows) < at_once:
                return
            before_id = rows[-1][0]


def _condition(wanted: Wanted, before_id: int | None) -> tuple[str, list[object]]:
    """WHERE … and its values, of what is given: a condition that always holds would keep SQLite from its index."""
    given = {
        "id < ?": before_id,
        "reason = ?": wanted.reason,
        "source = ?": wanted.source,
        "group_id = ?": wanted.group,
    }
    present = {text: value for text, value in given.items() if value is not None}
    return (" WHERE " + " AND ".join(present) if present else ""), list(present.values())


def _letter(row: Sequence[Any]) -> DeadLetter:
    names = (*_COLUMNS.replace("group_id", "group").split(", "),)
    return msgspec.convert(dict(zip(names, row, strict=True)), DeadLetter, strict=False)
