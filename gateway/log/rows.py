"""What the log holds, as values: rows, dead letters, checkpoints."""

from dataclasses import dataclass, field
from typing import Literal

import msgspec

from sensors.batch import Batch, empty_batch
from sensors.transition import Transition

Event = Literal["observations", "start", "catalogue"]


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """A message, or one element of it, that could not become observations.  `id` is 0 until it is in the log."""

    id: int = 0
    received_us: int
    source: str
    topic: str
    reason: str  # `gateway.readings.Refusal`
    detail: str  # what, expected, got, where
    payload: bytes  # up to the bound; `length` and `sha256` are the whole payload's
    length: int
    sha256: str
    element: int | None = None
    retained: bool = False


class DeadLetterCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many dead letters one source gave for one reason, and how many of them were kept."""

    source: str
    reason: str
    count: int
    kept: int
    first_us: int
    last_us: int


@dataclass(frozen=True, slots=True)
class Entry:
    """What becomes durable in one transaction."""

    now_us: int
    event: Event
    catalogue_version: int
    batch: Batch = field(default_factory=empty_batch)
    transitions: tuple[Transition, ...] = ()
    dead_letters: tuple[DeadLetter, ...] = ()
    checkpoint: bytes | None = None


@dataclass(frozen=True, slots=True)
class LogRow:
    """One row as read back.  `damage` says why `batch` is empty where its blob is damaged; "" = intact."""

    seq: int
    now_us: int
    event: Event
    catalogue_version: int
    detector_version: int
    batch: Batch
    transitions: tuple[Transition, ...]
    damage: str = ""


@dataclass(frozen=True, slots=True)
class LoggedTransition:
    """A transition and its place in the log."""

    seq: int
    ordinal: int
    transition: Transition
