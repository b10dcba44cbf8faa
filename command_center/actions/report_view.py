"""Reports by the clock as API and wall show them."""

from typing import Any

import msgspec

from command_center.actions.report import Due, ReportText, Sent
from sensors.times import SECOND_US, rfc3339


class Countdown(msgspec.Struct, frozen=True, kw_only=True):
    """When the next report of an alarm is due."""

    id: str
    alarm: str
    datastream: str
    level: str
    rank: int
    severity: int
    every_min: float
    count: int  # the how-manieth of its alarm and level
    due_at: str
    last_at: str | None
    last_by: str | None
    exercise: bool


class ReportView(Countdown, frozen=True, kw_only=True):
    """The next report, ready to be given.  `due_in_s` is negative where it is overdue."""

    due_in_s: float
    text: ReportText | None


class SentView(msgspec.Struct, frozen=True, kw_only=True):
    """A report on record."""

    id: str
    alarm: str
    datastream: str
    level: str
    count: int
    by: str
    how: str
    comment: str
    sent_at: str
    text: ReportText


def countdown(due: Due) -> Countdown:
    """When it is due; the same until somebody gives it."""
    return Countdown(**_fields(due))


def report_view(due: Due, text: ReportText | None, now_us: int) -> ReportView:
    """The report as of `now_us`."""
    return ReportView(**_fields(due), due_in_s=(due.due_us - now_us) / SECOND_US, text=text)


def _fields(due: Due) -> dict[str, Any]:
    given = due.given
    return {
        "id": due.id,
        "alarm": due.alarm.id,
        "datastream": due.alarm.datastream,
        "level": due.held.level,
        "rank": due.held.rank,
        "severity": due.held.severity,
        "every_min": due.every_min,
        "count": due.count,
        "due_at": rfc3339(due.due_us),
        "last_at": None if given is None else rfc3339(given.last_us),
        "last_by": None if given is None else given.last_by,
        "exercise": due.held.exercise,
    }


def sent_view(sent: Sent) -> SentView:
    """A report on record."""
    return SentView(
        id=sent.id,
        alarm=sent.alarm_id,
        datastream=sent.datastream,
        level=sent.level,
        count=sent.count,
        by=sent.by,
        how=sent.how,
        comment=sent.comment,
        sent_at=rfc3339(sent.sent_us),
        text=sent.text,
    )
