"""Readings: what a format finds in messages, on the way to becoming a batch; and what it refuses."""

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from operator import attrgetter
from typing import Final, NamedTuple

from gateway.address_book import Target
from gateway.columns import NO_ELEMENT, Columns, from_rows, joined
from sensors import units
from sensors.arithmetic import NOT_STATED, unit_code
from sensors.origin import Origin
from sensors.quality import Reason
from sensors.times import NEVER

MAX_REQUESTS: Final = 1_000  # in one tick; beyond, they are counted and not sent
MAX_UNIT_TEXT: Final = 32
_MESSAGE: Final = attrgetter("message")


class Refusal(StrEnum):
    """Why a message, or one element of it, is a dead letter."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"
    NOT_UTF8 = "not_utf8"
    NOT_JSON = "not_json"
    NOT_CBOR = "not_cbor"
    NOT_PROTOBUF = "not_protobuf"
    NOT_FINITE = "not_finite"  # NaN, Infinity: not numbers in JSON
    TOO_DEEP = "too_deep"
    WRONG_TYPE = "wrong_type"
    TOO_MANY = "too_many"
    BAD_TIME = "bad_time"
    UNKNOWN_UNIT = "unknown_unit"
    UNKNOWN_ORIGIN = "unknown_origin"
    BAD_TOPIC = "bad_topic"
    UNKNOWN_STATION = "unknown_station"
    UNKNOWN_PROPERTY = "unknown_property"
    UNKNOWN_DEVICE = "unknown_device"  # in no row of the catalogue, or not at the time of the reading
    UNKNOWN_ALIAS = "unknown_alias"  # a number that stands for a name which the device gave before we listened
    UNSUPPORTED = "unsupported"  # well formed, and of a version or kind that Siaga does not read
    ANNOUNCEMENT = "announcement"  # a device tells what it can send: not a reading, and worth a look
    WRONG_SOURCE = "wrong_source"  # another source than its datastream's row names
    RETAINED_WITHOUT_TIME = "retained_without_time"
    EXERCISE = "exercise"  # simulated or replayed, and the data directory holds readings from the field
    UNUSABLE_RULE = "unusable_rule"  # the ingest rule that it falls under has a fault
    OUR_FAULT = "our_fault"  # reading it raised what nobody expected: a bug of ours, which must not stop the others


class Refused(Exception):
    """The whole message becomes a dead letter."""

    def __init__(self, reason: Refusal, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why message number `message`, or its element at `element`, is refused."""

    message: int
    element: int | None
    reason: Refusal
    detail: str


class Reading(NamedTuple):
    """One good element: a raw value for the target at `place`; the fields are those of `Columns`."""

    message: int
    place: int
    value: float
    device_us: int
    origin: int
    reasons: int
    unit: int
    element: int


class Mark(NamedTuple):
    """How much there was at a moment, to go back to."""

    parts: int
    added: int
    refused: int
    ignored: int


@dataclass(frozen=True, slots=True)
class Request:
    """A message back to a source, such as a wish for a rebirth; sent once, at QoS 0."""

    source: str
    topic: str
    payload: bytes


class Readings:
    """Good elements and refused ones, of many messages of one source after the other, and requests back to it."""

    def __init__(self, source: str = "") -> None:
        self.source = source  # of the messages being read
        self.received_us = 0  # when they came; for a dead letter that is tried again: when it came first
        self.parts: list[Columns] = []  # of many messages at once
        self.added: list[Reading] = []
        self.refused: list[Verdict] = []
        self.requests: dict[tuple[str, str], Request] = {}
        self.requests_dropped = 0
        self.ignored: Counter[str] = Counter()
        self._ignored = 0

    def add(
        self,
        index: int,
        target: Target,
        value: float,
        *,
        element: int | None = None,
        device_us: int = NEVER,
        origin: int = Origin.LIVE,
        reasons: int = 0,
        unit: str | None = None,
    ) -> None:
        """One element of message `index`, as sent: ingest converts it.  In an unknown unit it is refused instead."""
        if unit is not None and unit != target.unit:
            if len(unit) > MAX_UNIT_TEXT or not _fits(unit, target):
                detail = f"unit: expected one that converts to {target.unit}, got {unit[:MAX_UNIT_TEXT]!r}"
                self.refuse(index, element, Refusal.UNKNOWN_UNIT, detail)
                return
            if not target.moves or unit not in units.KNOWN:
                reasons |= Reason.UNIT_CONVERTED
        code = NOT_STATED if unit is None else _code(unit)
        place = NO_ELEMENT if element is None else element
        self.added.append(Reading(index, target.place, value, device_us, origin, reasons, code, place))

    def extend(self, part: Columns) -> None:
        """Elements of many messages, no message in two parts."""
        self.parts.append(part)

    def gathered(self) -> Columns:
        """All good elements, by message; those of one message keep their order."""
        self.added.sort(key=_MESSAGE)  # each format reads its own messages of a tick in one go
        return joined([*self.parts, from_rows(self.added)] if self.added or not self.parts else self.parts)

    def refuse(self, index: int, element: int | None, reason: Refusal, detail: str) -> None:
        """One refused message (element None), or one refused element of it."""
        self.refused.append(Verdict(index, element, reason, detail))

    def request(self, topic: str, payload: bytes) -> None:
        """Send `payload` back to the source of the message; the latest for a topic counts."""
        if len(self.requests) >= MAX_REQUESTS and (self.source, topic) not in self.requests:
            self.requests_dropped += 1
            return
        self.requests[self.source, topic] = Request(self.source, topic, payload)

    def ignore(self, why: str) -> None:
        """The message is known and carries no reading (a join, an acknowledgement): counted, and no dead letter."""
        self.ignored[why] += 1
        self._ignored += 1

    def mark(self) -> Mark:
        """Where we stand, for `cut` and `is_at`."""
        return Mark(len(self.parts), len(self.added), len(self.refused), self._ignored)

    def is_at(self, mark: Mark) -> bool:
        """Whether nothing came after `mark`: no element, no refusal, nothing ignored."""
        return self.mark() == mark

    def drop(self, message: int) -> None:
        """Forget all of one message that was added or refused by itself."""
        self.added[:] = [reading for reading in self.added if reading.message != message]
        self.refused[:] = [verdict for verdict in self.refused if verdict.message != message]

    def cut(self, mark: Mark) -> None:
        """Forget elements and refusals that came after `mark`; requests stay."""
        del self.parts[mark.parts :], self.added[mark.added :], self.refused[mark.refused :]


def _fits(unit: str, target: Target) -> bool:
    """Whether a unit can become the target's; of a device that moves ingest asks it, when it knows where it was."""
    return _code(unit) != NOT_STATED if target.moves else converts(unit, target.unit, target.property)


@lru_cache(maxsize=1024)
def converts(unit: str, wanted: str, substance: str) -> bool:
    """Whether a unit as a payload writes it can become `wanted`."""
    return units.conversion(unit, wanted, substance) is not None


@lru_cache(maxsize=256)
def _code(unit: str) -> int:
    code = unit_code(unit)
    return NOT_STATED if code is None else code
