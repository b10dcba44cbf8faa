"""SenML packs; the examples of RFC 8428 are in tests/unit/gateway/formats/test_recorded_formats.py."""

from typing import Any

import cbor2
import pytest

from gateway.formats.senml_pack import pack, resolved
from gateway.readings import Refused
from tests.unit.gateway.formats.mapped import NOW, NOW_S, Reader, Row, as_json, mapped, refusals, values

NODE = "urn:dev:ow:10e2073a0108006"
ROWS = (
    Row("level", NODE, "level"),
    Row("humidity", f"{NODE}:", "sub:rh", unit="%"),
    Row("flow", "2001:db8::2", "flow", unit="m3/s"),
    Row("volume", "2001:db8::2", "flow.sum", unit="1"),
    Row("solo", "urn:dev:solo", "only", unit="Cel"),
)
LEVEL, HUMIDITY, FLOW, VOLUME, SOLO = range(5)
LABELS = {"bn": -2, "bt": -3, "bu": -4, "bv": -5, "bs": -6, "bver": -1, "n": 0, "u": 1, "v": 2, "vs": 3, "vb": 4,
          "s": 5, "t": 6, "ut": 7, "vd": 8}  # fmt: skip


def reader(**options: Any) -> Reader:
    return Reader(mapped("senml", *ROWS, filter_="senml/#", **options))


def both(*records: dict[str, Any]) -> list[tuple[str, bytes]]:
    """The pack in JSON and in CBOR."""
    cbor = cbor2.dumps([{LABELS.get(label, label): value for label, value in r.items()} for r in records])
    return [("senml/x", as_json(records)), ("senml/x", cbor)]


def test_base_fields_count_from_their_record_on() -> None:
    records = (
        {"bn": f"{NODE}:", "bt": NOW_S - 60, "bu": "mm", "bv": 100, "n": "level", "v": 23.5},
        {"n": "level", "t": 10, "v": 0.1},
        {"n": "sub:rh", "u": "%RH", "t": -5, "v": 0},
        {"bn": "2001:db8::2/", "bv": 0, "n": "flow", "u": "m3/s", "v": 1.5, "s": 7},
    )
    for message in both(*records):
        result = reader().read(message)
        assert not result.dead_letters
        assert values(result) == {HUMIDITY: [100], LEVEL: [12.35, 10.01], FLOW: [1.5], VOLUME: [7]}
        assert [t - NOW for t in result.batch.time_us.tolist()] == [
            -65_000_000,
            -60_000_000,
            -60_000_000,
            -60_000_000,
            -50_000_000,
        ]


def test_no_time_is_now_and_a_small_one_is_relative_to_now() -> None:
    for message in both({"bn": f"{NODE}:", "n": "level", "v": 1, "t": -30}, {"n": "level", "v": 2}):
        batch = reader().read(message).batch
        first, second = batch.time_us.tolist()
        assert first - NOW == -30_000_000
        assert abs(second - NOW) <= 1


def test_true_and_false_are_numbers_texts_and_data_are_none() -> None:
    true: dict[str, Any] = {"bn": f"{NODE}:", "n": "level", "vb": True}
    records = [true, {"n": "level", "vs": "high"}, {"n": "level", "vd": "aGk"}]
    for message in both(*records):
        result = reader().read(message)
        assert values(result) == {LEVEL: [1]}
        assert refusals(result) == [("wrong_type", 1)]


def test_a_name_that_is_the_device_itself_belongs_to_its_only_field() -> None:
    assert reader().values(("senml/x", as_json([{"n": "urn:dev:solo", "v": 21}]))) == {SOLO: [21]}
    result = reader().read(("senml/x", as_json([{"n": "2001:db8::2", "v": 21}])))
    assert refusals(result) == [("unknown_property", 0)]


def test_ways_to_split_a_name() -> None:
    by_mark = Reader(mapped("senml", Row("t", "plant", "temp", unit="Cel"), separator="/"))
    assert by_mark.values(("x", as_json([{"n": "plant/temp", "v": 3}]))) == {0: [3]}
    by_topic = Reader(mapped("senml", Row("t", "plant", "temp", unit="Cel"), device="topic:2"))
    assert by_topic.values(("x/PLANT", as_json([{"n": "temp", "v": 3}]))) == {0: [3]}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ([{"bver": 11, "n": NODE, "v": 1}], "unsupported"),
        ([{"n": f"{NODE}:level", "v": 1, "crc_": 4}], "unsupported"),
        ([{"n": f"{NODE}:level"}], "wrong_type"),
        ([{"bn": 5, "n": "level", "v": 1}], "wrong_type"),
        ([{"n": "-bad", "v": 1}], "wrong_type"),
        ([{"n": "a" * 300, "v": 1}], "wrong_type"),
        ([{"n": "urn:nobody:t", "v": 1}], "unknown_device"),
        ([{"n": f"{NODE}:other", "v": 1}], "unknown_property"),
        ([{"n": f"{NODE}:level", "v": 1, "u": "furlong"}], "unknown_unit"),
        ([{"n": f"{NODE}:level", "v": True}], "wrong_type"),
        ([{"n": f"{NODE}:level", "v": 1, "t": "noon"}], "wrong_type"),
        ([{"n": f"{NODE}:level", "v": 1e308, "bv": 1e308}], "not_finite"),
        ([{"n": f"{NODE}:level", "v": 1}] * 10_001, "too_many"),
        ([1], "wrong_type"),
        ({}, "wrong_type"),
        ([], "empty"),
    ],
)
def test_what_is_refused(content: Any, reason: str) -> None:
    messages = both(*content) if isinstance(content, list) and content != [1] else [("senml/x", as_json(content))]
    for message in messages:
        assert [letter.reason for letter in reader().read(message).dead_letters] == [reason]


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"\x81\xa2\x00\x63a:b\x02\xc1\x01", "unsupported"),  # a tag that is not a decimal fraction
        (b"\x81" * 100, "not_cbor"),
        (b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff", "not_cbor"),
        (b"\x81\xa1\x80\x01", "wrong_type"),
        (b"\x81\xa2\x00\x63a:b\x02\xc4\x82\x1b\x7f\xff\xff\xff\xff\xff\xff\xff\x01", "not_finite"),
        (b"\x9f", "not_cbor"),
        (b"\xff", "not_utf8"),
    ],
)
def test_hostile_cbor(payload: bytes, reason: str) -> None:
    letters = reader().read(("senml/x", payload)).dead_letters
    assert [letter.reason for letter in letters] in ([reason], ["empty"] if reason == "wrong_type" else [reason])


def test_a_decimal_fraction_is_a_number() -> None:
    payload = b"\x81\xa2\x00\x78\x20" + f"{NODE}:level".encode() + b"\x02\xc4\x82\x20\x19\x04\xd2"
    assert reader().values(("senml/x", payload)) == {LEVEL: [123.4]}


def test_a_pack_resolves_record_by_record() -> None:
    found = list(resolved(pack(as_json([{"bn": "a:"}, {"n": "b", "v": 1}, {"n": "c"}]), cbor=False)))
    assert [record.name for record in found if not isinstance(record, tuple)] == ["a:b"]
    assert [(r[0], str(r[1])) for r in found if isinstance(r, tuple)] == [(2, "expected a value or a sum")]
    with pytest.raises(Refused, match="version"):
        list(resolved([{"bver": 11}]))
