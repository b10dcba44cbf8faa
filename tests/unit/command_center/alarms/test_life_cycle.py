"""The alarm state machine: a story a test, and laws over any sequence of transitions."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from command_center.alarms import life_cycle
from command_center.alarms.alarm import Alarm, Event, Position, State
from command_center.alarms.step import Context
from command_center.errors import AlarmActive
from sensors.origin import Origin
from sensors.transition import Cause, Kind, Transition
from tests.unit.command_center.little_city import LEVEL_ID, NOW_US, minutes, raised, returned, transition


def after(*steps: Transition, alarm: Alarm | None = None, seq: int = 1, **context: Any) -> Alarm:
    """The alarm after transitions in rows `seq`, `seq` + 1, …"""
    for i, step in enumerate(steps):
        alarm = life_cycle.apply(alarm, step, at(seq + i, **context))
    assert alarm is not None
    return alarm


def at(seq: int, ordinal: int = 0, **fields: Any) -> Context:
    defaults: dict[str, Any] = {"log_id": "a" * 16, "now_us": minutes(seq), "datastream": LEVEL_ID, "unit": "cm"}
    return Context(position=Position(seq, ordinal), **({"illustrative": False} | defaults | fields))


def test_a_reached_level_raises_an_alarm_that_nobody_has_acknowledged() -> None:
    alarm = after(raised("kuning", value=612.0, time_us=minutes(-1)))
    assert (alarm.id, alarm.state, alarm.priority) == ("aaaaaaaaaaaaaaaa-1-0", State.UNACKNOWLEDGED, "high")
    assert (alarm.shown.level, alarm.shown.value, alarm.shown.limit) == ("kuning", 612.0, 600.0)
    assert (alarm.raised_us, alarm.detected_us) == (minutes(-1), minutes(1))


def test_a_worse_level_calls_again_and_clears_the_acknowledgement() -> None:
    known = life_cycle.acknowledge(after(raised("hijau")), "sari", NOW_US)
    alarm = after(raised("kuning"), alarm=known, seq=2)
    assert (alarm.state, alarm.shown.level, alarm.acknowledged_by) == (State.UNACKNOWLEDGED, "kuning", None)
    assert alarm.changes[-1].event is Event.WORSE
    assert alarm.id == known.id


def test_a_lower_level_keeps_the_acknowledgement_and_shows_what_is_held() -> None:
    known = life_cycle.acknowledge(after(raised("hijau"), raised("kuning")), "sari", NOW_US)
    alarm = after(returned("kuning"), alarm=known, seq=3)
    assert (alarm.state, alarm.shown.level) == (State.ACKNOWLEDGED, "hijau")


def test_rising_once_more_to_a_level_that_was_left_calls_again() -> None:
    known = life_cycle.acknowledge(after(raised("hijau"), raised("kuning")), "sari", NOW_US)
    assert after(returned("kuning"), raised("kuning"), alarm=known, seq=3).state is State.UNACKNOWLEDGED


def test_a_return_before_the_acknowledgement_stays_listed_with_its_peak() -> None:
    alarm = after(raised("hijau"), raised("merah"), returned("merah"), returned("hijau", time_us=minutes(9)))
    assert (alarm.state, alarm.shown.level, alarm.returned_us) == (State.RETURNED_UNACKNOWLEDGED, "merah", minutes(9))
    closed = life_cycle.acknowledge(alarm, "sari", minutes(10))
    assert (closed.state, closed.is_open, closed.closed_us) == (State.NORMAL, False, minutes(10))


def test_a_return_after_the_acknowledgement_is_normal_at_once() -> None:
    known = life_cycle.acknowledge(after(raised("hijau")), "sari", NOW_US)
    alarm = after(returned("hijau"), alarm=known, seq=2)
    assert (alarm.state, alarm.is_open, alarm.acknowledged_by) == (State.NORMAL, False, "sari")


def test_a_new_raise_on_a_returned_alarm_makes_the_same_one_active_again() -> None:
    alarm = after(raised("hijau"), returned("hijau"), raised("hijau"))
    assert (alarm.id, alarm.state, alarm.returned_us) == (after(raised("hijau")).id, State.UNACKNOWLEDGED, None)


def test_a_new_raise_on_a_normal_alarm_is_another_alarm() -> None:
    closed = life_cycle.acknowledge(after(raised("hijau"), returned("hijau")), "sari", NOW_US)
    alarm = after(raised("hijau"), alarm=closed, seq=3)
    assert (alarm.id, alarm.acknowledged_by) == ("aaaaaaaaaaaaaaaa-3-0", None)


def test_silence_is_an_alarm_of_rank_0_and_its_end_returns_it() -> None:
    alarm = after(transition(Kind.SILENT, severity=1))
    assert (alarm.shown.level, alarm.shown.rank, alarm.priority) == ("silent", 0, "low")
    assert after(transition(Kind.HEARD), alarm=alarm, seq=2).state is State.RETURNED_UNACKNOWLEDGED


def test_silence_on_a_level_keeps_the_level_and_keeps_the_alarm_active() -> None:
    alarm = after(raised("merah"), transition(Kind.SILENT))
    assert (alarm.shown.level, alarm.silence is not None) == ("merah", True)
    left = after(returned("merah"), alarm=alarm, seq=3)
    assert (left.active, left.shown.level) == (True, "merah")  # nobody has acknowledged the flood yet
    assert life_cycle.acknowledge(left, "sari", NOW_US).shown.level == "silent"


def test_silence_on_an_acknowledged_level_calls_again_and_weighs_as_much_as_the_level() -> None:
    known = life_cycle.acknowledge(after(raised("merah")), "sari", NOW_US)
    alarm = after(transition(Kind.SILENT, severity=1), alarm=known, seq=2)
    assert (alarm.state, alarm.acknowledged_by) == (State.UNACKNOWLEDGED, None)
    assert (alarm.shown.level, alarm.priority) == ("merah", "highest")
    assert alarm.silence is not None
    assert alarm.silence.severity == 4
    silent_only = after(returned("merah", cause=Cause.CATALOGUE), alarm=alarm, seq=3)
    assert life_cycle.acknowledge(silent_only, "sari", NOW_US).priority == "highest"


def test_a_grave_silence_on_a_low_level_makes_the_alarm_grave() -> None:
    known = life_cycle.acknowledge(after(raised("hijau")), "sari", NOW_US)
    assert known.priority == "medium"
    assert after(transition(Kind.SILENT, severity=4), alarm=known, seq=2).priority == "highest"


def test_silence_that_is_known_already_or_long_past_calls_nobody() -> None:
    lost = after(raised("merah"), transition(Kind.SILENT))
    known = life_cycle.acknowledge(lost, "sari", NOW_US)
    assert after(transition(Kind.SILENT), alarm=known, seq=3).state is State.ACKNOWLEDGED
    heard = life_cycle.acknowledge(after(raised("merah")), "sari", NOW_US)
    assert after(transition(Kind.SILENT, historical=True), alarm=heard, seq=3).state is State.ACKNOWLEDGED


def test_a_level_reached_in_silence_is_worse() -> None:
    known = life_cycle.acknowledge(after(transition(Kind.SILENT)), "sari", NOW_US)
    assert after(raised("hijau"), alarm=known, seq=2).state is State.UNACKNOWLEDGED


def test_a_datastream_never_heard_raises_nothing() -> None:
    assert life_cycle.apply(None, transition(Kind.SILENT, cause=Cause.NEVER_HEARD), at(1)) is None
    assert life_cycle.apply(None, transition(Kind.HEARD), at(1)) is None
    assert life_cycle.apply(None, returned("hijau"), at(1)) is None


def test_history_is_listed_needs_no_acknowledgement_and_ends_by_itself() -> None:
    alarm = after(raised("kuning", historical=True, time_us=minutes(-60)))
    assert (alarm.historical, alarm.unacknowledged, alarm.state) == (True, False, State.ACKNOWLEDGED)
    assert alarm.acknowledged_by is None
    ended = after(returned("kuning", historical=True, time_us=minutes(-30)), alarm=alarm, seq=2)
    assert (ended.state, ended.is_open, ended.historical) == (State.NORMAL, False, True)


def test_history_that_is_still_held_becomes_a_real_alarm_with_its_true_time() -> None:
    old = after(raised("kuning", historical=True, time_us=minutes(-60)))
    still = raised("kuning", cause=Cause.STILL_HELD, time_us=minutes(-60))
    alarm = after(still, alarm=old, seq=2)
    assert (alarm.id, alarm.historical, alarm.state) == (old.id, False, State.UNACKNOWLEDGED)
    assert (alarm.raised_us, len(alarm.held)) == (minutes(-60), 1)


def test_a_late_story_does_not_move_a_live_alarm() -> None:
    known = life_cycle.acknowledge(after(raised("kuning")), "sari", NOW_US)
    story = (
        raised("merah", historical=True, time_us=minutes(-60)),
        returned("merah", historical=True, time_us=minutes(-50)),
        raised("kuning", historical=True, time_us=minutes(-60)),
        returned("kuning", historical=True, time_us=minutes(-50)),
    )
    alarm = after(*story, alarm=known, seq=2)
    assert (alarm.state, alarm.shown.level, alarm.held) == (State.ACKNOWLEDGED, "kuning", known.held)
    assert len(alarm.changes) == len(known.changes) + 4


def test_a_backlog_in_which_the_level_was_left_ends_a_live_alarm() -> None:
    alarm = after(raised("kuning"), returned("kuning", historical=True, time_us=minutes(5)))
    assert alarm.state is State.RETURNED_UNACKNOWLEDGED


def test_simulated_readings_and_made_up_levels_are_exercises() -> None:
    assert after(raised("hijau", origin=Origin.SIMULATED)).shown.exercise
    assert after(raised("hijau", origin=Origin.REPLAYED)).shown.exercise
    assert after(raised("hijau"), illustrative=True).shown.exercise
    assert not after(raised("hijau", origin=Origin.MANUAL)).shown.exercise


def test_the_first_to_acknowledge_stays_on_record() -> None:
    first = life_cycle.acknowledge(after(raised("hijau")), "sari", minutes(1))
    assert life_cycle.acknowledge(first, "budi", minutes(2)) is first


def test_only_what_has_returned_can_be_closed() -> None:
    alarm = after(raised("hijau"))
    with pytest.raises(AlarmActive, match="ROLAK:level still holds hijau"):
        life_cycle.close(alarm, "sari", NOW_US)
    closed = life_cycle.close(after(returned("hijau"), alarm=alarm, seq=2), "sari", NOW_US)
    assert (closed.state, closed.acknowledged_by) == (State.NORMAL, "sari")
    assert life_cycle.close(closed, "budi", NOW_US) is closed


def test_another_log_lets_go_and_raises_again_what_is_held() -> None:
    known = life_cycle.acknowledge(after(raised("hijau")), "sari", NOW_US)
    assert life_cycle.let_go(known, "b" * 16, NOW_US).state is State.NORMAL
    open_one = life_cycle.let_go(after(raised("hijau")), "b" * 16, NOW_US)
    assert open_one.state is State.RETURNED_UNACKNOWLEDGED
    again = after(raised("hijau"), alarm=open_one, log_id="b" * 16)
    assert (again.id, again.active) == (open_one.id, True)


MOVES = [Cause.CROSSED, Cause.DELAYED, Cause.STILL_HELD, Cause.CATALOGUE, Cause.BORNE_OUT]
LEVELS = st.sampled_from(["hijau", "kuning", "merah"])
TRANSITIONS = st.one_of(
    st.builds(
        transition,
        st.sampled_from([Kind.RAISED, Kind.RETURNED]),
        LEVELS,
        historical=st.booleans(),
        verify=st.booleans(),
        cause=st.sampled_from(MOVES),
        time_us=st.integers(-120, 120).map(minutes),
        origin=st.sampled_from(list(Origin)),
    ),
    st.builds(
        transition,
        st.sampled_from([Kind.RAISED, Kind.RETURNED]),
        LEVELS,
        historical=st.just(True),
        cause=st.just(Cause.LATE),
        time_us=st.integers(-120, 120).map(minutes),
    ),
    st.builds(
        transition,
        st.just(Kind.SILENT),
        cause=st.sampled_from([Cause.OVERDUE, Cause.LOST_RISING, Cause.NEVER_HEARD, Cause.DEATH]),
    ),
    st.builds(transition, st.sampled_from([Kind.HEARD, Kind.WAVE, Kind.REBASED])),
    st.builds(
        transition,
        st.sampled_from([Kind.VERIFY, Kind.CONFIRMED, Kind.POSSIBLE]),
        LEVELS,
        historical=st.booleans(),
        cause=st.sampled_from([Cause.AFTER_GAP, Cause.TOO_FAST]),
    ),
)
STEPS = st.lists(st.tuples(TRANSITIONS, st.booleans()), max_size=30)  # and whether somebody acknowledges then


def play(steps: list[tuple[Transition, bool]], alarm: Alarm | None = None) -> list[Alarm | None]:
    """The newest alarm after each step."""
    stages = []
    for seq, (step, acknowledged) in enumerate(steps, start=1):
        alarm = life_cycle.apply(alarm, step, at(seq // 2, seq % 2))
        if acknowledged and alarm is not None:
            alarm = life_cycle.acknowledge(alarm, "sari", minutes(seq))
        stages.append(alarm)
    return stages


@given(STEPS, st.integers(0, 30))
def test_reading_any_stretch_of_the_log_again_changes_nothing(
    steps: list[tuple[Transition, bool]], stretch: int
) -> None:
    end = play(steps)[-1] if steps else None
    again = [(step, False) for step, _ in steps]
    assert (play(again[:stretch], end)[-1] if again[:stretch] else end) == end
    assert (play(again, end)[-1] if again else end) == end


@given(STEPS)
def test_laws_of_every_alarm(steps: list[tuple[Transition, bool]]) -> None:
    ids: list[str] = []
    for alarm in play(steps):
        if alarm is None:
            continue
        assert alarm.is_open == (alarm.active or alarm.unacknowledged)
        assert not (alarm.historical and alarm.unacknowledged)
        assert not (alarm.active and alarm.returned_us is not None)
        assert (alarm.acknowledged_by is None) == (alarm.acknowledged_us is None)
        assert not (alarm.unacknowledged and alarm.acknowledged_by is not None)
        if alarm.held:
            assert alarm.shown in alarm.held
        assert alarm.doubt is None or alarm.held
        assert not alarm.possible or alarm.silence is not None
        assert all(alarm.severity >= held.severity for held in alarm.possible)
        if alarm.id not in ids:
            ids.append(alarm.id)
        assert alarm.id == ids[-1], "an alarm that was replaced came back"


@given(STEPS)
def test_without_history_the_level_shown_is_the_worst_one_held(steps: list[tuple[Transition, bool]]) -> None:
    fresh = [(step, acknowledged) for step, acknowledged in steps if not step.historical]
    held: set[str] = set()
    for (step, _), alarm in zip(fresh, play(fresh), strict=True):
        if step.kind is Kind.RAISED:
            held.add(step.level)
        elif step.kind is Kind.RETURNED:
            held.discard(step.level)
        if held:
            assert alarm is not None
            assert alarm.shown.level == max(held, key=["hijau", "kuning", "merah"].index)
