"""What a rule would draft, and what goes out by a standing order."""

from typing import Any

import pytest
from msgspec.structs import replace

from command_center.alarms import life_cycle
from command_center.alarms.alarm import Alarm, Position, Release, Shelf
from command_center.alarms.step import Context
from command_center.alerts.compose import Scene, Wanted, composed, status_of, warned_of
from command_center.alerts.due import due, goes_by_itself, is_for
from command_center.alerts.message import time_us_of
from command_center.alerts.record import About, Record, State
from sensors.catalogue import Catalogue
from sensors.times import HOUR_US, MINUTE_US
from sensors.transition import Kind, Transition
from sensors.warning_rules import CapRules
from tests.unit.command_center.alerts.messages import message
from tests.unit.command_center.alerts.warning_city import CAP, warning_city
from tests.unit.command_center.little_city import NOW_US, minutes, raised, returned, transition

SENT_US = time_us_of(message().sent)


def after(*steps: Transition, illustrative: bool = False) -> Alarm:
    alarm = None
    for seq, step in enumerate(steps, start=1):
        context = Context("a" * 16, Position(seq, 0), NOW_US, "ROLAK:level", "cm", illustrative)
        alarm = life_cycle.apply(alarm, step, context)
    assert alarm is not None
    return alarm


def head(level: str = "kuning", **fields: Any) -> Record:
    """An issued warning of `message`, six hours long."""
    about = About(datastream="ROLAK:level", alarm_id="x", level=level, severity=3, since_us=NOW_US)
    defaults: dict[str, Any] = {
        "id": "a-1", "chain": "a-1", "made_for": "x", "state": State.ISSUED, "about": about, "alert": message(),
        "valid_min": 360, "made_by": "", "made_us": NOW_US, "issued_us": SENT_US,
    }  # fmt: skip
    return Record(**(defaults | fields))


KUNING, LOST = raised("kuning", value=612.0), transition(Kind.SILENT, time_us=minutes(3))
CASES = {
    "first": (after(KUNING), None, ("Alert", "kuning")),
    "the same level": (after(KUNING), head(), None),
    "worse": (after(KUNING, raised("merah", value=700.0)), head(), ("Update", "merah")),
    "fallen": (after(raised("hijau"), KUNING, returned("kuning")), head(), ("Update", "hijau")),
    "over": (after(KUNING, returned("kuning")), head(), ("Cancel", "")),
    "over before it was issued": (after(KUNING, returned("kuning")), None, None),
    "lost while it held": (after(KUNING, LOST), head(), None),
    "silent only": (after(LOST), None, None),
}


@pytest.mark.parametrize(("alarm", "known", "expected"), CASES.values(), ids=CASES.keys())
def test_what_is_due(alarm: Alarm, known: Record | None, expected: tuple[str, str] | None) -> None:
    found = due(alarm, "Actual", known, CAP, SENT_US)
    told = None if found is None else (found.msg_type, "" if found.held is None else found.held.level)
    assert told == expected


def test_an_update_is_due_before_a_warning_ends_that_still_holds() -> None:
    ends_us = SENT_US + 6 * HOUR_US
    assert due(after(KUNING), "Actual", head(), CAP, ends_us - 31 * MINUTE_US) is None
    wanted = due(after(KUNING), "Actual", head(), CAP, ends_us - 29 * MINUTE_US)
    assert wanted is not None
    assert wanted.msg_type == "Update"


def test_all_clear_is_an_update() -> None:
    rules = replace(CAP, back_to_normal="all_clear")
    wanted = due(after(KUNING, returned("kuning")), "Actual", head(), rules, SENT_US)
    assert wanted is not None
    assert (wanted.msg_type, wanted.held) == ("Update", None)


def test_what_is_muted_drafts_nothing_and_ends_nothing() -> None:
    shelf = Shelf(by="a", reason="b", at_us=1, until_us=2, rank=3, severity=4)
    for alarm in (after(KUNING), after(KUNING, returned("kuning"))):
        shelved = replace(alarm, shelf=shelf)
        assert due(shelved, "Actual", head("hijau"), CAP, SENT_US) is None
        assert due(shelved, "Actual", None, CAP, SENT_US) is None


def test_the_same_news_has_the_same_key_and_other_news_another() -> None:
    first, again = (due(after(KUNING), "Actual", None, CAP, at_us) for at_us in (SENT_US, SENT_US + 5))
    later = due(after(replace(KUNING, time_us=minutes(9))), "Actual", None, CAP, SENT_US)
    assert first is not None
    assert again is not None
    assert later is not None
    assert first.key == again.key != later.key
    assert is_for(head(state=State.DRAFT), first)
    assert not is_for(head("merah", state=State.DRAFT), first)


def test_a_standing_order_covers_what_it_names_once_it_is_confirmed() -> None:
    rules = replace(CAP, automatic=True, automatic_severities=(4,), automatic_authority="SK 12")
    merah = after(raised("merah", value=700.0))
    released = replace(merah, release=Release(how="reading", who="", at_us=1))
    kuning = after(KUNING)

    def goes(alarm: Alarm, cap: CapRules) -> bool:
        return goes_by_itself(alarm, warned_of(alarm), cap)

    assert goes(released, rules)
    assert not goes(merah, rules)
    assert not goes(released, CAP)
    assert not goes(kuning, rules)
    assert goes(kuning, replace(rules, automatic_severities=(3,)))
    suspect = after(raised("kuning", value=612.0, verify=True))
    assert not goes(suspect, replace(rules, automatic_severities=(3,)))


def info_of(alarm: Alarm, city: Catalogue | None = None, **scene: Any) -> Any:
    held = warned_of(alarm)
    assert held is not None
    city = city or warning_city()
    alert, _ = composed(Scene(alarm, city, {}, NOW_US, **scene), held, Wanted("x", "Alert", status_of(held, city)))
    return alert.info[0]


def test_the_mapping_is_the_citys() -> None:
    words = {level: info_of(after(raised(level))) for level in ("hijau", "kuning", "merah")}
    assert [(one.severity, one.urgency, one.certainty, one.response_type[0]) for one in words.values()] == [
        ("Moderate", "Future", "Likely", "Monitor"),
        ("Severe", "Expected", "Observed", "Prepare"),
        ("Extreme", "Immediate", "Observed", "Evacuate"),
    ]


def test_the_next_level_within_the_hour_makes_it_expected() -> None:
    hijau = after(raised("hijau"))
    assert info_of(hijau, eta_min=61.0, eta_level="kuning").urgency == "Future"
    soon = info_of(hijau, eta_min=60.0, eta_level="kuning")
    assert soon.urgency == "Expected"
    assert "Siaga Kuning dapat tercapai dalam sekitar 60 menit" in soon.description


def test_a_suspect_reading_is_possible_and_says_so() -> None:
    told = info_of(after(raised("kuning", verify=True)))
    assert told.certainty == "Possible"
    assert "Pembacaan masih diperiksa." in told.description
