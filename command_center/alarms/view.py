"""Alarms as the API and the wall show them (the contract's `Alarm`)."""

import math

import msgspec
from msgspec.structs import asdict, replace

from command_center.alarms.alarm import Alarm, Change, Refutation, Release, Shelf
from command_center.alarms.priority import Ahead, priority_of
from command_center.alarms.release import unrefuted_us, waits
from command_center.alarms.store import AlarmEvent
from command_center.alarms.text import sentence
from command_center.observation_view import ORIGIN_WORDS
from command_center.picture.directory import Directory, is_projected
from command_center.picture.latest import Latest
from sensors.catalogue import Text
from sensors.quality import Reason
from sensors.times import rfc3339


class LevelChange(msgspec.Struct, frozen=True, kw_only=True):
    """A step in the history of an alarm's levels."""

    event: str
    kind: str
    cause: str
    level: str
    rank: int
    limit: float | None
    value: float | None
    time: str
    at: str
    historical: bool
    verify: bool  # the observation was suspect or failed
    count: int  # of a raise: the how-manieth in a row; else 0
    rate_per_h: float | None  # of silence and of what is possible: how fast it rose when it was lost


class PossibleLevel(msgspec.Struct, frozen=True, kw_only=True):
    """A level that a silent gauge could have reached, by how fast it rose when it was lost."""

    level: str
    rank: int
    severity: int
    limit: float | None
    since: str
    rate_per_h: float | None


class DoubtView(msgspec.Struct, frozen=True, kw_only=True):
    """A fall that no river makes: it is not believed, and the level stays."""

    cause: str  # after_gap, too_fast
    time: str
    value: float | None


class ShelfView(msgspec.Struct, frozen=True, kw_only=True):
    """Why and until when it calls nobody, up to that level."""

    by: str
    reason: str
    since: str
    until: str
    rank: int


class RefutationView(msgspec.Struct, frozen=True, kw_only=True):
    """Who saw that it is not so, by what, and until when that is believed."""

    by: str
    seen: str  # camera, radio, neighbour, on_site
    comment: str
    since: str
    until: str


class ReleaseView(msgspec.Struct, frozen=True, kw_only=True):
    """What confirmed the highest level."""

    how: str  # reading, neighbour, person, time
    who: str
    at: str


class AlarmView(msgspec.Struct, frozen=True, kw_only=True):
    """An alarm."""

    id: str
    datastream: str
    station: str
    property: str
    incident: str  # id of the incident it belongs to
    level: str
    rank: int
    severity: int
    priority: str
    priority_reasons: list[Text]
    left_min: float | None  # to the next level, at the earliest; None where none is projected within a day
    needed_min: float | None  # by the actions that are due at it; None where none is declared
    margin_min: float | None  # minutes left to the next level less minutes needed for its actions
    state: str
    value: float | None
    limit: float | None
    unit: str
    raised_at: str
    detected_at: str
    acknowledged_at: str | None
    acknowledged_by: str | None
    returned_at: str | None
    closed_at: str | None
    shelf: ShelfView | None
    refutation: RefutationView | None
    release: ReleaseView | None  # of the highest level: what let sirens and mass messages go out
    releases_at: str | None  # when they go out if nobody refutes it; None where nothing waits
    calls: int  # how often it was annunciated
    held_back: bool  # it chatters: its last call was held back
    since: str  # when the level shown was reached
    silent: bool
    lost_rising: bool  # silent, and it was rising when it was last heard
    rate_per_h: float | None  # then, unit per hour
    possible: list[PossibleLevel]  # while it is silent, the worst first
    verify: bool  # what reached the level shown is suspect: look
    doubt: DoubtView | None
    count: int  # the how-manieth time in a row that the level shown was reached
    historical: bool
    projected: bool  # a level of a time to come: nothing is reached yet
    exercise: bool
    quality: int
    origin: str
    levels: list[LevelChange]
    text: Text


