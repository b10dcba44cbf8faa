"""Late, repeated and re-based observations: what is old moves nothing that is live."""

from sensors.detector import next_due_us
from tests.unit.sensors.detector.gauges import Row, Story, every, gauge, levels, minute

INSTANT = 1 / 60e6  # a microsecond, in minutes


def test_a_late_run_gives_a_breach_and_a_return_at_their_own_times() -> None:
    river = Story(gauge(100))
    river.hears((10, 50), (20, 50))
    assert river.hears((30.1, 150, 15.1), (30.2, 60, 14.2)) == []
    assert next_due_us(river.state) == minute(30.5)
    assert river.waits_until(30.5 - INSTANT) == []
    assert river.waits_until(30.5) == ["raised L1 late @15", "returned L1 late @16"]
    assert [(t.at_us, t.historical, t.count) for t in river.told] == [
        (minute(30.5), True, 1),
        (minute(30.5), True, 0),
    ]
    assert not river.state.held.reached.any()
    assert river.waits_until(90) == []


def test_late_is_historical_however_young_it_is() -> None:
    river = Story(gauge(100))
    river.hears((10, 50), (10.1, 50), (10.2, 150, 0.15))
    assert river.waits_until(10.5) == ["raised L1 late @10.05", "returned L1 late @10.1"]


def test_a_late_fall_does_not_end_what_is_held_now() -> None:
    river = Story(gauge(100))
    river.hears((10, 150), (20, 150), (21.1, 50, 6.1))
    assert river.waits_until(22) == ["returned L1 late @15", "raised L1 late @20"]
    assert river.state.held.reached.all()
    assert river.state.newest.value[0] == 150


def test_late_observations_of_one_half_minute_are_judged_together_in_their_order() -> None:
    river = Story(gauge(100))
    river.hears((10, 50), (20, 50), (20.1, 150, 4.1), (20.2, 150, 8.2), (20.3, 150, 6.3))
    assert river.waits_until(21) == ["raised L1 late @12", "returned L1 late @20"]


def test_what_was_told_already_is_not_told_again() -> None:
    river = Story(gauge(100))
    river.hears((10, 50), (12, 150), (14, 50), (20.1, 160, 7.1))
    assert len(river.state.late.time_us) == 1
    assert river.waits_until(21) == []


def test_hysteresis_counts_for_what_comes_late_and_delays_do_not() -> None:
    river = Story(gauge(*levels(100, hysteresis=10, on_delay_s=600, off_delay_s=600)))
    river.hears((10, 50), (14, 50), (20.1, 100, 9.1), (20.2, 90, 8.2), (20.3, 100, 7.3))
    assert river.waits_until(21) == ["raised L1 late @11", "returned L1 late @14"]


def test_before_all_that_is_remembered_nothing_was_held() -> None:
    river = Story(gauge(100))
    river.hears((10, 150), (20.1, 150, 11.1))
    assert river.waits_until(21) == ["raised L1 late @9"]


def test_a_repeated_row_changes_nothing_whatever_its_value() -> None:
    river = Story(gauge(100))
    river.hears((10, 50), (11, 60))
    before = river.state
    assert river.hears((12, 50, 2), (13, 999, 2), (14, 999, 4)) == []
    assert river.waits_until(60) == []
    for part in ("newest", "held", "recent", "late", "trend"):
        for name in getattr(before, part).__slots__:
            assert getattr(getattr(river.state, part), name).tobytes() == getattr(getattr(before, part), name).tobytes()


def test_the_last_32_times_are_known_as_repeated() -> None:
    river = Story(gauge(1000))
    river.hears(*every(1, *range(33)))
    river.hears((40.1, 5, 39.1), (40.2, 5, 40.2))
    assert river.state.late.time_us.tolist() == [minute(0)]


def test_a_simulated_observation_that_comes_late_does_not_colour_the_live_one() -> None:
    river = Story(gauge(100))
    river.hears((10, 150), Row(11, 20, age=5, origin=3))
    river.installs(gauge(100, 140), at=12)
    assert [t.origin for t in river.told] == [0, 0]


def test_after_our_clock_ran_ahead_the_next_observation_is_the_newest() -> None:
    river = Story(gauge(100))
    river.hears((60, 50))
    river.is_paused_until(1)  # set back by an hour
    assert river.hears((2, 150)) == ["rebased - clock @2!", "raised L1 crossed @2!"]
    assert river.hears((3, 50)) == ["returned L1 crossed @3!"]


def test_five_minutes_ahead_are_no_reason_to_begin_anew() -> None:
    river = Story(gauge(100))
    river.hears((10, 50, -5))
    assert river.hears((10 + INSTANT, 150)) == []
    assert river.hears((10 + 2 * INSTANT, 50)) == []
    assert river.waits_until(11) == ["raised L1 late @10", "returned L1 late @10"]


def test_what_is_held_stays_held_over_a_wrong_clock_and_delays_begin_anew() -> None:
    river = Story(gauge(*levels(100), *levels(1, 200, on_delay_s=600)[1:]))
    river.hears((60, 250))
    river.is_paused_until(1)
    assert river.hears((2, 250)) == ["rebased - clock @2!"]
    assert river.waits_until(11.9) == []
    assert river.waits_until(12) == ["raised L2 delayed @12!"]
    assert river.hears((13, 160), (14, 90)) == ["returned L2 crossed @13!", "returned L1 crossed @14!"]
