"""How many messages a broker lets go unacknowledged before it waits for us.  Pure.

A tick that gathers while the broker waits is time lost: a window of 20 and a tick of 50 ms are 400 messages a second,
whatever the broker could do.  MQTT 5's Receive Maximum is an upper bound; the broker's own is not told, so it is
learned: where the socket was dry at the end of two ticks in a row with the same number of messages unacknowledged, that
is the window, until more than that come.  Each wrong guess asks for more evidence the next time.
"""

from typing import Final

LEAST: Final = 2  # a lone message proves nothing
EVIDENCE: Final = 2  # ticks in a row
MAX_EVIDENCE: Final = 64


class InFlightWindow:
    """Learned for one connection."""

    def __init__(self, announced: int) -> None:
        self._announced = announced
        self._learned = 0  # 0 = not known
        self._last = self._alike = 0
        self._evidence = EVIDENCE

    @property
    def size(self) -> int:
        """As far as known."""
        return min(self._learned, self._announced) if self._learned else self._announced

    def is_full(self, unacknowledged: int) -> bool:
        """Whether the broker waits for us."""
        if self._learned and unacknowledged > self._learned:
            self._learned = self._alike = 0
            self._evidence = min(2 * self._evidence, MAX_EVIDENCE)
        return unacknowledged >= self.size

    def note_dry(self, unacknowledged: int) -> None:
        """A tick ran its full time and ended with the socket dry."""
        self._alike = self._alike + 1 if unacknowledged == self._last else 1
        self._last = unacknowledged
        if unacknowledged >= LEAST and self._alike >= self._evidence:
            self._learned = unacknowledged
