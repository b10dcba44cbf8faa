"""Strangers at the broker: who they are, and rows that a person may paste; whatever their text is."""

import csv
from pathlib import Path

import msgspec
import pytest

from gateway.formats.protobuf_wire import put
from gateway.introductions import introduction, numbers_of
from gateway.log.reader import LogReader
from gateway.log.rows import DeadLetter
from gateway.log.writer import LogWriter
from gateway.unknown_devices import (
    UnknownDevice,
    datastreams_header,
    harmless,
    identifier,
    stations_header,
    unknown_devices,
)
from sensors.catalogue import Catalogue
from sensors.city import load_city
from sensors.settings import LogSettings
from tests.e2e.small_city import write_city
from tests.unit.gateway.formats import sparkplug_messages as sparkplug
from tests.unit.gateway.log_entries import DETECTOR, entry
from tests.unit.gateway.small_city import small_catalogue

CHIRPSTACK = {
    "deviceInfo": {"devEui": "A84041000181D2F3", "deviceName": "Pos Ngotok hilir"},
    "object": {"level_mm": 1834, "battery": 3.61, "status": "ok"},
    "rxInfo": [{"rssi": -97}],
}
TTN = {"end_device_ids": {"device_id": "pos-7"}, "uplink_message": {"decoded_payload": {"pm2_5": 12.5}}}
DISCOVERY = {
    "name": "Water level", "uniq_id": "x1", "stat_t": "~/state", "~": "kali/7", "unit_of_meas": "m",
    "val_tpl": "{{ value_json.water['level'] }}", "dev": {"ids": ["kali-7"], "name": "Kali 7"},
}  # fmt: skip
SENTENCES = ["=1+1", "+62", "-x", "@SUM(A1)", "\t=x", "=cmd|'/C calc'!A0", '"a,b"\n;c', "ok"]


def letter(topic: str, content: object, reason: str = "unknown_device", detail: str = "", at_us: int = 5) -> DeadLetter:
    payload = content if isinstance(content, bytes) else msgspec.json.encode(content)
    return DeadLetter(
        received_us=at_us, source="main", topic=topic, reason=reason, detail=detail, payload=payload,
        length=len(payload), sha256=f"{hash((topic, payload)):x}",
    )  # fmt: skip


def found(tmp_path: Path, *letters: DeadLetter, catalogue: Catalogue | None = None) -> list[UnknownDevice]:
    with LogWriter(tmp_path, LogSettings(), DETECTOR) as log:
        log.append(entry(dead_letters=letters))
    with LogReader(tmp_path) as reader:
        return unknown_devices(reader.letters, catalogue or small_catalogue())


def test_a_native_station_comes_with_all_its_properties(tmp_path: Path) -> None:
    new, known = found(
        tmp_path,
        letter("telemetry/NEW/level", {"value": 1.8, "unit": "m"}, "unknown_station", at_us=9),
        letter("telemetry/NEW", {"values": {"rain": 3}}, "unknown_station", at_us=8),
        letter("telemetry/S1/pm25", b"17", "unknown_property", at_us=7),
        letter("telemetry/S1/level", b"17", "unknown_property", at_us=6),  # has a row by now
    )
    assert (new.device, new.count, new.last_us) == ("NEW", 2, 9)
    assert {(s.field, s.value, s.unit) for s in new.samples} == {("level", "1.8", "m"), ("rain", "3", "")}
    assert (known.device, known.station_row, len(known.datastream_rows)) == ("S1", "", 1)


@pytest.mark.parametrize(
    ("topic", "content", "detail", "device", "name", "samples"),
    [
        ("application/1/device/a84041000181d2f3/event/up", CHIRPSTACK, "", "A84041000181D2F3", "Pos Ngotok hilir",
         [("level_mm", "1834"), ("battery", "3.61")]),
        ("v3/app/devices/pos-7/up", TTN, "", "pos-7", "pos-7", [("pm2_5", "12.5")]),
        ("pabrik/data", {"a": {"b": [1, 2]}}, "device 'mesin-3' is in no row", "mesin-3", "",
         [("a.b.0", "1"), ("a.b.1", "2")]),
        ("rubbish", b"\xff\x00", "", "rubbish", "", []),
    ],
)  # fmt: skip
def test_what_a_message_tells(
    topic: str, content: object, detail: str, device: str, name: str, samples: list[tuple[str, str]]
) -> None:
    told = introduction(letter(topic, content, detail=detail))
    assert (told.device, told.name) == (device, name)
    assert [(s.field, s.value) for s in told.samples] == samples


