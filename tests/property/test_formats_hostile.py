"""Whatever arrives, a format gives readings or says why not: nothing else is raised, and nothing takes for ever."""

from typing import Any, Final

import cbor2
import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError, Message
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.formats.sparkplug_payload import payload_of
from gateway.readings import Refused
from tests.unit.gateway.formats.mapped import NOW, Reader, Row, as_json, mapped
from tests.unit.gateway.formats.sparkplug_messages import DOUBLE, metric, payload

ROWS: Final = (
    Row("p", "dev", "a"),
    Row("q", "dev", "b.0.c", unit="mm/h"),
    Row("r", "g/n/dev", "a"),
    Row("s", "g/n", "a"),
)
TOPICS: Final = {
    "chirpstack": ("application/1/device/dev/event/up", "application/1/device/dev/event/status"),
    "ttn": ("v3/a@ttn/devices/dev/up",),
    "senml": ("x/dev",),
    "sparkplug": ("spBv1.0/g/DDATA/n/dev", "spBv1.0/g/NBIRTH/n", "spBv1.0/g/DBIRTH/n/dev", "spBv1.0/g/NDEATH/n"),
    "fields": ("x/dev",),
    "number": ("x/dev/a",),
    "csv": ("x/dev",),
    "homeassistant": ("homeassistant/sensor/x/config",),
    "native": ("telemetry/S1/p", "telemetry/S1"),
}
OPTIONS: Final[dict[str, dict[str, Any]]] = {
    "fields": {"device": "topic:2", "time": "t", "records": "items", "text_numbers": True},
    "csv": {"device": "topic:2", "columns": ["time", "a", "b.0.c"]},
    "chirpstack": {"time_field": "t"},
    "ttn": {"absent_is_zero": ["a"], "time_field": "t"},
}
names = st.sampled_from(
    ["a", "b", "c", "t", "n", "v", "bn", "bt", "u", "s", "items", "time", "object", "deviceInfo", "x_"]
)
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**80), 2**80), st.floats(), st.text(max_size=8), st.just("dev"),
    st.sampled_from([10**400, 1e308, -1e308, "2026-05-28T20:26:30Z", "9" * 400]),
)  # fmt: skip
trees = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4), max_leaves=12
)
uplink = {"decoded_payload": trees, "rx_metadata": trees, "f_cnt": scalars, "received_at": scalars}
optional = {
    "object": trees, "rxInfo": trees, "items": trees, "fCnt": scalars, "time": scalars, "margin": scalars,
    "batteryLevel": scalars, "a": scalars, "data": st.just("AA=="),
    "uplink_message": st.fixed_dictionaries({}, optional=uplink),
}  # fmt: skip
known = st.fixed_dictionaries(
    {"deviceInfo": st.just({"devEui": "dev"}), "end_device_ids": st.just({"device_id": "dev"})}, optional=optional
)
packs = st.lists(
    st.dictionaries(
        st.sampled_from(["bn", "n", "v", "vb", "vs", "s", "t", "bt", "bv", "bs", "u", "bu", "bver"]),
        scalars | st.just("dev:a"),
    )
)
cuts = st.tuples(st.integers(0, 200), st.integers(0, 200), st.binary(max_size=6))


def python_json(tree: Any) -> bytes:
    """As a careless device writes it: NaN and Infinity as they are, numbers of any length."""
    import json

    return json.dumps(tree).encode()


contents = st.one_of(
    st.binary(max_size=200),
    trees.map(python_json),
    known.map(python_json),
    packs.map(python_json),
    trees.map(cbor2.dumps),
    st.text(alphabet="0123456789,;.\"' \n-eE:TZ", max_size=80).map(str.encode),
)


def spoilt(content: bytes, cut: tuple[int, int, bytes]) -> bytes:
    """The content with a piece taken out and another put in."""
    start, length, inserted = cut
    return content[:start] + inserted + content[start + length :]


@pytest.mark.parametrize("name", sorted(TOPICS))
@settings(max_examples=80, deadline=None)
@given(content=contents, cut=st.none() | cuts)
def test_no_payload_raises_anything_but_a_refusal(
    name: str, content: bytes, cut: tuple[int, int, bytes] | None
) -> None:
    if name == "senml" and cut is None:
        content = content.replace(b"NaN", b"1")
    raw = content if cut is None else spoilt(content, cut)
    reader = Reader(mapped(name, *ROWS, **OPTIONS.get(name, {})))
    for topic in TOPICS[name]:
        result = reader.read((topic, raw))
        assert "our_fault" not in {letter.reason for letter in result.dead_letters}, result.dead_letters
        assert len(result.batch) or result.dead_letters or result.ignored


