"""Messages as network servers, devices and specifications publish them, read in place."""

import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from gateway.formats.senml_pack import RELATIVE_BELOW, Record, pack, resolved
from gateway.formats.sparkplug_payload import payload_of
from sensors.times import parse_rfc3339
from tests.e2e.recorded_city import DEFAULT_DATA
from tests.unit.gateway.formats.mapped import Reader, Row, as_json, mapped, values

pytestmark = pytest.mark.recorded
HEALTH = {"@frame_counter": "1", "@rssi_dbm": "dBm", "@snr_db": "dB"}
TOLD_AS = {"lora_frame_counter": "@frame_counter", "lora_rssi": "@rssi_dbm", "lora_snr": "@snr_db"}


@pytest.fixture(scope="module")
def payloads() -> Path:
    """The folder of recorded payloads; skips the tests, saying so, where it is absent."""
    folder = Path(os.environ.get("SIAGA_RECORDED_DATA", DEFAULT_DATA)).resolve() / "D_payloads"
    if not folder.is_dir():
        pytest.skip(f"SIAGA_RECORDED_DATA: no recorded payloads in {folder}")
    return folder


def content(file: Path) -> Any:
    return json.loads(file.read_text(encoding="utf-8"))


def uplinks(folder: Path) -> Iterator[tuple[str, dict[str, Any], dict[str, float]]]:
    """(file, uplink, expected numbers by name) of every recorded uplink."""
    for file in sorted(folder.glob("*.uplink.json")):
        expected = content(file.with_name(file.name.replace(".uplink.", ".expected_tb.")))
        device = expected[0] if isinstance(expected, list) else expected
        told = device["telemetry"][0]["values"]
        yield file.name, content(file), {k: float(v) for k, v in told.items() if isinstance(v, (int, float))}


def read_all(
    format_name: str, device: str, fields: Mapping[str, str], topic: str, message: Any, /, **options: Any
) -> tuple[dict[str, float | None], set[int]]:
    """Every one of `fields` (name → unit) that came out of a message, and the times."""
    rows = [Row(f"p{n}", device, field, unit=unit) for n, (field, unit) in enumerate(fields.items())]
    reader = Reader(mapped(format_name, *rows, **options))
    reader.now_us = 1_900_000_000_000_000
    result = reader.read((topic, as_json(message)))
    assert not result.dead_letters, (device, result.dead_letters)
    names = list(fields)
    return {names[number]: got[0] for number, got in values(result).items()}, set(result.batch.time_us.tolist())


def check_uplink(
    format_name: str,
    message: dict[str, Any],
    device: str,
    topic: str,
    at: str,
    decoded: Mapping[str, float],
    told: Mapping[str, float],
) -> None:
    """What the codec's fields and the envelope give is what is expected of both, at the envelope's time."""
    got, times = read_all(format_name, device, dict.fromkeys(decoded, "1") | HEALTH, topic, message)
    assert {name: got[name] for name in decoded} == decoded
    for name, field in TOLD_AS.items():
        if name in told:
            assert got[field] == told[name], name
    assert times == {parse_rfc3339(at)}


def test_chirpstack_uplinks(payloads: Path) -> None:
    """The recorded envelopes carry raw bytes; what the vendor's codec makes of them is put where the server puts it."""
    count = 0
    for file, message, told in uplinks(payloads / "lorawan" / "chirpstack_v4"):
        assert "object" not in message, file
        if "deviceInfo" not in message:  # some of the folder are of ChirpStack v3
            check_chirpstack_v3(message, told)
            continue
        decoded = {name: value for name, value in told.items() if not name.startswith("lora_")}
        device = message["deviceInfo"]["devEui"]
        topic = f"application/x/device/{device}/event/up"
        check_uplink("chirpstack", message | {"object": decoded}, device, topic, message["time"], decoded, told)
        count += 1
    assert count == 24


