"""Home Assistant's discovery: devices that announce what they will send.  Kept as announcements, never as readings.

Topic `homeassistant/{component}/[{node}/]{object}/config`, or `homeassistant/device/{object}/config` with several
components in one message; a key may be written short (`stat_t` for `state_topic`).  An empty payload takes an
announcement back.  Source: home-assistant.io, MQTT discovery.
"""

from typing import Any, Final

import msgspec

from gateway.address_book import AddressBook
from gateway.formats.json_tree import ABSENT, id_in, json_tree, look_up
from gateway.formats.options import read_options
from gateway.formats.place import levels_of
from gateway.readings import Readings, Refusal, Refused
from sensors.catalogue import IngestRule

MAX_COMPONENTS: Final = 20  # told in the detail
_SHOWN: Final = 80
_KEYS: Final = {  # what is told of a component: the long key and the short one
    "name": ("name",),
    "state_topic": ("state_topic", "stat_t"),
    "value_template": ("value_template", "val_tpl"),
    "unit": ("unit_of_measurement", "unit_of_meas"),
    "device_class": ("device_class", "dev_cla"),
}


class Options(msgspec.Struct, forbid_unknown_fields=True):
    """It takes none."""


class HomeAssistant:
    """The `homeassistant` format."""

    def __init__(self, book: AddressBook, rule: IngestRule) -> None:
        del book  # an announcement is none of the catalogue's devices yet
        read_options(rule, Options)

    def read(self, index: int, topic: bytes, payload: bytes, out: Readings) -> None:
        """Always refuses (ANNOUNCEMENT), unless an announcement is taken back."""
        del index
        levels = levels_of(topic)
        if levels[-1] != "config" or len(levels) < 3:
            out.ignore("homeassistant status")
            return
        if not payload:
            out.ignore("homeassistant removal")
            return
        config = json_tree(payload)
        if not isinstance(config, dict):
            raise Refused(Refusal.WRONG_TYPE, "expected an object")
        raise Refused(Refusal.ANNOUNCEMENT, "; ".join([_device(config), *_components(config)]))


def _device(config: dict[str, Any]) -> str:
    ids = _first(config, "device.identifiers", "dev.ids", "device.ids", "dev.identifiers", "unique_id", "uniq_id")
    device = ids[0] if isinstance(ids, list) and ids else ids
    name = _first(config, "device.name", "dev.name")
    called = f" ({id_in(name)[:_SHOWN]})" if id_in(name) else ""
    return f"device {id_in(device)[:_SHOWN]!r}{called}"


def _components(config: dict[str, Any]) -> list[str]:
    """What each component would send, as far as it says so."""
    found = _first(config, "components", "cmps")
    components = list(found.values()) if isinstance(found, dict) else [config]
    shared = id_in(config.get("~"))[:_SHOWN]
    told = []
    for component in components[:MAX_COMPONENTS]:
        words = {name: id_in(_first(component, *keys))[:_SHOWN] for name, keys in _KEYS.items()}
        words["state_topic"] = words["state_topic"].replace("~", shared)
        told.append("component " + ", ".join(f"{name} {text[: 2 * _SHOWN]!r}" for name, text in words.items() if text))
    return told


def _first(tree: Any, *paths: str) -> Any:
    """What stands at the first of these paths that leads anywhere."""
    for path in paths:
        found = look_up(tree, path)
        if found is not ABSENT:
            return found
    return None
