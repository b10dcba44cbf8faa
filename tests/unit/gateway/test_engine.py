"""Ingest and detector in one step, and the same over the log."""

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from gateway.city_in_force import CityInForce
from gateway.engine import Engine
from gateway.ingest import Arrivals
from gateway.log.reader import LogReader
from gateway.log.rows import Entry, LogRow
from gateway.log.writer import LogWriter
from gateway.mqtt.codec import Publishes
from gateway.recovery import recover, replayed
from sensors.catalogue import Catalogue
from sensors.checkpoint import dump_state
from sensors.detector import DETECTOR_VERSION
from sensors.settings import LogSettings
from sensors.times import HOUR_US, SECOND_US
from sensors.transition import Kind, Transition
from tests.unit.gateway.small_city import level, small_catalogue

NOW = 1_780_000_000_000_000


def messages(*values: float, topic: str = "telemetry/S1/level") -> list[Arrivals]:
    payloads = [str(value).encode() for value in values]
    n = len(payloads)
    return [Arrivals("broker", Publishes([topic.encode()] * n, payloads, list(range(1, n + 1)), [False] * n))]


def moves(entry: Entry | None) -> list[tuple[str, str, str]]:
    assert entry is not None
    return [(str(t.kind), t.level, str(t.cause)) for t in entry.transitions]


def started(catalogue: Catalogue | None = None) -> Engine:
    engine = Engine(CityInForce(catalogue or small_catalogue(), 1, ()), None, 64)
    engine.start(NOW)
    return engine


def test_a_value_over_two_levels_is_two_transitions_in_rank_order() -> None:
    assert moves(started().take(messages(50, 250), NOW + 1)) == [
        ("raised", "waspada", "crossed"),
        ("raised", "siaga", "crossed"),
    ]


def test_nothing_came_and_nothing_is_due() -> None:
    engine = started()
    assert engine.take([], NOW + SECOND_US) is None
    assert not engine.due(NOW + SECOND_US)


def test_now_never_stands_still_or_goes_back_in_rows_of_observations() -> None:
    engine = started()
    entries = [engine.take(messages(1, 2), now) for now in (NOW + 5, NOW + 5, NOW - HOUR_US)]
    nows = [entry.now_us for entry in entries if entry is not None]
    assert len(nows) == 3
    assert nows == sorted(set(nows))
    receives = [t for entry in entries if entry for t in entry.batch.receive_us.tolist()]
    assert receives == sorted(set(receives))


def test_a_start_takes_time_back_and_rows_go_on_from_there() -> None:
    engine = started()
    ahead = engine.take(messages(1), NOW + 24 * HOUR_US)
    back = engine.start(NOW + HOUR_US)
    after = engine.take(messages(2), NOW + HOUR_US)
    assert ahead is not None
    assert after is not None
    assert (ahead.now_us, back.now_us, after.now_us) == (NOW + 24 * HOUR_US, NOW + HOUR_US, NOW + HOUR_US + 1)
    assert engine.due(NOW + HOUR_US + 181 * SECOND_US)


def test_two_seconds_are_no_reason_to_take_time_back() -> None:
    engine = started()
    engine.take(messages(1), NOW + 2 * SECOND_US)
    assert engine.start(NOW).now_us == NOW + 2 * SECOND_US + 1


@pytest.mark.parametrize("lost", [False, True])
def test_a_log_in_which_time_goes_back_gives_the_same_when_run_again(tmp_path: Path, lost: bool) -> None:
    with LogWriter(tmp_path, LogSettings(), DETECTOR_VERSION) as writer:
        catalogue = small_catalogue()
        writer.numbers((d.station, d.property, d.unit) for d in catalogue.datastreams)
        version = writer.install_catalogue(catalogue, NOW)
        engine = Engine(CityInForce(catalogue, version, ()), None, 64)
        told: list[Transition] = []
        for entry in (
            engine.start(NOW),
            engine.take(messages(150), NOW + SECOND_US),
            engine.start(NOW + 24 * HOUR_US, 24 * HOUR_US),
            engine.take(messages(250), NOW + 25 * HOUR_US),
            None if lost else engine.start(NOW + HOUR_US, -24 * HOUR_US),
        ):
            if entry is not None:
                told += entry.transitions
                writer.append(entry)
        if lost:  # its row cannot be read
            engine.start(NOW + HOUR_US, -24 * HOUR_US)
        last = engine.take(messages(350), NOW + HOUR_US + SECOND_US)
        assert last is not None
        writer.append(last)
        with LogReader(tmp_path) as reader:
            again = [t for _, _, found in replayed(reader) for t in found]
    raises = [(t.level, t.historical) for t in again if t.kind is Kind.RAISED]
    assert raises == [("waspada", False), ("siaga", False), ("awas", False)]
    if not lost:
        assert msgspec.json.encode(again) == msgspec.json.encode([*told, *last.transitions])