birth: Final = payload(metric("a", 1.5, alias=1), metric("bdSeq", 3, 8), seq=0, at_ms=NOW // 1000)
data: Final = payload(metric("", 2.5, DOUBLE, alias=1, at_ms=NOW // 1000, quality=192), seq=1, at_ms=NOW // 1000)


@settings(max_examples=300, deadline=None)
@given(of=st.sampled_from([birth, data]), cut=cuts)
def test_spoilt_sparkplug_raises_nothing_but_a_refusal(of: bytes, cut: tuple[int, int, bytes]) -> None:
    reader = Reader(mapped("sparkplug", *ROWS))
    start, length, inserted = cut
    raw = spoilt(of, (start % (len(of) + 1), length % 8, inserted))
    for topic in TOPICS["sparkplug"]:
        result = reader.read((topic, raw))
        assert "our_fault" not in {letter.reason for letter in result.dead_letters}, result.dead_letters


@pytest.mark.parametrize("place", range(len(data)))
def test_every_prefix_of_a_sparkplug_payload(place: int) -> None:
    if place in (0, 7, 7 + 2 + data[8]):  # between two fields: nothing, the timestamp, the metric
        payload_of(data[:place])
        return
    with pytest.raises(Refused) as caught:
        payload_of(data[:place])
    assert caught.value.reason == "not_protobuf"


def oracle() -> type[Message]:
    """The same payload for Google's library, from the field numbers alone."""
    kinds = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="sparkplug_numbers.proto", package="numbers")
    metric_type = file.message_type.add(name="Metric")
    for number, name, kind in (
        (1, "name", kinds.TYPE_STRING), (2, "alias", kinds.TYPE_UINT64), (3, "timestamp", kinds.TYPE_UINT64),
        (4, "datatype", kinds.TYPE_UINT32), (5, "is_historical", kinds.TYPE_BOOL), (7, "is_null", kinds.TYPE_BOOL),
        (10, "int_value", kinds.TYPE_UINT32), (11, "long_value", kinds.TYPE_UINT64),
        (12, "float_value", kinds.TYPE_FLOAT), (13, "double_value", kinds.TYPE_DOUBLE),
        (14, "boolean_value", kinds.TYPE_BOOL), (15, "string_value", kinds.TYPE_STRING),
    ):  # fmt: skip
        metric_type.field.add(name=name, number=number, type=kind, label=kinds.LABEL_OPTIONAL)
    top = file.message_type.add(name="Payload")
    top.field.add(name="timestamp", number=1, type=kinds.TYPE_UINT64, label=kinds.LABEL_OPTIONAL)
    top.field.add(
        name="metrics", number=2, type=kinds.TYPE_MESSAGE, type_name=".numbers.Metric", label=kinds.LABEL_REPEATED
    )
    top.field.add(name="seq", number=3, type=kinds.TYPE_UINT64, label=kinds.LABEL_OPTIONAL)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("numbers.Payload"))


PAYLOAD: Final[Any] = oracle()
whole = st.integers(0, 2**64 - 1)
metrics_written = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "name": st.text(max_size=20), "alias": whole, "timestamp": whole, "datatype": st.integers(0, 40),
            "is_historical": st.booleans(), "double_value": st.floats(allow_nan=False),
        },
    ),
    max_size=5,
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(timestamp=st.none() | whole, seq=st.none() | whole, metrics=metrics_written)
def test_a_payload_is_read_as_googles_library_writes_it(
    timestamp: int | None, seq: int | None, metrics: list[dict[str, Any]]
) -> None:
    given_ = {name: value for name, value in (("timestamp", timestamp), ("seq", seq)) if value is not None}
    read = payload_of(PAYLOAD(metrics=metrics, **given_).SerializeToString())
    assert (read.timestamp_ms, read.seq) == (timestamp, seq)
    for ours, theirs in zip(read.metrics, metrics, strict=True):
        assert ours.name == theirs.get("name", "")
        assert (ours.alias, ours.timestamp_ms, ours.datatype) == tuple(
            theirs.get(name) for name in ("alias", "timestamp", "datatype")
        )
        assert ours.is_historical == theirs.get("is_historical", False)
        if "double_value" in theirs and abs(theirs["double_value"]) < 1e308:
            assert ours.number(None) == theirs["double_value"]


def read_whole(raw: bytes) -> list[float]:
    """Every number of a payload."""
    return [each.number(DOUBLE) for each in payload_of(raw).metrics]


@settings(max_examples=300, deadline=None)
@given(cut=cuts)
def test_what_googles_library_cannot_read_is_refused(cut: tuple[int, int, bytes]) -> None:
    start, length, inserted = cut
    raw = spoilt(data, (start % (len(data) + 1), length % 8, inserted))
    try:
        PAYLOAD.FromString(raw)
    except DecodeError:
        with pytest.raises(Refused):
            read_whole(raw)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("fields", as_json({"items": [{"a": 1, "t": 5}] * 10_000})),
        ("senml", as_json([{"n": "dev:" + "a:" * 120, "v": 1}] * 10_000)),
        ("senml", b"\x9f" + b"\x80" * 1_000_000),
        ("senml", b"[" + b"{}," * 9_999 + b"{}]"),
        ("sparkplug", b"\x12\x02\x10\x01" * 10_000),
        ("csv", b"1,2,3\n" * 10_000),
        ("homeassistant", as_json({"~": "~" * 200_000, "stat_t": "~" * 200_000})),
        ("homeassistant", as_json({"cmps": {str(n): {} for n in range(9999)}})),
        ("number", b"1" * 1_000_000),
        ("fields", b"[" * 1_000_000),
        ("fields", b'{"a":' + b"9" * 1_000_000 + b"}"),
    ],
)  # fmt: skip
@pytest.mark.timeout(60)  # generous: a second on a busy machine, and minutes where the time grows with the square
def test_the_largest_messages_are_read_in_good_time(name: str, content: bytes) -> None:
    reader = Reader(mapped(name, *ROWS, **OPTIONS.get(name, {})))
    reader.read((TOPICS[name][0], content))
