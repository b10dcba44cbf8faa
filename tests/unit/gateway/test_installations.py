"""Devices that move, sources that must fit, and what ingest itself sees of a device's health."""

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.address_book import AddressBook
from gateway.device_health import Repeats
from gateway.formats.native import Native
from gateway.ingest import Arrivals, Ingest, Ingested
from gateway.mqtt.codec import Publishes
from gateway.readings import Readings, Refusal, Refused, converts
from sensors.catalogue import Catalogue, Datastream, IngestRule, Installation, Source
from sensors.origin import Origin
from sensors.quality import Reason
from sensors.times import MINUTE_US, SECOND_US
from tests.unit.gateway.small_city import small_catalogue

NOW = 1_780_000_000_000_000  # 2026-05-28T20:26:40Z
MS = NOW // 1000
BEFORE, AFTER = "2026-05-28T20:00:00Z", "2026-05-28T20:20:00Z"


SOURCES = tuple(Source(name=name, url="mqtt://127.0.0.1") for name in ("pjt", "dinas"))


def with_rows(*changes: Datastream, ingest: tuple[IngestRule, ...] = ()) -> Catalogue:
    small = small_catalogue()
    changed = {d.number: d for d in (*small.datastreams, *changes)}
    city = msgspec.structs.replace(small.city, ingest=ingest, sources=SOURCES)
    return msgspec.structs.replace(small, city=city, datastreams=tuple(changed.values()))


def row(number: int, *installations: Installation, **more: object) -> Datastream:
    known = {d.number: d for d in small_catalogue().datastreams}
    blank = Datastream(number=number, station="S1", property="x", kind="battery", unit="s", interval_calm_s=60)
    return msgspec.structs.replace(known.get(number, blank), installations=installations, **more)


def send(ingest: Ingest, *messages: tuple[str, str], source: str = "broker", now_us: int = NOW) -> Ingested:
    topics, payloads = [t.encode() for t, _ in messages], [p.encode() for _, p in messages]
    n = len(messages)
    return ingest.read([Arrivals(source, Publishes(topics, payloads, [1] * n, [False] * n))], now_us)


class Lines:
    """A format made for tests: `device field value [epoch ms [unit]]`."""

    def __init__(self, book: AddressBook, _: IngestRule) -> None:
        self._book = book

    def read(self, index: int, topic: bytes, payload: bytes, out: Readings) -> None:
        device, field, value, *rest = payload.decode().split()
        targets = self._book.devices.get(device.casefold())
        if targets is None:
            raise Refused(Refusal.UNKNOWN_DEVICE, device)
        out.request(f"ask/{device}", topic)
        out.add(
            index,
            targets[field],
            float(value),
            **({"device_us": int(rest[0]) * 1000} if rest else {}),
            reasons=Reason.HISTORICAL if topic.endswith(b"/old") else Reason.NONE,
            unit=rest[1] if len(rest) > 1 else None,
        )


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> tuple[IngestRule, ...]:
    def made(rule: IngestRule, book: AddressBook) -> object:
        return Lines(book, rule) if rule.format == "lines" else Native(book, rule)

    monkeypatch.setattr("gateway.ingest.make_format", made)
    return (IngestRule(source="*", filter="up/#", format="lines"),)


def test_a_device_that_moved_is_where_it_was_at_the_time_of_its_reading(lines: tuple[IngestRule, ...]) -> None:
    first = row(0, Installation(device="D1", field="a"), Installation(valid_from=BEFORE))
    second = row(2, Installation(valid_from=AFTER, device="d1", field="a", scale=10.0))
    ingest = Ingest(with_rows(first, second, ingest=lines), 64)
    minutes = [MS - m * 60_000 for m in (30, 20, 2)]
    result = send(ingest, *[("up/x", f"D1 a 5 {ms}") for ms in minutes], ("up/x", "D1 a 7"))
    assert result.batch.datastream.tolist() == [0, 2, 2]
    assert result.batch.value.tolist() == [5.0, 50.0, 70.0]
    assert [(letter.reason, letter.detail) for letter in result.dead_letters] == [
        ("unknown_device", "device 'd1', field 'a', was at no datastream at 2026-05-28T20:06:40Z")
    ]


