"""What a city's sources ask of their brokers: said by `siaga check`, so that it is not found out in the flood.

Sources: NATS server's documentation of `max_ack_pending` (all subscriptions of a session may have at most 65,535 in
flight together, one ending in # counts twice); mosquitto.conf(5).
"""

from collections.abc import Iterable
from itertools import combinations
from typing import Final

from gateway.devices.opening import MAX_ACK_PENDING
from gateway.subscription import filters_of, may_hear_ours, overlap
from sensors.catalogue import City

NATS_IN_FLIGHT: Final = 65_535


def limits(city: City) -> list[str]:
    """A line for each limit that the city's configuration meets, or should be set up for."""
    lines = []
    for source in [source.name for source in city.sources] or ["*"]:
        filters = filters_of(city, source)
        said = [*(_of_nats(filters) if city.sources else ()), *_of_filters(filters)]
        lines += [f"source {source}: {line}" for line in said]
    for one in city.sources:
        if one.protocol == "3.1.1":
            lines.append(
                f"source {one.name}: MQTT 3.1.1 only: back-pressure is the broker's own in-flight limit (Mosquitto:"
                " max_inflight_messages, 20 unless set); its queue drops what is over its bound (max_queued_messages)"
            )
        elif one.session_expiry_s == 0:
            lines.append(f"source {one.name}: session_expiry_s = 0: what comes while the gateway is away is lost")
        if not one.canary:
            lines.append(f"source {one.name}: canary = false: connected while nothing flows is not found out")
        if one.url.startswith("mqtt://") and (one.password_env or one.password_file):
            lines.append(f"source {one.name}: the password goes over the network in clear; mqtts:// encrypts it")
    return lines


def max_ack_pending(filters: tuple[str, ...]) -> int:
    """What a NATS server may be set to for a session with these filters and our canary's."""
    weight = 1 + sum(2 if name.endswith("#") else 1 for name in filters)
    return min(MAX_ACK_PENDING, NATS_IN_FLIGHT // weight)


def _of_nats(filters: tuple[str, ...]) -> Iterable[str]:
    if (most := max_ack_pending(filters)) < MAX_ACK_PENDING:
        yield (
            f"{len(filters)} filters and the canary: where this broker is a NATS server, it refuses some of them if its"
            f" max_ack_pending is over {most:,}"
        )


def _of_filters(filters: tuple[str, ...]) -> Iterable[str]:
    for one, other in combinations(filters, 2):
        if overlap(one, other):
            yield f"{one} and {other} overlap: a broker may deliver what is under both twice; the repeat is shown once"
    if may_hear_ours(filters):
        yield "a filter that begins with a wildcard also brings what Siaga publishes itself; it is passed over"
