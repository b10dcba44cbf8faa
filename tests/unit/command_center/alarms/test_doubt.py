"""Findings that are not certain: a story a test."""

from command_center.alarms import life_cycle
from command_center.alarms.alarm import Alarm, Event, State
from sensors.transition import Cause, Kind
from tests.unit.command_center.alarms.test_life_cycle import after, at
from tests.unit.command_center.little_city import NOW_US, minutes, raised, returned, transition

LOST = transition(Kind.SILENT, cause=Cause.LOST_RISING, severity=3, rate_per_h=34.0, value=480.0)
FALL = transition(Kind.VERIFY, "kuning", value=120.0, cause=Cause.TOO_FAST, time_us=minutes(2))


def acknowledged(alarm: Alarm) -> Alarm:
    return life_cycle.acknowledge(alarm, "sari", NOW_US)


def test_a_level_reached_in_doubt_is_an_alarm_until_it_is_confirmed_and_that_calls_nobody() -> None:
    alarm = after(raised("kuning", verify=True, quality=3))
    assert (alarm.state, alarm.shown.verify) == (State.UNACKNOWLEDGED, True)
    sure = after(transition(Kind.CONFIRMED, "kuning"), alarm=acknowledged(alarm), seq=2)
    assert (sure.state, sure.shown.verify, sure.shown.level) == (State.ACKNOWLEDGED, False, "kuning")
    assert (sure.changes[-1].event, sure.changes[-1].kind) == (Event.CONFIRMED, "confirmed")
    assert sure.changes[0].verify


def test_a_level_that_returned_unconfirmed_stays_a_suspect_one() -> None:
    assert after(raised("kuning", verify=True), returned("kuning")).shown.verify
    steps = raised("kuning", verify=True), transition(Kind.CONFIRMED, "kuning"), returned("kuning")
    assert not after(*steps).shown.verify


def test_what_was_certain_needs_no_confirmation() -> None:
    alarm = after(raised("kuning"))
    assert after(transition(Kind.CONFIRMED, "kuning"), alarm=alarm, seq=2) is alarm
    assert life_cycle.apply(None, transition(Kind.CONFIRMED, "kuning"), at(1)) is None


def test_a_fall_in_doubt_leaves_the_level_and_calls_each_time() -> None:
    known = acknowledged(after(raised("hijau"), raised("kuning")))
    alarm = after(FALL, alarm=known, seq=3)
    assert (alarm.state, alarm.shown.level, alarm.held) == (State.UNACKNOWLEDGED, "kuning", known.held)
    assert alarm.doubt is not None
    assert (alarm.doubt.cause, alarm.doubt.value, alarm.doubt.time_us) == ("too_fast", 120.0, minutes(2))
    assert alarm.changes[-1].event is Event.VERIFY
    again = after(FALL, alarm=acknowledged(alarm), seq=4)
    assert (again.state, len(again.changes)) == (State.UNACKNOWLEDGED, len(alarm.changes) + 1)


def test_the_doubt_ends_when_a_level_moves_or_the_old_one_is_confirmed_and_not_with_a_word_after_silence() -> None:
    alarm = after(raised("hijau"), raised("kuning"), FALL)
    assert after(returned("kuning", cause=Cause.BORNE_OUT), alarm=alarm, seq=4).doubt is None
    assert after(raised("merah"), alarm=alarm, seq=4).doubt is None
    assert after(transition(Kind.CONFIRMED, "kuning"), alarm=alarm, seq=4).doubt is None
    assert after(transition(Kind.SILENT), transition(Kind.HEARD), alarm=alarm, seq=4).doubt is not None
    assert after(raised("merah", historical=True, time_us=minutes(-60)), alarm=alarm, seq=4).doubt is not None
    assert life_cycle.let_go(alarm, "b" * 16, NOW_US).doubt is None


def test_a_fall_of_long_ago_that_is_not_believed_calls_nobody() -> None:
    known = acknowledged(after(raised("kuning")))
    old = transition(Kind.VERIFY, "kuning", value=120.0, historical=True)
    alarm = after(old, alarm=known, seq=2)
    assert (alarm.state, alarm.doubt is None) == (State.ACKNOWLEDGED, False)


def test_a_fall_where_nothing_is_held_says_nothing() -> None:
    assert life_cycle.apply(None, FALL, at(1)) is None
    silent = after(transition(Kind.SILENT))
    assert after(FALL, alarm=silent, seq=2) is silent


def test_a_gauge_lost_while_rising_weighs_what_it_is_told_to_and_keeps_its_rate() -> None:
    alarm = after(LOST)
    assert alarm.silence is not None
    assert (alarm.priority, alarm.silence.lost_rising, alarm.silence.rate_per_h) == ("high", True, 34.0)
    assert alarm.changes[-1].rate_per_h == 34.0
    calm = after(transition(Kind.SILENT)).silence
    assert calm is not None
    assert not calm.lost_rising


def test_what_is_possible_calls_where_it_is_worse_than_what_was_told() -> None:
    known = acknowledged(after(LOST))
    told = after(transition(Kind.POSSIBLE, "kuning", severity=3), alarm=known, seq=2)
    assert (told.state, told.priority, told.changes[-1].event) == (State.ACKNOWLEDGED, "high", Event.POSSIBLE)
    worse = after(transition(Kind.POSSIBLE, "merah", severity=4), alarm=told, seq=3)
    assert (worse.state, worse.priority, worse.changes[-1].event) == (State.UNACKNOWLEDGED, "highest", Event.WORSE)
    assert (worse.shown.level, worse.could_be and worse.could_be.level) == ("silent", "merah")
    assert [held.level for held in worse.possible] == ["kuning", "merah"]


def test_what_was_possible_long_ago_calls_nobody() -> None:
    known = acknowledged(after(LOST))
    story = transition(Kind.POSSIBLE, "merah", severity=4, historical=True)
    assert after(story, alarm=known, seq=2).state is State.ACKNOWLEDGED


def test_what_was_possible_ends_with_the_first_word_of_the_gauge() -> None:
    alarm = after(LOST, transition(Kind.POSSIBLE, "merah", severity=4), transition(Kind.HEARD))
    assert (alarm.possible, alarm.active, alarm.priority) == ((), False, "high")
    assert life_cycle.let_go(after(LOST, transition(Kind.POSSIBLE, "merah")), "b" * 16, NOW_US).possible == ()


def test_nothing_is_possible_of_a_gauge_that_is_heard() -> None:
    alarm = after(raised("hijau"))
    assert after(transition(Kind.POSSIBLE, "merah"), alarm=alarm, seq=2) is alarm


def test_a_wave_and_a_clock_that_was_set_back_are_no_alarms() -> None:
    alarm = after(raised("hijau"))
    for kind in (Kind.WAVE, Kind.REBASED):
        assert life_cycle.apply(None, transition(kind), at(1)) is None
        assert after(transition(kind), alarm=alarm, seq=2) is alarm


def test_a_chattering_level_says_how_often() -> None:
    alarm = after(raised("hijau", count=1), returned("hijau"), raised("hijau", count=2))
    assert (alarm.shown.count, [change.count for change in alarm.changes]) == (2, [1, 0, 2])
    assert after(raised("hijau")).shown.count == 1
