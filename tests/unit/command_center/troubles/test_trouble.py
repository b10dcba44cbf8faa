"""The story of a trouble: called once, again for what is graver, gone when it is mended; kept through restarts."""

import asyncio
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from command_center.bell import Bell
from command_center.errors import NotStored
from command_center.operations import Operations
from command_center.troubles import store
from command_center.troubles.call import TroubleCall
from command_center.troubles.desk import KEEP_US, TroubleDesk
from command_center.troubles.trouble import REOPEN_US, Condition, Key, Trouble, acknowledged, stepped
from sensors.catalogue import Text
from sensors.times import SECOND_US
from tests.unit.command_center.little_city import NOW_US


def condition(subject: str = "HORN", severity: int = 3, **fields: Any) -> Condition:
    fixed: dict[str, Any] = {"kind": "unconfirmed", "since_us": NOW_US, "text": Text("diam", "silent")}
    return Condition(subject=subject, severity=severity, **(fixed | fields))


def after(known: dict[Key, Trouble], found: list[Condition], now_us: int) -> dict[Key, Trouble]:
    return known | {one.condition.key: one for one in stepped(known, found, now_us)}


def test_it_calls_once_and_again_for_what_is_graver_or_has_another_cause() -> None:
    known = after({}, [condition()], NOW_US)
    key = condition().key
    assert after(known, [condition()], NOW_US + 1) == known
    seen = known | {key: acknowledged(known[key], "sari", "", NOW_US + 1)}
    graver = after(seen, [condition(severity=4)], NOW_US + 2)[key]
    assert (graver.calls, graver.unacknowledged, graver.id) == (2, True, known[key].id)
    other = after(seen, [condition(cause="another alarm")], NOW_US + 2)[key]
    assert (other.calls, other.unacknowledged) == (2, True)
    assert after(seen, [condition(severity=2)], NOW_US + 2)[key].calls == 1


def test_what_comes_back_soon_is_the_same_and_calls_nobody() -> None:
    key, begun = condition().key, after({}, [condition()], NOW_US)
    gone = after(begun, [], NOW_US + 5)
    assert not gone[key].is_open
    back = after(gone, [condition()], NOW_US + 5 + REOPEN_US)[key]
    assert (back.id, back.calls, back.is_open) == (begun[key].id, 1, True)
    late = after(gone, [condition()], NOW_US + 6 + REOPEN_US)[key]
    assert late.id != begun[key].id


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sets(st.sampled_from("ABC")), max_size=12))
def test_open_is_what_is_wrong_now_and_never_more_calls_than_times_it_came(story: list[set[str]]) -> None:
    known: dict[Key, Trouble] = {}
    came: dict[str, int] = {}
    before: set[str] = set()
    for n, names in enumerate(story):
        known = after(known, [condition(name) for name in sorted(names)], NOW_US + n * SECOND_US)
        assert {one.condition.subject for one in known.values() if one.is_open} == names
        for name in names - before:
            came[name] = came.get(name, 0) + 1
        before = names
    assert all(one.calls <= came[one.condition.subject] for one in known.values())


class Center:
    """A desk over one database, killed and started at will; `now` is what is wrong."""

    def __init__(self, folder: Path) -> None:
        self.operations = Operations(folder)
        self.now: list[Condition] = []
        self.planned: list[tuple[str, int]] = []
        self.start()

    def start(self) -> None:
        self.desk = TroubleDesk(self.operations, (lambda _: self.now,), self._follow, Bell(), NOW_US)

    def beat(self, now_us: int) -> None:
        asyncio.run(self.desk.beat(now_us))

    def _follow(self, _connection: sqlite3.Connection, calls: Sequence[TroubleCall]) -> None:
        self.planned += [call.key for call in calls]


@pytest.fixture
def center(tmp_path: Path) -> Iterator[Center]:
    made = Center(tmp_path)
    yield made
    made.operations.close()


def test_a_restart_neither_forgets_nor_repeats(center: Center) -> None:
    center.now = [condition()]
    center.beat(NOW_US)
    [trouble] = center.desk.open_troubles()
    asyncio.run(center.desk.acknowledge(trouble.id, "sari", "on my way", NOW_US + 1))
    center.start()
    center.beat(NOW_US + 2)
    [again] = center.desk.open_troubles()
    assert (again.id, again.acknowledged_by, again.comment) == (trouble.id, "sari", "on my way")
    assert center.planned == [(trouble.id, 1)]
    center.now = []
    center.beat(NOW_US + 3)
    assert center.desk.open_troubles() == []


def test_while_nothing_can_be_written_it_is_shown_and_planned_later_and_nobody_is_told_that_it_is_acknowledged(
    center: Center,
) -> None:
    center.operations._connection.execute("PRAGMA query_only = ON")
    center.now = [condition()]
    center.beat(NOW_US)
    [trouble] = center.desk.open_troubles()
    assert center.planned == []
    with pytest.raises(NotStored):
        asyncio.run(center.desk.acknowledge(trouble.id, "sari", "", NOW_US))
    assert center.desk.open_troubles()[0].unacknowledged
    center.operations._connection.execute("PRAGMA query_only = OFF")
    center.beat(NOW_US + 1)
    assert center.planned == [(trouble.id, 1)]


def test_who_acknowledges_what_was_never_stored_is_on_record(center: Center) -> None:
    center.operations._connection.execute("PRAGMA query_only = ON")
    center.now = [condition()]
    center.beat(NOW_US)
    [trouble] = center.desk.open_troubles()
    center.operations._connection.execute("PRAGMA query_only = OFF")
    asyncio.run(center.desk.acknowledge(trouble.id, "sari", "", NOW_US + 1))
    records = [(one.who, one.what) for one in center.operations.audit_after(0, 9)]
    kind = trouble.condition.kind
    assert records == [("", f"trouble {kind} called"), ("sari", f"trouble {kind} acknowledged")]


def test_what_was_over_a_year_ago_is_forgotten_and_what_is_open_never(center: Center) -> None:
    center.now = [condition("S0")]
    center.beat(NOW_US)
    center.now = [condition("S1")]
    center.beat(NOW_US + 1)
    assert len(store.newest(center.operations, 99, 9)) == 2
    center.now = [condition("S1"), condition("S2")]
    center.beat(NOW_US + KEEP_US + 2)
    assert [one.condition.subject for _, one in store.newest(center.operations, 99, 9)] == ["S2", "S1"]


def test_a_bound_holds_and_is_counted(center: Center) -> None:
    center.now = [condition(f"S{n}") for n in range(503)]
    center.beat(NOW_US)
    assert (len(center.desk.open_troubles()), center.desk.left_out) == (500, 3)
    center.beat(NOW_US + SECOND_US)  # the same three are not counted again
    assert (len(center.desk.open_troubles()), center.desk.left_out) == (500, 3)
    center.now.append(condition("S503"))
    center.beat(NOW_US + 2 * SECOND_US)
    assert center.desk.left_out == 4