def test_a_message_may_ask_back_and_asks_once(lines: tuple[IngestRule, ...]) -> None:
    ingest = Ingest(with_rows(row(0, Installation(device="D1", field="a")), ingest=lines), 64)
    result = send(ingest, *[("up/x", "D1 a 5")] * 3, ("up/x", "D2 a 1"), source="north")
    assert [(r.source, r.topic, r.payload) for r in result.requests] == [("north", "ask/D1", b"up/x")]
    assert [letter.reason for letter in result.dead_letters] == ["unknown_device"]


def test_messages_of_several_formats_keep_the_order_of_their_arrival(lines: tuple[IngestRule, ...]) -> None:
    ingest = Ingest(with_rows(row(0, Installation(device="D1", field="a")), ingest=lines), 64)
    mixed = [("telemetry/S1/level", "1"), ("up/x", "D1 a 2")]
    for times in (1, 6):  # native one by one, and at once
        assert send(ingest, *mixed * times).batch.value.tolist() == [1.0, 2.0] * times


def test_a_unit_that_a_moving_device_may_not_send_there_is_refused(lines: tuple[IngestRule, ...]) -> None:
    first = row(0, Installation(device="D1", field="a"), Installation(valid_from=BEFORE))
    second = row(1, Installation(valid_from=AFTER, device="D1", field="a"))  # rain, mm/h
    ingest = Ingest(with_rows(first, second, ingest=lines), 64)
    assert not converts("cm", "mm/h", "")
    result = send(ingest, ("up/x", f"D1 a 5 {MS - 1_800_000} mm/h"), ("up/x", f"D1 a 5 {MS} mm/h"))
    assert result.batch.datastream.tolist() == [1]
    assert [letter.reason for letter in result.dead_letters] == ["unknown_unit"]


def test_all_fields_of_a_device_are_one_clock_wherever_they_stand() -> None:
    moved = row(0, Installation(device="D1", field="a"), Installation(valid_from=BEFORE))
    book = AddressBook(with_rows(moved, row(1, Installation(device="d1", field="b"))))
    a, b = book.devices["d1"]["a"], book.devices["d1"]["b"]
    assert (a.moves, b.moves) == (True, False)
    assert book.device[a.place] == book.device[b.place]
    assert len({int(book.device[place]) for place in (a.place, 0, 2)}) == 3  # D1, station S1's own, station S2's own


def test_a_moving_devices_unit_is_that_of_the_datastream_it_was_at(lines: tuple[IngestRule, ...]) -> None:
    first = row(0, Installation(device="D1", field="a"), Installation(valid_from=BEFORE))  # level, cm
    second = row(1, Installation(valid_from=AFTER, device="D1", field="a"))  # rain, mm/h
    ingest = Ingest(with_rows(first, second, ingest=lines), 64)
    then_ms = MS - 1_800_000
    sent = [(then_ms, "m"), (then_ms + 1, "cm"), (then_ms + 2, "furlong"), (MS, "mm/h"), (MS, "cm"), (MS, "x" * 99)]
    result = send(ingest, *[("up/x", f"D1 a 5 {ms} {unit}") for ms, unit in sent])
    assert result.batch.datastream.tolist() == [0, 0, 1]
    assert result.batch.value.tolist() == [500.0, 5.0, 5.0]
    assert [Reason(int(r)) for r in result.batch.reasons] == [Reason.UNIT_CONVERTED, Reason.NONE, Reason.NONE]
    assert [letter.reason for letter in result.dead_letters] == ["unknown_unit"] * 3


def test_a_rule_that_cannot_be_used_keeps_its_messages_as_dead_letters() -> None:
    rules = (IngestRule(source="*", filter="telemetry/#", format="martian"),)
    result = send(Ingest(with_rows(ingest=rules), 64), ("telemetry/S1/level", "1"))
    assert [letter.reason for letter in result.dead_letters] == ["unusable_rule"]
    assert "martian" in result.dead_letters[0].detail


def test_a_reading_from_another_source_than_its_row_names_is_refused() -> None:
    ingest = Ingest(with_rows(row(0, origin_source="pjt")), 64)
    messages = [("telemetry/S1/level", "5"), ("telemetry/S1/rain", "1")] * 2
    assert send(ingest, *messages, source="pjt").batch.value.tolist() == [5, 1, 5, 1]
    wrong = send(ingest, *messages, source="dinas")
    assert wrong.batch.datastream.tolist() == [1, 1]
    assert {(letter.reason, letter.detail) for letter in wrong.dead_letters} == {
        ("wrong_source", "S1:level: expected from source 'pjt', got from 'dinas'")
    }
    played = send(ingest, ("telemetry/S1/level", '{"value": 9, "origin": "simulated"}'), source="dinas")
    assert played.batch.origin.tolist() == [Origin.SIMULATED]


