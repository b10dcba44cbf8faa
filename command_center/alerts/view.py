"""Warnings as the API shows them."""

from collections.abc import Sequence

import msgspec

from command_center.alerts.compose import marked
from command_center.alerts.faults import Fault, faults, own_faults
from command_center.alerts.message import Alert, Info
from command_center.alerts.record import AlertAct, Record
from sensors.times import rfc3339


class AuthorisationView(msgspec.Struct, frozen=True, kw_only=True):
    """Who said that it may go out, and how that was heard."""

    by: str
    means: str  # phone, radio, in_person, letter, login, standing_order
    recorded_by: str
    at: str
    comment: str


class AlertView(msgspec.Struct, frozen=True, kw_only=True):
    """A warning of ours."""

    id: str
    chain: str
    state: str  # draft, authorised, issued, superseded, cancelled, discarded
    status: str  # Actual, Exercise, Test
    msg_type: str
    scope: str
    revision: int
    alarm: str | None
    datastream: str | None
    level: str
    made_by: str  # empty: by rule
    made_at: str
    edited_by: str
    authorisation: AuthorisationView | None
    issued_by: str
    issued_at: str | None
    expires_at: str | None
    expired: bool
    ended_by: str | None  # the message that updated or cancelled it
    valid_min: int
    faults: list[Fault]  # with these it cannot be issued
    xml: str | None  # where the issued message is
    references: str
    info: list[Info]


class AlertActView(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody did about a warning; `by` is empty for a rule."""

    at: str
    act: str
    by: str
    revision: int
    comment: str


class AlertWithActs(AlertView, frozen=True, kw_only=True):
    """A warning and everything that was done about it."""

    acts: list[AlertActView]


def alert_view(record: Record, now_us: int) -> AlertView:
    """A warning as it stands."""
    alert, about, expires_us = record.alert, record.about, record.expires_us()
    return AlertView(
        id=record.id,
        chain=record.chain,
        state=record.state,
        status=alert.status,
        msg_type=alert.msg_type,
        scope=alert.scope,
        revision=record.revision,
        alarm=about.alarm_id or None,
        datastream=about.datastream or None,
        level=about.level,
        made_by=record.made_by,
        made_at=rfc3339(record.made_us),
        edited_by=record.edited_by,
        authorisation=_authorisation(record),
        issued_by=record.issued_by,
        issued_at=None if record.issued_us is None else rfc3339(record.issued_us),
        expires_at=None if expires_us is None else rfc3339(expires_us),
        expired=expires_us is not None and expires_us <= now_us,
        ended_by=record.ended_by or None,
        valid_min=record.valid_min,
        faults=[*faults(alert), *own_faults(alert)] if record.is_open else [],
        xml=None if record.issued_us is None else f"/alerts/{record.id}.xml",
        references=alert.references or "",
        info=list(alert.info),
    )


def with_acts(view: AlertView, acts: Sequence[AlertAct]) -> AlertWithActs:
    """A warning and everything that was done about it."""
    told = [
        AlertActView(at=rfc3339(act.at_us), act=act.act, by=act.by, revision=act.revision, comment=act.comment)
        for act in acts
    ]
    return AlertWithActs(**msgspec.structs.asdict(view), acts=told)


def preview(record: Record) -> Alert:
    """A draft as a message that says of itself that it is none yet."""
    return marked(msgspec.structs.replace(record.alert, status="Draft"))


def _authorisation(record: Record) -> AuthorisationView | None:
    one = record.authorisation
    if one is None:
        return None
    return AuthorisationView(
        by=one.by, means=one.means, recorded_by=one.recorded_by, at=rfc3339(one.at_us), comment=one.comment
    )
