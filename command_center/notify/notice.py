"""A notice: that one target is to be told of one annunciation, once."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from command_center.alarms.alarm import Alarm
from command_center.alarms.annunciation import Annunciation
from command_center.audience import Audience, audience_of
from sensors.catalogue import Silence
from sensors.times import MINUTE_US

LATE_US = 5 * MINUTE_US  # told so long after its time, it is told as late


class Why(StrEnum):
    """Why a target is told."""

    FIRST = "first"
    ESCALATED = "escalated"  # nobody of the groups before has acknowledged
    REPEAT = "repeat"  # nobody has acknowledged since
    RELEASED = "released"  # of the highest severity, to the many: it is confirmed
    TEST = "test"  # no alarm: a canary, or somebody tries a contact


class Progress(StrEnum):
    """What became of a notice."""

    WAITING = "waiting"
    SENT = "sent"
    WITHDRAWN = "withdrawn"  # acknowledged before it was repeated, or its target is gone


@dataclass(frozen=True, slots=True)
class Notice:
    """`target` says where the address of the chat or number is, `ordinal` the how-manieth notice of the call it gets.

    Of a test `alarm_id` is empty, and `call` counts the tests.
    """

    alarm_id: str
    call: int
    target: str
    ordinal: int
    contact: str
    severity: int
    why: Why
    planned_us: int
    not_before_us: int  # quiet hours end then
    late: bool
    exercise: bool
    datastream: str  # of the annunciation, and so on: a notice can be told without it
    level: str
    rank: int
    called_us: int

    @property
    def key(self) -> tuple[str, int, str, int]:
        """The same on every replay."""
        return self.alarm_id, self.call, self.target, self.ordinal

    @property
    def message_id(self) -> str:
        """Stands in every message: who has it already can drop the message."""
        target = hashlib.sha256(self.target.encode()).hexdigest()[:6]
        return f"{self.alarm_id or 'test'}/{self.call}/{target}/{self.ordinal}"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A notice that is not sent yet.  `number` is its row; 0: operations.db does not hold it."""

    notice: Notice
    number: int = 0
    attempts: int = 0
    perhaps_received: bool = False  # an attempt ended and nobody knows how: the next is marked as a repeat


class Result(StrEnum):
    """How an attempt ended."""

    BEGUN = "begun"  # it has not, or was killed on the way
    SENT = "sent"
    REFUSED = "refused"  # surely not received
    UNKNOWN = "unknown"  # perhaps received


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to send a notice."""

    at_us: int
    result: Result
    ended_us: int | None = None
    detail: str = ""
    unrecorded: bool = False  # operations.db took no writes when it began


class Calling(Protocol):
    """What somebody may have to be told of: a call of an alarm, or of a trouble (`command_center.troubles.call`)."""

    @property
    def annunciation(self) -> Annunciation:
        """What is told."""

    @property
    def planned_us(self) -> int | None:
        """When the first notices were planned; None: not yet."""

    @property
    def key(self) -> tuple[str, int]:
        """Of its annunciation."""

    @property
    def is_heard(self) -> bool:
        """Whether it is for people at all."""

    @property
    def is_wanting(self) -> bool:
        """Whether somebody has yet to acknowledge it."""

    @property
    def is_released(self) -> bool:
        """Whether the many may be told."""

    def audience(self, silence: Silence) -> Audience:
        """Whose work it is."""


@dataclass(frozen=True, slots=True)
class Call:
    """An annunciation, its alarm as it is now, and when the first of it were planned (None: not yet)."""

    annunciation: Annunciation
    alarm: Alarm
    planned_us: int | None

    @property
    def key(self) -> tuple[str, int]:
        """Of its annunciation."""
        return self.annunciation.alarm_id, self.annunciation.call

    @property
    def is_newest(self) -> bool:
        """Whether its alarm has not called again since."""
        return self.alarm.calls == self.annunciation.call

    @property
    def is_heard(self) -> bool:
        """Nobody muted it, and it is not history."""
        return not self.annunciation.muted and not self.alarm.historical

    @property
    def is_released(self) -> bool:
        """What is of the highest severity is confirmed, and still so."""
        alarm = self.alarm
        return self.is_newest and alarm.active and alarm.release is not None and not alarm.muted

    def audience(self, silence: Silence) -> Audience:
        """Whose work it is."""
        return audience_of(self.annunciation, silence)

    @property
    def is_wanting(self) -> bool:
        """Whether somebody has yet to acknowledge it."""
        alarm = self.alarm
        return self.is_newest and alarm.is_open and alarm.unacknowledged and not alarm.muted and not alarm.historical


@dataclass(frozen=True, slots=True)
class Told:
    """The newest notice of one call to one target."""

    target: str
    ordinal: int
    planned_us: int
    waits: bool


def test_notice(contact: str, target: str, number: int, now_us: int) -> Notice:
    """A notice of no alarm: a canary, or somebody tries a contact."""
    return Notice(
        alarm_id="",
        call=number,
        target=target,
        ordinal=0,
        contact=contact,
        severity=1,
        why=Why.TEST,
        planned_us=now_us,
        not_before_us=now_us,
        late=False,
        exercise=False,
        datastream="",
        level="",
        rank=0,
        called_us=now_us,
    )
