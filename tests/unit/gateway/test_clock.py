"""Our own clock: a glitch is not followed, a step that lasts is, and both are said."""

from gateway.clock import PATIENCE_US, Clock
from gateway.our_clock import WINDOW_US, Disagreement
from sensors.times import HOUR_US, SECOND_US


class Hands:
    """A wall clock and a monotonic one, set by the test."""

    def __init__(self) -> None:
        self.wall, self.monotonic = 1_780_000_000_000_000, 5_000_000

    def pass_us(self, duration_us: int) -> None:
        self.wall += duration_us
        self.monotonic += duration_us


def clock(hands: Hands) -> Clock:
    return Clock(lambda: hands.wall, lambda: hands.monotonic)


def test_it_tells_the_wall_time_and_follows_a_slow_drift() -> None:
    hands = Hands()
    ours = clock(hands)
    for _ in range(100):
        hands.pass_us(SECOND_US)
        hands.wall += 50_000
        assert ours.now_us() == hands.wall
    assert ours.error == ""


def test_one_wrong_reading_is_not_followed() -> None:
    hands = Hands()
    ours = clock(hands)
    hands.pass_us(SECOND_US)
    true = hands.wall
    hands.wall += 24 * HOUR_US
    assert ours.now_us() == true
    assert "stepped by +86400.0 s" in ours.error
    hands.wall = true
    assert ours.now_us() == true
    assert (ours.error, ours.steps) == ("", 0)


def test_a_step_that_lasts_is_followed_and_counted() -> None:
    hands = Hands()
    ours = clock(hands)
    hands.wall -= HOUR_US
    assert ours.now_us() == hands.wall + HOUR_US
    hands.pass_us(PATIENCE_US)
    assert ours.now_us() == hands.wall
    assert (ours.error, ours.steps, ours.stepped_us) == ("", 1, -HOUR_US)
    hands.wall += 3 * HOUR_US
    ours.now_us()
    hands.pass_us(PATIENCE_US)
    ours.now_us()
    assert (ours.steps, ours.stepped_us) == (2, 2 * HOUR_US)


def test_what_the_devices_say_against_it_is_told_for_as_long_as_they_say_it() -> None:
    hands = Hands()
    ours = clock(hands)
    ours.hear(Disagreement(HOUR_US, 4, 5))
    hands.pass_us(SECOND_US)
    ours.now_us()
    assert ours.error.startswith("3600 s ahead of the clocks of 4 of 5 devices")
    ours.hear(None)
    assert (ours.error, ours.disagreement) == ("", None)
    ours.hear(Disagreement(-HOUR_US, 4, 5))
    assert ours.error.startswith("3600 s behind")
    hands.pass_us(WINDOW_US + 1)
    assert (ours.error, ours.disagreement) == ("", None)


def test_a_step_is_said_before_what_the_devices_say_and_ends_it_when_it_is_followed() -> None:
    hands = Hands()
    ours = clock(hands)
    ours.hear(Disagreement(-HOUR_US, 4, 5))
    hands.wall += HOUR_US
    ours.now_us()
    assert "not followed yet" in ours.error
    hands.pass_us(PATIENCE_US)
    ours.now_us()
    assert (ours.error, ours.disagreement) == ("", None)
