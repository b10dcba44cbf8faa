"""No screen has shown it: told like other troubles, an exercise never to real people."""

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path

from command_center.alarms.desk import AlarmDesk
from command_center.bell import Bell
from command_center.notify.book import Book
from command_center.notify.due import due
from command_center.operations import Operations
from command_center.picture.directory import Directory
from command_center.picture.picture import Picture
from command_center.receipts import Receipts
from command_center.troubles.call import TroubleCall
from command_center.troubles.trouble import Condition, stepped
from command_center.troubles.unseen import Unseen
from gateway.log.rows import LogRow
from sensors.batch import empty_batch
from sensors.origin import Origin
from sensors.settings import HistorySettings
from sensors.times import SECOND_US
from sensors.transition import Kind, Transition
from tests.unit.command_center.little_city import NOW_US, RAIN, minutes, raised, transition
from tests.unit.command_center.notify.city_of_contacts import city_of, contact

CITY = city_of(contact("P"), contact("T", test=True))


@contextlib.contextmanager
def desk_with(folder: Path, *steps: Transition) -> Iterator[tuple[AlarmDesk, Picture]]:
    operations, picture = Operations(folder), Picture(HistorySettings())
    directory = Directory(CITY, 1)
    picture.install(directory)
    desk = AlarmDesk(operations, Bell())

    async def follow() -> None:
        await desk.switch("a" * 16, NOW_US)
        await desk.take([LogRow(1, NOW_US, "observations", 1, 1, empty_batch(), steps)], directory)

    asyncio.run(follow())
    yield desk, picture
    operations.close()


def unseen(folder: Path, step: Transition, receipts: Receipts, now_us: int) -> list[Condition]:
    with desk_with(folder, step) as (desk, picture):
        return Unseen(receipts, desk, picture)(now_us)


def told(conditions: list[Condition], now_us: int) -> set[str]:
    calls = [TroubleCall(one, None) for one in stepped({}, conditions, now_us)]
    return {notice.contact for notice in due(now_us, calls, Book(CITY), {})}


def test_it_is_told_to_the_operators_after_half_a_minute(tmp_path: Path) -> None:
    late = NOW_US + 30 * SECOND_US
    with desk_with(tmp_path, raised("kuning")) as (desk, picture):
        receipts = Receipts()
        receipts.note(["another/1"], NOW_US)
        source = Unseen(receipts, desk, picture)
        assert source(late - 1) == []
        [one] = source(late)
        assert (one.kind, one.severity, one.place, one.exercise) == ("unseen", 3, "ROLAK", False)
        assert "Rolak Songo" in one.text.en
        assert told([one], late) == {"P", "T"}
        assert Unseen(Receipts(late), desk, picture)(late + 1) == []  # we have just begun: screens come back first


def test_an_exercise_reaches_test_contacts_only(tmp_path: Path) -> None:
    late = minutes(1)
    found = unseen(tmp_path, raised("kuning", origin=Origin.SIMULATED), Receipts(), late)
    assert told(found, late) == {"T"}


def test_a_gauge_lost_in_calm_needs_no_screen(tmp_path: Path) -> None:
    assert unseen(tmp_path, transition(Kind.SILENT), Receipts(), minutes(1)) == []


def test_where_no_screen_shows_anything_that_is_said_once_and_not_of_every_alarm(tmp_path: Path) -> None:
    with desk_with(tmp_path, raised("hijau"), raised("kuning", datastream=RAIN)) as (desk, picture):
        receipts = Receipts()
        [one] = Unseen(receipts, desk, picture)(minutes(1))
        assert (one.subject, one.severity, one.exercise) == ("screens", 3, False)
        assert told([one], minutes(1)) == {"P", "T"}
        receipts.note(["another/1"], minutes(1))
        assert len(Unseen(receipts, desk, picture)(minutes(1))) == 2
