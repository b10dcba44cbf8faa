"""What screens say of themselves: what they have painted, and whether an alarm can be heard at them.

A browser may refuse to sound (no user has touched the page, no sound device): its wall says SUARA MATI, and tells us.
A screen that was opened with a name (`/?screen=ruang-utama`) is one that people rely on: where it cannot sound,
`/healthz` says so.  The others are counted only: a laptop that looks on need not sound.
"""

from enum import StrEnum
from typing import Final, Protocol

import msgspec

from command_center.receipts import Receipts
from sensors.times import rfc3339

MOST_BYTES: Final = 65_536  # of one message
MOST_NAME: Final = 64  # letters of a screen's name


class Sound(StrEnum):
    """Whether an alarm can be heard at a screen."""

    ON = "on"
    MUTED = "muted"  # by a person, for minutes
    DEAD = "dead"  # the browser cannot play


class Said(msgspec.Struct, frozen=True):
    """One message of a screen: annunciations (`{alarm}/{call}`) that a person in front of it sees now, or its sound."""

    painted: list[str] | None = None
    sound: Sound | None = None
    screen: str = ""


class Screen(msgspec.Struct, frozen=True, kw_only=True):
    """A screen that is open now."""

    name: str  # "" = nobody relies on it
    sound: Sound
    since: str  # that its sound is so


class Viewing(Protocol):
    """The connection that a screen speaks on; only its identity counts."""


_SAID: Final = msgspec.json.Decoder(Said)


class Screens:
    """The screens that are open, as each said last.  As many as the live view has viewers, at most."""

    def __init__(self, receipts: Receipts) -> None:
        self._receipts = receipts
        self._open: dict[Viewing, Screen] = {}
        self.refused = 0  # messages that could not be read

    def take(self, viewer: Viewing, text: str, now_us: int) -> None:
        """A screen's message; one that cannot be read is counted."""
        try:
            if len(text) > MOST_BYTES:
                raise msgspec.ValidationError(f"expected at most {MOST_BYTES} characters, got {len(text)}")
            said = _SAID.decode(text)
            if said.painted is None and said.sound is None:
                raise msgspec.ValidationError("expected `painted` or `sound`, got neither")
        except (msgspec.MsgspecError, UnicodeError):
            self.refused += 1
            return
        if said.painted is not None:
            self._receipts.note(said.painted, now_us)
        if said.sound is not None:
            self._open[viewer] = Screen(name=said.screen[:MOST_NAME], sound=said.sound, since=rfc3339(now_us))

    def leave(self, viewer: Viewing) -> None:
        """The screen is gone."""
        self._open.pop(viewer, None)

    def open(self) -> list[Screen]:
        """Those that have said how their sound is, named ones first."""
        return sorted(self._open.values(), key=lambda one: (not one.name, one.name, one.since))

    def faults(self) -> list[str]:
        """What is wrong with the screens that people rely on, in words."""
        return [
            f"the screen {one.name!r} cannot play sound since {one.since}: start its browser as README says"
            for one in self.open()
            if one.name and one.sound is Sound.DEAD
        ]
