"""MQTT topic filters (3.1.1 and 5: section 4.7)."""

from collections.abc import Iterable
from typing import Final

WILDCARDS: Final = ("#", "+")
EVERYTHING: Final = (["#"], ["+", "#"])  # every topic has a first level; but never one that begins with `$`


def matches(pattern: str, topic: bytes) -> bool:
    """Whether a topic falls under a filter; one that begins with `$` is never under a leading wildcard.

    >>> matches("telemetry/#", b"telemetry/S1/level"), matches("telemetry/+", b"telemetry/a/b")
    (True, False)
    """
    want, got = pattern.split("/"), topic.decode(errors="replace").split("/")
    if got[0].startswith("$") and want[0] in WILDCARDS:
        return False
    for place, level in enumerate(want):
        if level == "#":
            return True
        if place >= len(got) or level not in ("+", got[place]):
            return False
    return len(want) == len(got)


def covers(pattern: str, other: str) -> bool:
    """Whether every topic that falls under `other` falls under `pattern` too.

    >>> covers("a/#", "a"), covers("a/+", "a/#"), covers("+/#", "#"), covers("#", "$SYS/#")
    (True, False, True, False)
    """
    wide, narrow = pattern.split("/"), other.split("/")
    if other.startswith("$") and wide[0] in WILDCARDS:
        return False
    if wide in EVERYTHING:
        return True
    for place, level in enumerate(wide):
        if level == "#":
            return True
        if place >= len(narrow) or narrow[place] == "#" or level not in ("+", narrow[place]):
            return False
    return len(wide) == len(narrow)


def merged(filters: Iterable[str]) -> tuple[str, ...]:
    """The filters without those that another one covers, sorted; the same topics fall under them.

    A broker may deliver a message once for each subscription that it falls under (3.1.1 and 5: 3.3.5), so what is
    covered would come twice.  Two that overlap while neither covers the other (`a/+` and `+/b` at `a/b`) both stay: no
    set of filters without an overlap has exactly their topics.

    >>> merged(["telemetry/#", "telemetry/+/level", "application/+/event/up", "a/+", "+/b"])
    ('+/b', 'a/+', 'application/+/event/up', 'telemetry/#')
    """
    kept: list[str] = []
    for name in sorted(set(filters)):
        if not any(covers(other, name) for other in kept):
            kept = [other for other in kept if not covers(name, other)]
            kept.append(name)
    return tuple(kept)
