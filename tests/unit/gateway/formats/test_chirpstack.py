"""ChirpStack v4 events."""

from typing import Any

import pytest

from sensors.times import parse_rfc3339
from tests.unit.gateway.formats.mapped import NOW, Reader, Row, as_json, mapped, refusals, values

EUI = "70b3d57ba0003bb8"
TIME = "2026-05-28T20:26:30.775023242+00:00"
ROWS = (
    Row("level", EUI.upper(), "distance", sent_unit="mm"),
    Row("line", EUI, "line_1.0_total_in", unit="1"),
    Row("deep", EUI, "probes.1.level"),
    Row("rssi", EUI, "@rssi_dbm", unit="dBm"),
    Row("snr", EUI, "@snr_db", unit="dB"),
    Row("count", EUI, "@frame_counter", unit="1"),
    Row("battery", EUI, "@battery_pct", unit="%"),
    Row("margin", EUI, "@margin_db", unit="dB"),
)
LEVEL, LINE, DEEP, RSSI, SNR, COUNT, BATTERY, MARGIN = range(8)


def reader(**options: Any) -> Reader:
    return Reader(mapped("chirpstack", *ROWS, filter_="application/#", **options))


def event(kind: str, **fields: Any) -> tuple[str, bytes]:
    content = {"deduplicationId": "x", "time": TIME, "deviceInfo": {"devEui": EUI, "deviceName": "Gauge"}, **fields}
    return f"application/17c8/device/{EUI}/event/{kind}", as_json(content)


def uplink(decoded: object, **fields: Any) -> tuple[str, bytes]:
    return event("up", fCnt=20, data="AgE=", object=decoded, rxInfo=[{"rssi": -106, "snr": 3.0}], **fields)


def test_decoded_values_and_signal_come_at_the_time_of_reception() -> None:
    result = reader().read(uplink({"distance": 1234.0, "line_1.0_total_in": 72, "probes": [{}, {"level": 0}], "x": 1}))
    assert not result.dead_letters
    assert values(result) == {LEVEL: [123.4], LINE: [72], DEEP: [0], RSSI: [-106], SNR: [3], COUNT: [20]}
    assert set(result.batch.time_us.tolist()) == {parse_rfc3339("2026-05-28T20:26:30.775023Z")}


def test_the_same_event_again_has_the_same_time() -> None:
    result = reader().read(uplink({"distance": 1}), uplink({"distance": 1}))
    assert len(set(result.batch.time_us.tolist())) == 1


def test_the_gateway_that_heard_it_best_counts_and_absent_numbers_are_zero() -> None:
    receptions = [{"rssi": -110, "snr": 9}, {"rssi": -70}, {"rssi": "loud"}, None]
    message = event("up", data="AgE=", object={"distance": 5}, rxInfo=receptions)
    assert reader().values(message) == {LEVEL: [0.5], RSSI: [-70], SNR: [0], COUNT: [0]}


def test_a_status_tells_battery_and_margin() -> None:
    assert reader().values(event("status", margin=10, batteryLevel=88.3)) == {BATTERY: [88.3], MARGIN: [10]}
    assert reader().values(event("status")) == {BATTERY: [0], MARGIN: [0]}
    assert reader().values(event("status", externalPowerSource=True, margin=-3)) == {MARGIN: [-3]}
    assert reader().values(event("status", batteryLevelUnavailable=True, margin=1)) == {MARGIN: [1]}


@pytest.mark.parametrize("kind", ["join", "ack", "txack", "log", "location", "integration"])
def test_events_without_a_reading_are_counted_and_no_dead_letters(kind: str) -> None:
    result = reader().read(event(kind, level="ERROR", code="UPLINK_MIC"))
    assert (len(result.batch), result.dead_letters, result.ignored) == (0, (), 1)


def test_an_uplink_without_data_is_ignored_one_without_a_codec_is_told() -> None:
    result = reader().read(event("up", fCnt=3))
    assert (values(result), result.ignored, result.dead_letters) == ({COUNT: [3]}, 1, ())
    result = reader().read(event("up", fCnt=3, data="AgE="))
    assert values(result) == {COUNT: [3]}
    assert [(d.reason, "codec" in d.detail) for d in result.dead_letters] == [("unknown_property", True)]


def test_what_holds_no_mapped_field_is_refused_or_ignored_as_the_rule_says() -> None:
    result = reader().read(uplink({"temp": 1}))
    assert refusals(result) == [("unknown_property", None)]
    assert "'distance'" in result.dead_letters[0].detail
    assert "'temp'" in result.dead_letters[0].detail
    assert reader(others="ignore").read(uplink({"temp": 1})).dead_letters == ()


def test_the_devices_own_time_where_the_rule_names_it() -> None:
    own = reader(time_field="at").read(uplink({"distance": 1, "at": NOW // 1000 - 60_000}))
    assert set(own.batch.time_us.tolist()) == {NOW - 60_000_000}
    fallback = reader(time_field="at").read(uplink({"distance": 1, "at": None}))
    assert set(fallback.batch.time_us.tolist()) == {parse_rfc3339("2026-05-28T20:26:30.775023Z")}


def test_one_wrong_field_costs_itself() -> None:
    result = reader().read(uplink({"distance": "far", "line_1.0_total_in": 72}))
    assert values(result)[LINE] == [72]
    assert refusals(result) == [("wrong_type", 0)]
    assert "distance" in result.dead_letters[0].detail


@pytest.mark.parametrize(
    ("topic", "payload", "reason"),
    [
        ("application/1/device/2/event/new", b"{}", "bad_topic"),
        ("application/1/device/2/command/down", b"{}", "bad_topic"),
        ("application/1/device/2/event/up", b"", "empty"),
        ("application/1/device/2/event/up", b"[]", "wrong_type"),
        ("application/1/device/2/event/up", b"\xff", "not_utf8"),
        ("application/1/device/2/event/up", b"{}", "unknown_device"),
        ("application/1/device/2/event/up", as_json({"deviceInfo": {"devEui": "00"}}), "unknown_device"),
        ("application/1/device/2/event/up", b"[" * 100_000, "too_deep"),
    ],
)  # fmt: skip
def test_what_is_refused_as_a_whole(topic: str, payload: bytes, reason: str) -> None:
    assert [letter.reason for letter in reader().read((topic, payload)).dead_letters] == [reason]


def test_an_unknown_device_is_told_with_what_it_sends() -> None:
    message = (f"application/1/device/{EUI}/event/up", as_json({"deviceInfo": {"devEui": "0a"}, "object": {"rain": 1}}))
    letter = reader().read(message).dead_letters[0]
    assert letter.detail == "device '0a' is in no row of the catalogue; it sends 'rain'"


def test_a_number_that_is_none_costs_its_field() -> None:
    payload = as_json({"deviceInfo": {"devEui": EUI}, "time": TIME, "object": {"distance": 1, "line_1.0_total_in": 2}})
    broken = payload.replace(b'"distance":1', b'"distance":NaN')
    result = reader().read((f"application/1/device/{EUI}/event/up", broken))
    assert values(result)[LINE] == [2]
    assert refusals(result) == [("not_finite", 0)]
