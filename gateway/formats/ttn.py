"""The Things Stack v3 (The Things Network, The Things Industries): messages of its MQTT server, in JSON.

Topic `v3/{application}@{tenant}/devices/{device}/up`.  A device is known by "application/device", its device id or its
DevEUI, the first that the catalogue names.  Fields are paths inside `decoded_payload`; @rssi_dbm, @snr_db (of the
gateway that heard it best) and @frame_counter come from the envelope.

Zeros: the envelope is Protocol Buffers' JSON mapping without default values, so f_cnt, rssi or snr that are 0 are
absent and read as 0.  `decoded_payload` is a google.protobuf.Struct, whose members are kept whatever their value: a
field that is absent there was not sent, and gives no reading.  Fields that a payload formatter itself leaves out where
they are 0 can be named by `absent_is_zero`.  Sources: thethingsindustries.com/docs, "Data Formats"; api/messages.proto
of TheThingsNetwork/lorawan-stack; published uplinks with a 0 inside `decoded_payload` and f_cnt left out.
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
from sensors.origin import Origin

QUIET: Final = frozenset({"join", "down", "location", "service", "events"})  # the level behind the device's id


class Options(msgspec.Struct, forbid_unknown_fields=True):
    """Options of the rule."""

    time_field: str = ""  # where in `decoded_payload` the device's own time stands; empty = when it was received
    absent_is_zero: list[str] = []  # fields that the payload formatter leaves out where they are 0
    others: Others = "refuse"


class TheThingsStack:
    """The `ttn` format."""

    def __init__(self, book: AddressBook, rule: IngestRule) -> None:
        self._book = book
        self._options = read_options(rule, Options)

    def read(self, index: int, topic: bytes, payload: bytes, out: Readings) -> None:
        """Read message `index`; raises Refused for the whole message."""
        kind = _kind(topic)
        if kind in QUIET:
            out.ignore(f"ttn {kind}")
            return
        message = json_tree(payload)
        uplink = look_up(message, "uplink_message")
        if not isinstance(uplink, dict):
            raise Refused(Refusal.WRONG_TYPE, "uplink_message: expected an object")
        decoded = uplink.get("decoded_payload")
        offered = decoded if isinstance(decoded, dict) else ()
        origin = Origin.SIMULATED if message.get("simulated") is True else Origin.LIVE
        reader = FieldReader(index, fields_of(self._book, _ids(message), offered), out, origin=origin)
        self._read_uplink(index, message, uplink, reader, out)

    def _read_uplink(
        self, index: int, message: dict[str, Any], uplink: dict[str, Any], reader: FieldReader, out: Readings
    ) -> None:
        decoded, ts, wanted = uplink.get("decoded_payload"), self._time(message, uplink), measured(reader.fields)
        for field in wanted:
            if decoded is not None and field in self._options.absent_is_zero and look_up(decoded, field) is ABSENT:
                reader.add(field, 0.0, ts)
            else:
                reader.add_from(decoded, field, ts)
        found = reader.found
        reader.add("@frame_counter", number_or_zero(uplink, "f_cnt"), ts)
        add_signal(reader, uplink.get("rx_metadata"), ts)
        if decoded is None and not uplink.get("frm_payload"):
            out.ignore("ttn uplink without payload")
        elif decoded is None and wanted:
            detail = "no decoded_payload: its device has no payload formatter at the network server"
            out.refuse(index, None, Refusal.UNKNOWN_PROPERTY, detail)
        elif wanted and not found:
            nothing_mapped(index, wanted, decoded, out, self._options.others)

    def _time(self, message: dict[str, Any], uplink: dict[str, Any]) -> Time:
        """The device's own time where it has one, else when the network server received it."""
        if self._options.time_field:
            ts = look_up(uplink.get("decoded_payload"), self._options.time_field)
            if ts is not ABSENT and ts is not None:
                return time_in(ts)
        return time_in(uplink.get("received_at") or message.get("received_at"))


def _kind(topic: bytes) -> str:
    levels = topic.decode(errors="replace").split("/")
    kind = levels[4] if len(levels) > 4 and levels[0] == "v3" and levels[2] == "devices" else ""
    if kind in QUIET or (kind == "up" and len(levels) == 5):
        return kind
    raise Refused(Refusal.BAD_TOPIC, "expected v3/{application}@{tenant}/devices/{device}/up")


def _ids(message: Any) -> list[str]:
    """The names that a device goes by, the most telling first."""
    device = id_in(look_up(message, "end_device_ids.device_id"))
    application = id_in(look_up(message, "end_device_ids.application_ids.application_id"))
    return [f"{application}/{device}" if application else "", id_in(look_up(message, "end_device_ids.dev_eui")), device]
