"""What a host remembers of one Sparkplug edge node: its birth, its aliases, its sequence numbers."""

from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from gateway.formats.sparkplug_payload import MAX_NAME, Metric
from sensors.times import MINUTE_US, NEVER, SECOND_US

MAX_ALIASES: Final = 20_000  # of one node and its devices
SEQUENCE: Final = 256  # numbers run from 0 to 255 and begin again
MS_US: Final = 1_000
_AHEAD_US: Final = 5 * MINUTE_US  # a timestamp further ahead is a wrong clock's
_FAR: Final = SEQUENCE // 2  # a jump of so many forward is rather one back


class Step(Enum):
    """What a message's sequence number says."""

    NEXT = "next"
    GAP = "gap"  # messages before it are missing; they may still come
    LATE = "late"  # one that was missing, or that came twice
    RESTART = "restart"  # it cannot belong to the birth we know


@dataclass(frozen=True, slots=True)
class Named:
    """What an alias stands for."""

    device: str  # case-folded; empty = the node itself
    name: str
    datatype: int | None


@dataclass(slots=True)
class Node:
    """One edge node."""

    group: str  # spelled as first heard
    name: str
    born: bool = False
    birth_seq: int | None = None  # bdSeq of the birth, which a death must carry to be that birth's
    seq: int | None = None  # of the newest message in order
    birth_ms: int = 0  # the payload timestamp of the birth
    newest_ms: int = 0  # and of the newest message
    missing: set[int] = field(default_factory=set)
    missing_since_us: int = NEVER
    asked_us: int = NEVER  # when a rebirth was requested last
    aliases: dict[int, Named] = field(default_factory=dict)
    datatypes: dict[tuple[str, str], int | None] = field(default_factory=dict)
    devices: dict[str, str] = field(default_factory=dict)  # case-folded → spelled as first heard

    def be_born(self, seq: int | None, birth_seq: int | None, timestamp_ms: int | None) -> None:
        """An NBIRTH: everything known before is void."""
        self.die()
        self.born, self.seq, self.birth_seq = True, seq, birth_seq
        self.birth_ms = self.newest_ms = timestamp_ms or 0

    def die(self) -> None:
        """An NDEATH, or a birth that we missed: names and numbers mean nothing until the next birth."""
        self.born, self.seq = False, None
        self.aliases.clear()
        self.datatypes.clear()
        self.missing.clear()

    def learn(self, device: str, metrics: list[Metric]) -> int:
        """The names and aliases of a birth; how many were beyond the bound."""
        beyond = 0
        self.aliases = {alias: named for alias, named in self.aliases.items() if named.device != device}
        self.datatypes = {key: datatype for key, datatype in self.datatypes.items() if key[0] != device}
        for metric in metrics:
            if len(self.datatypes) >= MAX_ALIASES or len(metric.name) > MAX_NAME:
                beyond += 1
                continue
            self.datatypes[device, metric.name] = metric.datatype
            if metric.alias is not None and metric.name:
                self.aliases[metric.alias] = Named(device, metric.name, metric.datatype)
        return beyond

    def follow(self, seq: int | None, timestamp_ms: int | None, now_us: int) -> Step:
        """Take the sequence number of a message other than NBIRTH and NDEATH into account."""
        newer = timestamp_ms is None or timestamp_ms >= self.newest_ms
        if timestamp_ms is not None and timestamp_ms * MS_US <= now_us + _AHEAD_US:
            self.newest_ms = max(self.newest_ms, timestamp_ms)
        if seq is None or self.seq is None:
            self.seq = seq
            return Step.NEXT
        if seq in self.missing:
            self.missing.discard(seq)
            return Step.LATE
        ahead = (seq - self.seq) % SEQUENCE
        if ahead == 1:
            self.seq = seq
            return Step.NEXT
        if ahead == 0 or not newer:
            return Step.LATE
        if ahead >= _FAR:
            return Step.RESTART
        if not self.missing:
            self.missing_since_us = now_us
        self.missing.update((self.seq + n) % SEQUENCE for n in range(1, ahead))
        self.seq = seq
        return Step.GAP

    def waited_in_vain(self, now_us: int, timeout_s: float) -> bool:
        """Whether what is missing has been missing for too long."""
        return bool(self.missing) and now_us - self.missing_since_us >= timeout_s * SECOND_US

    def may_ask(self, now_us: int, interval_s: float) -> bool:
        """Whether it is time for (another) request for a rebirth."""
        return self.asked_us == NEVER or abs(now_us - self.asked_us) >= interval_s * SECOND_US
