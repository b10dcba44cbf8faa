"""How often each actuator was told something, did it, and did not: since the start, for `/metrics`."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from command_center.actuators.command import FAILED, Command


@dataclass(slots=True)
class Counts:
    """By actuator; there are as many as the city has."""

    given: Counter[str] = field(default_factory=Counter)
    confirmed: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)  # not answered in time, or not taken by the broker
    _seen: dict[str, str] = field(default_factory=dict)  # by actuator: the command that was counted as failed last

    def look(self, newest: Iterable[Command], now_us: int) -> None:
        """Count what has failed by now, each command once; those from before the start are counted, too."""
        for command in newest:
            if self._seen.get(command.actuator) != command.id and command.standing(now_us) in FAILED:
                self._seen[command.actuator] = command.id
                self.failed[command.actuator] += 1
