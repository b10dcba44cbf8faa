"""Chatter: how often in a row a level was raised, each time soon after the one before.

Three raises within 60 s are the working rule for a chattering alarm under ISA-18.2 / IEC 62682; the city sets it.
"""

from dataclasses import replace

import msgspec

from sensors.state import Held, State
from sensors.transition import Transition


class Chatter:
    """Counts the raises of a step; `held` is the state's with the counts so far."""

    def __init__(self, state: State) -> None:
        self._within_us = state.rules.chatter_us
        self.held: Held = state.held
        self._is_copied = False

    def counted(self, raised: Transition, at: tuple[int, int]) -> Transition:
        """A raise of the level at (number, place), with its count; to be called in the order of their times."""
        if not self._is_copied:
            self.held = replace(self.held, raised_us=self.held.raised_us.copy(), chatter=self.held.chatter.copy())
            self._is_copied = True
        since_us = raised.time_us - self.held.raised_us.item(at)
        count = self.held.chatter.item(at) + 1 if since_us <= self._within_us else 1
        self.held.raised_us[at], self.held.chatter[at] = raised.time_us, count
        return msgspec.structs.replace(raised, count=count)
