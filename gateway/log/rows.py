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
    group: int = 0  # of one cause: `DeadLetterGroup.id`; 0 until it is in the log
    retries: int = 0  # so often it was read again and refused again
    seq: int = 0  # the row that holds what was good of the same message; 0 until it is in the log
    more_seqs: str = ""  # rows of retries that took a part of it, with spaces between


class DeadLetterGroup(msgspec.Struct, frozen=True, kw_only=True):
    """What one device does wrong in one way: dead letters of one source, reason, topic and shape of detail."""

    id: int
    source: str
    reason: str
    topic: str  # empty: everything of the cause beyond the bound of groups
    shape: str  # the detail without its figures and quotations
    count: int
    kept: int
    first_us: int
    last_us: int
    retried: int  # letters that became observations when they were retried
    retried_us: int | None
    retried_by: str
    newest: int | None  # id of the newest kept letter
    example: str = ""  # the detail of that letter, whole; "" where none is kept
    payload: bytes = b""  # how what it sent begins


@dataclass(frozen=True, slots=True)
class Retried:
    """What a retry of dead letters comes to: with the row that holds their observations, or not at all."""

    at_us: int
    by: str
    observed: tuple[int, ...]  # ids of those that became observations
    failed: tuple[DeadLetter, ...]  # as they were refused this time, with their own ids and receive times
    took: bool = False  # whether the row holds observations of them


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
    retried: Retried | None = None  # dead letters that this row settles


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


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """What retention took for one reason."""

    reason: Literal["age", "size", "space"]  # kept long enough; over the cap; too little room on the disk
    unread: bool  # a reader that is known had not read it
    rows: int
    observations: int
    first_seq: int
    last_seq: int
    first_us: int  # `now` of these two rows
    last_us: int
    at_us: int  # when the last of them went


class Predecessor(msgspec.Struct, frozen=True, kw_only=True):
    """A damaged log that was set aside, as its successor remembers it."""

    file: str  # in the same directory; empty: it is not there any more
    log_id: str  # empty: could not be read
    last_seq: int  # 0: could not be read
    at_us: int
    reason: str