def test_a_broker_that_the_city_does_not_name_stands_for_all_its_sources() -> None:
    ingest = Ingest(with_rows(row(0, origin_source="pjt")), 64)
    assert send(ingest, ("telemetry/S1/level", "5"), source="embedded").batch.value.tolist() == [5]


def test_scale_and_zero_are_not_for_what_the_simulator_says() -> None:
    ingest = Ingest(with_rows(row(0, Installation(scale=-1.0, zero=300.0))), 64)
    result = send(
        ingest, ("telemetry/S1/level", "100"), ("telemetry/S1/level", '{"value": 100, "origin": "simulated"}')
    )
    assert result.batch.value.tolist() == [200.0, 100.0]


def test_a_unit_by_the_row_is_marked_as_converted() -> None:
    batch = send(Ingest(with_rows(row(0, Installation(sent_unit="m"))), 64), ("telemetry/S1/level", "2.3")).batch
    assert batch.value.tolist() == [230.0]
    assert Reason(int(batch.reasons[0])) == Reason.UNIT_CONVERTED


def test_a_retried_message_without_a_time_has_that_of_its_first_receipt() -> None:
    yesterday = NOW - 86_400 * SECOND_US
    publishes = Publishes([b"telemetry/S1/level"] * 2, [b"5", b"6"], [1, 2], [False] * 2)
    result = Ingest(small_catalogue(), 64).read([Arrivals("broker", publishes, [], yesterday)], NOW)
    assert result.batch.time_us.tolist() == [yesterday, yesterday + 1]
    assert result.batch.receive_us.tolist() == [NOW, NOW + 1]


def offsets(*values: Ingested) -> list[tuple[float, int]]:
    return [
        (float(v), int(o))
        for result in values
        for n, v, o in zip(result.batch.datastream, result.batch.value, result.batch.origin, strict=True)
        if n == 7
    ]


