"""What is history and what is news: a device's backlog raises nothing that is over, and does raise what still holds."""

import pytest

from sensors.catalogue import DetectorRules
from tests.unit.sensors.detector.gauges import Story, gauge, levels, minute


def test_a_backlog_that_is_over_raises_nothing_as_news() -> None:
    river = Story(gauge(100))
    assert river.hears((60, 150, 40), (60.1, 20, 30), (60.2, 20, 1)) == [
        "raised L1 crossed @20",
        "returned L1 crossed @30.1",
    ]
    assert river.waits_until(70) == []


def test_a_backlog_that_still_holds_is_news_with_the_first_fresh_observation() -> None:
    river = Story(gauge(100))
    assert river.hears((60, 150, 40), (60.1, 160, 30), (60.2, 170, 1)) == [
        "raised L1 crossed @20",
        "raised L1 still_held @20!",
    ]
    assert river.told[-1].at_us == minute(60.2)


def test_a_backlog_that_still_holds_is_news_after_half_a_minute_without_more() -> None:
    river = Story(gauge(100))
    assert river.hears((60, 150, 40), (60.4, 160, 30)) == ["raised L1 crossed @20"]
    assert river.waits_until(60.9 - 1 / 60e6) == []
    assert river.waits_until(60.9) == ["raised L1 still_held @20!"]
    assert (river.told[-1].at_us, river.told[-1].value) == (minute(60.9), 160.0)
    assert river.waits_until(70) == []


def test_while_the_backlog_is_coming_nothing_is_news_yet() -> None:
    river = Story(gauge(100))
    assert river.hears(*((60 + 0.4 * n, 150, 40) for n in range(5))) == ["raised L1 crossed @20"]
    assert river.hears((62, 50, 30)) == ["returned L1 crossed @32"]


def test_the_city_says_how_long_is_waited() -> None:
    river = Story(gauge(100), detector=DetectorRules(settle_s=120))
    river.hears((60, 150, 40))
    assert river.waits_until(61.9) == []
    assert river.waits_until(62) == ["raised L1 still_held @20!"]


@pytest.mark.parametrize(
    ("age_min", "moves"),
    [
        (15, ["raised L1 crossed @45!"]),
        (15 + 1 / 60e6, ["raised L1 crossed @45", "raised L1 still_held @45!"]),
    ],
)
def test_fifteen_minutes_exactly_is_still_news(age_min: float, moves: list[str]) -> None:
    assert Story(gauge(100)).hears((60, 150, age_min), (60.1, 150)) == moves


def test_still_held_repeats_the_count_of_its_raise() -> None:
    river = Story(gauge(*levels(100)))
    river.hears((60, 150, 40), (60.1, 50, 39.9), (60.2, 150, 39.8))
    river.waits_until(70)
    assert [(t.cause, t.count) for t in river.told if t.kind == "raised"] == [
        ("crossed", 1),
        ("crossed", 2),
        ("still_held", 2),
    ]
