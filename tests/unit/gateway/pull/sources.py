"""Pull sources and addresses for tests."""

from typing import Any

from gateway.pull.addresses import Addresses, Placement
from sensors.pull_source import Pull
from sensors.times import NEVER


def pull(**changes: Any) -> Pull:
    """A pull of JSON records `{"id": …, "at": …, "level": …}`, changed at will."""
    plain: dict[str, Any] = {"name": "posko", "url": "http://127.0.0.1:1/page", "format": "json"}
    return Pull(**plain | {"device": "id", "time": "at", "period_s": 60} | changes)


def addresses(**targets: str) -> Addresses:
    """`device__field="STATION/property"`, always in force."""
    found: dict[str, dict[str, tuple[Placement, ...]]] = {}
    for name, target in targets.items():
        device, _, path = name.partition("__")
        found.setdefault(device.casefold(), {})[path.replace("__", ".")] = (Placement(target, ((NEVER, True),)),)
    return found