def test_the_clock_offset_of_a_station_is_told_once_a_minute() -> None:
    health = row(7, Installation(field="@clock_offset_s"), property="clock")
    ingest = Ingest(with_rows(health), 64)
    told = [
        send(ingest, ("telemetry/S1/level", f'{{"ts": {MS - behind_ms}, "value": 1}}'), now_us=NOW + k * MINUTE_US // 2)
        for k, behind_ms in enumerate((4000, 0, -53_000, 0))
    ]
    assert offsets(*told) == [(4.0, Origin.LIVE)]
    far = [
        send(ingest, ("telemetry/S1/level", f'{{"ts": {MS}, "value": 1}}'), now_us=NOW + m * MINUTE_US) for m in (2, 3)
    ]
    assert offsets(*far) == [(7.0, Origin.LIVE), (120.0, Origin.LIVE)]
    other = send(ingest, ("telemetry/S2/level", '{"ts": 1780000300, "value": 1}'), now_us=NOW + 300 * SECOND_US)
    assert offsets(other) == []


def test_a_clock_of_ours_that_is_set_back_keeps_no_offset_from_being_told() -> None:
    ingest = Ingest(with_rows(row(7, Installation(field="@clock_offset_s"), property="clock")), 64)
    day = 24 * 60 * MINUTE_US
    told = [
        send(ingest, ("telemetry/S1/level", f'{{"ts": {now_us // 1000 - 1000}, "value": 1}}'), now_us=now_us)
        for now_us in (NOW + day, NOW + day + MINUTE_US, NOW, NOW + MINUTE_US)
    ]
    assert offsets(*told) == [(1.0, Origin.LIVE)] * 3


def test_what_comes_again_is_counted_and_told_once_a_minute() -> None:
    health = row(7, Installation(field="@duplicates"), property="twice", unit="1")
    ingest = Ingest(with_rows(health), 64)
    same = ("telemetry/S1/level", f'{{"ts": {MS}, "value": 1, "origin": "simulated"}}')
    first, second = send(ingest, same), send(ingest, *[same] * 5, now_us=NOW + SECOND_US)
    third = send(ingest, same, now_us=NOW + MINUTE_US)
    assert [r.duplicates for r in (first, second, third)] == [0, 5, 1]
    assert offsets(first, second, third) == [(0.0, Origin.SIMULATED), (6.0, Origin.SIMULATED)]


def test_health_is_of_the_device_that_the_row_names() -> None:
    mine = row(7, Installation(device="D1", field="@clock_offset_s"), property="clock")
    ingest = Ingest(with_rows(mine, row(1, Installation(device="d1", field="rain"))), 64)
    assert offsets(send(ingest, ("telemetry/S1/level", f'{{"ts": {MS}, "value": 1}}'))) == []
    for now_us, told in ((NOW, []), (NOW + MINUTE_US, [(1.0, 0)])):
        message = ("telemetry/S1/rain", f'{{"ts": {now_us // 1000 - 1000}, "value": 1}}')
        assert offsets(send(ingest, message, now_us=now_us)) == told


def test_what_waited_on_its_way_says_nothing_of_a_clock() -> None:
    ingest = Ingest(with_rows(row(7, Installation(field="@clock_offset_s"), property="clock")), 64)

    def level(now_us: int, *behind_s: int, retain: bool = False) -> list[tuple[float, int]]:
        elements = [{"ts": now_us // 1000 - s * 1000, "value": 1} for s in behind_s]
        publishes = Publishes([b"telemetry/S1/level"], [msgspec.json.encode(elements)], [1], [retain])
        return offsets(ingest.read([Arrivals("broker", publishes)], now_us))

    assert level(NOW, 7200) == []  # after an outage its backlog comes first, message by message
    assert level(NOW + SECOND_US, 3600, 1800) == []
    assert level(NOW + 2 * SECOND_US, 2) == []
    assert level(NOW + MINUTE_US, 3) == [(2.0, 0)]
    assert level(NOW + 2 * MINUTE_US, 9000, retain=True) == []
    assert level(NOW + 2 * MINUTE_US, 7200, 3600, 5) == [(3.0, 0)]
    assert level(NOW + 3 * MINUTE_US, -3600) == [(5.0, 0)]
    assert level(NOW + 4 * MINUTE_US, -3600) == [(-3600.0, 0)]  # a wrong clock is wrong for more than a minute


def test_what_a_device_says_is_from_its_memory_says_nothing_of_its_clock(lines: tuple[IngestRule, ...]) -> None:
    health = row(7, Installation(device="D1", field="@clock_offset_s"), property="clock")
    ingest = Ingest(with_rows(health, row(1, Installation(device="D1", field="rain")), ingest=lines), 64)
    sent = [("old", 7200), ("old", 3600), ("new", 4), ("old", 1800), ("new", 5)]
    told = [
        send(ingest, (f"up/{kind}", f"D1 rain 1 {MS + (k * 60 - ago_s) * 1000}"), now_us=NOW + k * MINUTE_US)
        for k, (kind, ago_s) in enumerate(sent)
    ]
    assert offsets(*told) == [(4.0, Origin.LIVE)]


@given(st.lists(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 6)), max_size=20), max_size=5))
def test_repeats_are_those_seen_before(batches: list[list[tuple[int, int]]]) -> None:
    repeats, seen = Repeats(), set()
    for batch in batches:
        datastream = np.array([d for d, _ in batch], np.int32)
        time_us = np.array([t for _, t in batch], np.int64)
        expected = []
        for key in batch:
            expected.append(key in seen)
            seen.add(key)
        assert repeats.among(datastream, time_us).tolist() == expected


def test_a_format_that_adds_nonsense_costs_its_message(
    lines: tuple[IngestRule, ...], caplog: pytest.LogCaptureFixture
) -> None:
    ingest = Ingest(with_rows(row(0, Installation(device="D1", field="a")), ingest=lines), 64)
    messages = [("up/x", "D1 a 1"), ("up/x", f"D1 a 2 {2**63}"), ("telemetry/S1/rain", "3"), ("up/x", "D1 a 4")]
    result = send(ingest, *messages)
    assert result.batch.value.tolist() == [1.0, 3.0, 4.0]
    assert [letter.reason for letter in result.dead_letters] == ["our_fault"]
    assert "could not be settled" in caplog.text


def test_a_fault_of_ours_in_reading_many_costs_the_speed_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("gateway.formats.native_shapes.Shapes._units", lambda *_: 1 // 0)
    messages = [("telemetry/S1/level", f'{{"value": {k}}}') for k in range(6)]
    result = send(Ingest(small_catalogue(), 64), *messages)
    assert result.batch.value.tolist() == list(range(6))
    assert result.dead_letters == ()
    assert "one by one" in caplog.text
