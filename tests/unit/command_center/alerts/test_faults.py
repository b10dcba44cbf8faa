"""What is wrong with a message, named by its place."""

import pytest

from command_center.alerts.faults import faults, own_faults
from command_center.alerts.message import Alert, reference, referenced
from command_center.alerts.write import to_xml
from command_center.errors import CapError
from tests.unit.command_center.alerts.messages import SENT, message, with_area, with_info

GOOD = message()
SQUARE = "-7.4,112.4 -7.4,112.5 -7.5,112.5 -7.4,112.4"
END = "alert.info[0].expires"


def places(alert: Alert, *, own: bool = False) -> list[str]:
    return [fault.where for fault in (own_faults(alert) if own else faults(alert))]


def test_nothing_is_wrong_with_a_good_message() -> None:
    assert faults(GOOD) == []
    assert own_faults(GOOD) == []


@pytest.mark.parametrize(
    ("alert", "where"),
    [
        (message(identifier="a b"), "alert.identifier"),
        (message(sender="a<b"), "alert.sender"),
        (message(sender=""), "alert.sender"),
        (message(sent="2025-11-22T15:00:00Z"), "alert.sent"),
        (message(sent="2025-02-30T15:00:00+07:00"), "alert.sent"),
        (message(status="actual"), "alert.status"),
        (message(scope="Restricted"), "alert.restriction"),
        (message(scope="Private", addresses=" "), "alert.addresses"),
        (message(msg_type="Update"), "alert.references"),
        (message(msg_type="Update", references="a,b"), "alert.references"),
        (message(references=f"a,b,{SENT}"), "alert.references"),
        (message(msg_type="Error", references=f"a,b,{SENT}"), "alert.note"),
        (with_info(GOOD, category=()), "alert.info[0].category"),
        (with_info(GOOD, severity="Worst"), "alert.info[0].severity"),
        (with_info(GOOD, language="id_ID"), "alert.info[0].language"),
        (with_info(GOOD, expires=SENT, effective=None), END),
        (with_info(GOOD, effective="2025-11-23T04:00:00+07:00"), END),
        (with_info(GOOD, onset="2025-11-23T05:00:00+08:00"), END),
        (with_area(GOOD, polygon=("-7.4,112.4 -7.4,112.5 -7.4,112.4",)), "alert.info[0].area[0].polygon[0]"),
        (with_area(GOOD, polygon=(SQUARE, SQUARE.replace("-7.5", "-97"))), "alert.info[0].area[0].polygon[1]"),
        (with_area(GOOD, polygon=(SQUARE[:-1] + "1",)), "alert.info[0].area[0].polygon[0]"),
        (with_area(GOOD, circle=("-7.4,112.4",)), "alert.info[0].area[0].circle[0]"),
        (with_area(GOOD, ceiling="5"), "alert.info[0].area[0].ceiling"),
        (with_area(GOOD, altitude="9", ceiling="5"), "alert.info[0].area[0].ceiling"),
        (with_info(GOOD, headline="bell \x07"), "alert.info[0].headline"),
    ],
)
def test_each_fault_is_named_once(alert: Alert, where: str) -> None:
    assert places(alert) == [where]


@pytest.mark.parametrize(
    ("alert", "where"),
    [
        (message(info=()), "alert.info"),
        (with_info(GOOD, certainty="Unknown"), "alert.info[0].certainty"),
        (with_info(GOOD, urgency="Unknown"), "alert.info[0].urgency"),
        (with_info(GOOD, expires=None), END),
        (with_info(GOOD, instruction=" "), "alert.info[0].instruction"),
        (with_info(GOOD, area=()), "alert.info[0].area"),
        (with_area(GOOD, geocode=()), "alert.info[0].area[0]"),
        (message(status="Exercise"), "alert.info[0].headline"),
        (with_info(GOOD, headline="x" * 4_001), "alert.info[0].headline"),
    ],
)
def test_our_own_messages_say_more(alert: Alert, where: str) -> None:
    assert faults(alert) == []
    assert places(alert, own=True) == [where]


def test_a_triangle_is_a_polygon_of_four_points() -> None:
    assert faults(with_area(GOOD, polygon=(SQUARE,), circle=("-7.4,112.4 5",))) == []


def test_a_reference_is_a_triple() -> None:
    update = message(msg_type="Update", references=f"{reference(GOOD)} x,old-1,{SENT}")
    assert faults(update) == []
    assert referenced(update) == ["a-1", "old-1"]


def test_what_xml_cannot_write_is_not_written() -> None:
    with pytest.raises(CapError, match=r"headline: expected characters that XML can write, got '\\x07'"):
        to_xml(with_info(GOOD, headline="bell \x07"))