def test_a_discovery_message_fills_in_what_it_knows(tmp_path: Path) -> None:
    [device] = found(tmp_path, letter("homeassistant/sensor/kali7/level/config", DISCOVERY, "announcement"))
    assert (device.device, device.name) == ("kali-7", "Kali 7")
    row = dict(zip(datastreams_header().split(","), next(csv.reader(device.datastream_rows)), strict=True))
    assert (row["property"], row["unit"], row["sent_unit"]) == ("level", "cm", "m")
    assert (row["device"], row["field"]) == ("kali-7", "water.level")


def test_a_sparkplug_birth_fills_in_what_it_knows(tmp_path: Path) -> None:
    unit = put(9, put(1, b"engUnit") + put(2, put(1, 12) + put(8, b"mm")))
    birth = sparkplug.payload(
        sparkplug.metric("Node Control/Rebirth", False, sparkplug.BOOLEAN),
        sparkplug.metric("water_level", 1834.0, sparkplug.DOUBLE, alias=3) + unit,
        seq=0,
    )
    data = sparkplug.payload(sparkplug.metric(alias=3, value=1900.0, datatype=sparkplug.DOUBLE), seq=1)
    [device] = found(
        tmp_path, letter("spBv1.0/bpbd/NBIRTH/edge-1", birth), letter("spBv1.0/bpbd/NDATA/edge-1", data, at_us=9)
    )
    assert (device.device, device.count) == ("bpbd/edge-1", 2)
    assert [(s.field, s.value, s.unit) for s in device.samples] == [("water_level", "1834", "mm")]


def test_the_rows_make_a_city_without_a_fault(tmp_path: Path) -> None:
    folder = write_city(tmp_path / "city")
    catalogue, _ = load_city(str(folder))
    log = tmp_path / "log"
    log.mkdir()
    strangers = found(
        log,
        letter("telemetry/NEW/level", {"value": 1.8, "unit": "m"}, "unknown_station"),
        letter("application/1/device/a8/event/up", CHIRPSTACK),
        letter("homeassistant/sensor/kali7/level/config", DISCOVERY, "announcement"),
        letter("v3/app/devices/pos-7/up", TTN),
        catalogue=catalogue,
    )
    for name, header, rows in (
        ("stations.csv", stations_header(), [d.station_row for d in strangers]),
        ("datastreams.csv", datastreams_header(), [row for d in strangers for row in d.datastream_rows]),
    ):
        before = list(csv.DictReader((folder / name).read_text().splitlines()))
        with (folder / name).open("w", newline="") as table:
            out = csv.DictWriter(table, header.split(","))
            out.writeheader()
            out.writerows(before)
            table.write("\n".join(rows) + "\n")
    after, faults = load_city(str(folder))
    assert faults == ()
    assert len(after.stations) == len(catalogue.stations) + 4
    added = [d for d in after.datastreams if d.station not in catalogue.station_by_id]
    assert all(d.is_illustrative for d in added)  # found is not trusted: its alarms would reach nobody but a test
    assert found(log, catalogue=after) == []


@pytest.mark.parametrize("text", SENTENCES)
def test_no_text_of_a_stranger_is_a_formula_or_breaks_a_row(tmp_path: Path, text: str) -> None:
    event = {"deviceInfo": {"devEui": text, "deviceName": text}, "object": {text: 1.0, "level": 2.0}}
    [device] = found(tmp_path, letter("application/1/device/x/event/up", event))
    for row in (device.station_row, *device.datastream_rows):
        [cells] = csv.reader([row])
        assert all(not cell.startswith(("=", "+", "@", "\t")) for cell in cells)
        assert all(not cell.startswith("-") or cell[1:].replace(".", "").isdigit() for cell in cells)
        assert row.isprintable()


def test_a_name_by_our_rule_is_made_of_anything() -> None:
    assert identifier("Kali Ngotok № 7 (ΔH)") == "Kali-Ngotok-No-7-H"
    assert identifier("水位") == ""
    assert len(identifier("x" * 500)) == 64
    assert harmless("\x1b[31m=rood") == "[31m=rood"


def test_numbers_are_bounded() -> None:
    wide = {f"k{n}": float(n) for n in range(10_000)}
    deep: dict[str, object] = {}
    for _ in range(200):
        deep = {"x": deep}
    assert len(numbers_of({"wide": wide, "deep": deep})) <= 24
