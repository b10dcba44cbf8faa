"""Observations out: the newest wins, what is late or not shared stays, and every one is accounted for."""

import asyncio

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from command_center.mqtt_out.observations import ObservationFeed
from command_center.picture.directory import Directory
from gateway.log.rows import LogRow
from sensors.sharing import Audience
from sensors.times import SECOND_US
from tests.unit.command_center.little_city import LEVEL, NOW_US, RAIN, batch, little_city

CITY = little_city()
SHARED = replace(
    CITY, datastreams=tuple(replace(d, sharing="agency") for d in CITY.datastreams[:2]) + CITY.datastreams[2:]
)
DIRECTORY = Directory(SHARED, 1)


def take(feed: ObservationFeed, seq: int, *rows: tuple[int, int, float]) -> None:
    told = batch([(number, NOW_US + at * SECOND_US, value) for number, at, value in rows])
    feed.take([LogRow(seq, NOW_US, "observations", 1, 1, told, ())], DIRECTORY)


def out(feed: ObservationFeed, at_s: int, most: int = 100) -> list[tuple[str, float | None]]:
    found = asyncio.run(feed.due(NOW_US + at_s * SECOND_US, most))
    for one in found:
        feed.published(one)
    return [(one.topic.removeprefix("siaga/observation/"), msgspec.json.decode(one.payload)["value"]) for one in found]


def test_a_newer_one_takes_the_place_of_one_that_waits_and_late_ones_stay() -> None:
    feed = ObservationFeed(Audience.AGENCY, 500)
    take(feed, 1, (LEVEL, 10, 1.0), (LEVEL, 11, 2.0))
    take(feed, 2, (LEVEL, 12, float("nan")), (LEVEL, 5, 9.0), (RAIN, 1, 4.0))
    assert out(feed, 0) == [("ROLAK/level", None)]
    assert (feed.overtaken, feed.late, feed.waiting) == (2, 1, 0)
    take(feed, 3, (LEVEL, 12, 7.0))  # a repeat: the first stored wins
    assert (out(feed, 1), feed.late) == ([], 2)


def test_no_more_than_the_setting_allows_a_second_and_what_was_on_its_way_waits_again() -> None:
    feed = ObservationFeed(Audience.INTERNAL, 2)
    take(feed, 1, (0, 1, 1.0), (1, 1, 2.0), (2, 1, 3.0))
    assert len(out(feed, 0)) == 2
    assert out(feed, 0) == []
    asyncio.run(feed.due(NOW_US + SECOND_US, 100))  # the broker goes before it has taken it
    assert feed.waiting == 0
    feed.begin()
    assert len(out(feed, 3)) == 1


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([0, 1]), st.integers(0, 20), st.booleans()), max_size=60))
def test_every_observation_is_sent_waits_or_is_counted(story: list[tuple[int, int, bool]]) -> None:
    feed, sent = ObservationFeed(Audience.AGENCY, 10_000), 0
    newest = {0: -1, 1: -1}
    for seq, (number, at, looks) in enumerate(story, start=1):
        take(feed, seq, (number, at, float(seq)))
        newest[number] = max(newest[number], at)
        if looks:
            sent += len(out(feed, seq))
    assert sent + feed.waiting + feed.late + feed.overtaken == len(story)
    out(feed, 1000)
    for number, at in newest.items():
        assert at < 0 or int(feed._newest.time_us[number]) == NOW_US + at * SECOND_US


def test_nothing_leaves_that_the_readers_may_not_read() -> None:
    feed = ObservationFeed(Audience.PUBLIC, 500)
    take(feed, 1, (LEVEL, 1, 1.0), (RAIN, 1, 2.0))
    assert (out(feed, 0), feed.waiting) == ([], 0)


def test_what_waits_of_another_log_never_goes_out_under_a_name_of_this_one() -> None:
    feed = ObservationFeed(Audience.INTERNAL, 500)
    take(feed, 7, (LEVEL, 9, 1.0), (RAIN, 9, 2.0))
    take(feed, 1, (RAIN, 3, 5.0))  # the log was replaced: its rows begin anew, and its numbers, too
    assert [value for _, value in out(feed, 0)] == [5.0]
    assert (feed.waiting, feed.late) == (0, 0)
