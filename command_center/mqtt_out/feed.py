"""What a feed of MQTT out is: it says what is due, and is told what the broker has taken."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Out:
    """One message; an empty retained one clears its topic."""

    topic: str
    payload: bytes
    retain: bool = False


class Feed(Protocol):
    """`due` and `published` alternate; `begin` comes first on each connection."""

    name: str
    filters: Sequence[str]  # what is to be heard of its own topics when a connection begins

    def begin(self) -> None:
        """Another connection: nothing is known of what the broker holds."""

    def hear(self, topic: str, payload: bytes) -> None:
        """The broker holds this."""

    async def due(self, at_us: int, most: int) -> Sequence[Out]:
        """What is to be published now, at most so many.  Raises OperationsError."""

    def published(self, out: Out) -> None:
        """The broker has taken it."""
