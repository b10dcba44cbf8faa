"""Orders that set datastreams aside: maintenance at a station, a datastream out of service.

Each has a name, a reason and an end.  While one is in force, alarms of its datastreams are listed and reach nobody.
"""

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from command_center.alarms.alarm import Aside
from command_center.errors import NotAllowed
from command_center.operations import Operations
from sensors.times import HOUR_US, rfc3339

DAY_US: Final = 24 * HOUR_US
LONGEST_US: Final = {Aside.SUPPRESSED: 4 * HOUR_US, Aside.OUT_OF_SERVICE: 90 * DAY_US}
MOST_IN_FORCE: Final = 2_000


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """One order.  `scope` is a datastream (`{station}:{property}`), or a station: all of its datastreams.

    `ticket`: of a fault that somebody has taken in hand; its silence stands aside in the list and stays on the map.
    """

    number: int = 0  # given when it is stored
    aside: Aside
    scope: str
    by: str
    reason: str
    since_us: int
    until_us: int
    ticket: str = ""
    ended_us: int | None = None
    ended_by: str = ""  # empty: its time was over

    def covers(self, datastream: str) -> bool:
        """Whether it is about `{station}:{property}`."""
        return self.scope in (datastream, datastream.partition(":")[0])


_ORDER: Final = msgspec.json.Decoder(Order)


def checked(order: Order, in_force: Sequence[Order]) -> Order:
    """The order.  Raises NotAllowed where it has no end, ends too late, stands already, or is one too many."""
    longest_us = LONGEST_US[order.aside]
    if not order.since_us < order.until_us <= order.since_us + longest_us:
        raise NotAllowed(
            f"{order.aside} of {order.scope}: expected an end after now and within {longest_us // HOUR_US} h,"
            f" got {rfc3339(order.until_us)}"
        )
    if len(in_force) >= MOST_IN_FORCE:
        raise NotAllowed(f"{MOST_IN_FORCE} orders are in force: end some first")
    for other in in_force:
        if (other.aside, other.scope) == (order.aside, order.scope):
            raise NotAllowed(
                f"{order.scope} is {other.aside} already, by {other.by} until {rfc3339(other.until_us)}: end that first"
            )
    return order


def aside_of(in_force: Iterable[Order], datastream: str) -> Aside | None:
    """What is in force for a datastream; out of service outranks maintenance (ISA-18.2)."""
    found = {order.aside for order in in_force if order.covers(datastream)}
    return Aside.OUT_OF_SERVICE if Aside.OUT_OF_SERVICE in found else next(iter(found), None)


def stored_orders(operations: Operations) -> list[Order]:
    """The orders in force, oldest first."""
    rows = operations.read("SELECT number, body FROM service_order WHERE ended_us IS NULL ORDER BY number")
    return [msgspec.structs.replace(_ORDER.decode(body), number=number) for number, body in rows]


def past_orders(operations: Operations, limit: int) -> list[Order]:
    """The orders that ended last, newest first."""
    rows = operations.read(
        "SELECT number, body FROM service_order WHERE ended_us IS NOT NULL ORDER BY ended_us DESC LIMIT ?", limit
    )
    return [msgspec.structs.replace(_ORDER.decode(body), number=number) for number, body in rows]
