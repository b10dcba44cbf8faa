"""How often one caller may ask: a bucket of requests each, filled at a rate (token bucket), in a bounded table.

Who is limited is decided by the gate: a user or token wherever it comes from, else an address (of IPv6 its /64, which
is one subscriber's).  Nobody in particular on this machine is not: the wall on loopback must not go blind.
"""

import ipaddress
import math
from collections import OrderedDict
from typing import Final

from sensors.settings import HttpSettings

MAX_CALLERS: Final = 10_000  # beyond, the one that was quiet the longest is forgotten
_IPV6_PREFIX: Final = 64


class RateLimit:
    """Times are monotonic seconds, passed in, never decreasing."""

    def __init__(self, settings: HttpSettings) -> None:
        self._rate_per_s, self._burst = settings.requests_per_s, float(settings.burst_requests)
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # what is left, and when that was
        self.limited = 0  # requests that were refused
        self.forgotten = 0  # callers, to stay within bounds

    @property
    def callers(self) -> int:
        """How many are in the table."""
        return len(self._buckets)

    def wait_s(self, caller: str, at_s: float) -> int:
        """0 where one more request may be answered, which counts then; else whole seconds until there is room."""
        left, then_s = self._buckets.pop(caller, (self._burst, at_s))
        left = min(self._burst, left + (at_s - then_s) * self._rate_per_s)
        is_allowed = left >= 1.0
        self._buckets[caller] = (left - 1.0 if is_allowed else left, at_s)
        if len(self._buckets) > MAX_CALLERS:
            self._buckets.popitem(last=False)
            self.forgotten += 1
        if is_allowed:
            return 0
        self.limited += 1
        return max(1, math.ceil((1.0 - left) / self._rate_per_s))


def subscriber(host: str) -> str:
    """The address that is counted for a host.

    >>> subscriber("10.1.2.3"), subscriber("2001:db8:1:2:3:4:5:6")
    ('10.1.2.3', '2001:db8:1:2::/64')
    """
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv4Address):
        return host
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.IPv6Network((address, _IPV6_PREFIX), strict=False))
