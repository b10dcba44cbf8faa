"""MQTT topic filters (MQTT 3.1.1 section 4.7)."""

from functools import lru_cache


@lru_cache(maxsize=4096)
def matches(pattern: str, topic: bytes) -> bool:
    """Whether a topic falls under a filter; one that begins with `$` is never under a leading wildcard.

    >>> matches("telemetry/#", b"telemetry/S1/level"), matches("telemetry/+", b"telemetry/a/b")
    (True, False)
    """
    want, got = pattern.split("/"), topic.decode(errors="replace").split("/")
    if got[0].startswith("$") and want[0] in ("#", "+"):
        return False
    for place, level in enumerate(want):
        if level == "#":
            return True
        if place >= len(got) or level not in ("+", got[place]):
            return False
    return len(want) == len(got)
