"""The pace of a target: nothing waits without an end, budgets hold, the worst overtakes, the rest is folded."""

from hypothesis import given
from hypothesis import strategies as st

from command_center.notify.notice import Notice, Waiting, Why
from command_center.notify.pace import Budget, pick
from sensors.times import MINUTE_US, SECOND_US

BUDGET = Budget(per_minute=20, lines=15)


def one(alarm: str, severity: int = 2, number: int = 1, **fields: object) -> Waiting:
    values: dict[str, object] = {
        "alarm_id": alarm, "call": 1, "target": "env:A", "ordinal": 0, "contact": "A", "severity": severity,
        "why": Why.FIRST, "planned_us": 0, "not_before_us": 0, "late": False, "exercise": False,
        "datastream": "ROLAK:level", "level": "kuning", "rank": 1, "called_us": 0,
    }  # fmt: skip
    return Waiting(Notice(**(values | fields)), number)  # type: ignore[arg-type]


def alarms(*picked: Waiting) -> list[str]:
    return [waiting.notice.alarm_id for waiting in picked]


def test_the_highest_goes_first_by_itself_and_where_lower_ones_have_no_budget_left() -> None:
    waiting = [*(one(f"low{n}", 1) for n in range(30)), one("worst", 4, planned_us=99)]
    assert alarms(*pick(0, waiting, [], BUDGET).notices) == ["worst"]
    assert alarms(*pick(0, waiting, [0] * 19, BUDGET).notices) == ["worst"]
    assert pick(0, waiting, [0] * 20, BUDGET).again_us == MINUTE_US


def test_lower_ones_are_folded_where_more_wait_than_the_budget_has() -> None:
    few, many = [one(f"a{n:02}") for n in range(15)], [one(f"a{n:02}") for n in range(16)]
    assert alarms(*pick(0, few, [], BUDGET).notices) == ["a00"]
    assert alarms(*pick(0, many, [], BUDGET).notices) == [f"a{n:02}" for n in range(15)]
    assert pick(0, few, [0] * 15, BUDGET).again_us == MINUTE_US


def test_an_exercise_is_never_folded_with_what_is_real() -> None:
    waiting = [one(f"a{n:02}", exercise=n % 2 == 0) for n in range(40)]
    picked = pick(0, waiting, [], BUDGET).notices
    assert len({waiting.notice.exercise for waiting in picked}) == 1
    assert len(picked) == 15


def test_all_of_one_alarm_is_one_message() -> None:
    waiting = [one("a", 2, 1), one("a", 4, 2, call=2), one("b", 3, 3)]
    assert [w.number for w in pick(0, waiting, [], BUDGET).notices] == [1, 2]


def test_what_is_not_to_be_told_before_a_time_waits_for_it() -> None:
    assert pick(0, [one("a", not_before_us=7)], [], BUDGET).again_us == 7
    assert pick(7, [one("a", not_before_us=7)], [], BUDGET).notices
    assert pick(0, [], [], BUDGET).again_us is None


@given(st.lists(st.tuples(st.integers(0, 8), st.integers(1, 4), st.integers(0, 90), st.booleans()), max_size=60))
def test_everything_is_sent_and_no_minute_has_more_than_the_budget(
    rows: list[tuple[int, int, int, bool]],
) -> None:
    """The law over any mix of alarms, severities, quiet times and exercises: each goes exactly once."""
    budget = Budget(per_minute=4, lines=3)
    waiting = [
        one(f"a{alarm}", severity, n, call=n, not_before_us=quiet_s * SECOND_US, exercise=exercise)
        for n, (alarm, severity, quiet_s, exercise) in enumerate(rows, start=1)
    ]
    now_us = 0
    begun: list[int] = []
    sent: list[int] = []
    while waiting:
        chosen = pick(now_us, waiting, begun, budget)
        if not chosen.notices:
            assert chosen.again_us is not None
            assert chosen.again_us > now_us
            now_us = chosen.again_us
            continue
        begun.append(now_us)
        sent += [w.number for w in chosen.notices]
        waiting = [w for w in waiting if w not in chosen.notices]
    assert sorted(sent) == list(range(1, len(rows) + 1))
    assert all(sum(at <= other < at + MINUTE_US for other in begun) <= 4 for at in begun)
