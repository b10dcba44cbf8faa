"""ChirpStack v4: events of its MQTT integration, in JSON.

Topic `application/{application}/device/{devEui}/event/{kind}`.  The device is its devEui; fields are paths inside
`object`, which a codec in the device profile makes of the raw bytes.  `up` also gives @rssi_dbm and @snr_db (of the
gateway that heard it best) and @frame_counter, `status` @battery_pct and @margin_db.  Outside `object` a number that is
0 may be left out.  A repeated event has the same time, so it changes nothing.

Source: chirpstack.io documentation, integrations/mqtt and integrations/events.
"""

from typing import Any, Final

import msgspec

from gateway.address_book import AddressBook
from gateway.formats.device_fields import FieldReader, Others, Time, fields_of, measured, nothing_mapped
from gateway.formats.json_tree import ABSENT, id_in, json_tree, look_up, time_in
from gateway.formats.lorawan import add_signal, number_or_zero
from gateway.formats.options import read_options
from gateway.readings import Readings, Refusal, Refused
from sensors.catalogue import IngestRule

QUIET: Final = frozenset({"join", "ack", "txack", "log", "location", "integration"})  # known, and no reading in them


class Options(msgspec.Struct, forbid_unknown_fields=True):
    """Options of the rule."""

    time_field: str = ""  # where in `object` the device's own time stands; empty = when a gateway received it
    others: Others = "refuse"


class ChirpStack:
    """The `chirpstack` format."""

    def __init__(self, book: AddressBook, rule: IngestRule) -> None:
        self._book = book
        self._options = read_options(rule, Options)

    def read(self, index: int, topic: bytes, payload: bytes, out: Readings) -> None:
        """Read message `index`; raises Refused for the whole message."""
        kind = _kind(topic)
        if kind in QUIET:
            out.ignore(f"chirpstack {kind}")
            return
        event = json_tree(payload)
        if not isinstance(event, dict):
            raise Refused(Refusal.WRONG_TYPE, "expected an object")
        if "deviceInfo" not in event and "devEUI" in event:
            raise Refused(Refusal.UNSUPPORTED, "an event of ChirpStack v3: the format `fields` reads those")
        decoded = event.get("object")
        device = id_in(look_up(event, "deviceInfo.devEui"))
        fields = fields_of(self._book, [device], decoded if isinstance(decoded, dict) else ())
        reader = FieldReader(index, fields, out)
        if kind == "up":
            self._read_uplink(index, event, measured(fields), reader, out)
        else:
            _read_status(event, reader)
            if not reader.found:
                out.ignore("chirpstack status")

    def _read_uplink(
        self, index: int, event: dict[str, Any], wanted: list[str], reader: FieldReader, out: Readings
    ) -> None:
        decoded, ts = event.get("object"), self._time(event)
        for field in wanted:
            reader.add_from(decoded, field, ts)
        found = reader.found
        reader.add("@frame_counter", number_or_zero(event, "fCnt"), ts)
        add_signal(reader, event.get("rxInfo"), ts)
        if decoded is None and not event.get("data"):
            out.ignore("chirpstack uplink without data")
        elif decoded is None and wanted:
            detail = "no decoded values (`object`): its device profile at the network server has no codec"
            out.refuse(index, None, Refusal.UNKNOWN_PROPERTY, detail)
        elif wanted and not found:
            nothing_mapped(index, wanted, decoded, out, self._options.others)

    def _time(self, event: dict[str, Any]) -> Time:
        if self._options.time_field:
            ts = look_up(event.get("object"), self._options.time_field)
            if ts is not ABSENT and ts is not None:
                return time_in(ts)
        return time_in(event.get("time"))


def _kind(topic: bytes) -> str:
    levels = topic.decode(errors="replace").split("/")
    kind = levels[-1]
    if len(levels) >= 2 and levels[-2] == "event" and (kind in QUIET or kind in ("up", "status")):
        return kind
    raise Refused(Refusal.BAD_TOPIC, "expected application/{id}/device/{devEui}/event/{kind}, of a known kind")


def _read_status(event: dict[str, Any], reader: FieldReader) -> None:
    ts = time_in(event.get("time"))
    if not event.get("externalPowerSource") and not event.get("batteryLevelUnavailable"):
        reader.add("@battery_pct", number_or_zero(event, "batteryLevel"), ts)
    reader.add("@margin_db", number_or_zero(event, "margin"), ts)
