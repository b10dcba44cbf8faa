"""An alarm: what the operator handles (ISA-18.2 / IEC 62682).

Two bits are kept, active and unacknowledged; the state is derived from them.  An alarm is a value:
`command_center.alarms.life_cycle` makes the next one of it, nothing changes in place.
"""

from enum import StrEnum
from typing import Final

import msgspec

MAX_CHANGES = 100  # kept in the alarm itself; operations.db keeps every one
SILENT_LEVEL = "silent"
UPSTREAM: Final = "upstream"  # why a silence in calm is the operator's: a level is held upstream,
RAIN: Final = "rain"  # or it rains in the basin


class State(StrEnum):
    """States of ISA-18.2 / IEC 62682: two bits, and what stands beside them."""

    UNACKNOWLEDGED = "unacknowledged"
    ACKNOWLEDGED = "acknowledged"
    RETURNED_UNACKNOWLEDGED = "returned_unacknowledged"
    NORMAL = "normal"
    SHELVED = "shelved"
    SUPPRESSED = "suppressed"  # by design: maintenance at its station
    OUT_OF_SERVICE = "out_of_service"


class Aside(StrEnum):
    """Why a datastream's alarms are listed and not annunciated, whatever they are."""

    SUPPRESSED = "suppressed"
    OUT_OF_SERVICE = "out_of_service"


HIGHEST_SEVERITY: Final = 4  # never shelved, never folded, never delayed
PRIORITY_BY_SEVERITY = {4: "highest", 3: "high", 2: "medium", 1: "low", 0: "low"}


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """A condition that keeps an alarm active: a level reached and not left yet, or silence (`SILENT_LEVEL`, rank 0)."""

    level: str
    rank: int
    severity: int
    limit: float | None  # unit of the datastream
    time_us: int  # when it was reached
    value: float | None  # that reached it, unit of the datastream
    quality: int
    origin: int
    historical: bool = False  # known from late or old readings only
    exercise: bool = False  # simulated, replayed, or a level that the city itself marks as made up
    signed_off: bool = False  # of silence: the device or its gateway said that it is gone
    verify: bool = False  # reached by an observation that is suspect or failed, and by no good one since
    count: int = 1  # the how-manieth time in a row that it was reached (chatter)
    lost_rising: bool = False  # of silence: it was rising when it was last heard
    rate_per_h: float | None = None  # of silence and of what is possible: how fast it rose then, unit per hour
    at_risk: str = ""  # of silence in calm: why it is the operator's all the same (upstream, rain)


class Doubt(msgspec.Struct, frozen=True, kw_only=True):
    """A fall below a held level that no river makes: it is not believed, and the level stays."""

    cause: str  # of the transition: after_gap, too_fast
    time_us: int  # of the observation in doubt
    value: float | None  # unit of the datastream


class Shelf(msgspec.Struct, frozen=True, kw_only=True):
    """An alarm put on the shelf: up to this level nobody is called until the time is over."""

    by: str
    reason: str
    at_us: int
    until_us: int
    rank: int  # of the level that it showed then; a worse one is annunciated
    severity: int


class Refutation(msgspec.Struct, frozen=True, kw_only=True):
    """A named person saw that it is not so: the gauge stands out, and speaks again after a while."""

    by: str
    seen: str  # by what: camera, radio, neighbour, on_site
    comment: str
    at_us: int
    until_us: int
    rank: int
    severity: int


class Release(msgspec.Struct, frozen=True, kw_only=True):
    """What lets sirens and mass messages of the highest level go out."""

    how: str  # reading, neighbour, person, time
    who: str  # the datastream of the neighbour, or the person
    at_us: int


class Event(StrEnum):
    """What happened to an alarm."""

    RAISED = "raised"  # it was born, or became active again
    WORSE = "worse"  # a worse level: annunciated again
    CHANGED = "changed"  # a level was reached or left, and the operator need not be called again
    RETURNED = "returned"  # nothing keeps it active any longer
    SILENT = "silent"
    HEARD = "heard"
    VERIFY = "verify"  # a fall is in doubt: somebody must look
    CONFIRMED = "confirmed"  # a good observation holds what was reached in doubt
    POSSIBLE = "possible"  # silent, and it could have reached the level by now
    ACKNOWLEDGED = "acknowledged"
    NOTE = "note"
    CLOSED = "closed"
    LOG_CHANGED = "log_changed"  # the log that held its levels is gone
    SHELVED = "shelved"
    UNSHELVED = "unshelved"  # by a person, or because the time was over
    REFUTED = "refuted"
    SPEAKS_AGAIN = "speaks_again"  # a refutation or a chatter is over, and it still holds
    SET_ASIDE = "set_aside"  # maintenance, or out of service
    BACK = "back"  # in service again
    RELEASED = "released"  # sirens and mass messages may go out


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One step in the history of an alarm's levels."""

    event: Event
    kind: str  # of the transition; empty for a change of the log
    cause: str
    level: str
    rank: int
    limit: float | None
    value: float | None
    time_us: int  # phenomenon time
    at_us: int  # when Siaga knew
    historical: bool = False
    verify: bool = False
    count: int = 0  # of a raise: the how-manieth in a row
    rate_per_h: float | None = None  # of silence and of what is possible


