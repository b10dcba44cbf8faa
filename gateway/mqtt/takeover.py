"""Does another gateway use our client id?  Found and said, instead of cutting each other off for ever.  Pure.

A broker lets one client of an id be connected: a second one cuts off the first, which comes back and cuts off the
second (MQTT 5, 3.1.4).  Usually a data directory was copied and both copies run.  Three signs:

- MQTT 5 says so when it cuts us off (0x8E);
- a beat on our own canary topic that bears another instance: beats of our own killed predecessor may wait in the
  session, but they come at once, on one connection; a living rival's go on coming;
- the broker cuts us off again and again right after connecting, without a word and without being away in between: one
  that says why, that cannot be reached for a moment, or that we leave ourselves, is in another trouble.
"""

from typing import Final

from gateway.mqtt.packets import SESSION_TAKEN_OVER

SHORT_S: Final = 5.0  # a connection that the broker ends sooner was cut off
SHORT_IN_A_ROW: Final = 3
MAX_INSTANCES: Final = 16


class TakeoverWatch:
    """Takes what happens to the connection; `reason` says what it makes of it, "" = nobody else."""

    def __init__(self, backoff_s: float) -> None:
        self.reason = ""
        self.signs = 0
        self._backoff_s = backoff_s
        self._connected_at = 0.0
        self._connection = 0
        self._short = 0
        self._seen: dict[str, tuple[int, int]] = {}  # instance → (highest beat, connection that it came on)
        self._last_sign_at = float("-inf")

    def connected(self, now_s: float) -> None:
        """A connection was made."""
        self._connected_at = now_s
        self._connection += 1

    def rival_beat(self, instance: str, beat: int, now_s: float) -> bool:
        """A beat of another instance came on our topic; whether it is the first sign of a living rival."""
        known = self._seen.get(instance)
        if known is None:
            if len(self._seen) < MAX_INSTANCES:
                self._seen[instance] = (beat, self._connection)
            return False
        highest, connection = known
        if beat <= highest or (connection == self._connection and now_s - self._connected_at < SHORT_S):
            return False
        self._seen[instance] = (beat, self._connection)
        return self._sign(f"another gateway (instance {instance}) uses our client id", now_s)

    def unreachable(self) -> None:
        """Nobody answered: the broker itself was away."""
        self._short = 0

    def ended(self, now_s: float, *, by_broker: bool, code: int | None, error: str = "") -> float:
        """A connection ended for the reason `error`; how long to keep away, 0 where there is no rival.

        `by_broker`: it closed the connection, for no fault that we found.  `code` is that of its DISCONNECT.
        """
        if code == SESSION_TAKEN_OVER:
            self._sign("another gateway uses our client id: the broker gave it our session", now_s)
            return self._backoff_s
        is_short = by_broker and code is None and now_s - self._connected_at < SHORT_S
        self._short = self._short + 1 if is_short else 0
        if self._short >= SHORT_IN_A_ROW:
            why = f"cut off {self._short} times in a row right after connecting ({error or 'closed without a word'})"
            self._sign(f"{why}: does another gateway use our client id?", now_s)
            return self._backoff_s
        return self._backoff_s if by_broker and self.is_near(now_s) else 0.0

    def is_near(self, now_s: float) -> bool:
        """Whether there was a sign of a rival lately; forgets the reason where there was none."""
        if now_s - self._last_sign_at > 2 * self._backoff_s + SHORT_S:
            self.reason = ""
        return bool(self.reason)

    def _sign(self, reason: str, now_s: float) -> bool:
        first = not self.is_near(now_s)
        self.signs += 1
        self.reason, self._last_sign_at = reason, now_s
        return first
