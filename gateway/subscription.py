"""Which topic filters are subscribed at a source: those of its ingest rules, none inside another."""

from collections.abc import Iterable
from typing import Final

from gateway.topic_filter import WILDCARDS, merged
from sensors.catalogue import City

NATIVE: Final = "telemetry/#"
OURS: Final = "siaga"  # the first level of what Siaga publishes itself
MAX_BYTES: Final = 65_535  # of a string (1.5.3; 5: 1.5.4)


def filters_of(city: City, source: str) -> tuple[str, ...]:
    """The filters to subscribe at `source`, sorted; native ones where the city has no rule for it."""
    named = [rule.filter for rule in city.rules_for(source)]
    return merged([name for name in named if not why_unusable(name)] or [NATIVE])


def why_unusable(name: str) -> str:
    """Why a filter cannot be subscribed; "" where it can (4.7; and not what Siaga or the broker says of itself).

    >>> why_unusable("a/+/b"), why_unusable("a/b#")
    ('', '# and + stand for whole levels, # for the last one')
    """
    levels = name.split("/")
    if not name or "\0" in name or len(name.encode()) > MAX_BYTES:
        return f"expected 1 to {MAX_BYTES} bytes without NUL"
    if any(("#" in level or "+" in level) and len(level) > 1 for level in levels) or "#" in levels[:-1]:
        return "# and + stand for whole levels, # for the last one"
    if levels[0] == OURS:
        return f"what is under {OURS}/ is Siaga's own"
    if levels[0].startswith("$"):
        return f"what is under {levels[0]}/ is the broker's own, and shared subscriptions lose messages on some"
    return ""


def overlap(one: str, other: str) -> bool:
    """Whether some topic is under both.

    >>> overlap("a/+", "+/b"), overlap("a/+", "b/+"), overlap("a/#", "+/b/c"), overlap("a/#", "a")
    (True, False, True, True)
    """
    first, second = one.split("/"), other.split("/")
    for here, there in zip(first, second, strict=False):
        if "#" in (here, there):
            return True
        if "+" not in (here, there) and here != there:
            return False
    longer, length = (first, len(second)) if len(first) > len(second) else (second, len(first))
    return len(first) == len(second) or longer[length:] == ["#"]


def may_hear_ours(filters: Iterable[str]) -> bool:
    """Whether a subscription to `filters` also brings what Siaga publishes itself."""
    return any(name.split("/", 1)[0] in WILDCARDS for name in filters)