class Position(msgspec.Struct, frozen=True, order=True):
    """Where a transition stands in a log."""

    seq: int
    ordinal: int


class Alarm(msgspec.Struct, frozen=True, kw_only=True):
    """One alarm of one datastream, from the transition that raised it until it is normal and acknowledged.

    `twin` tells apart alarms that were born at the same place of a log which was replaced by an older copy of itself.
    """

    log_id: str  # of the transition that raised it
    born: Position
    last_log_id: str  # of the newest transition in it
    last: Position
    datastream: str  # {station}:{property}
    unit: str
    held: tuple[Held, ...]  # levels that are held now, by the order they were reached
    silence: Held | None  # the datastream is silent now
    worst: Held  # the worst condition since the last acknowledgement
    possible: tuple[Held, ...] = ()  # levels that it could have reached by now, while it is silent
    doubt: Doubt | None = None  # a fall that is not believed, while a level is held
    unacknowledged: bool
    historical: bool
    raised_us: int
    detected_us: int
    changed_us: int  # the row's `now` of the newest change, or the time of the operator's act
    acknowledged_us: int | None = None
    acknowledged_by: str | None = None
    returned_us: int | None = None
    closed_us: int | None = None
    changes: tuple[Change, ...] = ()
    twin: int = 0
    aside: Aside | None = None
    shelf: Shelf | None = None
    refutation: Refutation | None = None
    release: Release | None = None  # of an alarm of the highest severity
    calls: int = 0  # how often it was annunciated, muted or not
    called_us: int | None = None  # when it was last
    held_back: bool = False  # it chatters: its last call was held back
    incident: str = ""  # id of the alarm that began the incident it belongs to
    group: tuple[str, str] = ("station", "")  # what ties it to that: `command_center.incidents.grouping.Group`

    @property
    def id(self) -> str:
        """The same on every replay of the log."""
        return f"{self.log_id}-{self.born.seq}-{self.born.ordinal}" + (f"-{self.twin}" if self.twin else "")

    @property
    def active(self) -> bool:
        """What it warns of is still there."""
        return bool(self.held) or self.silence is not None

    @property
    def is_open(self) -> bool:
        """Active or not acknowledged yet."""
        return self.closed_us is None

    @property
    def state(self) -> State:
        """The ISA-18.2 state: the two bits, and what stands beside them."""
        if self.closed_us is not None:
            return State.NORMAL
        if self.aside is not None:
            return State(self.aside)
        if self.shelf is not None:
            return State.SHELVED
        if self.active:
            return State.UNACKNOWLEDGED if self.unacknowledged else State.ACKNOWLEDGED
        return State.RETURNED_UNACKNOWLEDGED if self.unacknowledged else State.NORMAL

    @property
    def shown(self) -> Held:
        """The condition that the alarm shows as its level.

        The worst level held now, real ones before historical ones.  With none held: the worst that nobody has
        acknowledged yet, so that a flood peak which fell again does not stand in the list as its last, lowest step.
        """
        if self.held:
            return max(self.held, key=lambda held: (not held.historical, held.rank))
        if self.silence is not None and (not self.unacknowledged or self.worst.rank == 0):
            return self.silence
        return self.worst

    @property
    def severity(self) -> int:
        """That of the condition shown; of a silent gauge at least that of its silence and of what is possible."""
        silence = self.shown if self.silence is None else self.silence
        conditions = (self.shown, silence, *self.possible)
        return max(held.severity for held in conditions)

    @property
    def muted(self) -> str:
        """Why a call is listed and reaches nobody; empty: it is heard."""
        if self.aside is not None:
            return self.aside
        return "shelved" if self.shelf is not None else "refuted" if self.refutation is not None else ""

    @property
    def holds_highest(self) -> bool:
        """A level of the highest severity is held now."""
        return any(held.severity >= HIGHEST_SEVERITY and not held.historical for held in self.held)

    @property
    def could_be(self) -> Held | None:
        """The worst level that it could have reached by now."""
        return max(self.possible, key=lambda held: held.rank, default=None)

    @property
    def priority(self) -> str:
        """By severity alone: highest, high, medium or low; `command_center.alarms.priority` has the whole of it."""
        return PRIORITY_BY_SEVERITY.get(self.severity, "highest")