def check_chirpstack_v3(message: dict[str, Any], told: Mapping[str, float]) -> None:
    """Version 3 is told from version 4, and read by fields."""
    topic = "application/123/device/0202020202020202/event/up"
    letters = Reader(mapped("chirpstack")).read((topic, as_json(message))).dead_letters
    assert [letter.reason for letter in letters] == ["unsupported"]
    fields = {"fCnt": "1", "rxInfo.0.rssi": "dBm", "rxInfo.0.loRaSNR": "dB"}
    got, _ = read_all("fields", message["devEUI"], fields, topic, message, device="devEUI")
    assert list(got.values()) == [told["lora_frame_counter"], told["lora_rssi"], told["lora_snr"]]


@pytest.mark.parametrize(("folder", "files"), [("tts_v3", 24), ("tti_v3", 13)])
def test_the_things_stack_uplinks(payloads: Path, folder: str, files: int) -> None:
    count = 0
    for file, message, told in uplinks(payloads / "lorawan" / folder):
        uplink = message["uplink_message"]
        assert "decoded_payload" not in uplink, file
        decoded = {name: value for name, value in told.items() if not name.startswith("lora_")}
        device = message["end_device_ids"]["device_id"]
        full = message | {"uplink_message": uplink | {"decoded_payload": decoded}}
        topic = f"v3/x@ttn/devices/{device}/up"
        check_uplink("ttn", full, device, topic, uplink["received_at"], decoded, told)
        count += 1
    assert count == files


def test_loriot_and_thingpark_by_fields(payloads: Path) -> None:
    count = 0
    for _, message, told in uplinks(payloads / "lorawan" / "loriot"):
        fields = {"fcnt": "1", "rssi": "dBm", "snr": "1"}
        got, times = read_all("fields", message["EUI"], fields, "x", message, device="EUI", time="ts")
        assert got == {name: float(message[name]) for name in fields}
        assert times == {message["ts"] * 1000}
        assert got["fcnt"] == told.get("lora_frame_counter", got["fcnt"])
        count += 1
    for _, message, told in uplinks(payloads / "lorawan" / "thingpark"):
        fields = {"DevEUI_uplink.FCntUp": "1", "DevEUI_uplink.LrrRSSI": "dBm", "DevEUI_uplink.LrrSNR": "1"}
        device = message["DevEUI_uplink"]["DevEUI"]
        got, times = read_all(
            "fields", device, fields, "x", message, device="DevEUI_uplink.DevEUI", time="DevEUI_uplink.Time"
        )
        assert list(got.values()) == [told["lora_frame_counter"], told["lora_rssi"], told["lora_snr"]]
        assert times == {parse_rfc3339(message["DevEUI_uplink"]["Time"])}
        count += 1
    assert count == 17


def test_chirpstacks_own_examples_of_each_event(payloads: Path) -> None:
    told = {}
    for file in sorted((payloads / "lorawan" / "chirpstack_v4_docs").glob("*.json")):
        message, kind = content(file), file.name.split("_")[0]
        device = message["deviceInfo"]["devEui"]
        rows = [Row(f"p{n}", device, field, unit=unit) for n, (field, unit) in enumerate(HEALTH.items())]
        rows += [Row("battery", device, "@battery_pct", unit="%"), Row("margin", device, "@margin_db", unit="dB")]
        result = Reader(mapped("chirpstack", *rows)).read(
            (f"application/x/device/{device}/event/{kind}", as_json(message))
        )
        assert not result.dead_letters, kind
        told[kind] = result.ignored, values(result)
    nothing: tuple[int, dict[int, list[float | None]]] = (1, {})
    quiet = dict.fromkeys(("ack", "integration", "join", "location", "log", "txack"), nothing)
    assert told == quiet | {"up": (0, {0: [0], 1: [-36], 2: [10.5]}), "status": (0, {3: [88.3], 4: [10]})}


def senml(text: bytes, *, cbor: bool = False) -> list[tuple[str, str | None, float, float]]:
    """(name, unit, absolute time or 0, value) of each record that is a number."""
    records = [r for r in resolved(pack(text, cbor=cbor)) if isinstance(r, Record)]
    numbers = [r for r in records if isinstance(r.value, float)]
    return [(r.name, r.unit, r.time_s if r.time_s >= RELATIVE_BELOW else 0.0, float(r.value)) for r in numbers]  # type: ignore[arg-type]  # they are numbers


