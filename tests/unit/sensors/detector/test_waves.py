"""The wave that should have arrived: in time or not, absent or unseen; a raise upstream of severity 2 opens it."""

import msgspec
import pytest

from sensors.catalogue import DetectorRules, Reach
from tests.unit.sensors.detector.gauges import Row, Story, gauge, minute, words

REACH = Reach(upstream="S0", downstream="S1", travel_min=60)  # the window: half an hour to an hour and a half
ALARM = ["raised L1 crossed @10!", "raised L2 crossed @10!", "wave - expected @40! #1"]


def river(reach: Reach = REACH, **detector: int) -> Story:
    """S0 above, S1 below; both with levels at 100 (severity 1) and 200 (severity 2)."""
    return Story(gauge(100, 200), gauge(100, 200, number=1), reaches=[reach], detector=DetectorRules(**detector))


def test_a_raise_upstream_opens_a_window_downstream() -> None:
    story = river()
    assert story.hears((1, 50), Row(10, 250, origin=1)) == ALARM
    wave = story.told[-1]
    assert (wave.datastream, wave.other, wave.severity, wave.origin) == (1, 0, 2, 1)
    assert (wave.time_us, wave.until_us, wave.at_us) == (minute(40), minute(100), minute(10))


def test_a_wave_that_comes_within_its_window_is_on_time() -> None:
    story = river()
    story.hears((1, 50), (10, 250))
    assert story.hears(Row(100, 250, of=1))[-2:] == ["raised L2 crossed @100! #1", "wave - on_time @100! #1"]
    assert story.waits_until(170) == []


def test_a_little_raise_is_not_the_wave() -> None:
    story = river()
    story.hears((1, 50), (10, 250))
    assert story.hears(Row(60, 150, of=1)) == ["raised L1 crossed @60! #1"]
    assert story.waits_until(100) == ["wave - absent @100! #1"]


def test_a_wave_that_is_absent_may_still_come_late() -> None:
    story = river()
    story.hears((1, 50), (10, 250))
    assert story.waits_until(100) == ["wave - absent @100! #1"]
    assert story.hears(Row(150, 250, of=1))[-2:] == ["raised L2 crossed @150! #1", "wave - came_late @150! #1"]


def test_after_as_long_again_nobody_waits_for_it() -> None:
    story = river()
    story.hears((1, 50), Row(2, 50, of=1), (10, 250))
    assert story.waits_until(150) == ["wave - absent @100! #1"]
    assert story.waits_until(182) == ["silent - overdue @182! #1"]
    assert story.hears(Row(191, 250, of=1)) == [
        "silent - overdue @190!",
        "heard - spoke @191! #1",
        "raised L1 crossed @191! #1",
        "raised L2 crossed @191! #1",
    ]


def test_a_raise_before_the_window_closes_nothing_and_a_level_held_to_its_end_was_early() -> None:
    story = river()
    story.hears((1, 50), (10, 250))
    assert story.hears(Row(39, 250, of=1)) == ["raised L1 crossed @39! #1", "raised L2 crossed @39! #1"]
    assert story.waits_until(99) == []
    assert story.waits_until(100) == ["wave - early @39! #1"]
    assert story.waits_until(170) == []
    assert story.hears(Row(171, 190, of=1), Row(172, 250, of=1))[-1] == "raised L2 crossed @172! #1"


def test_after_an_early_raise_the_wave_may_still_come_in_its_window_or_not_at_all() -> None:
    for then, end in ((Row(60, 250, of=1), "on_time @60"), (Row(60, 150, of=1), "absent @100")):
        story = river()
        story.hears((1, 50), (10, 250), Row(20, 250, of=1), Row(50, 190, of=1), then)
        story.waits_until(100)
        assert f"wave - {end}! #1" in words(story.told)


def test_what_was_held_before_the_window_was_opened_is_not_this_wave() -> None:
    story = Story(gauge(100, 200, 300), gauge(100, 200, number=1), reaches=[REACH])
    assert story.hears(Row(5, 210, of=1), (6, 50), (10, 350))[-1] == "wave - expected @40! #1"
    assert story.waits_until(100) == ["wave - absent @100! #1"]


