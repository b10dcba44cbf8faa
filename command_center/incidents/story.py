"""An incident's whole story out of operations.db: breaches, who was told when, who acted, what was sounded and warned.

Everything is bounded; what is left out is counted and said.
"""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from typing import Final, Literal, NamedTuple

import msgspec

from command_center.actuators.command import Command
from command_center.alarms.alarm import Alarm
from command_center.incidents.story_words import action_words, event_words, notice_words, siren_words, warning_words
from command_center.operations import Operations
from sensors.catalogue import Catalogue, Text

MOST_ALARMS: Final = 200  # of one incident, those born first
MOST_TOLD: Final = 4_000  # of each kind, the oldest

Kind = Literal["breach", "act", "told"]


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened.  `by` is empty for the detector and for what time did."""

    at_us: int  # µs UTC
    kind: Kind  # found by the detector, done by somebody, told to somebody
    alarm: str
    datastream: str
    what: Text
    by: str = ""
    comment: str = ""
    time_us: int | None = None  # phenomenon time of what the detector found


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """An incident: its alarms, and everything that happened to them, oldest first."""

    incident: str
    alarms: tuple[Alarm, ...]
    told: tuple[Told, ...]
    alarms_left_out: int = 0
    told_left_out: int = 0


class _Asked(NamedTuple):
    """What a part of the story is read with."""

    connection: sqlite3.Connection
    ids: str  # JSON list of the alarms' ids
    datastream_of: dict[str, str]
    catalogue: Catalogue


def story(operations: Operations, incident: str, alarms: Sequence[Alarm], catalogue: Catalogue) -> Story:
    """The story of `alarms`, those of an incident by birth.  Waits for the disk.  Raises OperationsError."""
    kept = tuple(alarms[:MOST_ALARMS])
    told: list[Told] = []
    left_out = 0
    with operations.reading() as connection:
        asked = _Asked(
            connection,
            msgspec.json.encode([a.id for a in kept]).decode(),
            {a.id: a.datastream for a in kept},
            catalogue,
        )
        for part in _PARTS:
            found = list(part(asked))
            told += found[:MOST_TOLD]
            left_out += max(0, len(found) - MOST_TOLD)
    told.sort(key=lambda one: one.at_us)
    return Story(
        incident=incident,
        alarms=kept,
        told=tuple(told),
        alarms_left_out=len(alarms) - len(kept),
        told_left_out=left_out,
    )


def _events(asked: _Asked) -> Iterable[Told]:
    rows = asked.connection.execute(
        "SELECT alarm_id, at_us, event, by, comment, change FROM alarm_event"
        " WHERE alarm_id IN (SELECT value FROM json_each(?)) ORDER BY at_us, number",
        (asked.ids,),
    )
    for alarm_id, at_us, event, by, comment, change in rows.fetchall():
        what, time_us = event_words(event, change, asked.datastream_of[alarm_id], asked.catalogue)
        yield Told(
            at_us=at_us,
            kind="act" if by else "breach",
            alarm=alarm_id,
            datastream=asked.datastream_of[alarm_id],
            what=what,
            by=by,
            comment=comment,
            time_us=time_us,
        )


def _notices(asked: _Asked) -> Iterable[Told]:
    """Each attempt; a notice without any at the time at which it was planned."""
    rows = asked.connection.execute(
        "SELECT n.alarm_id, coalesce(t.at_us, n.planned_us), t.outcome, t.detail, n.contact, n.target, n.why, n.late,"
        " n.progress, n.reason FROM notice n LEFT JOIN notice_attempt t ON t.notice = n.number"
        " WHERE n.alarm_id IN (SELECT value FROM json_each(?)) ORDER BY 2, n.number, t.number",
        (asked.ids,),
    )
    for alarm_id, at_us, outcome, detail, contact, target, why, late, progress, reason in rows.fetchall():
        yield Told(
            at_us=at_us,
            kind="told",
            alarm=alarm_id,
            datastream=asked.datastream_of[alarm_id],
            what=notice_words(outcome or progress, why, late=bool(late)),
            by=f"{contact} ({target})",
            comment=detail or reason,
        )


def _actions(asked: _Asked) -> Iterable[Told]:
    rows = asked.connection.execute(
        "SELECT a.alarm_id, e.at_us, e.act, e.by, e.comment, json_extract(a.body, '$.what.id'),"
        " json_extract(a.body, '$.what.en'), json_extract(a.body, '$.opd') FROM action_event e"
        " JOIN action a ON a.id = e.action_id WHERE a.alarm_id IN (SELECT value FROM json_each(?))"
        " ORDER BY e.at_us, e.number",
        (asked.ids,),
    )
    for alarm_id, at_us, act, by, comment, indonesian, english, opd in rows.fetchall():
        what = action_words(act, Text(indonesian, english), opd)
        datastream = asked.datastream_of[alarm_id]
        yield Told(at_us=at_us, kind="act", alarm=alarm_id, datastream=datastream, what=what, by=by, comment=comment)


def _reports(asked: _Asked) -> Iterable[Told]:
    rows = asked.connection.execute(
        "SELECT alarm_id, sent_us, by, json_extract(body, '$.text.chat.id'), json_extract(body, '$.text.chat.en')"
        " FROM report WHERE alarm_id IN (SELECT value FROM json_each(?)) ORDER BY sent_us, number",
        (asked.ids,),
    )
    for alarm_id, at_us, by, indonesian, english in rows.fetchall():
        what = Text(f"Laporan berkala: {indonesian}", f"Timed report: {english}")
        yield Told(at_us=at_us, kind="told", alarm=alarm_id, datastream=asked.datastream_of[alarm_id], what=what, by=by)


def _warnings(asked: _Asked) -> Iterable[Told]:
    rows = asked.connection.execute(
        "SELECT json_extract(c.body, '$.about.alarm_id') AS alarm, t.at_us, t.act, t.by, t.comment, c.id,"
        " json_extract(c.body, '$.alert.status') FROM cap_alert c JOIN cap_act t ON t.alert_id = c.id"
        " WHERE alarm IN (SELECT value FROM json_each(?)) ORDER BY t.at_us, t.number",
        (asked.ids,),
    )
    for alarm_id, at_us, act, by, comment, identifier, status in rows.fetchall():
        yield Told(
            at_us=at_us,
            kind="act",
            alarm=alarm_id,
            datastream=asked.datastream_of[alarm_id],
            what=warning_words(act, identifier, status or ""),
            by=by,
            comment=comment,
        )


def _sirens(asked: _Asked) -> Iterable[Told]:
    rows = asked.connection.execute(
        "SELECT body FROM actuation WHERE json_extract(body, '$.alarm_id') IN (SELECT value FROM json_each(?))"
        " ORDER BY number",
        (asked.ids,),
    )
    for (body,) in rows.fetchall():
        command = _COMMAND.decode(body)
        datastream = asked.datastream_of[command.alarm_id]
        for at_us, what in siren_words(command):
            yield Told(
                at_us=at_us,
                kind="told",
                alarm=command.alarm_id,
                datastream=datastream,
                what=what,
                by=command.by,
                comment=command.comment,
            )


_COMMAND: Final = msgspec.json.Decoder(Command)
_PARTS: Final[tuple[Callable[[_Asked], Iterable[Told]], ...]] = (
    _events,
    _notices,
    _actions,
    _reports,
    _warnings,
    _sirens,
)
