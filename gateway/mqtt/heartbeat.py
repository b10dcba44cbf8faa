"""The canary of a source: do messages flow, from us to the broker and back on the subscription?  Pure.

"Connected" proves little: a broker may hold the connection and deliver nothing, because it lost the subscription, or
because its store is full.  So every period a beat is published at QoS 1 to `siaga/canary/{name}`; it counts when
the broker has acknowledged it AND it has come back as a message.

While we ourselves withhold acknowledgements the broker may be out of its window, and a beat behind a backlog takes its
time: such a beat is neither good nor missed.
"""

import hashlib
import secrets
from enum import Enum, auto
from typing import Final

CANARY: Final = "siaga/canary"
MISSED_ALLOWED: Final = 3
REMEMBERED: Final = 64  # beats under way whose time of departure is known


class Verdict(Enum):
    """What one period says."""

    GOOD = auto()
    HELD = auto()  # we held the broker back: it could not
    OTHERS = auto()  # other messages came first: they flow
    MISSED = auto()


def canary_topic(client_id: str) -> str:
    """Where the beats of a client go: under a name that does not tell its id, for others may hear them.

    >>> canary_topic("siaga-test")
    'siaga/canary/4eeea8b691a49108'
    """
    return f"{CANARY}/{hashlib.sha256(client_id.encode()).hexdigest()[:16]}"


class Heartbeat:
    """One source's beats; made once per process, begun anew with each connection.

    `missed` counts beats in a row; `round_trip_ms` is the newest one's.
    """

    def __init__(self, period_s: float) -> None:
        self.instance = secrets.token_hex(4)  # tells our beats from those of another gateway with our client id
        self.missed = 0  # in a row
        self.round_trip_ms: float | None = None
        self._period_s = period_s
        self._beat = 0
        self._sent: dict[int, float] = {}
        self._acknowledged = self._returned = 0  # the highest beat that was
        self._others_before = 0
        self.is_out = False  # a beat of this connection waits to be judged
        self.next_at = 0.0

    def begin(self, now_s: float) -> None:
        """A connection was made: the first beat is due."""
        self.missed, self._sent, self.round_trip_ms, self.is_out = 0, {}, None, False
        self._acknowledged = self._returned = self._beat
        self.next_at = now_s

    def beat(self, now_s: float, others: int) -> bytes:
        """The payload of the next beat.  `others`: QoS 1 messages received so far."""
        self._beat += 1
        self._sent[self._beat] = now_s
        if len(self._sent) > REMEMBERED:
            del self._sent[min(self._sent)]
        self._others_before, self.is_out = others, True
        self.next_at = now_s + self._period_s
        return f"{self.instance} {self._beat}".encode()

    def postpone(self, now_s: float) -> None:
        """There is no room for a beat just now: nothing is judged before the next period's end."""
        self.next_at = now_s + self._period_s

    @property
    def number(self) -> int:
        """The newest beat's."""
        return self._beat

    def acknowledged(self, number: int) -> None:
        """The broker has acknowledged a beat."""
        self._acknowledged = max(self._acknowledged, number)

    def heard(self, payload: bytes, now_s: float) -> tuple[str, int] | None:
        """A message came on our canary's topic; (instance, beat) where it is not ours."""
        instance, _, text = payload[:64].decode(errors="replace").partition(" ")
        number = int(text) if text.isascii() and text.isdigit() else 0
        if instance != self.instance:
            return instance, number
        sent_at = self._sent.pop(number, None)
        if sent_at is not None:
            self.round_trip_ms = (now_s - sent_at) * 1000
            self._returned = max(self._returned, number)
        return None

    def judge(self, others: int, *, holding: bool) -> Verdict:
        """What has become of the newest beat, when the next is due.  `holding`: we withheld acknowledgements.

        `others` as in `beat`: where more have come since, the beat may stand behind them.
        """
        if self.is_complete:
            self.missed = 0
            return Verdict.GOOD
        if holding:
            return Verdict.HELD
        if self._acknowledged >= self._beat and others > self._others_before:
            self.missed = 0
            return Verdict.OTHERS
        self.missed += 1
        return Verdict.MISSED

    @property
    def trouble(self) -> str:
        """What the missed beats have in common, in words."""
        if self._acknowledged < self._beat:
            return f"connected, but the broker does not acknowledge what we publish ({self.missed} beats)"
        return f"connected, but nothing flows: {self.missed} beats were acknowledged and did not come back"

    @property
    def is_complete(self) -> bool:
        """Whether the newest beat was acknowledged and has come back."""
        return self.is_out and self._acknowledged >= self._beat and self._returned >= self._beat

    @property
    def is_acknowledged(self) -> bool:
        """Whether the newest beat was acknowledged."""
        return self._acknowledged >= self._beat
