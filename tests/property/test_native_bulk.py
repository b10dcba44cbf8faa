"""Many messages read at once give what each of them gives by itself: observations, verdicts and their order."""

from dataclasses import replace

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.address_book import AddressBook
from gateway.formats.native import Native
from gateway.ingest import Arrivals, Ingest, Ingested
from gateway.mqtt.codec import Publishes
from gateway.readings import Readings
from sensors.catalogue import Catalogue, IngestRule, Installation
from tests.unit.gateway.small_city import small_catalogue

NOW = 1_780_000_000_000_000
MS = NOW // 1000


class OneByOne:
    """The native format without its fast path."""

    def __init__(self, book: AddressBook, rule: IngestRule) -> None:
        self._native = Native(book, rule)

    def read(self, index: int, topic: bytes, payload: bytes, out: Readings) -> None:
        self._native.read(index, topic, payload, out)


def catalogue() -> Catalogue:
    """The small city, its level measured from above since yesterday, its rain from another source only."""
    small = small_catalogue()
    level, rain, other = small.datastreams
    above = Installation(valid_from="2026-05-27T20:26:40Z", sent_unit="mm", scale=-1.0, zero=900.0)
    level = msgspec.structs.replace(level, installations=(above,))
    rain = msgspec.structs.replace(rain, origin_source="elsewhere")
    return msgspec.structs.replace(small, datastreams=(level, rain, other))


NUMBERS = st.one_of(
    st.integers(-1000, 1000), st.floats(allow_nan=False, allow_infinity=False, width=32), st.sampled_from([1e308, 0.1])
)
TIMES = st.one_of(
    st.integers(MS - 200_000_000, MS + 600_000),
    st.sampled_from([0, -1, 10**30, -(2**63), 2**63, MS + 0.5, "2026-05-28T20:26:35Z", "2026-05-28T20:26:35", "soon"]),
    st.none(),
)
UNITS = st.sampled_from(["cm", "m", "mm", " cm", "km/h", "furlong", "µg/m³", "x" * 40, None])
ORIGINS = st.sampled_from([None, "live", "simulated", "replayed", "manual"])
ELEMENTS = st.one_of(
    NUMBERS,
    st.fixed_dictionaries({"value": NUMBERS | st.none()}, optional={"ts": TIMES, "unit": UNITS, "origin": ORIGINS}),
    st.fixed_dictionaries({"ts": st.integers(MS - 9000, MS), "value": NUMBERS}),
)
ODD = st.sampled_from([b"", b"nan", b"[]", b'{"value": 1, "x": "\xff"}', b'[1, "x"]', b"\xc3", b"\xa9", b"true", b"{}"])
PAYLOADS = st.one_of(
    ELEMENTS.map(msgspec.json.encode),
    ELEMENTS.map(msgspec.json.encode),
    st.lists(ELEMENTS, max_size=4).map(msgspec.json.encode),
    st.fixed_dictionaries(
        {"values": st.dictionaries(st.sampled_from(["level", "rain", "wind"]), NUMBERS | st.none())},
        optional={"ts": TIMES, "origin": ORIGINS},
    ).map(msgspec.json.encode),
    ODD,
    st.binary(max_size=6),
)
TOPICS = st.sampled_from(
    [b"telemetry/S1/level"] * 4
    + [
        b"telemetry/S2/level",
        b"telemetry/S1/rain",
        b"telemetry/S1",
        b"telemetry/S9/level",
        b"telemetry/S1/level\0",
        b"x",
    ]
)
MESSAGES = st.lists(st.tuples(TOPICS, PAYLOADS, st.sampled_from([False] * 9 + [True])), min_size=4, max_size=24)


def read(messages: list[tuple[bytes, bytes, bool]], *, refuses_exercise: bool, received_us: int | None) -> Ingested:
    ingest = Ingest(catalogue(), dead_letter_bytes=64)
    ingest.refuses_exercise = refuses_exercise
    topics, payloads, retained = (list(column) for column in zip(*messages, strict=True))
    half = len(messages) // 2
    arrivals = [
        Arrivals("broker", Publishes(topics[:half], payloads[:half], [1] * half, retained[:half]), [], received_us),
        Arrivals("elsewhere", Publishes(topics[half:], payloads[half:], [1] * (len(topics) - half), retained[half:])),
    ]
    return ingest.read(arrivals, NOW)


@settings(max_examples=400, deadline=None)
@given(MESSAGES, st.booleans(), st.sampled_from([None, NOW - 3_600_000_000]))
def test_many_at_once_are_as_one_by_one(
    messages: list[tuple[bytes, bytes, bool]], refuses_exercise: bool, received_us: int | None
) -> None:
    at_once = read(messages, refuses_exercise=refuses_exercise, received_us=received_us)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gateway.ingest.Native", OneByOne)
        one_by_one = read(messages, refuses_exercise=refuses_exercise, received_us=received_us)
    for name, column in one_by_one.batch.columns().items():
        np.testing.assert_array_equal(at_once.batch.columns()[name], column, err_msg=name)
    assert at_once.dead_letters == one_by_one.dead_letters
    assert replace(at_once, batch=one_by_one.batch) == one_by_one
