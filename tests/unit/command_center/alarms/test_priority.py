"""Which alarm comes first: minutes left less minutes needed."""

import pytest

from command_center.alarms.alarm import Alarm
from command_center.alarms.priority import Ahead, priority_of
from sensors.catalogue import Text
from sensors.transition import Cause, Kind
from tests.unit.command_center.alarms.test_life_cycle import after
from tests.unit.command_center.little_city import raised, returned, transition


def ahead(left_min: float, needed_min: float | None, severity: int = 4) -> Ahead:
    return Ahead(level=Text("Siaga Merah", "Red alert"), severity=severity, left_min=left_min, needed_min=needed_min)


@pytest.mark.parametrize(
    ("alarm", "word"),
    [
        (after(transition(Kind.SILENT, severity=1)), "low"),
        (after(raised("hijau")), "medium"),
        (after(raised("kuning")), "high"),
        (after(raised("merah")), "highest"),
        (after(raised("merah", historical=True)), "low"),
        (after(raised("kuning", count=3)), "medium"),
        (after(raised("merah", count=9)), "highest"),
    ],
)
def test_the_level_says_how_bad_it_is(alarm: Alarm, word: str) -> None:
    assert priority_of(alarm).word == word


def test_too_little_time_for_the_actions_raises_it_and_says_so() -> None:
    tight = priority_of(after(raised("hijau")), ahead(20, 25))
    assert (tight.word, tight.margin_min) == ("high", -5)
    assert tight.reasons[1] == Text(
        "Siaga Merah paling cepat 20 menit lagi, tindakan perlu 25 menit: selisih -5 menit",
        "Red alert in 20 min at the earliest, actions need 25 min: margin -5 min",
    )
    assert priority_of(after(raised("kuning")), ahead(20, 25)).word == "highest"


@pytest.mark.parametrize("what", [ahead(30, 25), ahead(20, None), ahead(20, 25, severity=2)])
def test_time_enough_no_actions_or_no_worse_level_ahead_leaves_it(what: Ahead) -> None:
    assert priority_of(after(raised("hijau")), what).word == "medium"


def test_what_has_returned_or_is_history_has_nothing_ahead() -> None:
    assert priority_of(after(raised("hijau"), returned("hijau")), ahead(20, 25)).margin_min is None
    assert priority_of(after(raised("hijau", historical=True)), ahead(20, 25)).word == "low"


def test_quality_is_told_and_moves_nothing() -> None:
    doubted = priority_of(after(raised("kuning", verify=True)))
    assert (doubted.word, doubted.reasons[-1].en) == ("high", "reading is suspect: verify now")
    lost = priority_of(after(raised("kuning"), transition(Kind.SILENT, cause=Cause.LOST_RISING, rate_per_h=60.0)))
    assert [reason.en for reason in lost.reasons[1:]] == ["no data", "rising when lost"]
