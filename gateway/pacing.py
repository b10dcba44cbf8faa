"""How long a tick gathers.  Pure.

The first message after a while of quiet is committed at once.  While messages keep coming they are gathered, so that
one wake-up, one fsync and one step of the detector serve many: at first for `tick_s`, then longer, up to `tick_max_s`.
The socket is looked at once at the tick's end; every few milliseconds only where so much comes that its buffer would
fill up, or the broker's window.
"""

from typing import Final

from sensors.settings import IngestSettings

GROWTH: Final = 1.5  # of the tick, from one to the next
PACE_S: Final = 0.005  # between two looks at a busy socket
SHORT_PACE_S: Final = 0.001  # where the broker's window is small: it is full again at once
SMALL_WINDOW: Final = 200  # messages
FLOWING: Final = 10  # messages in a tick from which on the next ones are not waited for: they come
BUSY: Final = 1_000  # messages in a tick from which on the socket is busy: about 90 KB of the kernel's buffer


class Pacing:
    """The state between two ticks; times are monotonic seconds."""

    def __init__(self, settings: IngestSettings) -> None:
        self._quiet_s, self._shortest_s, self._longest_s = settings.quiet_s, settings.tick_s, settings.tick_max_s
        self._tick_s = settings.tick_s
        self._last_busy_s = float("-inf")
        self._per_s = 0.0
        self.is_flowing = False  # the next tick may begin before its first message has woken anybody
        self._began_s = float("-inf")

    def begin(self, now_s: float) -> float:
        """A tick begins with messages there; how long it may gather: 0 after quiet."""
        quiet = now_s - self._last_busy_s >= self._quiet_s
        self._tick_s = self._shortest_s if quiet else min(self._tick_s * GROWTH, self._longest_s)
        return 0.0 if quiet else self._tick_s

    def pause_s(self, left_s: float, window: int) -> float:
        """How long to wait until the next look, `left_s` before the tick's end."""
        expected = self._per_s * self._tick_s
        if expected < min(BUSY, window / 2):
            return left_s
        return min(left_s, SHORT_PACE_S if window < SMALL_WINDOW else PACE_S)

    def end(self, now_s: float, messages: int) -> None:
        """A tick ended with so many messages."""
        self.is_flowing = messages >= FLOWING
        if messages:
            took_s = max(now_s - self._began_s, 1e-3)
            self._per_s = messages / min(took_s, 1.0)
            self._last_busy_s = self._began_s = now_s
