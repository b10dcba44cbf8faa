"""A gauge lost in calm is the maintainers'; with rain or a breach upstream it is the operator's at once."""

import numpy as np
import pytest
from msgspec.structs import replace

from command_center.alarms import life_cycle
from command_center.alarms.alarm import Alarm, Aside
from command_center.alarms.annunciation import annunciation_of
from command_center.alarms.priority import priority_of
from command_center.alarms.silence_watch import at_risk, is_lost_in_calm, louder
from command_center.audience import Audience, audience_of, audience_of_alarm
from command_center.notify.book import Book
from command_center.picture.latest import Latest
from sensors.catalogue import Catalogue, Reach, Silence
from sensors.contacts import Contact
from sensors.origin import Origin
from sensors.transition import Cause, Kind
from tests.unit.command_center.alarms.test_life_cycle import after, at
from tests.unit.command_center.little_city import RAIN, entry, little_city, minutes, raised, transition
from tests.unit.command_center.notify.city_of_contacts import RULES, annunciation, city_of, contact

RULES_OF_SILENCE = Silence()
LOST = after(transition(Kind.SILENT, severity=1))
NONE = Latest()


def city() -> Catalogue:
    """`POS`, where it rains, lies upstream of `ROLAK` in one basin."""
    found = little_city()
    stations = tuple(replace(one, basin="brantas") for one in found.stations)
    return replace(found, stations=stations, reaches=(Reach(upstream="POS", downstream="ROLAK", travel_min=60.0),))


def upstream(*steps: object, **fields: object) -> Alarm:
    return replace(after(*steps), datastream="POS:level", **fields)  # type: ignore[arg-type]


def rain(mm: float, minute: float, origin: Origin = Origin.LIVE) -> Latest:
    latest = Latest()
    latest.add(entry([(RAIN, minutes(minute), mm)], origin=origin, now_us=minutes(minute)).batch, np.array([1]))
    return latest


@pytest.mark.parametrize(
    ("others", "latest", "why"),
    [
        ((), NONE, ""),
        ((upstream(raised("hijau")),), NONE, "upstream"),
        ((upstream(raised("hijau", origin=Origin.SIMULATED)),), NONE, ""),
        ((upstream(raised("hijau", verify=True)),), NONE, ""),
        ((upstream(raised("hijau"), aside=Aside.SUPPRESSED),), NONE, ""),
        ((upstream(transition(Kind.SILENT)),), NONE, ""),
        ((), rain(0.2, 0), "rain"),
        ((), rain(0.0, 0), ""),
        ((), rain(5.0, 0, Origin.REPLAYED), ""),
        ((), rain(5.0, -61), ""),
    ],
)
def test_why_it_is_the_operators(others: tuple[Alarm, ...], latest: Latest, why: str) -> None:
    found = at_risk(city(), [LOST, *others], latest, minutes(0), for_exercise=False)
    assert found.get("ROLAK", "") == why


def test_the_operator_is_called_once_and_it_weighs_as_one_that_rose() -> None:
    known = life_cycle.acknowledge(LOST, "sari", minutes(2))  # of calm
    called = louder(known, "rain", 3, minutes(3))
    assert (called.calls, called.unacknowledged, called.severity) == (LOST.calls + 1, True, 3)
    assert is_lost_in_calm(known)
    assert not is_lost_in_calm(called)
    assert "rain in its basin" in [reason.en for reason in priority_of(called).reasons]
    assert life_cycle.apply(called, transition(Kind.HEARD), at(9)).silence is None  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("alarm", "audience"),
    [
        (LOST, Audience.MAINTAINERS),
        (after(transition(Kind.SILENT, severity=3, cause=Cause.LOST_RISING)), Audience.OPERATORS),
        (louder(LOST, "upstream", 3, minutes(1)), Audience.OPERATORS),
        (after(raised("hijau"), transition(Kind.SILENT, severity=1)), Audience.OPERATORS),  # lost while a level held
        (after(raised("hijau")), Audience.OPERATORS),
    ],
)
def test_whose_work_an_alarm_is(alarm: Alarm, audience: Audience) -> None:
    assert audience_of_alarm(alarm, RULES_OF_SILENCE) is audience
    call = annunciation_of(None, alarm, alarm.changes[-1].event)
    assert call is not None
    assert audience_of(call, RULES_OF_SILENCE) is audience


def names(book: Book, audience: Audience) -> list[tuple[str, bool]]:
    found = book.addressees(annunciation(), minutes(0), audience)
    return [(one.contact.contact, one.repeats) for one in found]


def test_maintainers_are_told_of_their_matters_and_of_no_others() -> None:
    people: tuple[Contact, ...] = contact("P"), contact("C", "chiefs"), contact("M", "menders")
    book = Book(city_of(*people, rules=replace(RULES, maintainers="menders")))
    assert names(book, Audience.MAINTAINERS) == [("M", True)]
    assert names(book, Audience.OPERATORS) == [("P", True), ("C", True)]
    assert names(book, Audience.BOTH) == [("P", True), ("C", True), ("M", True)]
    far = Book(
        city_of(*people[:2], contact("M", "menders", areas=("99",)), rules=replace(RULES, maintainers="menders"))
    )
    assert names(far, Audience.MAINTAINERS) == [("P", True), ("C", True)]  # somebody has to be told
