"""The alarm desk under any sequence of findings, acts and time, with crashes between any two and the log read again."""

import asyncio
import contextlib
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from command_center.alarms.acts import Acts
from command_center.alarms.alarm import Aside
from command_center.alarms.annunciation import Annunciation
from command_center.alarms.desk import AlarmDesk
from command_center.alarms.orders import Order
from command_center.bell import Bell
from command_center.errors import CommandCenterError
from command_center.operations import Operations
from command_center.picture.directory import Directory
from gateway.log.rows import LogRow
from sensors.batch import empty_batch
from sensors.transition import Kind, Transition
from tests.unit.command_center.alarms.annunciations import annunciations_after
from tests.unit.command_center.alarms.test_life_cycle import TRANSITIONS
from tests.unit.command_center.little_city import LEVEL_ID, NOW_US, little_city, minutes

LOG = "a" * 16
DIRECTORY = Directory(little_city(), 1)


@dataclass(frozen=True)
class Act:
    """What somebody does at a minute of the story, about the newest alarm."""

    verb: str
    minutes: int


Happening = Transition | Act
HAPPENINGS = st.lists(
    st.one_of(
        TRANSITIONS,
        st.builds(
            Act,
            st.sampled_from(["acknowledge", "shelve", "unshelve", "refute", "confirm", "maintain", "resume", "wait"]),
            st.integers(1, 120),
        ),
    ),
    max_size=25,
)


async def _do(desk: AlarmDesk, act: Act, at: int) -> None:
    acts, now_us, until_us = Acts(desk), minutes(at), minutes(at + act.minutes)
    await desk.beat(now_us)
    alarms = desk.open_alarms()
    known = alarms[0].id if alarms else "none"
    verbs: dict[str, Callable[[], Any]] = {
        "acknowledge": lambda: acts.acknowledge([known], "sari", "", now_us),
        "shelve": lambda: acts.shelve(known, "sari", "bising", now_us, until_us),
        "unshelve": lambda: acts.unshelve(known, "sari", "", now_us),
        "refute": lambda: acts.refute(known, "sari", "camera", "kering", now_us, min(until_us, minutes(at + 60))),
        "confirm": lambda: acts.confirm(known, "sari", "benar", now_us),
        "maintain": lambda: desk.begin(_order(now_us, until_us)),
        "resume": lambda: desk.end(desk.orders[0].number, "sari", now_us) if desk.orders else desk.beat(now_us),
        "wait": lambda: desk.beat(until_us),
    }
    with contextlib.suppress(CommandCenterError):  # refused by rules that have tests of their own: nothing may change
        await verbs[act.verb]()


def _order(since_us: int, until_us: int) -> Order:
    return Order(
        aside=Aside.SUPPRESSED, scope="ROLAK", by="wati", reason="servis", since_us=since_us, until_us=until_us
    )


def story(folder: Path, happenings: Sequence[Happening], crashes: frozenset[int]) -> tuple[Any, list[Annunciation]]:
    """What operations.db holds at the end; before each of `crashes` the desk is gone and reads the whole log again."""

    async def whole(operations: Operations) -> None:
        desk = AlarmDesk(operations, Bell())
        desk.follow(DIRECTORY.catalogue)
        await desk.switch(LOG, NOW_US)
        rows: list[LogRow] = []
        for at, happening in enumerate(happenings, start=1):
            if at in crashes:
                desk = AlarmDesk(operations, Bell())
                desk.follow(DIRECTORY.catalogue)
                if rows:
                    await desk.take(rows, DIRECTORY)
            if isinstance(happening, Act):
                await _do(desk, happening, at)
            else:
                rows.append(LogRow(at, minutes(at), "observations", 1, 1, empty_batch(), (happening,)))
                await desk.take(rows[-1:], DIRECTORY)

    operations = Operations(folder)
    try:
        asyncio.run(whole(operations))
        alarms = operations.read("SELECT id, state, body FROM alarm ORDER BY number")
        events = operations.read("SELECT alarm_id, at_us, event, by, comment FROM alarm_event ORDER BY number")
        return (alarms, events), [call for _, call in annunciations_after(operations, 0, 10_000)]
    finally:
        operations.close()


@settings(max_examples=60)
@given(HAPPENINGS, st.frozensets(st.integers(1, 25)))
def test_crashes_and_reading_the_log_again_change_nothing(happenings: list[Happening], crashes: frozenset[int]) -> None:
    with tempfile.TemporaryDirectory() as plain, tempfile.TemporaryDirectory() as crashed:
        assert story(Path(crashed), happenings, crashes) == story(Path(plain), happenings, frozenset())


@settings(max_examples=60)
@given(HAPPENINGS)
def test_every_rise_that_is_news_is_annunciated_or_muted_and_nothing_else_is(happenings: list[Happening]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        _, calls = story(Path(folder), happenings, frozenset())
    first_news = {
        (LEVEL_ID, happening.rank)
        for happening in happenings
        if isinstance(happening, Transition) and happening.kind is Kind.RAISED and not happening.historical
    }
    told = {call.rank for call in calls}
    if first_news:
        assert max(rank for _, rank in first_news) in told
    found = [happening for happening in happenings if isinstance(happening, Transition)]
    if all(one.historical or one.kind not in (Kind.RAISED, Kind.SILENT, Kind.POSSIBLE) for one in found):
        assert calls == []
    numbers: dict[str, list[int]] = {}
    for call in calls:
        numbers.setdefault(call.alarm_id, []).append(call.call)
    assert all(found == list(range(1, 1 + len(found))) for found in numbers.values())
