"""The record: every notice and every attempt, as the API tells it."""

from typing import Any, Final

import msgspec

from command_center.operations import Operations
from sensors.times import rfc3339

MOST_ATTEMPTS: Final = 50  # told of one notice, the newest; `attempts` counts all


class AttemptView(msgspec.Struct, frozen=True, kw_only=True):
    """One try."""

    at: str
    ended_at: str | None  # null: nobody knows how it ended
    outcome: str  # begun, sent, refused, unknown
    unrecorded: bool  # made while operations.db took no writes
    detail: str


class NoticeView(msgspec.Struct, frozen=True, kw_only=True):
    """One message to one chat or number.  `target` says where its address is; `alarm` is null for a test."""

    number: int
    alarm: str | None
    call: int
    contact: str
    target: str
    why: str  # first, escalated, repeat, released, test
    ordinal: int
    severity: int
    exercise: bool
    late: bool
    planned_at: str
    not_before: str
    progress: str  # waiting, sent, withdrawn
    done_at: str | None
    reason: str  # of what was withdrawn
    attempts: int
    tries: list[AttemptView]


def notices_after(operations: Operations, after: int, limit: int, alarm_id: str | None) -> list[NoticeView]:
    """Notices by number, of one alarm or of all."""
    rows = operations.read(
        "SELECT number, alarm_id, call, contact, target, why, ordinal, severity, exercise, late, planned_us,"
        " not_before_us, progress, done_us, reason, attempts FROM notice"
        " WHERE number > ? AND (? IS NULL OR alarm_id = ?) ORDER BY number LIMIT ?",
        after,
        alarm_id,
        alarm_id,
        limit,
    )
    tries = _tries(operations, rows[0][0], rows[-1][0]) if rows else {}
    return [_view(row, tries.get(row[0], [])) for row in rows]


def notices_before(operations: Operations, before: int, limit: int, alarm_id: str | None) -> list[NoticeView]:
    """Notices below a number, newest first, of one alarm or of all."""
    rows = operations.read(
        "SELECT number, alarm_id, call, contact, target, why, ordinal, severity, exercise, late, planned_us,"
        " not_before_us, progress, done_us, reason, attempts FROM notice"
        " WHERE number < ? AND (? IS NULL OR alarm_id = ?) ORDER BY number DESC LIMIT ?",
        before,
        alarm_id,
        alarm_id,
        limit,
    )
    tries = _tries(operations, rows[-1][0], rows[0][0]) if rows else {}
    return [_view(row, tries.get(row[0], [])) for row in rows]


def _tries(operations: Operations, first: int, last: int) -> dict[int, list[AttemptView]]:
    rows = operations.read(
        "SELECT notice, at_us, ended_us, outcome, unrecorded, detail FROM notice_attempt"
        " WHERE notice BETWEEN ? AND ? ORDER BY number",
        first,
        last,
    )
    found: dict[int, list[AttemptView]] = {}
    for notice, at_us, ended_us, outcome, unrecorded, detail in rows:
        view = AttemptView(
            at=rfc3339(at_us),
            ended_at=_time(ended_us),
            outcome=outcome,
            unrecorded=bool(unrecorded),
            detail=detail,
        )
        found[notice] = [*found.get(notice, []), view][-MOST_ATTEMPTS:]
    return found


def _view(row: tuple[Any, ...], tries: list[AttemptView]) -> NoticeView:
    number, alarm_id, call, contact, target, why, ordinal, severity, exercise, late, *rest = row
    planned_us, not_before_us, progress, done_us, reason, attempts = rest
    return NoticeView(
        number=number,
        alarm=alarm_id or None,
        call=call,
        contact=contact,
        target=target,
        why=why,
        ordinal=ordinal,
        severity=severity,
        exercise=bool(exercise),
        late=bool(late),
        planned_at=rfc3339(planned_us),
        not_before=rfc3339(not_before_us),
        progress=progress,
        done_at=_time(done_us),
        reason=reason,
        attempts=attempts,
        tries=tries,
    )


def _time(time_us: int | None) -> str | None:
    return None if time_us is None else rfc3339(time_us)
