"""A trouble, and how conditions make it: pure, no clock, no database.

A condition is what is wrong at one moment, as its part says it (a siren does not answer, no screen shows an alarm).  A
trouble is its story: called once, acknowledged by a name, cleared when the condition is gone.  What comes back within
`REOPEN_US` is the same trouble, and calls nobody again unless it is graver or has another cause.
"""

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec
from msgspec.structs import replace

from command_center.audience import Audience
from sensors.catalogue import Text
from sensors.times import MINUTE_US

REOPEN_US: Final = 10 * MINUTE_US  # a link that comes and goes is one trouble
MOST_OPEN: Final = 500  # a city has at most 500 actuators; beyond it they are counted
Key = tuple[str, str]


class Condition(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong now."""

    subject: str  # an actuator, a broker, an annunciation, or `screens`
    kind: str  # unconfirmed, expired, sounds_alone, broker, unseen
    since_us: int
    text: Text
    severity: int  # 1–4, as alarms have it
    place: str = ""  # station, or area by its Kemendagri code; empty: it is everybody's
    cause: str = ""  # for another one it calls again
    exercise: bool = False
    audience: Audience = Audience.OPERATORS

    @property
    def key(self) -> Key:
        """What it is the same by."""
        return self.subject, self.kind


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """The story of a condition."""

    id: str
    condition: Condition  # as it was last
    raised_us: int
    called_us: int
    calls: int = 1
    cleared_us: int | None = None
    acknowledged_us: int | None = None
    acknowledged_by: str | None = None
    comment: str = ""

    @property
    def is_open(self) -> bool:
        """It is still so."""
        return self.cleared_us is None

    @property
    def unacknowledged(self) -> bool:
        """Nobody has said that they act on it."""
        return self.acknowledged_by is None

    @property
    def is_wanting(self) -> bool:
        """Somebody has yet to act on it."""
        return self.is_open and self.unacknowledged


def stepped(known: Mapping[Key, Trouble], found: Iterable[Condition], now_us: int) -> list[Trouble]:
    """The troubles that change at `now_us`, as they are after it; `known` has the newest of each key."""
    conditions = {one.key: one for one in found}
    cleared = [
        replace(trouble, cleared_us=now_us)
        for key, trouble in known.items()
        if trouble.is_open and key not in conditions
    ]
    changed = []
    for number, (key, condition) in enumerate(conditions.items()):
        before = known.get(key)
        if before is None or (before.cleared_us is not None and now_us - before.cleared_us > REOPEN_US):
            changed.append(Trouble(id=f"T{now_us}-{number}", condition=condition, raised_us=now_us, called_us=now_us))
        elif (after := _again(before, condition, now_us)) is not before:
            changed.append(after)
    return [*cleared, *changed]


def acknowledged(trouble: Trouble, by: str, comment: str, now_us: int) -> Trouble:
    """The trouble, acknowledged; the same object where it is over, or was before: the first name stays."""
    if not trouble.is_wanting:
        return trouble
    return replace(trouble, acknowledged_us=now_us, acknowledged_by=by, comment=comment)


def _again(before: Trouble, condition: Condition, now_us: int) -> Trouble:
    """A trouble that is known, with the condition as it is now."""
    is_graver = condition.severity > before.condition.severity
    if is_graver or condition.cause != before.condition.cause:
        return replace(
            before,
            condition=condition,
            calls=before.calls + 1,
            called_us=now_us,
            cleared_us=None,
            acknowledged_us=None,
            acknowledged_by=None,
            comment="",
        )
    if before.is_open and condition.text == before.condition.text:
        return before
    return replace(before, condition=condition, cleared_us=None)
