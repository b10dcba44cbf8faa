"""A way out: what brings a message to one chat or number, and how it says what became of it."""

from dataclasses import dataclass
from typing import Protocol

from command_center.notify.message import Message
from command_center.notify.notice import Result
from command_center.notify.pace import Budget


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of an attempt.  `retry_after_s`: what the other side asks for; None = it does not say."""

    result: Result
    detail: str = ""
    retry_after_s: float | None = None


class Way(Protocol):
    """One chat or number.  `kind` names the way out for people: telegram, sms, mailto, …"""

    kind: str
    budget: Budget

    async def send(self, message: Message) -> Delivery:
        """Try once.  Ends by itself; raises nothing that a network or a device can cause."""
        ...

    async def close(self) -> None:
        """Let go of what it holds."""
        ...
