"""Troubles as API and wall show them."""

import msgspec

from command_center.troubles.trouble import Trouble
from sensors.catalogue import Text
from sensors.times import rfc3339


class TroubleView(msgspec.Struct, frozen=True, kw_only=True):
    """A trouble."""

    id: str
    subject: str  # an actuator, a broker, an annunciation, or `screens`
    kind: str  # unconfirmed, expired, sounds_alone, broker, unseen
    severity: int
    exercise: bool
    text: Text
    since: str
    since_us: int
    called_at: str
    calls: int
    cleared_at: str | None
    acknowledged_at: str | None
    acknowledged_by: str | None
    comment: str


def trouble_view(trouble: Trouble) -> TroubleView:
    """A trouble as it stands."""
    condition = trouble.condition
    return TroubleView(
        id=trouble.id,
        subject=condition.subject,
        kind=condition.kind,
        severity=condition.severity,
        exercise=condition.exercise,
        text=condition.text,
        since=rfc3339(condition.since_us),
        since_us=condition.since_us,
        called_at=rfc3339(trouble.called_us),
        calls=trouble.calls,
        cleared_at=None if trouble.cleared_us is None else rfc3339(trouble.cleared_us),
        acknowledged_at=None if trouble.acknowledged_us is None else rfc3339(trouble.acknowledged_us),
        acknowledged_by=trouble.acknowledged_by,
        comment=trouble.comment,
    )