@pytest.mark.parametrize("number", [1, 3, 4, 6, 7, 9, 10, 12])
def test_the_examples_of_rfc_8428_and_their_resolved_forms(payloads: Path, number: int) -> None:
    folder = payloads / "senml"
    ours = senml((folder / f"ex{number}.json").read_bytes())
    theirs = senml((folder / f"ex{number}.gen.resolved.json").read_bytes())
    timeless = number in (1, 7, 9)  # resolved against the clock of the day they were made
    assert [r if not timeless else (*r[:2], r[3]) for r in ours] == [
        r if not timeless else (*r[:2], r[3]) for r in theirs
    ]


def test_the_example_in_cbor_and_the_one_without_a_resolved_form(payloads: Path) -> None:
    folder = payloads / "senml"
    dump = (folder / "ex3.gen.cbor.hex").read_text(encoding="utf-8")
    raw = bytes.fromhex("".join(re.findall(r"^[0-9a-f]{4} ([0-9a-f ]+)\|?", dump, re.MULTILINE)))
    assert senml(raw, cbor=True) == senml((folder / "ex3.gen.resolved.json").read_bytes())
    assert senml((folder / "ex3.gen.cbor").read_bytes(), cbor=True) == senml((folder / "ex3.json").read_bytes())
    thirteen = senml((folder / "ex13.json").read_bytes())
    assert [(name, value, time) for name, _, time, value in thirteen] == [
        ("2001:db8::3", 0.5, 1320078429.0), ("2001:db8::4", 0.5, 1320078429.0),
        ("2001:db8::3", 0.0, 1320078429.1), ("2001:db8::4", 0.0, 1320078429.1),
    ]  # fmt: skip


def test_sparkplug_payloads_against_protoc(payloads: Path) -> None:
    files = sorted((payloads / "sparkplug_b").glob("*.bin"))
    assert len(files) == 5
    for file in files:
        expected = content(file.with_suffix(".json"))["decoded_by_protoc"]
        payload = payload_of(file.read_bytes())
        assert (payload.timestamp_ms, payload.seq) == (int(expected["timestamp"]), int(expected["seq"]))
        told = [
            (m.get("name", ""), int(m["alias"]), m["datatype"], float(next(m[k] for k in m if k.endswith("_value"))))
            for m in expected["metrics"]
        ]
        assert [(m.name, m.alias, m.datatype, m.number(None)) for m in payload.metrics] == told


def leaves(tree: Any, path: str = "") -> Iterator[tuple[str, float]]:
    """Every number in a JSON tree with its field path."""
    if isinstance(tree, (dict, list)):
        for key, value in tree.items() if isinstance(tree, dict) else enumerate(tree):
            yield from leaves(value, f"{path}.{key}" if path else str(key))
    elif isinstance(tree, (int, float)):
        yield path, float(tree)


def test_tasmota_lines_by_fields(payloads: Path) -> None:
    count = 0
    for line in (payloads / "tasmota" / "tasmota_mqtt_lines.jsonl").read_text(encoding="utf-8").splitlines():
        topic, message = json.loads(line)["topic"], json.loads(line)["payload"]
        expected = dict(leaves(message))
        if not topic.startswith("tele/") or not expected:
            continue
        device = topic.split("/")[1]
        got, _ = read_all("fields", device, dict.fromkeys(expected, "1"), topic, message, device="topic:2", time="Time")
        assert got == expected, topic
        count += 1
    assert count == 30


def test_openmqttgateway_messages_by_fields(payloads: Path) -> None:
    count = 0
    for line in (payloads / "openmqttgateway" / "theengs_ble_messages.jsonl").read_text(encoding="utf-8").splitlines():
        message = json.loads(line)
        expected = dict(leaves(message))
        if not expected:
            continue
        topic = "home/OpenMQTTGateway/BTtoMQTT/AABBCCDDEEFF"
        got, _ = read_all("fields", "aabbccddeeff", dict.fromkeys(expected, "1"), topic, message, device="topic:4")
        assert got == expected
        count += 1
    assert count > 200
