"""Standing actions as API and wall show them."""

from collections.abc import Iterable

import msgspec

from command_center.actions.action import Act, Action, ActionEvent, Gauge, why_not_yet
from sensors.catalogue import Text
from sensors.times import rfc3339


class ActionView(msgspec.Struct, frozen=True, kw_only=True):
    """A standing action."""

    id: str
    alarm: str
    action: str
    datastream: str
    station: str
    property: str
    level: str
    rank: int
    severity: int
    state: str  # waiting, taken, done, undone
    what: Text
    opd: str
    takes_min: float
    undo_level: str  # empty: by hand at any time
    may_undo: bool  # the level allows it now
    why_not: str  # empty where it does
    since: str  # when the level was reached
    opened_at: str
    taken_by: str | None
    taken_at: str | None
    done_by: str | None
    done_at: str | None
    undone_by: str | None
    undone_at: str | None
    seen: str
    exercise: bool
    illustrative: bool


class ActionEventView(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to an action; `by` is empty for the detector."""

    at: str
    event: str
    by: str
    comment: str


class ActionWithEvents(ActionView, frozen=True, kw_only=True):
    """An action and everything that happened to it."""

    events: list[ActionEventView]


def action_view(action: Action, gauge: Gauge) -> ActionView:
    """An action as it stands."""
    station, _, observed = action.datastream.partition(":")
    why_not = why_not_yet(action, gauge) if action.is_open else "it is taken back already"
    return ActionView(
        id=action.id,
        alarm=action.alarm_id,
        action=action.action,
        datastream=action.datastream,
        station=station,
        property=observed,
        level=action.level,
        rank=action.rank,
        severity=action.severity,
        state=action.state,
        what=action.what,
        opd=action.opd,
        takes_min=action.takes_min,
        undo_level=action.undo_level,
        may_undo=not why_not,
        why_not=why_not,
        since=rfc3339(action.since_us),
        opened_at=rfc3339(action.opened_us),
        taken_by=_by(action.taken),
        taken_at=_at(action.taken),
        done_by=_by(action.done),
        done_at=_at(action.done),
        undone_by=_by(action.undone),
        undone_at=_at(action.undone),
        seen=action.seen,
        exercise=action.exercise,
        illustrative=action.illustrative,
    )


def with_events(view: ActionView, events: Iterable[ActionEvent]) -> ActionWithEvents:
    """An action and everything that happened to it."""
    told = [ActionEventView(at=rfc3339(e.at_us), event=e.act, by=e.by, comment=e.comment) for e in events]
    return ActionWithEvents(**msgspec.structs.asdict(view), events=told)


def _by(act: Act | None) -> str | None:
    return None if act is None else act.by


def _at(act: Act | None) -> str | None:
    return None if act is None else rfc3339(act.at_us)
