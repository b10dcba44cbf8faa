"""Pages of three formats give the same readings; hostile and broken ones are refused with a place."""

import json
from typing import Any

import pytest

from gateway.errors import PullError
from gateway.pull.addresses import Placement
from gateway.pull.page import LATEST, MAX_RECORDS, Page, Pulled, read_page
from sensors.times import NEVER, parse_rfc3339
from tests.unit.gateway.pull.sources import addresses, pull

AT_US = parse_rfc3339("2026-04-30T16:50:00Z")
assert AT_US is not None
WATER = addresses(A1__level="GATE-A/level", B2__level="GATE-B/level")
EXPECTED = [
    Pulled("GATE-A/level", "2026-04-30T16:50:00Z", AT_US, 1380.0),
    Pulled("GATE-B/level", "2026-04-30T16:50:00Z", AT_US, None),
]
RECORDS: list[dict[str, Any]] = [
    {"id": "a1", "at": "2026-04-30T23:50:00+07:00", "level": 1380},
    {"id": "B2", "at": "2026-04-30T23:50:00+07:00", "level": ""},
    {"id": "C3", "at": "2026-04-30T23:50:00+07:00", "level": 1},
]
XML = (
    b"<r><x:g xmlns:x='u' at='2026-04-30T23:50:00+07:00'><id>a1</id><level> 1380 </level></x:g>"
    b"<g at='2026-04-30T23:50:00+07:00'><id>B2</id><level/></g>"
    b"<g at='2026-04-30T23:50:00+07:00'><id>C3</id><level>1</level></g></r>"
)


def read(body: object, charset: str = "", **changes: Any) -> Page:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return read_page(pull(**changes), raw, charset, WATER)


def one(record: dict[str, Any], **changes: Any) -> Pulled:
    [found] = read([{"id": "A1", "at": "2026-04-30T16:50:00Z", "level": 1} | record], **changes).pulled
    return found


@pytest.mark.parametrize(
    ("body", "changes"),
    [
        (RECORDS, {}),
        ({"data": {"gates": RECORDS}}, {"records": "data.gates"}),
        ({"gates": {r["id"]: r for r in RECORDS}}, {"records": "gates", "device": "@key"}),
        ({"t": "2026-04-30T23:50:00", "g": RECORDS}, {"records": "g", "time": "/t", "zone": "Asia/Jakarta"}),
        (b"\xef\xbb\xbf" + json.dumps(RECORDS).encode(), {}),
        (
            XML,
            {"format": "xml", "records": "g", "time": "@at"},
        ),
        (
            b"id;at;level\r\na1;30/04/2026 23.50;1380\r\nB2;30/04/2026 23.50;-\r\n\r\nC3;30/04/2026 23.50;1\r\n",
            {"format": "csv", "time_format": "%d/%m/%Y %H.%M", "zone": "+07:00"},
        ),
        (
            b'id,at,level\n"a1",1777567800,"1.380,0"\nB2,1777567800,\nC3,1777567800,1\n'.replace(b"1.380", b"1380"),
            {"format": "csv", "time_format": "s", "decimal": ","},
        ),
    ],
)
def test_every_shape_of_page_gives_the_same_readings(body: object, changes: dict[str, Any]) -> None:
    page = read(body, **changes)
    assert page.pulled == EXPECTED
    assert page.records == 3
    assert list(page.unknown) == ["C3"]


def test_a_value_that_is_none_goes_on_as_it_stands_to_become_a_dead_letter() -> None:
    assert one({"level": "rusak"}).value == "rusak"
    assert one({"level": "1_000"}).value == "1_000"
    assert one({"level": "nan"}).value == "nan"
    assert one({"level": True}).value == "True"
    assert one({"level": [1]}).value == "[1]"
    assert one({"level": 10**400}, missing=()).value == str(10**400)[:200]