def test_silence_falls_due_without_any_message() -> None:
    engine = started()
    engine.take(messages(1), NOW + 1)
    late = NOW + 181 * SECOND_US
    assert engine.due(late)
    entry = engine.take([], late)
    assert {("silent", "", "overdue"), ("silent", "", "never_heard")} == set(moves(entry))


def test_a_level_under_the_value_that_changes_is_told_with_its_cause() -> None:
    engine = started()
    engine.take(messages(150), NOW + 1)
    old = small_catalogue()
    lower = (level("waspada", 1, 100.0), level("siaga", 2, 140.0), level("awas", 3, 300.0))
    datastreams = (msgspec.structs.replace(old.datastreams[0], levels=lower), *old.datastreams[1:])
    changed = msgspec.structs.replace(old, datastreams=datastreams)
    entry = engine.reload(CityInForce(changed, 2, ()), NOW + 2)
    assert (entry.event, entry.catalogue_version) == ("catalogue", 2)
    assert moves(entry) == [("raised", "siaga", "catalogue")]


def test_a_version_of_a_level_takes_effect_at_its_time() -> None:
    old = small_catalogue()
    later = level("waspada", 1, 40.0, effective_from="2026-05-28T21:00:00Z")
    levels = (*old.datastreams[0].levels[:1], later, *old.datastreams[0].levels[1:])
    datastreams = (msgspec.structs.replace(old.datastreams[0], levels=levels), *old.datastreams[1:])
    engine = started(msgspec.structs.replace(old, datastreams=datastreams))
    engine.take(messages(50), NOW + 1)
    assert not engine.change_due(NOW + 2)
    assert engine.change_due(NOW + HOUR_US)
    entry = engine.reload(engine.city, NOW + HOUR_US)
    assert not engine.change_due(NOW + HOUR_US)
    assert entry.event == "catalogue"
    assert ("raised", "waspada", "catalogue") in moves(entry)


def test_the_log_run_again_from_any_checkpoint_gives_the_same_transitions(tmp_path: Path) -> None:
    with LogWriter(tmp_path, LogSettings(), DETECTOR_VERSION) as writer:
        catalogue = small_catalogue()
        writer.numbers((d.station, d.property, d.unit) for d in catalogue.datastreams)
        version = writer.install_catalogue(catalogue, NOW)
        engine = Engine(CityInForce(catalogue, version, ()), None, 64)
        writer.append(engine.start(NOW))
        told: list[Transition] = []
        for number in range(60):
            entry = engine.take(
                messages(*[(number * 37 + k * 113) % 330 for k in range(5)]), NOW + number * 9 * SECOND_US
            )
            assert entry is not None
            told += entry.transitions
            writer.append(replace(entry, checkpoint=engine.checkpoint()) if number == 30 else entry)
        assert len(told) > 20
        with LogReader(tmp_path) as reader:
            again = [t for _, _, found in replayed(reader) for t in found]
            assert msgspec.json.encode(again) == msgspec.json.encode(told)
            whole, from_checkpoint = recover(reader, []), recover(reader, writer.checkpoints())
        assert whole[0] is not None
        assert from_checkpoint[0] is not None
        assert (whole[1], from_checkpoint[1]) == (61, 29)
        assert dump_state(whole[0].state) == dump_state(from_checkpoint[0].state)


def test_a_pause_of_the_gateway_is_nobodys_silence(tmp_path: Path) -> None:
    with LogWriter(tmp_path, LogSettings(), DETECTOR_VERSION) as writer:
        catalogue = small_catalogue()
        version = writer.install_catalogue(catalogue, NOW)
        city = CityInForce(catalogue, version, ())
        engine = Engine(city, None, 64)
        writer.append(engine.start(NOW))
        entry = engine.take(messages(1), NOW + 1)
        assert entry is not None
        writer.append(entry)
        with LogReader(tmp_path) as reader:
            judge, _ = recover(reader, writer.checkpoints())
        restarted = Engine(city, judge, 64).start(NOW + HOUR_US)
    assert restarted.transitions == ()


def test_a_tick_of_which_the_log_has_no_row_leaves_no_trace_in_the_state() -> None:
    with_it, without = started(), started()
    assert with_it.take([], NOW + 20 * SECOND_US) is None
    for engine in (with_it, without):
        engine.start(NOW + HOUR_US)  # our clock was set: what it left out is nobody's silence
    assert with_it.checkpoint() == without.checkpoint()


def test_a_row_of_nothing_carries_the_state_at_its_own_time() -> None:
    engine, again = started(), started()
    entry = engine.idle(NOW + 20 * SECOND_US)
    assert (entry.now_us, len(entry.batch), entry.transitions) == (NOW + 20 * SECOND_US, 0, ())
    assert again._judge is not None
    row, _ = again._judge.observe(LogRow(2, entry.now_us, "observations", 1, 1, entry.batch, ()))
    assert engine.checkpoint() == row.checkpoint()
