"""Whom an alarm concerns: areas that it stands in and affects, severity, duty, exercises, steps, quiet hours."""

import pytest

from command_center.notify.book import Book
from sensors.contacts import Contact, Duty, NotifyRules, Step
from sensors.times import HOUR_US, MINUTE_US
from tests.unit.command_center.little_city import NOW_US
from tests.unit.command_center.notify.city_of_contacts import RULES, annunciation, city_of, contact

MORNING_US = NOW_US + 10 * HOUR_US  # 08:00 WIB on Sunday


def told(*contacts: Contact, at_us: int = NOW_US, rosters: tuple[Duty, ...] = (), **call: object) -> dict[str, int]:
    """Who is told, after how many minutes."""
    book = Book(city_of(*contacts, rosters=rosters))
    found = book.addressees(annunciation(**call), at_us)  # type: ignore[arg-type]
    return {one.contact.contact: one.after_us // MINUTE_US for one in found}


@pytest.mark.parametrize(
    ("areas", "is_told"),
    [
        (("*",), True),
        (("35.76.01.1001",), True),  # stands there
        (("35.76",), True),  # in it
        (("35.16.01.2001",), True),  # affects it
        (("35.16",), True),
        (("35.7",), False),  # a code that another begins with is no area around it
        (("35.76.01.1002",), False),
    ],
)
def test_a_contact_is_told_of_what_stands_in_its_areas_or_affects_them(areas: tuple[str, ...], is_told: bool) -> None:
    assert bool(told(contact("A", areas=areas))) is is_told


def test_least_severity_and_exercises() -> None:
    contacts = (contact("A", least_severity=3), contact("B", least_severity=4), contact("T", test=True))
    assert set(told(*contacts, severity=3)) == {"A", "T"}
    assert set(told(*contacts, severity=4, exercise=True)) == {"T"}


def test_steps_move_up_where_nobody_before_them_is_concerned() -> None:
    posko, chief = contact("P", least_severity=3), contact("C", "chiefs")
    assert told(posko, chief, severity=3) == {"P": 0, "C": 15}
    assert told(posko, chief, severity=2) == {"C": 0}


def test_who_is_on_duty_is_told_and_where_nobody_is_everybody() -> None:
    day = Duty(contact="D", days=("sat", "sun"), begins="07:00", ends="19:00")
    night = Duty(contact="N", days=("sat",), begins="19:00", ends="07:00")  # into Sunday
    people = (contact("D"), contact("N"))
    assert set(told(*people, rosters=(day, night))) == {"N"}  # Saturday 22:00 WIB
    assert set(told(*people, rosters=(day, night), at_us=NOW_US + 8 * HOUR_US)) == {"N"}  # Sunday 06:00
    assert set(told(*people, rosters=(day, night), at_us=MORNING_US)) == {"D"}
    monday_us = MORNING_US + 24 * HOUR_US
    assert set(told(*people, rosters=(day, night), at_us=monday_us)) == {"D", "N"}


def test_quiet_hours_end_at_their_end_and_never_begin_for_what_is_worse() -> None:
    rules = NotifyRules(quiet_from="21:00", quiet_to="05:00", quiet_severity=2, steps=(Step(group="g", after_min=0),))
    book = Book(city_of(contact("A"), rules=rules))
    assert book.quiet_until_us(2, NOW_US) == NOW_US + 7 * HOUR_US  # 22:00 to 05:00
    assert book.quiet_until_us(2, NOW_US + 6 * HOUR_US) == NOW_US + 7 * HOUR_US  # past midnight
    assert book.quiet_until_us(2, MORNING_US) == MORNING_US
    assert [book.quiet_until_us(severity, NOW_US) for severity in (3, 4)] == [NOW_US, NOW_US]
    assert Book(city_of(contact("A"), rules=RULES)).quiet_until_us(1, NOW_US) == NOW_US
