"""A native payload as somebody typed it, with its origin written into every reading of it.  Pure."""

from typing import Any, Final

import msgspec

from simulator.errors import BadPayload

MAX_BYTES: Final = 1_000_000  # the embedded broker takes less than 1 MiB
MAX_ELEMENTS: Final = 10_000  # as the gateway takes in one message


def marked(payload: bytes, origin: str, *, whole_station: bool) -> bytes:
    """The payload with `"origin"` in each of its readings; what it says itself of its origin gives way.

    `whole_station`: it goes to `telemetry/{station}` and holds `values`; else a number, an object with `value`, or an
    array of these.  Raises BadPayload for what is neither, or too large.

    >>> marked(b"[1, {\\"ts\\": 5, \\"value\\": 2}]", "simulated", whole_station=False).decode()
    '[{"value":1,"origin":"simulated"},{"ts":5,"value":2,"origin":"simulated"}]'
    """
    try:
        content = msgspec.json.decode(payload)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise BadPayload(f"expected JSON, got {_shown(payload)}: {error}") from error
    if isinstance(content, list) and len(content) > MAX_ELEMENTS:
        raise BadPayload(f"expected at most {MAX_ELEMENTS} readings in one message, got {len(content)}")
    if whole_station:
        encoded = msgspec.json.encode(_station(content, origin))
    elif isinstance(content, list):
        encoded = msgspec.json.encode([_reading(one, origin, f"[{k}]") for k, one in enumerate(content)])
    else:
        encoded = msgspec.json.encode(_reading(content, origin, ""))
    if len(encoded) > MAX_BYTES:
        raise BadPayload(f"expected at most {MAX_BYTES} bytes, got {len(encoded)}")
    return encoded


def _station(content: Any, origin: str) -> dict[str, Any]:
    if not isinstance(content, dict) or not isinstance(content.get("values"), dict):
        raise BadPayload('without PROPERTY: expected an object with "values": {property: number}')
    return {**content, "origin": origin}


def _reading(content: Any, origin: str, where: str) -> dict[str, Any]:
    if _is_number(content):
        return {"value": content, "origin": origin}
    if isinstance(content, dict) and "value" in content and (content["value"] is None or _is_number(content["value"])):
        return {**content, "origin": origin}
    got = _shown(msgspec.json.encode(content))
    raise BadPayload(f'reading{where}: expected a number, or an object with a number or null as "value", got {got}')


def _is_number(content: Any) -> bool:
    return isinstance(content, int | float) and not isinstance(content, bool)


def _shown(payload: bytes) -> str:
    return repr(payload[:60].decode(errors="replace"))
