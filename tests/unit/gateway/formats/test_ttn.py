"""The Things Stack v3 uplinks, zeros among them."""

from typing import Any

import pytest

from sensors.origin import Origin
from sensors.times import parse_rfc3339
from tests.unit.gateway.formats.mapped import NOW, Reader, Row, as_json, mapped, refusals, values

TIME = "2026-05-28T20:26:29.234172599Z"
ROWS = (
    Row("level", "gauges/gauge-1", "distance", sent_unit="mm"),
    Row("rain", "gauges/gauge-1", "rain", unit="mm/h"),
    Row("rssi", "gauges/gauge-1", "@rssi_dbm", unit="dBm"),
    Row("snr", "gauges/gauge-1", "@snr_db", unit="dB"),
    Row("count", "gauges/gauge-1", "@frame_counter", unit="1"),
    Row("other", "0004A30B001C0530", "t", unit="Cel"),
)
LEVEL, RAIN, RSSI, SNR, COUNT, OTHER = range(6)


def reader(**options: Any) -> Reader:
    return Reader(mapped("ttn", *ROWS, filter_="v3/#", **options))


def uplink(message: dict[str, Any], *, device: str = "Gauge-1", eui: str = "", **top: Any) -> tuple[str, bytes]:
    ids = {"device_id": device, "application_ids": {"application_id": "gauges"}, "dev_eui": eui}
    content = {"end_device_ids": ids, "received_at": "2026-05-28T20:26:30Z", "uplink_message": message, **top}
    return f"v3/gauges@ttn/devices/{device}/up", as_json(content)


def full(**decoded: Any) -> dict[str, Any]:
    heard = [{"rssi": -90, "snr": 5.5}, {"rssi": -112, "snr": -8}]
    return {
        "f_cnt": 7, "f_port": 1, "frm_payload": "AA==", "received_at": TIME, "decoded_payload": decoded,
        "rx_metadata": heard,
    }  # fmt: skip


def test_decoded_values_and_signal_come_at_the_time_of_the_network_server() -> None:
    result = reader().read(uplink(full(distance=1234, rain=0)))
    assert not result.dead_letters
    assert values(result) == {LEVEL: [123.4], RAIN: [0], RSSI: [-90], SNR: [5.5], COUNT: [7]}
    assert set(result.batch.time_us.tolist()) == {parse_rfc3339(TIME)}


def test_numbers_that_the_envelope_leaves_out_are_zero() -> None:
    message = {"frm_payload": "AA==", "decoded_payload": {"rain": 1}, "rx_metadata": [{"gateway_ids": {}}]}
    assert reader().values(uplink(message)) == {RAIN: [1], RSSI: [0], SNR: [0], COUNT: [0]}


def test_a_field_that_is_not_decoded_is_not_zero_unless_the_rule_names_it() -> None:
    message = {"frm_payload": "AA==", "decoded_payload": {"distance": 10}}
    assert reader().values(uplink(message)) == {LEVEL: [1], COUNT: [0]}
    assert reader(absent_is_zero=["rain"]).values(uplink(message)) == {LEVEL: [1], RAIN: [0], COUNT: [0]}
    only = reader(absent_is_zero=["rain"]).values(uplink({"frm_payload": "AA==", "decoded_payload": {}}))
    assert only == {RAIN: [0], COUNT: [0]}


def test_a_device_is_known_by_its_dev_eui_too() -> None:
    assert reader().values(uplink(full(t=21.5), device="x", eui="0004a30b001c0530")) == {OTHER: [21.5]}


def test_what_the_console_simulated_is_simulated() -> None:
    batch = reader().read(uplink(full(distance=10), simulated=True)).batch
    assert set(batch.origin.tolist()) == {Origin.SIMULATED}


@pytest.mark.parametrize("kind", ["join", "down/queued", "down/sent", "down/ack", "location/solved", "service/data"])
def test_what_holds_no_reading_is_counted(kind: str) -> None:
    result = reader().read((f"v3/gauges@ttn/devices/gauge-1/{kind}", b"{}"))
    assert (result.ignored, result.dead_letters) == (1, ())


def test_uplinks_without_payload_or_without_a_formatter() -> None:
    result = reader().read(uplink({"f_cnt": 1}))
    assert (values(result), result.ignored, result.dead_letters) == ({COUNT: [1]}, 1, ())
    result = reader().read(uplink({"f_cnt": 1, "frm_payload": "AA=="}))
    assert refusals(result) == [("unknown_property", None)]
    assert "formatter" in result.dead_letters[0].detail


def test_the_devices_own_time_where_the_rule_names_it() -> None:
    batch = reader(time_field="at").read(uplink(full(distance=1, at=NOW // 1000 - 5000))).batch
    assert set(batch.time_us.tolist()) == {NOW - 5_000_000}


@pytest.mark.parametrize(
    ("topic", "payload", "reason"),
    [
        ("v3/gauges@ttn/devices/gauge-1/up/more", b"{}", "bad_topic"),
        ("v2/gauges/devices/gauge-1/up", b"{}", "unknown_property"),
        ("v3/gauges@ttn/devices/gauge-1/up", b"{}", "wrong_type"),
        ("v3/gauges@ttn/devices/gauge-1/up", b'{"uplink_message": {}}', "unknown_device"),
        ("v3/gauges@ttn/devices/gauge-1/up", b'{"uplink_message"', "not_json"),
    ],
)
def test_what_is_refused_as_a_whole(topic: str, payload: bytes, reason: str) -> None:
    result = reader().read((topic, payload))
    if not topic.startswith("v3"):
        assert result.dead_letters[0].reason == "bad_topic"  # no rule has it: the native format refuses its topic
        return
    assert [letter.reason for letter in result.dead_letters] == [reason]
