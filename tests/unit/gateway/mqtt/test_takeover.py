"""Another gateway with our client id is told from our own past, and from a broker that restarts."""

from gateway.mqtt.takeover import SHORT_S, TakeoverWatch

AWAY_S = 60.0


def test_the_brokers_own_word_is_enough() -> None:
    watch = TakeoverWatch(AWAY_S)
    watch.connected(0)
    assert watch.ended(1_000, by_broker=True, code=0x8E) == AWAY_S
    assert "the broker gave it our session" in watch.reason


def test_beats_of_our_killed_predecessor_are_no_rival() -> None:
    watch = TakeoverWatch(AWAY_S)
    watch.connected(0)
    assert not any(watch.rival_beat("old", beat, 0.1) for beat in range(5, 60))  # they waited in the session
    assert watch.reason == ""
    assert watch.ended(1_000, by_broker=True, code=None) == 0


def test_beats_that_go_on_coming_are_a_rivals() -> None:
    watch = TakeoverWatch(AWAY_S)
    watch.connected(0)
    watch.rival_beat("other", 7, 0.1)
    assert watch.rival_beat("other", 8, SHORT_S + 1)
    assert "instance other" in watch.reason
    assert watch.ended(20, by_broker=True, code=None) == AWAY_S


def test_on_3_1_1_a_war_is_seen_by_the_second_connection() -> None:
    watch = TakeoverWatch(AWAY_S)
    watch.connected(0)
    watch.rival_beat("other", 7, 0.1)
    assert watch.ended(0.2, by_broker=True, code=None) == 0
    watch.connected(1)
    assert watch.rival_beat("other", 9, 1.1)
    assert watch.ended(1.2, by_broker=True, code=None) == AWAY_S
    assert watch.is_near(100)
    assert not watch.is_near(1_000)
    assert watch.reason == ""


def test_cut_off_three_times_in_a_row_right_after_connecting() -> None:
    watch = TakeoverWatch(AWAY_S)
    away = []
    for start in (0, 10, 20):
        watch.connected(start)
        away.append(watch.ended(start + 1, by_broker=True, code=None))
    assert away == [0, 0, AWAY_S]
    assert "cut off 3 times in a row" in watch.reason


def test_a_broker_that_restarts_and_our_own_reconnects_are_no_rival() -> None:
    watch = TakeoverWatch(AWAY_S)
    for start in range(0, 100, 10):
        watch.connected(start)
        assert watch.ended(start + 1, by_broker=start % 20 == 0, code=None) == 0
    for start in range(1_000, 2_000, 100):
        watch.connected(start)
        assert watch.ended(start + SHORT_S + 1, by_broker=True, code=None) == 0


def test_a_broker_that_says_why_or_is_away_in_between_is_no_rival() -> None:
    watch = TakeoverWatch(AWAY_S)
    for start in range(0, 100, 10):  # shutting down, again and again
        watch.connected(start)
        assert watch.ended(start + 1, by_broker=True, code=0x8B) == 0
    for start in range(100, 200, 10):  # a crash loop
        watch.connected(start)
        assert watch.ended(start + 1, by_broker=True, code=None, error="connection reset by peer") == 0
        watch.unreachable()
    assert (watch.reason, watch.signs) == ("", 0)


def test_what_ended_the_connections_is_said_beside_the_suspicion() -> None:
    watch = TakeoverWatch(AWAY_S)
    for start in (0, 10, 20):
        watch.connected(start)
        watch.ended(start + 1, by_broker=True, code=None, error="connection reset by peer")
    assert "connection reset by peer" in watch.reason
    assert "another gateway" in watch.reason