def test_of_a_silent_gauge_nobody_says_that_the_wave_did_not_come() -> None:
    story = Story(gauge(100, 200), gauge(100, 200, number=1, interval_calm_s=600.0), reaches=[REACH])
    story.hears((1, 50), Row(2, 50, of=1), (10, 250))
    assert story.waits_until(100) == ["silent - overdue @32! #1", "wave - unseen @100! #1"]
    assert story.hears(Row(101, 250, of=1, age=1))[-1] == "wave - on_time @100! #1"


def test_a_backlog_that_comes_after_the_window_may_say_that_it_was_early() -> None:
    reach = msgspec.structs.replace(REACH, travel_min_low=5.0, travel_min_high=8.0)
    story = Story(gauge(100, 200), gauge(100, 200, number=1, interval_calm_s=60.0), reaches=[reach])
    story.hears((1, 50), Row(2, 50, of=1), (10, 250))
    assert story.waits_until(18)[-1] == "wave - unseen @18! #1"
    assert story.hears(Row(20, 250, of=1, age=6))[-1] == "wave - early @14! #1"


def test_a_wave_of_a_doubtful_raise_is_doubtful_until_the_level_is_confirmed() -> None:
    story = river()
    assert story.hears((1, 50), Row(10, 250, quality=4))[-1] == "wave - expected @40!? #1"
    assert story.hears((20, 240)) == [
        "confirmed L1 crossed @20!",
        "confirmed L2 crossed @20!",
        "wave - expected @40! #1",
    ]
    assert story.told[-1].at_us == minute(20)
    assert story.waits_until(100) == ["wave - absent @100! #1"]


@pytest.mark.parametrize(("first", "second", "marks"), [(1, 4, ["", ""]), (4, 1, ["?", ""]), (4, 4, ["?", "?"])])
def test_a_window_is_doubtful_while_all_that_it_is_owed_to_is(first: int, second: int, marks: list[str]) -> None:
    story = river()
    story.hears((1, 50), Row(10, 250, quality=first), (15, 190), Row(20, 250, quality=second))
    waves = [told for told in words(story.told) if told.startswith("wave")]
    assert waves == [f"wave - expected @40!{mark} #1" for mark in marks]


def test_a_raise_of_severity_1_is_no_wave_unless_the_city_says_so() -> None:
    assert river().hears((1, 50), (10, 150)) == ["raised L1 crossed @10!"]
    assert river(wave_severity=1).hears((1, 50), (10, 150)) == ["raised L1 crossed @10!", "wave - expected @40! #1"]


def test_where_as_much_is_held_already_nothing_is_expected() -> None:
    story = river()
    story.hears(Row(5, 210, of=1))
    assert story.hears((6, 50), (10, 250)) == ALARM[:2]


def test_a_later_raise_makes_the_window_longer_not_shorter() -> None:
    story = river()
    story.hears((1, 50), (10, 250), (15, 190))
    assert story.hears((20, 250)) == ["raised L2 crossed @20!", "wave - expected @40! #1"]
    assert story.told[-1].until_us == minute(110)
    assert story.waits_until(109) == []
    assert story.waits_until(110) == ["wave - absent @110! #1"]


def test_a_raise_that_is_history_opens_nothing() -> None:
    assert river().hears((60, 250, 40)) == ["raised L1 crossed @20", "raised L2 crossed @20"]


def test_what_a_change_of_the_catalogue_raises_is_no_wave() -> None:
    story = Story(gauge(100, 300), gauge(100, number=1), reaches=[REACH])
    story.hears((1, 250))
    assert story.installs(gauge(100, 200), gauge(100, number=1), at=2) == ["raised L2 catalogue @1!"]
    assert story.waits_until(120) == []


@pytest.mark.parametrize(("low", "high", "begin", "until"), [(10.0, None, 20, 100), (None, 70.0, 40, 80)])
def test_the_reach_may_say_its_earliest_and_latest(
    low: float | None, high: float | None, begin: int, until: int
) -> None:
    reach = msgspec.structs.replace(REACH, travel_min_low=low, travel_min_high=high)
    story = river(reach)
    story.hears((1, 50), (10, 250))
    assert (story.told[-1].time_us, story.told[-1].until_us) == (minute(begin), minute(until))
