"""A standing action that a level has opened: pure, no clock, no database.

A crossing opens it, a named person takes it, carries it out (`done`) and takes it back (`undone`).  Until then it
stands, through restarts, shift changes and the end of the alarm: clearing an alarm never reopens a road.
An action is a value: each act makes the next one of it, and gives back the same object where it changes nothing.
"""

from collections.abc import Collection, Iterable
from enum import StrEnum
from typing import Final

import msgspec
from msgspec.structs import replace

from command_center.alarms.alarm import Alarm, Aside, Held
from command_center.errors import NotAllowed
from sensors.catalogue import Level, StandingAction, Text
from sensors.times import rfc3339

SEEN_BY: Final = ("camera", "radio", "neighbour", "on_site")


class ActionState(StrEnum):
    """How far it is."""

    WAITING = "waiting"  # nobody has it
    TAKEN = "taken"
    DONE = "done"  # it stands: the road is closed, the pump runs
    UNDONE = "undone"  # taken back, or not needed any more: off the list


class ActionAct(StrEnum):
    """What happened to an action."""

    OPENED = "opened"
    TAKEN = "taken"
    DONE = "done"
    UNDONE = "undone"
    NOTE = "note"


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """Who did something, and when."""

    by: str
    at_us: int


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """One opened action, with its row of actions.csv as it was then."""

    id: str
    alarm_id: str
    action: str
    datastream: str  # {station}:{property}
    level: str
    rank: int
    severity: int
    what: Text
    opd: str
    takes_min: float
    undo_level: str
    exercise: bool  # simulated, replayed, or a level that the city itself marks as made up
    illustrative: bool  # the row of actions.csv is made up
    since_us: int  # when the level was reached
    opened_us: int  # when Siaga knew
    taken: Act | None = None
    done: Act | None = None
    undone: Act | None = None
    seen: str = ""  # by what it was seen that it could be taken back, where the gauge could not tell

    @property
    def key(self) -> str:
        """That of its row: of each only one is open."""
        return f"{self.datastream}!{self.action}"

    @property
    def is_open(self) -> bool:
        """Not taken back yet."""
        return self.undone is None

    @property
    def state(self) -> ActionState:
        """How far it is."""
        if self.undone is not None:
            return ActionState.UNDONE
        if self.done is not None:
            return ActionState.DONE
        return ActionState.WAITING if self.taken is None else ActionState.TAKEN


class ActionEvent(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to an action; `by` is empty for the detector."""

    action_id: str
    at_us: int
    act: ActionAct
    by: str = ""
    comment: str = ""


class Gauge(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a datastream when somebody wants to take an action back."""

    alarm: Alarm | None  # the open one
    levels: tuple[Level, ...]  # in force
    heard: bool  # anything was, since the log began


def crossed(before: Alarm | None, after: Alarm) -> list[Held]:
    """The levels that `after` stands on and `before` did not: reached, real, and not in maintenance."""
    known = set() if before is None else {held.level for held in _standing(before)}
    return [held for held in _standing(after) if held.level not in known]


def opened_by(
    before: Alarm | None, after: Alarm, table: Iterable[StandingAction], open_keys: Collection[str]
) -> list[Action]:
    """The actions that the step from `before` to `after` opens, each with its first id; not what is open already.

    `table` has the rows of the alarm's datastream.
    """
    held_by = {held.level: held for held in crossed(before, after)}
    return [
        Action(
            id=f"{after.id}.{row.action}",
            alarm_id=after.id,
            action=row.action,
            datastream=after.datastream,
            level=row.level,
            rank=held_by[row.level].rank,
            severity=held_by[row.level].severity,
            what=row.what,
            opd=row.opd,
            takes_min=row.takes_min,
            undo_level=row.undo_level,
            exercise=held_by[row.level].exercise,
            illustrative=row.is_illustrative,
            since_us=held_by[row.level].time_us,
            opened_us=after.changed_us,
        )
        for row in table
        if row.level in held_by and row.key not in open_keys
    ]


def take(action: Action, by: str, now_us: int, *, over: bool) -> Action:
    """`action` in the hands of `by`; from another's only if he says so (`over`): a shift hands over, a click does not.

    Raises NotAllowed where another has it, or where it is taken back.
    """
    _check_open(action)
    if action.taken is not None and action.taken.by != by and not over:
        since = rfc3339(action.taken.at_us)
        raise NotAllowed(f"{action.taken.by} has {action.key} since {since}: say that you take it over")
    same = action.taken is not None and action.taken.by == by
    return action if same else replace(action, taken=Act(by=by, at_us=now_us))


def carry_out(action: Action, by: str, now_us: int) -> Action:
    """`action` as done; who does what nobody had takes it by the same act.  The first to say so stays on record."""
    _check_open(action)
    if action.done is not None:
        return action
    act = Act(by=by, at_us=now_us)
    return replace(action, taken=action.taken or act, done=act)


def undo(action: Action, by: str, now_us: int, gauge: Gauge, seen: str = "") -> Action:
    """`action` taken back, or let be as not needed any more.  Raises NotAllowed where the level forbids it."""
    if not action.is_open:
        return action
    why = why_not_yet(action, gauge, seen)
    if why:
        raise NotAllowed(why)
    return replace(action, undone=Act(by=by, at_us=now_us), seen=seen)


def why_not_yet(action: Action, gauge: Gauge, seen: str = "") -> str:
    """Why an action may not be taken back; empty = it may.

    Its undo level and every worse one must be left.  What a gauge cannot tell (silent, never heard, out of service) a
    person must have seen; so it is where a named person has refuted what the gauge holds.
    """
    bound = next((level for level in gauge.levels if level.level == action.undo_level), None)
    if bound is None:  # by hand at any time, or the city has no such level any more
        return ""
    beyond = {one.level for one in gauge.levels if one.direction == bound.direction and one.rank >= bound.rank}
    alarm, where = gauge.alarm, action.datastream
    doubted = alarm is not None and (alarm.refutation is not None or alarm.aside is Aside.OUT_OF_SERVICE)
    held = [] if alarm is None else [h.level for h in alarm.held if h.level in beyond and not h.historical]
    if held and not doubted:
        return f"{where} still holds {held[-1]}: {action.action} may be taken back when it is below {bound.level}"
    unseen = not gauge.heard or (alarm is not None and (doubted or alarm.silence is not None))
    if unseen and not seen:
        how = ", ".join(SEEN_BY)
        return f"{where} cannot tell whether it is below {bound.level}: say by what you saw that it is ({how})"
    return ""


def _standing(alarm: Alarm) -> list[Held]:
    """The levels that ask for action: not those of old stories, and none while the station is worked on."""
    return [] if alarm.aside is not None else [held for held in alarm.held if not held.historical]


def _check_open(action: Action) -> None:
    if action.undone is not None:
        since = rfc3339(action.undone.at_us)
        raise NotAllowed(f"{action.key} was taken back by {action.undone.by} at {since}: nothing is left to do")
