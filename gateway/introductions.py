"""What a message tells of the device that sent it: its id, a name, fields with sample values and units.

Looked into when somebody asks who the strangers are, never on the way of a reading.  All of it is strangers' text:
bounded here, and made harmless where it is shown or becomes a row.
"""

import math
import re
from dataclasses import dataclass, field
from typing import Any, Final

from gateway.formats.json_tree import ABSENT, json_tree, look_up
from gateway.formats.protobuf_wire import as_text, wire_fields
from gateway.formats.sparkplug_payload import payload_of
from gateway.log.rows import DeadLetter
from gateway.readings import Refused

MAX_SAMPLES: Final = 24  # of one device
MAX_TEXT: Final = 120
_MAX_DEPTH: Final = 5
_MAX_VISITS: Final = 500
_MAX_WIRE: Final = 2_000  # fields of one Protocol Buffers message looked at
_CONTROL: Final = ("Node Control/", "Device Control/", "bdSeq")  # metrics that are no measurement
_TEMPLATE: Final = re.compile(r"value_json((?:\.\w+|\['\w+'\])+)")
_DEVICE: Final = re.compile(r"device '([^']{1,64})'")
_CONTENTS: Final = ("object", "uplink_message.decoded_payload", "values")  # where readings lie in known envelopes
_IDS: Final = ("deviceInfo.devEui", "end_device_ids.device_id")
_NAMES: Final = ("deviceInfo.deviceName", "end_device_ids.device_id")


@dataclass(frozen=True, slots=True)
class Sample:
    """One field that a device sends: its path, the newest value as text, and the unit and kind that it claims."""

    field: str
    value: str = ""
    unit: str = ""
    device_class: str = ""  # of Home Assistant


@dataclass(slots=True)
class Introduction:
    """What one message tells of its device."""

    device: str
    name: str = ""
    samples: list[Sample] = field(default_factory=list)
    lat: float | None = None
    lon: float | None = None


def introduction(letter: DeadLetter) -> Introduction:
    """What the letter's message tells; at least who sent it, by topic or by the refusal's word."""
    levels = letter.topic.split("/")
    told = _DEVICE.search(letter.detail)
    if letter.topic.startswith("telemetry/") and len(levels) in (2, 3):
        return _native(letter, levels)
    if levels[0] == "spBv1.0" and len(levels) >= 4:
        return _sparkplug(letter, levels)
    tree = _tree(letter.payload)
    if letter.reason == "announcement" and isinstance(tree, dict):
        return _home_assistant(letter, levels, tree)
    device = told[1] if told else next((x for x in (_text(tree, path) for path in _IDS) if x), letter.topic)
    found = Introduction(_cut(device), next((x for x in (_text(tree, path) for path in _NAMES) if x), ""))
    content = next((part for path in _CONTENTS if isinstance(part := look_up(tree, path), dict)), tree)
    found.samples = numbers_of(content)
    _locate(found, tree)
    return found


def numbers_of(tree: Any) -> list[Sample]:
    """The numbers in a JSON value with their paths, at most MAX_SAMPLES, none deeper than a mapping would look.

    >>> [(s.field, s.value) for s in numbers_of({"a": {"b": [1.5]}, "t": "x", "ok": True})]
    [('a.b.0', '1.5')]
    """
    found: list[Sample] = []
    waiting: list[tuple[str, Any, int]] = [("", tree, 0)]
    visits = 0
    while waiting and visits < _MAX_VISITS and len(found) < MAX_SAMPLES:
        path, value, depth = waiting.pop(0)
        visits += 1
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            if path and math.isfinite(value):
                found.append(Sample(path, f"{value:.6g}"))
        elif depth < _MAX_DEPTH and isinstance(value, dict):
            waiting += [(f"{path}.{_cut(str(k))}".lstrip("."), v, depth + 1) for k, v in list(value.items())[:100]]
        elif depth < _MAX_DEPTH and isinstance(value, list):
            waiting += [(f"{path}.{i}".lstrip("."), v, depth + 1) for i, v in enumerate(value[:4])]
    return found


def _native(letter: DeadLetter, levels: list[str]) -> Introduction:
    """`telemetry/{station}/{property}` and `telemetry/{station}`."""
    found = Introduction(_cut(levels[1]))
    tree = _tree(letter.payload)
    newest = tree[-1] if isinstance(tree, list) and tree else tree
    if len(levels) == 2:
        values = look_up(newest, "values")
        found.samples = numbers_of(values) if isinstance(values, dict) else []
        return found
    value = newest.get("value") if isinstance(newest, dict) else newest
    unit = newest.get("unit") if isinstance(newest, dict) else ""
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    text = f"{value:.6g}" if is_number else ""
    found.samples = [Sample(_cut(levels[2]), text, _cut(unit) if isinstance(unit, str) else "")]
    return found


