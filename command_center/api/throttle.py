"""How often a password may be tried: so many failures a minute for one user from one address."""

from collections import OrderedDict
from typing import Final

FAILURES: Final = 10
WINDOW_S: Final = 60.0
MAX_KEYS: Final = 10_000  # beyond, the pair that was quiet the longest is forgotten


class Throttle:
    """Times are monotonic seconds, passed in.

    An attempt counts when it begins, so that many at once are no way around.
    """

    def __init__(self) -> None:
        self._attempts: OrderedDict[tuple[str, str], list[float]] = OrderedDict()

    def begin(self, user: str, address: str, at_s: float) -> bool:
        """Whether one more attempt may be made; it counts as a failure until `succeeded`."""
        key = (user, address)
        recent = [then for then in self._attempts.pop(key, []) if then > at_s - WINDOW_S]
        allowed = len(recent) < FAILURES
        self._attempts[key] = [*recent, at_s] if allowed else recent
        while len(self._attempts) > MAX_KEYS:
            self._attempts.popitem(last=False)
        return allowed

    def succeeded(self, user: str, address: str) -> None:
        """The newest attempt was right: none of the failures before it counts any more."""
        self._attempts.pop((user, address), None)
