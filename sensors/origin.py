"""Where an observation came from; it goes with every observation from the socket to the wall."""

from enum import IntEnum
from typing import Final

LIVE_MARKER: Final = "holds-live-readings"  # made in a data directory before its first reading from the field is stored


class Origin(IntEnum):
    """The number is what the log stores; the lower-case name is what API and screen show."""

    LIVE = 0  # a device in the field
    MANUAL = 1  # a named person, from a staff gauge, a radio call
    PULLED = 2  # fetched from another system
    SIMULATED = 3  # the virtual city
    REPLAYED = 4  # a recording

    @property
    def word(self) -> str:
        """The word in API and log lines."""
        return self.name.lower()

    @property
    def is_exercise(self) -> bool:
        """True for what must never reach a real contact, siren or CAP `Actual` ("Simulation can't hurt")."""
        return self in (Origin.SIMULATED, Origin.REPLAYED)
