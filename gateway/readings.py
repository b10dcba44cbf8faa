"""Readings: what a format finds in messages, on the way to becoming a batch; and what it refuses."""

from dataclasses import dataclass, field
from enum import StrEnum

from sensors.times import NEVER


class Refusal(StrEnum):
    """Why a message, or one element of it, is a dead letter."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"
    NOT_UTF8 = "not_utf8"
    NOT_JSON = "not_json"
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
    RETAINED_WITHOUT_TIME = "retained_without_time"
    EXERCISE = "exercise"  # simulated or replayed, and the data directory holds readings from the field
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


@dataclass(slots=True)
class Readings:
    """Good elements as columns, and refused elements, of many messages; lists grow together.

    `device_us` is `NEVER` where no time was sent; NaN in `value` is a missing value.
    """

    message: list[int] = field(default_factory=list)  # index of the message that it came in
    datastream: list[int] = field(default_factory=list)
    device_us: list[int] = field(default_factory=list)
    value: list[float] = field(default_factory=list)
    origin: list[int] = field(default_factory=list)
    reasons: list[int] = field(default_factory=list)
    refused: list[Verdict] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.message)

    def add(
        self, message: int, datastream: int, value: float, *, device_us: int = NEVER, origin: int = 0, reasons: int = 0
    ) -> None:
        """One good element."""
        self.message.append(message)
        self.datastream.append(datastream)
        self.device_us.append(device_us)
        self.value.append(value)
        self.origin.append(origin)
        self.reasons.append(reasons)

    def cut(self, length: int, refused: int) -> None:
        """Forget what was added beyond `length` elements and `refused` refusals."""
        columns = (self.message, self.datastream, self.device_us, self.value, self.origin, self.reasons)
        for column in columns:
            del column[length:]
        del self.refused[refused:]

    def refuse(self, message: int, element: int | None, reason: Refusal, detail: str) -> None:
        """One refused message (element None), or one refused element of it."""
        self.refused.append(Verdict(message, element, reason, detail))
