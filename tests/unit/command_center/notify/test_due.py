"""When who is told: at once, again, the next group, the many, late."""

import dataclasses

from msgspec.structs import replace

from command_center.alarms import life_cycle, set_aside
from command_center.alarms.alarm import Alarm, Position, Refutation, Release
from command_center.alarms.annunciation import annunciation_of
from command_center.alarms.step import Context
from command_center.notify.book import Book
from command_center.notify.due import due
from command_center.notify.notice import Call, Notice, Told
from sensors.contacts import Contact, NotifyRules
from sensors.times import MINUTE_US
from tests.unit.command_center.little_city import LEVEL_ID, NOW_US, minutes, raised
from tests.unit.command_center.notify.city_of_contacts import RULES, city_of, contact

PEOPLE = (contact("P"), contact("C", "chiefs"), contact("V", "villages"), contact("M", "many", mass=True))


def alarm_at(level: str, before: Alarm | None = None, seq: int = 1, **fields: bool) -> Alarm:
    context = Context("log", Position(seq, 0), minutes(seq - 1), LEVEL_ID, "cm", illustrative=False)
    after = life_cycle.apply(before, raised(level, **fields), context)
    assert after is not None
    return after


def call_of(alarm: Alarm, before: Alarm | None = None, planned_us: int | None = None) -> Call:
    annunciation = annunciation_of(before, alarm, alarm.changes[-1].event)
    assert annunciation is not None
    return Call(annunciation, alarm, planned_us)


def planned(
    call: Call, now_us: int, *told: Told, people: tuple[Contact, ...] = PEOPLE, rules: NotifyRules = RULES
) -> list[Notice]:
    return due(now_us, [call], Book(city_of(*people, rules=rules)), {call.key: told})


def short(notices: list[Notice]) -> list[tuple[str, str, int]]:
    return [(one.contact, str(one.why), one.ordinal) for one in notices]


def told(name: str, ordinal: int, planned_us: int, *, waits: bool = False) -> Told:
    return Told(f"env:{name}", ordinal, planned_us, waits)


def test_at_once_the_first_step_and_the_groups_that_no_step_names() -> None:
    assert short(planned(call_of(alarm_at("kuning")), NOW_US)) == [
        ("P", "first", 0),
        ("V", "first", 0),
        ("M", "first", 0),
    ]


def test_the_next_group_comes_in_time_while_nobody_acknowledges() -> None:
    call = call_of(alarm_at("kuning"), planned_us=NOW_US)
    known = [told(name, 0, NOW_US) for name in "PVM"]
    assert planned(call, minutes(9), *known) == []
    assert short(planned(call, minutes(10), *known)) == [("P", "repeat", 1)]
    known[0] = told("P", 1, minutes(10))
    assert planned(call, minutes(14), *known) == []
    assert short(planned(call, minutes(15), *known)) == [("C", "escalated", 0)]


def test_nothing_is_repeated_while_the_last_one_still_waits() -> None:
    call = call_of(alarm_at("kuning"), planned_us=NOW_US)
    assert planned(call, minutes(14), told("P", 0, NOW_US, waits=True)) == []


def test_acknowledging_shelving_and_refuting_end_reminders_and_escalation() -> None:
    alarm, worst = alarm_at("kuning"), alarm_at("merah")
    refutation = Refutation(by="x", seen="camera", comment="", at_us=NOW_US, until_us=minutes(30), rank=3, severity=4)
    for after in (
        life_cycle.acknowledge(alarm, "x", NOW_US),
        set_aside.shelve(alarm, "x", "why", NOW_US, minutes(60)),
        set_aside.refute(worst, refutation),
    ):
        call = call_of(after, planned_us=NOW_US)
        assert planned(call, minutes(59), told("P", 0, NOW_US), told("M", 0, NOW_US)) == []


def test_a_worse_level_begins_from_the_start_and_ends_the_older_calls_reminders() -> None:
    first = alarm_at("hijau")
    seen = life_cycle.acknowledge(first, "x", NOW_US)
    worse = alarm_at("merah", seen, seq=2)
    assert ("P", "first", 0) in short(planned(call_of(worse, seen), minutes(1)))
    old = Call(call_of(first).annunciation, worse, NOW_US)
    assert planned(old, minutes(59), told("P", 0, NOW_US)) == []


def test_the_many_are_told_the_highest_once_when_it_is_released_even_if_somebody_has_acknowledged() -> None:
    alarm = life_cycle.acknowledge(alarm_at("merah"), "x", NOW_US)
    assert "M" not in {one.contact for one in planned(call_of(alarm), NOW_US)}
    released = set_aside.release(alarm, Release(how="person", who="x", at_us=minutes(1)))
    call = call_of(released, planned_us=NOW_US)
    assert short(planned(call, minutes(2), told("P", 0, NOW_US), told("V", 0, NOW_US))) == [("M", "released", 0)]
    assert planned(call, minutes(99), *(told(name, 0, minutes(2)) for name in "PVM")) == []


def test_what_is_muted_or_historical_reaches_nobody() -> None:
    call = call_of(alarm_at("kuning"))
    muted = dataclasses.replace(call.annunciation, muted="shelved")
    assert planned(Call(muted, call.alarm, None), NOW_US) == []
    assert planned(Call(call.annunciation, replace(call.alarm, historical=True), None), NOW_US) == []


def test_what_is_planned_over_5_minutes_after_its_time_is_late() -> None:
    call = call_of(alarm_at("kuning"))
    assert [one.late for one in planned(call, NOW_US + 5 * MINUTE_US, people=PEOPLE[:1])] == [False]
    assert [one.late for one in planned(call, NOW_US + 5 * MINUTE_US + 1, people=PEOPLE[:1])] == [True]


def test_quiet_hours_delay_the_first_notice_and_hold_reminders_but_never_of_the_highest() -> None:
    rules = replace(RULES, quiet_from="21:00", quiet_to="05:00", quiet_severity=3)
    call, worst = call_of(alarm_at("kuning")), call_of(alarm_at("merah"))
    [first] = planned(call, NOW_US, people=PEOPLE[:1], rules=rules)
    assert first.not_before_us == minutes(7 * 60)
    later = Call(call.annunciation, call.alarm, NOW_US)
    assert planned(later, minutes(60), told("P", 0, NOW_US), people=PEOPLE[:2], rules=rules) == []
    assert {one.not_before_us for one in planned(worst, NOW_US, people=PEOPLE[:1], rules=rules)} == {NOW_US}


def test_a_chat_that_two_contacts_share_is_told_once() -> None:
    people = (contact("P"), contact("Q", urls=("env:P",)))
    assert short(planned(call_of(alarm_at("kuning")), NOW_US, people=people)) == [("P", "first", 0)]
