"""The same readings, written in every format, give the same columns."""

import csv
import io
from dataclasses import dataclass
from typing import Any, Final

import cbor2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensors.batch import Batch
from sensors.catalogue import Catalogue
from sensors.times import rfc3339
from tests.unit.gateway.formats.mapped import NOW, Reader, Row, as_json, mapped, refusals
from tests.unit.gateway.formats.sparkplug_messages import DOUBLE, metric, payload

DEVICE: Final = "0004a30b001c0530"
FIELDS: Final = ("level", "flow", "temp")
UNITS: Final = ("cm", "m3/s", "Cel")  # of the datastreams
SENT: Final = ("mm", "l/s", "K")  # by the device
NODE_DEVICE: Final = f"brantas/node/{DEVICE}"


@dataclass(frozen=True)
class Sample:
    """What the device measured at one moment, in the units it sends; NaN = it says that it has none."""

    age_ms: int
    values: dict[str, float]

    @property
    def time_us(self) -> int:
        """Since the epoch; whole milliseconds, which every format can write."""
        return NOW - self.age_ms * 1000


numbers = st.one_of(
    st.sampled_from([0.0, -0.0, 1.0, 2.3, 1234.5, -17.25, 1e-9, 123456789.125]),
    st.floats(-1e9, 1e9, allow_nan=False).map(lambda x: float(f"{x:.9g}")),
)
samples = st.lists(
    st.builds(
        Sample,
        age_ms=st.integers(0, 3_000_000),
        values=st.dictionaries(st.sampled_from(FIELDS), numbers, min_size=1),
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda sample: sample.age_ms,
)


def city(format_name: str, of: str = DEVICE, **options: Any) -> Catalogue:
    rows = [
        Row(field, of, field, unit=unit, sent_unit=sent) for field, unit, sent in zip(FIELDS, UNITS, SENT, strict=True)
    ]
    return mapped(format_name, *rows, **options)


def read(catalogue: Catalogue, messages: list[tuple[str, bytes]]) -> Batch:
    result = Reader(catalogue).read(*messages)
    assert refusals(result) == []
    return result.batch


def native(some: list[Sample]) -> Batch:
    """By the station's topic; its rows name no device, and the same units as all."""
    messages = [
        ("telemetry/S1", as_json({"ts": s.time_us // 1000, "values": {name: s.values[name] for name in s.values}}))
        for s in some
    ]
    rows = [
        Row(field, "", "", unit=unit, sent_unit=sent) for field, unit, sent in zip(FIELDS, UNITS, SENT, strict=True)
    ]
    return read(mapped("native", *rows, filter_="telemetry/#"), messages)


def chirpstack(some: list[Sample]) -> Batch:
    messages = [
        (
            f"application/a/device/{DEVICE}/event/up",
            as_json({"time": rfc3339(s.time_us), "deviceInfo": {"devEui": DEVICE}, "data": "AA", "object": s.values}),
        )
        for s in some
    ]
    return read(city("chirpstack"), messages)


def ttn(some: list[Sample]) -> Batch:
    messages = [
        (
            f"v3/a@ttn/devices/{DEVICE}/up",
            as_json(
                {
                    "end_device_ids": {"device_id": DEVICE},
                    "uplink_message": {
                        "received_at": rfc3339(s.time_us),
                        "frm_payload": "AA",
                        "decoded_payload": s.values,
                    },
                }
            ),
        )
        for s in some
    ]
    return read(city("ttn"), messages)


def _packs(some: list[Sample]) -> list[list[dict[str, Any]]]:
    return [
        [
            {"bn": f"{DEVICE}:", "bt": s.time_us / 1e6, "n": name, "u": SENT[FIELDS.index(name)], "v": value}
            for name, value in s.values.items()
        ]
        for s in some
    ]


def senml_json(some: list[Sample]) -> Batch:
    return read(city("senml"), [("x", as_json(pack)) for pack in _packs(some)])


def senml_cbor(some: list[Sample]) -> Batch:
    labels = {"bn": -2, "bt": -3, "n": 0, "u": 1, "v": 2}
    packs = [[{labels[label]: value for label, value in r.items()} for r in pack] for pack in _packs(some)]
    return read(city("senml"), [("x", cbor2.dumps(pack)) for pack in packs])


def sparkplug(some: list[Sample]) -> Batch:
    reader = Reader(city("sparkplug", NODE_DEVICE))
    aliases = {name: number for number, name in enumerate(FIELDS, start=10)}
    births = payload(*[metric(name, None, DOUBLE, alias=alias) for name, alias in aliases.items()], seq=1)
    reader.read(("spBv1.0/brantas/NBIRTH/node", payload(seq=0)), (f"spBv1.0/brantas/DBIRTH/node/{DEVICE}", births))
    messages = [
        (
            f"spBv1.0/brantas/DDATA/node/{DEVICE}",
            payload(
                *[metric("", value, DOUBLE, alias=aliases[name], tell_type=False) for name, value in s.values.items()],
                seq=(2 + place) % 256,
                at_ms=s.time_us // 1000,
            ),
        )
        for place, s in enumerate(some)
    ]
    result = reader.read(*messages, after_s=0)
    assert refusals(result) == []
    return result.batch


def fields(some: list[Sample]) -> Batch:
    records = [{"id": DEVICE, "at": s.time_us // 1000, "data": s.values} for s in some]
    rows = [
        Row(field, DEVICE, f"data.{field}", unit=unit, sent_unit=sent)
        for field, unit, sent in zip(FIELDS, UNITS, SENT, strict=True)
    ]
    return read(mapped("fields", *rows, device="id", time="at"), [("x", as_json(record)) for record in records])


def csv_lines(some: list[Sample]) -> Batch:
    messages = []
    for s in some:
        text = io.StringIO()
        names = list(s.values)
        csv.writer(text, delimiter=";").writerows(
            [["time", *names], [rfc3339(s.time_us), *[repr(s.values[n]).replace(".", ",") for n in names]]]
        )
        messages.append((f"log/{DEVICE}", text.getvalue().encode()))
    return read(city("csv", device="topic:2", **CSV), messages)


CSV: Final[dict[str, Any]] = {"header": True, "delimiter": ";", "decimal_comma": True}


def columns(batch: Batch) -> list[tuple[Any, ...]]:
    """Everything but the order in which the fields of one message stand."""
    rows = zip(
        *(getattr(batch, name).tolist() for name in ("time_us", "datastream", "device_us", "origin", "quality")),
        batch.value.view(np.uint64).tolist(),
        strict=True,
    )
    return sorted(rows)


@settings(max_examples=60, deadline=None)
@given(some=samples)
def test_the_same_readings_give_the_same_columns(some: list[Sample]) -> None:
    expected = columns(native(some))
    assert len(expected) == sum(len(s.values) for s in some)
    for write in (chirpstack, ttn, senml_json, senml_cbor, sparkplug, fields, csv_lines):
        assert columns(write(some)) == expected, write.__name__


@settings(max_examples=40, deadline=None)
@given(values=st.dictionaries(st.sampled_from(FIELDS), numbers, min_size=1))
def test_plain_numbers_give_the_same_at_the_time_they_are_received(values: dict[str, float]) -> None:
    plain = read(city("number"), [(f"x/{DEVICE}/{name}", repr(value).encode()) for name, value in values.items()])
    as_fields = read(city("fields", device="topic:2"), [(f"x/{DEVICE}", as_json(values))])
    assert columns(plain) == columns(as_fields)


def test_millimetres_become_centimetres_in_every_format() -> None:
    some = [Sample(1000, {"level": 1234.0, "temp": 300.0})]
    for write in (native, chirpstack, ttn, senml_json, senml_cbor, sparkplug, fields, csv_lines):
        batch = write(some)
        assert sorted(batch.value.tolist()) == pytest.approx([26.85, 123.4], abs=1e-9), write.__name__
        assert set(batch.time_us.tolist()) == {NOW - 1_000_000}
