"""Sparkplug B as a host: births, data, deaths, gaps, and requests for rebirths."""

from typing import Any

import numpy as np
import pytest

from gateway.formats.sparkplug_payload import payload_of
from gateway.ingest import Ingested
from sensors.quality import Quality, Reason
from tests.unit.gateway.formats.mapped import NOW, Reader, Row, mapped, refusals, values
from tests.unit.gateway.formats.sparkplug_messages import (
    BOOLEAN,
    DATASET,
    DOUBLE,
    FLOAT,
    INT8,
    INT16,
    INT32,
    INT64,
    STRING,
    UINT32,
    UINT64,
    metric,
    payload,
)

MS = NOW // 1000
ROWS = (
    Row("level", "Brantas/Node1/Gauge", "Level"),
    Row("rain", "brantas/node1/gauge", "Rain", unit="mm/h"),
    Row("cabinet", "Brantas/Node1", "Cabinet/Temp", unit="Cel"),
)
LEVEL, RAIN, CABINET = range(3)
NODE_BIRTH = payload(
    metric("bdSeq", 5, UINT64), metric("Node Control/Rebirth", False, BOOLEAN), metric("Cabinet/Temp", 30.5, alias=1),
    seq=0, at_ms=MS - 9000,
)  # fmt: skip
DEVICE_BIRTH = payload(
    metric("Level", 100.0, alias=2, at_ms=MS - 8000), metric("Rain", 0, INT32, alias=3),
    metric("Door", True, BOOLEAN, alias=4),
    seq=1, at_ms=MS - 8000,
)  # fmt: skip


def topic(kind: str, device: str = "Gauge", group: str = "Brantas", node: str = "Node1") -> str:
    return f"spBv1.0/{group}/{kind}/{node}" + (f"/{device}" if kind.startswith("D") else "")


def reader(**options: Any) -> Reader:
    return Reader(mapped("sparkplug", *ROWS, filter_="spBv1.0/#", **options))


def born(**options: Any) -> Reader:
    """A reader that has seen the births of the node and its device."""
    host = reader(**options)
    host.values((topic("NBIRTH"), NODE_BIRTH), (topic("DBIRTH"), DEVICE_BIRTH))
    return host


def level(value: float, seq: int | None, **more: Any) -> tuple[str, bytes]:
    return topic("DDATA"), payload(metric("", value, alias=2, tell_type=False, **more), seq=seq, at_ms=MS)


def asked(result: Ingested) -> list[str]:
    return [request.topic for request in result.requests]


def test_births_and_data_by_alias() -> None:
    host = reader()
    result = host.read((topic("NBIRTH"), NODE_BIRTH), (topic("DBIRTH"), DEVICE_BIRTH))
    assert values(result) == {CABINET: [30.5], LEVEL: [100], RAIN: [0]}
    assert result.batch.time_us.tolist()[0] == NOW - 9_000_000
    data = payload(
        metric("", 101.5, alias=2, at_ms=MS - 10, tell_type=False),
        metric("", -3, INT32, alias=3, tell_type=False),
        seq=2,
    )
    result = host.read((topic("DDATA"), data))
    assert values(result) == {LEVEL: [101.5], RAIN: [-3]}
    assert result.batch.device_us.tolist()[0] == NOW - 10_000
    assert not result.requests


@pytest.mark.parametrize(
    ("datatype", "value", "read"),
    [
        (INT8, -10, -10.0), (INT8, 246, -10.0), (INT16, -300, -300.0), (INT32, -(2**31), -(2.0**31)),
        (INT64, -5, -5.0), (UINT32, 2**32 - 1, 2.0**32 - 1), (UINT64, 2**63, 2.0**63), (FLOAT, 2.3, 2.3),
        (DOUBLE, 2.3, 2.3), (BOOLEAN, True, 1.0), (BOOLEAN, False, 0.0), (DOUBLE, None, None),
    ],
)  # fmt: skip
def test_values_by_data_type(datatype: int, value: Any, read: float | None) -> None:
    message = payload(metric("Level", value, datatype), seq=2, at_ms=MS)
    assert born().values((topic("DDATA"), message)) == {LEVEL: [read]}


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        (metric("Level", "high", STRING), "wrong_type"),
        (metric("Level", 0, DATASET), "unsupported"),
        (metric("Level", 5, 13), "unsupported"),  # a point in time
        (metric("Level", float("nan")), "not_finite"),
        (metric("", 5.0, alias=77), "unknown_alias"),
        (metric("", 5.0, alias=1), "unknown_alias"),  # the node's own
        (metric("", 5.0), "wrong_type"),
        (b"\x0a\x05Level", "wrong_type"),
    ],
)
def test_a_metric_that_is_no_reading_costs_itself(written: bytes, reason: str) -> None:
    result = born().read((topic("DDATA"), payload(written, metric("Rain", 1, INT32), seq=2, at_ms=MS)))
    assert values(result) == {RAIN: [1]}
    assert refusals(result) == [(reason, 0)]


