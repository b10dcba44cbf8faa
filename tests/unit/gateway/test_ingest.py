"""Messages to observations: the native format, times, clock faults, and a reason for everything refused."""

import hashlib

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.ingest import Arrivals, Ingest, Ingested
from gateway.mqtt.codec import Oversized, Publishes
from gateway.readings import converts
from sensors.origin import Origin
from sensors.quality import Quality, Reason
from sensors.times import NEVER
from tests.unit.gateway.small_city import small_catalogue

NOW = 1_780_000_000_000_000
MS = NOW // 1000


def read(*messages: tuple[str, bytes], retain: bool = False) -> Ingested:
    publishes = Publishes(
        topic=[topic.encode() for topic, _ in messages],
        payload=[payload for _, payload in messages],
        packet_id=list(range(1, len(messages) + 1)),
        retain=[retain] * len(messages),
    )
    return Ingest(small_catalogue(), dead_letter_bytes=64).read([Arrivals("broker", publishes)], NOW)


def level(payload: str | bytes, **options: bool) -> Ingested:
    raw = payload.encode() if isinstance(payload, str) else payload
    return read(("telemetry/S1/level", raw), **options)


def only_reason(result: Ingested) -> str:
    assert len(result.batch) == 0
    assert len(result.dead_letters) == 1
    assert result.dead_letters[0].detail
    return result.dead_letters[0].reason


def test_a_bare_number_has_the_receive_time() -> None:
    batch = level("812.5").batch
    assert batch.value.tolist() == [812.5]
    assert batch.time_us.tolist() == batch.receive_us.tolist() == [NOW]
    assert batch.device_us.tolist() == [NEVER]
    assert batch.origin.tolist() == [Origin.LIVE]
    assert batch.quality.tolist() == [Quality.PASS]


def test_bare_numbers_of_one_datastream_in_one_tick_keep_their_order() -> None:
    batch = read(*[("telemetry/S1/level", str(v).encode()) for v in (1, 2, 3)]).batch
    assert batch.receive_us.tolist() == [NOW, NOW + 1, NOW + 2]
    assert batch.value.tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    "ts", [str(MS - 5000), f"{MS - 5000}.0", '"2026-05-28T20:26:35Z"', '"2026-05-29T03:26:35+07:00"']
)
def test_a_time_is_epoch_milliseconds_or_rfc3339(ts: str) -> None:
    assert level(f'{{"ts": {ts}, "value": 1, "more": [1]}}').batch.time_us.tolist() == [NOW - 5_000_000]