def test_a_time_that_is_none_goes_on_as_it_stands_too() -> None:
    assert one({"at": "kemarin"}) == Pulled("GATE-A/level", "kemarin", LATEST, 1.0)
    assert one({"at": 9e300}, time_format="s").ts == "9e+300"


def test_a_time_without_a_zone_is_left_to_the_datastreams_own_zone() -> None:
    assert one({"at": "2026-04-30T23:50:00"}).ts == "2026-04-30T23:50:00"


def test_a_record_without_a_time_is_not_published_but_counted() -> None:
    page = read([{"id": "A1", "level": 5}, {"id": "B2", "at": "-", "level": 5}])
    assert (page.pulled, page.without_time) == ([], 2)


def test_fetched_as_time_needs_none() -> None:
    assert read([{"id": "A1", "level": 5}], time="fetched").pulled == [Pulled("GATE-A/level", "", LATEST, 5.0)]


def test_a_prefix_keeps_alike_ids_of_two_systems_apart() -> None:
    assert read_page(
        pull(device="n", device_prefix="posko-"), b'[{"n":155,"at":"2026-04-30T16:50:00Z","level":2}]', "",
        addresses(**{"posko-155__level": "GATE-A/level"}),
    ).pulled  # fmt: skip


def test_an_address_means_the_station_where_the_device_was_at_that_time() -> None:
    moved = AT_US or 0
    both = {"a1": {"level": (
        Placement("OLD/level", ((NEVER, True), (moved, False))), Placement("NEW/level", ((moved, True),)),
    )}}  # fmt: skip
    body = b'[{"id":"A1","at":"2026-04-30T16:49:59Z","level":1},{"id":"A1","at":"2026-04-30T16:50:00Z","level":2}]'
    assert [p.target for p in read_page(pull(), body, "", both).pulled] == ["OLD/level", "NEW/level"]


BOMB = b'<!DOCTYPE b [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><r><g><id>&b;</id></g></r>'


@pytest.mark.parametrize(
    ("body", "changes", "reason"),
    [
        (b"<r><g></r>", {"format": "xml"}, "not XML: mismatched tag: line 1"),
        (BOMB, {"format": "xml"}, r"line 1: a document type \(DTD\) is not read"),
        (b'<!DOCTYPE r SYSTEM "file:///etc/passwd"><r/>', {"format": "xml"}, "document type"),
        (b"<a>" * 40 + b"</a>" * 40, {"format": "xml"}, "nested deeper than 32"),
        (b"<a " + b"".join(b'a%d="" ' % n for n in range(80)) + b"/>", {"format": "xml"}, "64 attributes"),
        (b"<r/>", {"format": "xml", "records": "g"}, "nothing at 'g'"),
        (b"\xff\xfe<", {"format": "xml"}, "not XML"),
        (b'[{"id":', {}, "not JSON: Input data was truncated"),
        (b"[" * 200_000, {}, "not JSON"),
        (b'{"a": 1}', {"records": "b.c"}, "nothing at 'b.c'; the page has a"),
        (b"", {"format": "csv"}, "expected a header"),
        (b'id,at\n"a,b\n', {"format": "csv"}, "CSV, line"),
        (b"x" * 300_000, {"format": "csv"}, "CSV, line 1: field larger"),
        (b"[" + b"1," * MAX_RECORDS + b"1]", {}, f"at most {MAX_RECORDS}"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(body: bytes, changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(PullError, match=reason):
        read(body, **changes)


def test_an_unknown_charset_is_named() -> None:
    for kind in ("xml", "csv"):
        with pytest.raises(PullError, match="klingon"):
            read(b"<r/>", "klingon", format=kind)


def test_the_servers_charset_wins() -> None:
    body = "<r><g><id>A1</id><at>2026-04-30T16:50:00Z</at><level>5</level><n>é</n></g></r>".encode("latin-1")
    assert read(body, "latin-1", format="xml", records="g").pulled[0].value == 5.0