def test_the_quality_of_a_metric_goes_with_it() -> None:
    result = born().read(level(50, 2, quality=192), level(51, 3, quality=0), level(52, 4, quality=500))
    assert values(result) == {LEVEL: [50, 51, None]}
    assert result.batch.quality.tolist() == [Quality.NOT_EVALUATED, Quality.FAIL, Quality.MISSING]
    assert [Reason(r) for r in result.batch.reasons.tolist()] == [
        Reason.NONE, Reason.SENT_AS_BAD, Reason.STALE | Reason.MISSING_VALUE,
    ]  # fmt: skip


def test_historical_values_say_so() -> None:
    result = born().read(level(50, 2, historical=True, at_ms=MS - 3_600_000))
    assert Reason.HISTORICAL in Reason(int(result.batch.reasons[0]))
    assert result.batch.time_us.tolist() == [NOW - 3_600_000_000]


def test_the_death_of_a_device_makes_its_metrics_stale_at_once() -> None:
    result = born().read((topic("DDEATH"), payload(seq=2, at_ms=MS - 60_000)))
    assert values(result) == {LEVEL: [None], RAIN: [None]}
    assert all(Reason.STALE in Reason(r) for r in result.batch.reasons.tolist())
    assert set(result.batch.time_us.tolist()) == {NOW}  # when it was received


def test_the_death_of_a_node_makes_everything_of_it_stale() -> None:
    host = born()
    death = payload(metric("bdSeq", 5, UINT64), at_ms=MS - 99_000)
    assert values(host.read((topic("NDEATH"), death))) == {LEVEL: [None], RAIN: [None], CABINET: [None]}
    result = host.read(level(50, 2), after_s=1)
    assert refusals(result) == [("unknown_alias", 0)]
    assert asked(result) == ["spBv1.0/Brantas/NCMD/Node1"]


def test_a_death_of_an_earlier_birth_is_ignored() -> None:
    result = born().read((topic("NDEATH"), payload(metric("bdSeq", 4, UINT64))))
    assert (len(result.batch), result.ignored, result.dead_letters) == (0, 1, ())


def test_data_before_the_birth_asks_for_a_rebirth_once_in_a_while() -> None:
    host = reader(rebirth_interval_s=30)
    result = host.read(level(50, 7))
    assert refusals(result) == [("unknown_alias", 0)]
    assert asked(result) == ["spBv1.0/Brantas/NCMD/Node1"]
    wish = payload_of(result.requests[0].payload)
    assert (wish.metrics[0].name, wish.metrics[0].number(None), wish.timestamp_ms) == ("Node Control/Rebirth", 1.0, MS)
    assert asked(host.read(level(51, 8), after_s=29)) == []
    assert asked(host.read(level(51, 9), after_s=1)) == ["spBv1.0/Brantas/NCMD/Node1"]
    assert asked(reader(rebirth=False).read(level(50, 7))) == []


def test_named_metrics_can_be_read_before_the_birth() -> None:
    result = reader().read((topic("DDATA"), payload(metric("Level", 3.5), seq=9, at_ms=MS)))
    assert values(result) == {LEVEL: [3.5]}
    assert len(result.requests) == 1


def test_a_gap_waits_for_the_missing_before_it_asks() -> None:
    host = born()
    assert asked(host.read(level(50, 4))) == []
    assert asked(host.read(level(51, 5), after_s=1.9)) == []
    assert asked(host.read(level(52, 6), after_s=0.2)) == ["spBv1.0/Brantas/NCMD/Node1"]
    assert asked(host.read(level(52, 7), after_s=60)) == []


def test_what_was_only_late_closes_the_gap() -> None:
    host = born()
    host.read(level(50, 4), level(49, 3), level(48, 2))
    assert asked(host.read(level(51, 5), after_s=60)) == []


