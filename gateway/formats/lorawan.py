"""What the network servers of LoRaWAN have in common."""

from typing import Any

from gateway.formats.device_fields import FieldReader, Time
from gateway.formats.json_tree import number_or_why
from gateway.readings import Refused


def add_signal(reader: FieldReader, receptions: Any, ts: Time) -> None:
    """@rssi_dbm and @snr_db at the gateway that heard it best.

    The JSON is Protocol Buffers' mapping, which may leave out a number that is 0: absent is 0.
    """
    heard = [r for r in receptions if isinstance(r, dict)] if isinstance(receptions, list) else []
    best = max(heard, key=_strength, default=None)
    if best is not None:
        reader.add("@rssi_dbm", number_or_zero(best, "rssi"), ts)
        reader.add("@snr_db", number_or_zero(best, "snr"), ts)


def number_or_zero(message: dict[str, Any], name: str) -> float | Refused:
    """A number of the envelope, where absent is 0."""
    return number_or_why(message.get(name, 0))


def _strength(reception: dict[str, Any]) -> float:
    rssi = number_or_zero(reception, "rssi")
    return float("-inf") if isinstance(rssi, Refused) else rssi
