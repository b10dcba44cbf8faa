"""The table of states in docs/alarms.md, cell by cell: each is what the life cycle does."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from command_center.alarms import life_cycle, set_aside
from command_center.alarms.alarm import Alarm, Aside, Refutation, State
from command_center.errors import AlarmActive, NotAllowed
from tests.unit.command_center.alarms.test_life_cycle import after, at
from tests.unit.command_center.little_city import minutes, raised, returned

DOC = Path(__file__).parents[4] / "docs" / "alarms.md"
THEN, NOW = minutes(50), minutes(60)


def acknowledged(alarm: Alarm) -> Alarm:
    return life_cycle.acknowledge(alarm, "sari", THEN)


def shelved(alarm: Alarm) -> Alarm:
    return set_aside.shelve(alarm, "sari", "sensor bergetar", THEN, minutes(90))


def left(alarm: Alarm) -> Alarm:
    return after(returned("hijau"), alarm=alarm, seq=40)


def refuted(alarm: Alarm) -> Alarm:
    seen = Refutation(by="budi", seen="camera", comment="kering", at_us=NOW, until_us=minutes(90), rank=0, severity=0)
    return set_aside.refute(alarm, seen)


UNACKNOWLEDGED = after(raised("hijau"))
STATES: Mapping[str, Alarm | None] = {
    "normal": None,
    "unacknowledged": UNACKNOWLEDGED,
    "acknowledged": acknowledged(UNACKNOWLEDGED),
    "returned, unacknowledged": left(UNACKNOWLEDGED),
    "shelved, unacknowledged": shelved(UNACKNOWLEDGED),
    "shelved, acknowledged": shelved(acknowledged(UNACKNOWLEDGED)),
    "shelved, returned": left(shelved(acknowledged(UNACKNOWLEDGED))),
    "suppressed": set_aside.put_aside(UNACKNOWLEDGED, Aside.SUPPRESSED, THEN),
    "out of service": set_aside.put_aside(UNACKNOWLEDGED, Aside.OUT_OF_SERVICE, THEN),
}


def by_people(act: Callable[[Alarm], Alarm]) -> Callable[[Alarm | None], Alarm | None]:
    return lambda alarm: None if alarm is None else act(alarm)


HAPPENINGS: Mapping[str, Callable[[Alarm | None], Alarm | None]] = {
    "a level is reached": lambda alarm: life_cycle.apply(alarm, raised("hijau"), at(60)),
    "a worse one": lambda alarm: life_cycle.apply(alarm, raised("kuning"), at(60)),
    "all are left": lambda alarm: life_cycle.apply(alarm, returned("hijau"), at(60)),
    "acknowledge": by_people(lambda alarm: life_cycle.acknowledge(alarm, "budi", NOW)),
    "close": by_people(lambda alarm: life_cycle.close(alarm, "budi", NOW)),
    "shelve": by_people(lambda alarm: set_aside.shelve(alarm, "budi", "bising", NOW, minutes(90))),
    "shelf over": by_people(lambda alarm: set_aside.unshelve(alarm, NOW)),
    "refute": by_people(refuted),
    "order begins": by_people(lambda alarm: set_aside.put_aside(alarm, alarm.aside or Aside.SUPPRESSED, NOW)),
    "order over": by_people(lambda alarm: set_aside.put_aside(alarm, None, NOW)),
}


def cell(before: Alarm | None, happening: Callable[[Alarm | None], Alarm | None]) -> str:
    """What comes of it, as the table says it: `·` nothing, `!` somebody is called, `409` refused."""
    try:
        alarm = happening(before)
    except (AlarmActive, NotAllowed):
        return "409"
    if alarm is before:
        return "·"
    assert alarm is not None
    calls = alarm.calls - (before.calls if before is not None and before.id == alarm.id else 0)
    return f"{_name(alarm)}{' !' if calls and not alarm.muted else ''}"


def _name(alarm: Alarm) -> str:
    bits = "" if alarm.state is not State.SHELVED else "unacknowledged" if alarm.unacknowledged else "acknowledged"
    if alarm.state is State.SHELVED and not alarm.active and not alarm.unacknowledged:
        bits = "returned"
    words = str(alarm.state).replace("returned_unacknowledged", "returned, unacknowledged").replace("_", " ")
    return f"{words}, {bits}" if bits else words


def table() -> str:
    rows = [["state", *HAPPENINGS], ["---"] * (len(HAPPENINGS) + 1)]
    rows += [[name, *(cell(alarm, act) for act in HAPPENINGS.values())] for name, alarm in STATES.items()]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def test_the_document_has_the_table_that_the_code_makes() -> None:
    assert table() in DOC.read_text(encoding="utf-8"), f"docs/alarms.md should have\n{table()}"


@pytest.mark.parametrize("name", list(STATES))
def test_each_row_stands_for_the_state_that_it_names(name: str) -> None:
    alarm = STATES[name]
    assert (name if alarm is None else _name(alarm)) == name
