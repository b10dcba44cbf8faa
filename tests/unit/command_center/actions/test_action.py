"""A standing action by itself: what opens it, who may do what, and when it may be taken back."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from command_center.actions import action as pure
from command_center.actions.action import Action, ActionState, Gauge, opened_by
from command_center.actions.need import needed_min
from command_center.alarms import life_cycle, set_aside
from command_center.alarms.alarm import Alarm, Aside, Position, Refutation
from command_center.alarms.step import Context
from command_center.errors import NotAllowed
from sensors.catalogue import Level
from sensors.origin import Origin
from sensors.transition import Kind, Transition
from tests.unit.command_center.actions.acting_city import ROWS, row
from tests.unit.command_center.little_city import LEVEL_ID, NOW_US, little_city, minutes, raised, returned, transition

LEVELS: tuple[Level, ...] = little_city().datastreams[0].levels


def after(transitions: Sequence[Transition], alarm: Alarm | None = None) -> Alarm:
    """The alarm after transitions, one a row."""
    start = 1 if alarm is None else alarm.last.seq + 1
    for seq, one in enumerate(transitions, start):
        alarm = life_cycle.apply(alarm, one, context(seq))
    assert alarm is not None
    return alarm


def context(seq: int) -> Context:
    return Context("log", Position(seq, 0), minutes(seq), LEVEL_ID, "cm", illustrative=False)


def opened(before: Alarm | None, now: Alarm, open_keys: Sequence[str] = ()) -> list[str]:
    return [action.action for action in opened_by(before, now, ROWS, open_keys)]


def gauge(alarm: Alarm | None, **fields: Any) -> Gauge:
    return Gauge(alarm=alarm, levels=LEVELS, **({"heard": True} | fields))


def road() -> Action:
    [action] = opened_by(None, after([raised("kuning")]), [ROWS[1]], ())
    return action


def test_a_level_that_is_crossed_opens_its_actions_and_no_others() -> None:
    green = after([raised("hijau")])
    assert opened(None, green) == ["watch"]
    yellow = after([raised("kuning")], green)
    assert opened(green, yellow) == ["road", "pump"]
    assert opened(yellow, after([returned("kuning")], yellow)) == []


def test_what_is_open_is_not_opened_again() -> None:
    yellow = after([raised("kuning")])
    again = after([returned("kuning"), raised("kuning")], yellow)
    assert opened(None, again, [f"{LEVEL_ID}!road"]) == ["pump"]


def test_what_happened_long_ago_opens_nothing_until_it_is_held_now() -> None:
    old = after([raised("kuning", historical=True)])
    assert opened(None, old) == []
    assert opened(old, after([raised("kuning")], old)) == ["road", "pump"]


def test_in_maintenance_nothing_is_opened_and_what_still_holds_when_it_ends_is() -> None:
    yellow = after([raised("kuning")])
    aside = set_aside.put_aside(yellow, Aside.SUPPRESSED, minutes(2))
    red = after([raised("merah")], aside)
    assert opened(aside, red) == []
    assert opened(red, set_aside.put_aside(red, None, minutes(9)), [f"{LEVEL_ID}!road"]) == ["pump", "leave"]


def test_an_action_of_a_simulated_or_made_up_level_says_so() -> None:
    [live] = opened_by(None, after([raised("kuning")]), [ROWS[1]], ())
    [simulated] = opened_by(None, after([raised("kuning", origin=Origin.SIMULATED)]), [ROWS[1]], ())
    [made_up] = opened_by(None, after([raised("kuning")]), [row("x", "kuning", source="illustrative")], ())
    assert [(a.exercise, a.illustrative) for a in (live, simulated, made_up)] == [
        (False, False),
        (True, False),
        (False, True),
    ]


def test_a_shift_takes_an_action_over_and_a_second_click_does_not() -> None:
    taken = pure.take(road(), "budi", minutes(1), over=False)
    assert pure.take(taken, "budi", minutes(2), over=False) is taken
    with pytest.raises(NotAllowed, match="budi has"):
        pure.take(taken, "sri", minutes(2), over=False)
    over = pure.take(taken, "sri", minutes(2), over=True)
    assert over.taken is not None
    assert (over.taken.by, over.taken.at_us) == ("sri", minutes(2))


def test_who_does_what_nobody_had_has_it() -> None:
    done = pure.carry_out(road(), "budi", minutes(3))
    assert (done.state, done.taken, pure.carry_out(done, "sri", minutes(4))) == (ActionState.DONE, done.done, done)


def test_it_may_be_taken_back_below_its_level_only() -> None:
    yellow = after([raised("hijau"), raised("kuning")])
    with pytest.raises(NotAllowed, match="still holds kuning"):
        pure.undo(road(), "budi", minutes(5), gauge(yellow))
    red = after([raised("merah"), returned("kuning")], yellow)  # a worse level holds, whatever the order told
    with pytest.raises(NotAllowed, match="still holds merah"):
        pure.undo(road(), "budi", minutes(5), gauge(red))
    green = after([returned("kuning")], yellow)
    undone = pure.undo(road(), "budi", minutes(5), gauge(green))
    assert (undone.state, undone.is_open) == (ActionState.UNDONE, False)
    assert pure.undo(undone, "sri", minutes(6), gauge(green)) is undone
    with pytest.raises(NotAllowed, match="taken back by budi"):
        pure.take(undone, "sri", minutes(6), over=True)


def test_without_an_undo_level_it_is_taken_back_at_any_time() -> None:
    red = after([raised("hijau"), raised("merah")])
    [watch] = opened_by(None, after([raised("hijau")]), [ROWS[0]], ())
    assert pure.undo(watch, "budi", minutes(5), gauge(red)).state is ActionState.UNDONE


@pytest.mark.parametrize("case", ["silent", "never heard", "refuted", "out of service"])
def test_where_the_gauge_cannot_tell_a_person_must_have_seen(case: str) -> None:
    yellow = after([raised("hijau"), raised("kuning")])
    refutation = Refutation(by="sri", seen="camera", comment="dry", at_us=0, until_us=1, rank=2, severity=3)
    known = {
        "silent": gauge(after([returned("kuning"), transition(Kind.SILENT)], yellow)),
        "never heard": gauge(None, heard=False),
        "refuted": gauge(replace(yellow, refutation=refutation)),
        "out of service": gauge(replace(yellow, aside=Aside.OUT_OF_SERVICE)),
    }[case]
    with pytest.raises(NotAllowed, match="say by what you saw"):
        pure.undo(road(), "budi", minutes(5), known)
    assert pure.undo(road(), "budi", minutes(5), known, "camera").seen == "camera"


def test_what_a_person_saw_does_not_outweigh_a_level_that_a_gauge_holds_silent() -> None:
    silent = after([raised("kuning"), transition(Kind.SILENT)])
    with pytest.raises(NotAllowed, match="still holds kuning"):
        pure.undo(road(), "budi", minutes(5), gauge(silent), "on_site")


def test_a_level_that_the_city_has_no_more_holds_nobody_back() -> None:
    yellow = after([raised("kuning")])
    gone = Gauge(alarm=yellow, levels=LEVELS[:1], heard=True)
    assert pure.why_not_yet(road(), gone) == ""


@given(st.lists(st.sampled_from(["take", "over", "done", "undo"]), max_size=8), st.booleans())
def test_every_order_of_acts_leaves_a_story_that_holds_together(acts: list[str], low: bool) -> None:
    alarm = None if low else after([raised("kuning")])
    action = road()
    for n, act in enumerate(acts):
        before, by = action, f"person {n % 3}"
        try:
            match act:
                case "take" | "over":
                    action = pure.take(action, by, NOW_US + n, over=act == "over")
                case "done":
                    action = pure.carry_out(action, by, NOW_US + n)
                case _:
                    action = pure.undo(action, by, NOW_US + n, gauge(alarm))
        except NotAllowed:
            assert action is before
        assert not (action.done is not None and action.taken is None)
        assert before.is_open or action is before
        assert action.is_open or low


def test_the_minutes_needed_are_those_of_the_agency_that_has_most_to_do() -> None:
    rows = (*ROWS, row("barrier", "kuning", takes_min=30))
    assert needed_min(rows, LEVEL_ID, "kuning") == 50.0  # Dishub: road 20 and barrier 30; DPUPR: pump 45
    closed = pure.carry_out(road(), "budi", minutes(3))
    assert needed_min(rows, LEVEL_ID, "kuning", [closed]) == 45.0
    assert needed_min(rows, LEVEL_ID, "nothing") is None
    assert needed_min(rows, "POS:rain", "kuning") is None
    assert needed_min([ROWS[1]], LEVEL_ID, "kuning", [closed]) == 0.0
