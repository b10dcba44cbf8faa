"""Sirens and lamps as API and wall show them."""

import msgspec

from command_center.actuators.command import Command
from command_center.actuators.trouble import is_unproven
from sensors.actuator import Actuator
from sensors.times import HOUR_US, SECOND_US, rfc3339

DAY_US = 24 * HOUR_US


class CommandView(msgspec.Struct, frozen=True, kw_only=True):
    """What an actuator was told, and what became of it."""

    id: str
    set: str  # on, off
    why: str  # alarm, person, test
    alarm: str
    by: str  # empty: by itself
    comment: str
    attempt: int
    state: str  # waiting, sent, confirmed, unconfirmed, expired, untold
    issued_at: str
    expires_at: str
    sent_at: str | None
    confirmed_at: str | None


class ActuatorView(msgspec.Struct, frozen=True, kw_only=True):
    """An actuator."""

    id: str
    kind: str
    station: str
    area: str
    autonomous: bool
    who: str
    datastream: str
    level: str
    severity: int | None
    illustrative: bool
    said: str | None  # on, off; what it said last
    said_at: str | None
    last: CommandView | None
    proven_at: str | None  # when it last said that it sounds after it was told to
    proven_days: float | None
    unproven: bool  # for over 90 days, or never


def actuator_view(
    actuator: Actuator, newest: Command | None, said: tuple[bool, int] | None, proven_us: int | None, now_us: int
) -> ActuatorView:
    """An actuator as it stands."""
    return ActuatorView(
        id=actuator.actuator,
        kind=actuator.kind,
        station=actuator.station,
        area=actuator.area,
        autonomous=actuator.is_autonomous,
        who=actuator.who,
        datastream=actuator.datastream,
        level=actuator.level,
        severity=actuator.severity,
        illustrative=actuator.is_illustrative,
        said=None if said is None else ("on" if said[0] else "off"),
        said_at=None if said is None else rfc3339(said[1]),
        last=None if newest is None else command_view(newest, now_us),
        proven_at=_time(proven_us),
        proven_days=None if proven_us is None else round((now_us - proven_us) / DAY_US, 1),
        unproven=is_unproven(actuator, proven_us, now_us),
    )


def command_view(command: Command, now_us: int) -> CommandView:
    """A command, and what became of it by `now_us`."""
    return CommandView(
        id=command.id,
        set=command.word,
        why=command.why,
        alarm=command.alarm_id,
        by=command.by,
        comment=command.comment,
        attempt=command.attempt,
        state=command.standing(now_us),
        issued_at=rfc3339(command.issued_us - command.issued_us % SECOND_US),
        expires_at=rfc3339(command.expires_us - command.expires_us % SECOND_US),
        sent_at=_time(command.sent_us),
        confirmed_at=_time(command.confirmed_us),
    )


def _time(time_us: int | None) -> str | None:
    return None if time_us is None else rfc3339(time_us)