def _home_assistant(letter: DeadLetter, levels: list[str], tree: dict[str, Any]) -> Introduction:
    """A discovery message: what a device's entities will send, and where.  A key may be written short."""
    ids = _first(tree, "device.identifiers", "device.ids", "dev.ids", "dev.identifiers", "unique_id", "uniq_id")
    device = ids[0] if isinstance(ids, list) and ids else ids
    if not isinstance(device, str):
        device = levels[-2] if len(levels) > 1 else letter.topic
    components = _first(tree, "components", "cmps")
    parts = list(components.values())[:MAX_SAMPLES] if isinstance(components, dict) else [tree]
    base = _told(tree, "~")
    samples = [_entity(part, base) for part in parts if isinstance(part, dict)]
    return Introduction(_cut(device), _told(tree, "device.name", "dev.name") or _told(tree, "name"), samples)


def _entity(part: dict[str, Any], base: str) -> Sample:
    """One entity: the path that its template takes from the message, else the topic that it speaks on."""
    template = _told(part, "value_template", "val_tpl")
    path = _TEMPLATE.search(template)
    where = re.sub(r"\['(\w+)'\]", r".\1", path[1]).lstrip(".") if path else ""
    topic = _told(part, "state_topic", "stat_t").replace("~", base)
    unit = _told(part, "unit_of_measurement", "unit_of_meas")
    return Sample(where or _cut(topic) or _told(part, "name"), "", unit, _told(part, "device_class", "dev_cla"))


def _sparkplug(letter: DeadLetter, levels: list[str]) -> Introduction:
    """A Sparkplug message: its metrics by name, with the unit that a birth may tell in `engUnit`."""
    found = Introduction("/".join(_cut(level) for level in (levels[1], *levels[3:5])))
    try:
        metrics, units = payload_of(letter.payload).metrics, _units(letter.payload)
    except Refused:
        return found
    for metric in metrics[:_MAX_VISITS]:
        if not metric.name or metric.name.startswith(_CONTROL) or len(found.samples) == MAX_SAMPLES:
            continue
        try:
            value = metric.number(None)
        except Refused:
            continue
        text = "" if math.isnan(value) else f"{value:.6g}"
        found.samples.append(Sample(_cut(metric.name), text, units.get(metric.name, "")))
    return found


def _units(payload: bytes) -> dict[str, str]:
    """`engUnit` by metric name: Payload.metrics (2), Metric.name (1) and .properties (9), PropertySet.keys (1) and
    .values (2), PropertyValue.string_value (8); Eclipse Sparkplug Specification 3.0, chapter 6.  Raises Refused."""
    units: dict[str, str] = {}
    for part in wire_fields(payload, _MAX_WIRE):
        if part.number != 2 or not isinstance(part.value, bytes):
            continue
        name, unit = "", ""
        for inner in wire_fields(part.value, _MAX_WIRE):
            if inner.number == 1:
                name = as_text(inner, MAX_TEXT)
            elif inner.number == 9 and isinstance(inner.value, bytes):
                unit = _property(inner.value, "engUnit")
        if name and unit:
            units[name] = unit
    return units


def _property(data: bytes, wanted: str) -> str:
    keys: list[str] = []
    values: list[str] = []
    for part in wire_fields(data, _MAX_WIRE):
        if part.number == 1:
            keys.append(as_text(part, MAX_TEXT))
        elif part.number == 2 and isinstance(part.value, bytes):
            texts = [as_text(x, MAX_TEXT) for x in wire_fields(part.value, _MAX_WIRE) if x.number == 8]
            values.append(texts[0] if texts else "")
    return dict(zip(keys, values, strict=False)).get(wanted, "")


def _first(tree: Any, *paths: str) -> Any:
    return next((found for path in paths if (found := look_up(tree, path)) is not ABSENT), None)


def _told(tree: Any, *paths: str) -> str:
    found = _first(tree, *paths)
    return _cut(found) if isinstance(found, str) else ""


def _tree(payload: bytes) -> Any:
    try:
        return json_tree(payload)
    except Refused:
        return None


def _text(tree: Any, path: str) -> str:
    value = look_up(tree, path)
    return _cut(value) if isinstance(value, str) else ""


def _locate(found: Introduction, tree: Any) -> None:
    for path in ("deviceInfo.location", "locations.user", "uplink_message.locations.user", "location", "gps", ""):
        lat, lon = (
            next((look_up(tree, f"{path}.{key}".lstrip(".")) for key in keys
                  if look_up(tree, f"{path}.{key}".lstrip(".")) is not ABSENT), None)
            for keys in (("latitude", "lat"), ("longitude", "lon", "lng"))
        )  # fmt: skip
        if isinstance(lat, float) and isinstance(lon, float) and abs(lat) <= 90 and abs(lon) <= 180 and (lat or lon):
            found.lat, found.lon = lat, lon
            return


def _cut(text: str) -> str:
    return text[:MAX_TEXT]
