"""Quality mutes no flood and ends none: `verify` until a good observation confirms."""

from sensors.quality import Quality, Reason
from tests.unit.sensors.detector.gauges import Row, Story, gauge, levels


def failed(at: float, value: float, *, age: float = 0.0) -> Row:
    """An observation that ingest found out of range."""
    return Row(at, value, age, quality=Quality.FAIL, reasons=Reason.GROSS_RANGE)


def test_a_level_reached_by_a_suspect_observation_is_raised_and_confirmed_by_a_good_one() -> None:
    river = Story(gauge(100, rise_limit_per_h=60.0))
    assert river.hears((1, 50), (2, 150)) == ["raised L1 crossed @2!?"]
    assert (river.told[0].quality, river.batch.reasons[1]) == (Quality.SUSPECT, Reason.RATE_OF_CHANGE)
    assert river.hears((3, 150)) == ["confirmed L1 crossed @3!"]
    assert river.hears((4, 150)) == []


def test_a_level_reached_by_a_failed_observation_is_raised_too() -> None:
    river = Story(gauge(100))
    assert river.hears((1, 50), failed(2, 999), failed(3, 999)) == ["raised L1 crossed @2!?"]
    assert river.hears((4, 150)) == ["confirmed L1 crossed @4!"]


def test_each_level_is_confirmed_by_itself() -> None:
    river = Story(gauge(100, 200))
    assert river.hears((1, 50), failed(2, 999), (3, 150)) == [
        "raised L1 crossed @2!?",
        "raised L2 crossed @2!?",
        "returned L2 crossed @3!",
        "confirmed L1 crossed @3!",
    ]


def test_a_value_that_failed_ends_no_level() -> None:
    river = Story(gauge(100))
    assert river.hears((1, 150), failed(2, -9999), (3, 150)) == ["raised L1 crossed @1!"]
    assert river.hears(failed(4, -9999), (5, 90)) == ["returned L1 crossed @5!"]


def test_plain_evaluation_is_not_gated_by_quality() -> None:
    river = Story(gauge(100), plain=True)
    assert river.hears((1, 150), failed(2, -9999)) == ["raised L1 crossed @1!", "returned L1 crossed @2!"]


def test_a_level_that_is_left_needs_no_confirmation_and_is_reached_in_good_faith_again() -> None:
    river = Story(gauge(100))
    assert river.hears((1, 50), failed(2, 150), (3, 60), (4, 150), (5, 150)) == [
        "raised L1 crossed @2!?",
        "returned L1 crossed @3!",
        "raised L1 crossed @4!",
    ]


def test_still_held_repeats_the_doubt_of_its_raise() -> None:
    river = Story(gauge(100))
    assert river.hears(failed(60, 150, age=40)) == ["raised L1 crossed @20?"]
    assert river.waits_until(61) == ["raised L1 still_held @20!?"]


def test_a_delayed_raise_is_as_doubtful_as_the_newest_observation() -> None:
    river = Story(gauge(*levels(100, on_delay_s=300)))
    assert river.hears((1, 150), failed(2, 150)) == []
    assert river.waits_until(10) == ["raised L1 delayed @6!?"]
    assert river.hears((11, 150)) == ["confirmed L1 crossed @11!"]