def test_zone_and_epoch_unit_are_those_of_the_datastream() -> None:
    batch = read(
        ("telemetry/S2/level", b'{"ts": "2026-05-28T20:26:35", "value": 1}'),
        ("telemetry/S2/level", str({"ts": NOW // 1_000_000 - 4, "value": 2}).replace("'", '"').encode()),
    ).batch
    assert batch.time_us.tolist() == [NOW - 5_000_000, NOW - 4_000_000]


def test_a_time_without_a_zone_is_not_believed_where_none_is_declared() -> None:
    batch = level('{"ts": "2026-05-28T20:26:35", "value": 1}').batch
    assert batch.time_us.tolist() == [NOW]
    assert Reason(int(batch.reasons[0])) == Reason.NO_ZONE


@pytest.mark.parametrize("ts", [MS + 301_000, 0, 946_684_799_000, NOW // 1_000_000, 10**30, -(10**30)])
def test_an_impossible_time_is_a_clock_fault_and_the_reading_is_kept(ts: int) -> None:
    result = level(
        msgspec.json.encode({"ts": str(ts)}).replace(b'"' + str(ts).encode() + b'"', str(ts).encode())[:-1]
        + b',"value":7}'
    )
    assert result.batch.time_us.tolist() == [NOW]
    assert Reason.CLOCK_FAULT in Reason(int(result.batch.reasons[0]))
    assert result.clock_faults == 1
    assert not result.dead_letters


def test_a_backlog_of_a_wrong_clock_keeps_its_spacing() -> None:
    day_ms = 86_400_000
    elements = [{"ts": MS + day_ms + 1000 * i, "value": i} for i in range(3)]
    batch = level(msgspec.json.encode(elements)).batch
    assert np.diff(batch.time_us).tolist() == [1_000_000, 1_000_000]
    assert batch.time_us[-1] == batch.receive_us[-1]


def test_an_array_is_sorted_by_time_within_the_message() -> None:
    batch = level(f'[{{"ts": {MS - 1}, "value": 2}}, {{"ts": {MS - 2}, "value": 1}}]').batch
    assert batch.value.tolist() == [1, 2]


def test_a_station_message_gives_each_property() -> None:
    result = read(("telemetry/S1", f'{{"ts": {MS}, "values": {{"level": 5, "rain": null, "wind": 3}}}}'.encode()))
    assert result.batch.datastream.tolist() == [0, 1]
    assert np.isnan(result.batch.value[1])
    assert result.batch.quality.tolist() == [Quality.PASS, Quality.MISSING]
    assert [(d.reason, d.element) for d in result.dead_letters] == [("unknown_property", 2)]


def test_a_station_message_partly_wrong_gives_its_good_values() -> None:
    result = read(("telemetry/S1", b'{"values": {"level": 5, "rain": "wet"}}'))
    assert result.batch.value.tolist() == [5]
    assert [d.reason for d in result.dead_letters] == ["wrong_type"]


def test_an_array_partly_wrong_gives_its_good_elements() -> None:
    result = level('[1, "x", {"value": 2}, {"value": "3"}, {"value": 4, "unit": "furlong"}]')
    assert sorted(result.batch.value.tolist()) == [1, 2]
    assert [(d.reason, d.element) for d in result.dead_letters] == [("wrong_type", 1), ("unknown_unit", 4)]
    assert "and 1 more of its elements" in result.dead_letters[0].detail


def test_what_python_writes_for_a_missing_number_costs_its_element_only() -> None:
    result = level(f'[{{"ts": {MS - 2}, "value": 1}}, {{"ts": {MS - 1}, "value": NaN}}, {{"ts": {MS}, "value": 2}}]')
    assert result.batch.value.tolist() == [1, 2]
    assert [(d.reason, d.element) for d in result.dead_letters] == [("not_finite", 1)]


def test_readings_without_a_time_come_after_those_with_one() -> None:
    batch = level(f'[{{"ts": {MS - 30_000}, "value": 260}}, 270]').batch
    assert batch.value.tolist() == [260, 270]
    assert np.diff(batch.time_us).tolist() == [30_000_001]  # the second reading of a datastream in one tick is + 1 µs


@pytest.mark.parametrize("payload", ["[]", '{"values": {}}'])
def test_a_message_without_any_reading_is_a_dead_letter(payload: str) -> None:
    topic = "telemetry/S1" if "values" in payload else "telemetry/S1/level"
    assert only_reason(read((topic, payload.encode()))) == "empty"


def test_a_number_that_no_unit_can_hold_is_refused() -> None:
    assert only_reason(level('{"value": 1e308, "unit": "m"}')) == "not_finite"


def test_ten_thousand_bad_elements_are_one_dead_letter() -> None:
    result = level("[" + ",".join(['"x"'] * 10_000) + "]")
    assert [d.reason for d in result.dead_letters] == ["wrong_type"]
    assert "and 9999 more of its elements" in result.dead_letters[0].detail


def test_where_readings_from_the_field_are_kept_an_exercise_is_refused() -> None:
    ingest = Ingest(small_catalogue(), 64)
    ingest.refuses_exercise = True
    payloads = [b'{"value": 1, "origin": "simulated"}', b'{"value": 2, "origin": "replayed"}', b"3"]
    result = ingest.read([Arrivals("b", Publishes([b"telemetry/S1/level"] * 3, payloads, [1, 2, 3], [False] * 3))], NOW)
    assert result.batch.value.tolist() == [3]
    assert [d.reason for d in result.dead_letters] == ["exercise", "exercise"]


def test_units_are_converted_or_refused() -> None:
    batch = level('{"value": 1.5, "unit": "m"}').batch
    assert batch.value.tolist() == [150.0]
    assert Reason(int(batch.reasons[0])) == Reason.UNIT_CONVERTED
    assert only_reason(level('{"value": 1, "unit": "km/h"}')) == "unknown_unit"


def test_outside_the_valid_range_fails_and_is_kept() -> None:
    batch = level("1000.5").batch
    assert batch.quality.tolist() == [Quality.FAIL]
    assert batch.value.tolist() == [1000.5]


def test_origins_that_a_payload_may_claim() -> None:
    assert level('{"value": 1, "origin": "simulated"}').batch.origin.tolist() == [Origin.SIMULATED]
    assert only_reason(level('{"value": 1, "origin": "manual"}')) == "unknown_origin"


def test_a_retained_message_is_never_fresh() -> None:
    assert only_reason(level("5", retain=True)) == "retained_without_time"
    batch = level(f'{{"ts": {MS - 1000}, "value": 5}}', retain=True).batch
    assert Reason.RETAINED in Reason(int(batch.reasons[0]))


BAD = {
    "empty": b"",
    "not_utf8": b'{"value": 1, "note": "\xff"}',
    "not_json": b"812,5",
    "not_finite": b'{"value": NaN}',
    "wrong_type": b'{"value": "812"}',
    "too_deep": b'{"value": 1, "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "too_many": b"[" + b",".join([b"1"] * 10_001) + b"]",
    "bad_time": b'{"ts": "yesterday", "value": 1}',
}


@pytest.mark.parametrize("reason", sorted(BAD))
def test_every_kind_of_bad_payload_has_its_reason(reason: str) -> None:
    assert only_reason(level(BAD[reason])) == reason


@pytest.mark.parametrize("payload", [b"nan", b"Infinity", b"-inf", b"1e999", b"[NaN]", b'{"values": {"level": NaN}}'])
def test_numbers_that_are_not_finite(payload: bytes) -> None:
    topic = "telemetry/S1" if b"values" in payload else "telemetry/S1/level"
    result = read((topic, payload))
    assert [d.reason for d in result.dead_letters] == ["not_finite"]
    assert len(result.batch) == 0


@pytest.mark.parametrize(
    ("topic", "reason"),
    [
        ("telemetry/S9/level", "unknown_station"),
        ("telemetry/S1/wind", "unknown_property"),
        ("telemetry/S1/level/extra", "bad_topic"),
        ("telemetry", "bad_topic"),
        ("telemetry/S1/", "bad_topic"),
        ("other/S1/level", "bad_topic"),
    ],
)
def test_every_kind_of_bad_topic_has_its_reason(topic: str, reason: str) -> None:
    assert only_reason(read((topic, b"1"))) == reason


def test_a_dead_letter_keeps_the_beginning_and_the_whole_digest() -> None:
    payload = b"x" * 300_000
    letter = level(payload).dead_letters[0]
    assert (letter.payload, letter.length) == (b"x" * 64, 300_000)
    assert letter.sha256 == hashlib.sha256(payload).hexdigest()


def test_an_oversized_message_is_a_dead_letter() -> None:
    big = Oversized(b"telemetry/S1/level", 9, False, b"head", 2_000_000, "digest")
    result = Ingest(small_catalogue(), 64).read([Arrivals("broker", Publishes(), [big])], NOW)
    assert only_reason(result) == "too_large"


def test_bad_messages_among_good_ones_cost_nothing() -> None:
    good = [("telemetry/S1/level", str(i).encode()) for i in range(50)]
    bad = [("telemetry/S1/level", payload) for payload in BAD.values()]
    mixed = [message for i, g in enumerate(good) for message in (g, bad[i % len(bad)])]
    result = read(*mixed)
    assert result.batch.value.tolist() == list(range(50))
    assert len(result.dead_letters) == 50


@settings(max_examples=300)
@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_any_payload_gives_observations_or_a_dead_letter(payload: bytes) -> None:
    for topic in ("telemetry/S1/level", "telemetry/S1"):
        result = read((topic, payload))
        assert len(result.batch) + len(result.dead_letters) >= 1
        assert not np.isinf(result.batch.value).any()


def test_a_refused_element_is_named_by_its_place_in_the_array() -> None:
    result = level(f'[{{"ts": {MS}, "value": 1}}, {{"ts": "soon", "value": 2}}, {{"ts": {MS - 9}, "value": 3}}]')
    assert result.batch.value.tolist() == [3, 1]
    assert [(letter.reason, letter.element) for letter in result.dead_letters] == [("bad_time", 1)]


class Surprise(bytes):
    """A payload that raises what no format expects."""

    def isascii(self) -> bool:
        raise ZeroDivisionError("surprise")


def test_a_fault_of_ours_costs_one_message_and_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    result = read(("telemetry/S1/level", Surprise(b"1")), ("telemetry/S1/level", b"2"))
    assert result.batch.value.tolist() == [2]
    assert [(letter.reason, letter.detail) for letter in result.dead_letters] == [
        ("our_fault", "ZeroDivisionError: surprise")
    ]
    assert "could not be read" in caplog.text


def test_a_conversion_does_not_miss_a_limit_by_the_last_bit() -> None:
    assert level('{"value": 2.3, "unit": "m"}').batch.value.tolist() == [230.0]


def test_a_time_of_hundreds_of_digits_is_a_clock_fault_and_holds_up_no_other_message() -> None:
    far = '{"ts": 1%s, "value": 3}' % ("0" * 400)
    result = read(*[("telemetry/S1/level", payload.encode()) for payload in (far, "4", "5", "6", "7")])
    assert not result.dead_letters
    assert result.batch.value.tolist() == [3, 4, 5, 6, 7]
    assert (result.clock_faults, result.batch.time_us[0]) == (1, NOW)
    assert level(far).clock_faults == 1


def test_a_unit_as_long_as_a_payload_is_refused_and_not_remembered() -> None:
    before = converts.cache_info().currsize
    assert only_reason(level('{"value": 1, "unit": "%s"}' % ("m" * 100_000))) == "unknown_unit"
    assert converts.cache_info().currsize == before