def test_sequence_numbers_begin_again_after_255() -> None:
    host = born()
    numbers = [n % 256 for n in range(2, 600)]
    result = host.read(*[level(1, n) for n in numbers])
    assert (len(result.batch), asked(host.read(level(1, 600 % 256), after_s=60))) == (598, [])


def test_a_jump_back_is_a_restart_that_we_missed() -> None:
    host = born()
    host.read(*[level(1, n) for n in range(2, 60)])
    result = host.read(level(50, 1))
    assert (refusals(result), asked(result)) == ([("unknown_alias", 0)], ["spBv1.0/Brantas/NCMD/Node1"])


def test_what_was_sent_before_the_birth_is_not_read_by_its_aliases() -> None:
    old = payload(metric("", 5.0, alias=2, tell_type=False), seq=200, at_ms=MS - 10_000)
    assert refusals(born().read((topic("DDATA"), old))) == [("unknown_alias", 0)]


def test_ids_that_differ_in_case_alone_are_refused() -> None:
    host = born()
    assert refusals(host.read((topic("NDATA", node="NODE1"), payload(seq=2)))) == [("bad_topic", None)]
    assert refusals(host.read((topic("DDATA", device="gauge"), payload(seq=2)))) == [("bad_topic", None)]


def test_a_birth_without_a_mapped_metric_and_strangers_are_told() -> None:
    host = reader()
    result = host.read((topic("DBIRTH"), payload(metric("Level", 1.0), metric("Hujan", 2.0), seq=1)))
    assert refusals(result) == [("unknown_property", None)]
    assert "'Rain'" in result.dead_letters[0].detail
    assert "'Hujan'" in result.dead_letters[0].detail
    result = host.read((topic("NBIRTH", node="N9"), payload(metric("Temp", 1.0), seq=0)))
    assert result.dead_letters[0].detail == "device 'Brantas/N9' is in no row of the catalogue; it sends 'Temp'"
    assert refusals(host.read((topic("DDATA", device="Other"), payload(seq=2)))) == [("unknown_device", None)]


def test_what_is_no_reading_is_counted() -> None:
    host = born()
    for name in ("spBv1.0/STATE/scada", topic("NCMD"), topic("DCMD"), topic("NDATA")):
        result = host.read((name, payload(metric("Other", 1.0), seq=2)))
        assert (result.ignored, result.dead_letters) == (1, ()), name


@pytest.mark.parametrize(
    ("name", "raw", "reason"),
    [
        ("spBv1.0/Brantas/NDATA/Node1/Gauge", b"", "bad_topic"),
        ("spBv1.0/Brantas/DDATA/Node1", b"", "bad_topic"),
        ("spBv1.0/Brantas/NNEWS/Node1", b"", "bad_topic"),
        ("spBv1.0/Brantas//Node1", b"", "bad_topic"),
        ("spBv1.0/Brantas/NDATA/Node1", b"\x12\x05ab", "not_protobuf"),
        ("spBv1.0/Brantas/NDATA/Node1", b"\x0b", "not_protobuf"),  # a group
        ("spBv1.0/Brantas/NDATA/Node1", b"\x00\x00", "not_protobuf"),
        ("spBv1.0/Brantas/NDATA/Node1", b"\x08" + b"\xff" * 11, "not_protobuf"),
        ("spBv1.0/Brantas/NDATA/Node1", b"\x12\x04\x0a\x02\xff\xff", "not_protobuf"),
        ("spBv1.0/Brantas/NDATA/Node1", b"\x12\x00" * 10_100, "too_many"),
        ("spBv1.0/Brantas/NDATA/Node1", b"\x08\x01" * 100_000, "too_many"),
    ],
)
def test_what_is_refused_as_a_whole(name: str, raw: bytes, reason: str) -> None:
    assert [letter.reason for letter in reader().read((name, raw)).dead_letters] == [reason]


def test_births_outlive_a_new_catalogue() -> None:
    host = born()
    fresh = reader()
    fresh.ingest.inherit(host.ingest)
    assert fresh.values(level(99, 2)) == {LEVEL: [99]}


def test_a_backlog_in_one_message_is_in_time_order() -> None:
    late = metric("Level", 2.0, at_ms=MS - 1000)
    later = metric("Level", 3.0, at_ms=MS)
    batch = born().read((topic("DDATA"), payload(later, late, seq=2))).batch
    assert np.diff(batch.time_us).tolist() == [1_000_000]
