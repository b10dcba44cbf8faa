"""Alarms out: what the broker holds is made what is true; bounded, and nothing that is not shared."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from command_center.alarms.desk import AlarmDesk
from command_center.bell import Bell
from command_center.mqtt_out import alarms as alarms_out
from command_center.mqtt_out.alarms import AlarmFeed
from command_center.mqtt_out.feed import Out
from command_center.operations import Operations
from command_center.picture.directory import Directory
from command_center.picture.log_thread import LogThread
from command_center.picture.picture import Picture
from command_center.picture.tail import Tail
from gateway.log.rows import LogRow
from sensors.batch import empty_batch
from sensors.settings import HistorySettings
from sensors.sharing import Audience
from sensors.transition import Transition
from tests.unit.command_center.little_city import NOW_US, little_city, raised, returned

TOPIC = "siaga/alarm/ROLAK/level"
CITY = little_city()
SHARED = replace(CITY, datastreams=tuple(replace(d, sharing="agency") for d in CITY.datastreams))
DIRECTORY = Directory(SHARED, 1)


class World:
    """A desk, and feeds of it, over a log that is played by hand."""

    def __init__(self, folder: Path) -> None:
        self.operations = Operations(folder)
        self.picture = Picture(HistorySettings())
        self.picture.install(DIRECTORY)
        self.desk = AlarmDesk(self.operations, Bell())
        self.tail = Tail(LogThread(folder), self.desk, self.picture, HistorySettings(), Bell())
        self._seq = 0
        asyncio.run(self.desk.switch("a" * 16, NOW_US))

    def feed(self, readers: Audience = Audience.AGENCY) -> AlarmFeed:
        return AlarmFeed(self.desk, self.picture, self.tail, readers)

    def cross(self, *steps: Transition) -> None:
        self._seq += 1
        row = LogRow(self._seq, NOW_US, "observations", 1, 1, empty_batch(), steps)
        asyncio.run(self.desk.take([row], DIRECTORY))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.operations.close()


def due(feed: AlarmFeed) -> list[Out]:
    outs = list(asyncio.run(feed.due(NOW_US, 100)))
    for one in outs:
        feed.published(one)
    return outs


def test_nothing_is_said_before_the_log_was_read_to_its_end(world: World) -> None:
    world.cross(raised("kuning"))
    feed = world.feed()
    feed.hear(TOPIC, b"what stood there")
    assert due(feed) == []
    world.tail.at_end_us = NOW_US
    [out] = due(feed)
    assert (out.topic, out.retain, b'"level":"kuning"' in out.payload) == (TOPIC, True, True)
    assert due(feed) == []


def test_what_stands_there_and_is_not_true_is_cleared_and_history_is_none(world: World) -> None:
    world.tail.at_end_us = NOW_US
    world.cross(raised("kuning", historical=True))
    feed = world.feed()
    feed.hear(TOPIC, b"{}")
    feed.hear("siaga/alarm/GONE/level", b"{}")
    assert {(out.topic, out.payload) for out in due(feed)} == {(TOPIC, b""), ("siaga/alarm/GONE/level", b"")}
    assert due(feed) == []


def test_an_alarm_of_what_is_not_shared_is_never_there(world: World) -> None:
    world.tail.at_end_us = NOW_US
    world.cross(raised("kuning"))
    assert due(world.feed(Audience.PUBLIC)) == []
    assert len(due(world.feed(Audience.INTERNAL))) == 1
    world.cross(returned("kuning"))
    assert b"returned_unacknowledged" in due(world.feed())[0].payload


def test_a_broker_full_of_topics_is_bounded_and_counted(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alarms_out, "MOST_HELD", 3)
    world.tail.at_end_us = NOW_US
    feed = world.feed()
    for n in range(5):
        feed.hear(f"siaga/alarm/X{n}/level", b"{}")
    assert (len(due(feed)), feed.left_out) == (3, 2)
