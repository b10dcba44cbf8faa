"""Lines parse back to the columns that they were made of."""

import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from influxdb_client.client.write.point import Point as ClientsPoint
from msgspec.structs import replace

from gateway.sinks.line_protocol import LineProtocol
from gateway.sinks.tags import escape, tag_names
from sensors.batch import Batch
from sensors.catalogue import Catalogue, Station
from sensors.errors import SettingsError
from sensors.origin import Origin
from sensors.settings import InfluxSettings
from sensors.times import NEVER
from tests.oracle.line_protocol import points
from tests.unit.gateway.small_city import small_catalogue

Point: Any = ClientsPoint  # the client is untyped
SETTINGS = InfluxSettings(url="http://x", reasons_field="reasons")
VALUES = st.floats() | st.integers(-(10**6), 10**6).map(lambda n: n / 100)
ROWS = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.integers(0, 2**62 // 1000) | st.integers(1_600_000_000_000_000, 1_900_000_000_000_000),
        VALUES,
        st.integers(0, 4),
        st.sampled_from([1, 2, 3, 4, 9]),
        st.integers(0, 65_535),
    ),
    max_size=40,
)
Row = tuple[int, int, float, int, int, int]


def batch(rows: list[Row]) -> Batch:
    number, time_us, value, origin, quality, reasons = zip(*rows, strict=True) if rows else [()] * 6
    times = np.array(time_us, np.int64)
    return Batch(
        datastream=np.array(number, np.int32),
        time_us=times,
        value=np.array(value, np.float64),
        receive_us=times,
        device_us=np.full(len(rows), NEVER, np.int64),
        origin=np.array(origin, np.uint8),
        quality=np.array(quality, np.uint8),
        reasons=np.array(reasons, np.uint16),
    )


def lines_of(catalogue: Catalogue, settings: InfluxSettings = SETTINGS) -> LineProtocol:
    lines = LineProtocol(settings)
    lines.learn(catalogue)
    return lines


def bits(value: float | None) -> bytes:
    return b"" if value is None else struct.pack("d", value)


@given(ROWS)
def test_every_column_comes_back_to_the_bit(rows: list[Row]) -> None:
    text = lines_of(small_catalogue()).lines(batch(rows))
    names = {0: ("S1", "level"), 1: ("S1", "rain"), 2: ("S2", "level")}
    expected = sorted(
        (names[n], Origin(origin).word, t * 1000, bits(value if np.isfinite(value) else None), quality, reasons)
        for n, t, value, origin, quality, reasons in rows
    )
    found = sorted(
        (
            (p.tags["station"], p.tags["property"]),
            p.tags["origin"],
            p.time_ns,
            bits(p.fields.get("value")),
            p.fields["quality"],
            p.fields["reasons"],
        )
        for p in points(text)
    )
    assert found == expected


def test_a_line_as_it_looks() -> None:
    settings = InfluxSettings(url="http://x")
    row = (0, 1_780_000_000_000_000, 182.5, 0, 1, 0)
    assert lines_of(small_catalogue(), settings).lines(batch([row])) == (
        b"observation,agency=BPBD,area=35.76,kind=river_level,origin=live,property=level,station=S1,unit=cm"
        b" value=0182.50,quality=1i 1780000000000000000\n"
    )


def test_a_missing_value_has_a_quality_and_no_value() -> None:
    text = lines_of(small_catalogue()).lines(batch([(0, 1_780_000_000_000_000, np.nan, 0, 9, 1)]))
    assert points(text)[0].fields == {"quality": 9, "reasons": 1}


def test_the_order_within_a_datastream_is_kept() -> None:
    rows = [(n % 3, 1_780_000_000_000_000 + n, float(n), 0, 1, 0) for n in range(300)]
    for station in ("S1", "S2"):
        times = [
            p.time_ns
            for p in points(lines_of(small_catalogue()).lines(batch(rows)))
            if (p.tags["station"], p.tags["property"]) == (station, "level")
        ]
        assert times == sorted(times)


def test_a_datastream_that_no_catalogue_names_is_told_apart() -> None:
    rows = [(n, 1_780_000_000_000_000, 1.0, 0, 1, 0) for n in (0, 7, 2**31 - 1)]
    assert lines_of(small_catalogue()).is_named(batch(rows)).tolist() == [True, False, False]


def test_a_datastream_that_was_retired_keeps_its_name_and_others_change_theirs() -> None:
    city = small_catalogue()
    lines = lines_of(city)
    row = batch([(0, 1_780_000_000_000_000, 1.0, 0, 1, 0), (2, 1_780_000_000_000_000, 1.0, 0, 1, 0)])
    lines.lines(row)
    stations = tuple(replace(s, agency="DPUPR") for s in city.stations)
    lines.learn(replace(city, stations=stations, datastreams=city.datastreams[2:]))
    assert [(p.tags["station"], p.tags["agency"]) for p in points(lines.lines(row))] == [
        ("S1", "BPBD"),
        ("S2", "DPUPR"),
    ]


def renamed(text: str) -> Catalogue:
    city = small_catalogue()
    stations: tuple[Station, ...] = tuple(replace(s, agency=text) for s in city.stations)
    return replace(city, stations=stations)


@given(st.text(max_size=30))
def test_whatever_a_city_writes_into_a_cell_the_line_stays_one_line(text: str) -> None:
    row = (0, 1_780_000_000_000_000, 1.0, 0, 1, 0)
    (point,) = points(lines_of(renamed(text)).lines(batch([row])))
    kept = " ".join("".join(" " if ord(c) < 32 or ord(c) == 127 else c for c in text).replace("\\", "/").split(" "))
    assert point.tags.get("agency", "").split() == kept.split()


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\\"), min_size=1).map(str.strip))
def test_tags_are_escaped_as_the_clients_own_points_do(text: str) -> None:
    expected = Point("m").tag("t", text).field("f", 1).to_line_protocol()
    assert expected == (f"m,t={escape(text)} f=1i" if escape(text) else "m f=1i")


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("measurement", "#x", "influx.measurement: '#x'"),
        ("value_field", "a b", "influx.value_field: 'a b'"),
        ("quality_field", "time", "influx.quality_field: 'time'"),
        ("tags", "station,colour", "influx.tags: unknown: colour"),
    ],
)
def test_names_that_cannot_stand_are_refused(setting: str, value: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        LineProtocol(InfluxSettings(**{setting: value}))  # type: ignore[arg-type]


def test_tags_are_sorted_and_may_be_none() -> None:
    assert tag_names("unit, station") == ("station", "unit")
    assert tag_names("") == ()