class EventView(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to an alarm; `by` is empty for the detector."""

    at: str
    event: str
    by: str
    comment: str
    change: LevelChange | None


class AlarmWithEvents(AlarmView, frozen=True, kw_only=True):
    """An alarm and everything that happened to it."""

    events: list[EventView]


def alarm_view(
    alarm: Alarm, directory: Directory, latest: Latest, now_us: int, ahead: Ahead | None = None
) -> AlarmView:
    """An alarm as it stands at `now_us`, which tells the times of its text that need their day; `ahead`: what comes."""
    alarm, catalogue = as_seen(alarm, directory, latest), directory.catalogue
    shown, priority = alarm.shown, priority_of(alarm, ahead)
    silence = alarm.silence
    station, _, observed = alarm.datastream.partition(":")
    return AlarmView(
        id=alarm.id,
        datastream=alarm.datastream,
        station=station,
        property=observed,
        incident=alarm.incident or alarm.id,
        level=shown.level,
        rank=shown.rank,
        severity=alarm.severity,
        priority=priority.word,
        priority_reasons=priority.reasons,
        left_min=None if ahead is None else ahead.left_min,
        needed_min=None if ahead is None else ahead.needed_min,
        margin_min=priority.margin_min,
        state=alarm.state,
        value=shown.value,
        limit=shown.limit,
        unit=alarm.unit,
        raised_at=rfc3339(alarm.raised_us),
        detected_at=rfc3339(alarm.detected_us),
        acknowledged_at=_time(alarm.acknowledged_us),
        acknowledged_by=alarm.acknowledged_by,
        returned_at=_time(alarm.returned_us),
        closed_at=_time(alarm.closed_us),
        shelf=_shelf_view(alarm.shelf),
        refutation=_refutation_view(alarm.refutation),
        release=_release_view(alarm.release),
        releases_at=rfc3339(unrefuted_us(alarm, directory)) if waits(alarm) else None,
        calls=alarm.calls,
        held_back=alarm.held_back,
        since=rfc3339(shown.time_us),
        silent=silence is not None,
        lost_rising=silence is not None and silence.lost_rising,
        rate_per_h=None if silence is None else silence.rate_per_h,
        possible=possible_levels(alarm),
        verify=shown.verify,
        doubt=doubt_view(alarm),
        count=shown.count,
        historical=alarm.historical,
        projected=is_projected(catalogue.datastream_by_id.get(alarm.datastream)),
        exercise=shown.exercise,
        quality=shown.quality,
        origin=ORIGIN_WORDS[shown.origin],
        levels=[_level_change(change) for change in alarm.changes],
        text=sentence(alarm, catalogue, now_us),
    )


def as_seen(alarm: Alarm, directory: Directory, latest: Latest) -> Alarm:
    """The alarm without a doubt that the newest observation ends.

    No transition says that a river is back where it was: the first observation that is not in doubt does.
    """
    datastream = directory.catalogue.datastream_by_id.get(alarm.datastream)
    if alarm.doubt is None or datastream is None or not latest.heard(datastream.number):
        return alarm
    number = datastream.number
    is_doubted = bool(latest.reasons[number] & Reason.IMPLAUSIBLE_FALL) or math.isnan(latest.value[number])
    is_newer = int(latest.time_us[number]) > alarm.doubt.time_us
    return replace(alarm, doubt=None) if is_newer and not is_doubted else alarm


def possible_levels(alarm: Alarm) -> list[PossibleLevel]:
    """The levels that a silent gauge could have reached, the worst first."""
    return [
        PossibleLevel(
            level=held.level,
            rank=held.rank,
            severity=held.severity,
            limit=held.limit,
            since=rfc3339(held.time_us),
            rate_per_h=held.rate_per_h,
        )
        for held in sorted(alarm.possible, key=lambda held: -held.rank)
    ]


def doubt_view(alarm: Alarm) -> DoubtView | None:
    """The fall that is not believed."""
    doubt = alarm.doubt
    return None if doubt is None else DoubtView(cause=doubt.cause, time=rfc3339(doubt.time_us), value=doubt.value)


def _shelf_view(shelf: Shelf | None) -> ShelfView | None:
    if shelf is None:
        return None
    since, until = rfc3339(shelf.at_us), rfc3339(shelf.until_us)
    return ShelfView(by=shelf.by, reason=shelf.reason, since=since, until=until, rank=shelf.rank)


def _refutation_view(one: Refutation | None) -> RefutationView | None:
    if one is None:
        return None
    since, until = rfc3339(one.at_us), rfc3339(one.until_us)
    return RefutationView(by=one.by, seen=one.seen, comment=one.comment, since=since, until=until)


def _release_view(release: Release | None) -> ReleaseView | None:
    return None if release is None else ReleaseView(how=release.how, who=release.who, at=rfc3339(release.at_us))


def alarm_with_events(view: AlarmView, events: list[AlarmEvent]) -> AlarmWithEvents:
    """An alarm and everything that happened to it."""
    return AlarmWithEvents(**asdict(view), events=[_event(event) for event in events])


def _event(event: AlarmEvent) -> EventView:
    change = None if event.change is None else _level_change(event.change)
    return EventView(at=rfc3339(event.at_us), event=event.event, by=event.by, comment=event.comment, change=change)


def _level_change(change: Change) -> LevelChange:
    return LevelChange(
        event=change.event,
        kind=change.kind,
        cause=change.cause,
        level=change.level,
        rank=change.rank,
        limit=change.limit,
        value=change.value,
        time=rfc3339(change.time_us),
        at=rfc3339(change.at_us),
        historical=change.historical,
        verify=change.verify,
        count=change.count,
        rate_per_h=change.rate_per_h,
    )


def _time(time_us: int | None) -> str | None:
    return None if time_us is None else rfc3339(time_us)
