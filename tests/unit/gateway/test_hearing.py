"""Readings that a person heard: refused with reasons, stored by their own time, judged like any other."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.asking import ask
from gateway.city_in_force import CityInForce
from gateway.engine import Engine
from gateway.errors import GatewayError
from gateway.hearing import Hearing
from gateway.ingest import Arrivals
from gateway.log.reader import LogReader
from gateway.log.rows import Entry
from gateway.log.writer import LogWriter
from gateway.mqtt.codec import Publishes
from gateway.status import MAX_WAITING, ObservedFrame, ObserveFrame, StatusServer
from sensors.catalogue import Catalogue
from sensors.origin import Origin
from sensors.settings import LogSettings
from sensors.times import MINUTE_US, NEVER, SECOND_US
from sensors.transition import Kind
from tests.unit.gateway.log_entries import DETECTOR
from tests.unit.gateway.small_city import small_catalogue

NOW = 1_780_000_000_000_000


class Bench:
    """An engine and a log, without broker and clock."""

    def __init__(self, folder: Path, city: Catalogue | None = None) -> None:
        self.folder = folder
        city = city or small_catalogue()
        self.writer = LogWriter(folder, LogSettings(), DETECTOR)
        self.writer.install_catalogue(city, 1)
        self.engine = Engine(CityInForce(city, 1, ()), None, 65_536)
        self.now_us = NOW
        self.writer.append(self.engine.start(NOW))

    async def commit(self, make: Any) -> None:
        entry = make()
        assert isinstance(entry, Entry)
        self.writer.append(entry)

    async def now(self) -> int:
        self.now_us += SECOND_US
        return self.now_us

    def send(self, payload: str) -> None:
        """What a device says of S1:level."""
        self.now_us += SECOND_US
        publishes = Publishes([b"telemetry/S1/level"], [payload.encode()], [0], [False])
        entry = self.engine.take([Arrivals("main", publishes)], self.now_us)
        assert entry is not None
        self.writer.append(entry)

    def hear(self, value: float, *, ago_s: int = 0, datastream: str = "S1:level", **more: Any) -> ObservedFrame:
        """Type a reading in, over the socket."""
        time_us = self.now_us + SECOND_US - ago_s * SECOND_US
        frame = ObserveFrame(datastream=datastream, time_us=time_us, value=value, by="siti", **more)
        return asyncio.run(self._ask(frame))

    async def _ask(self, frame: ObserveFrame) -> ObservedFrame:
        server = StatusServer(self.folder)
        hearing = Hearing(self.engine, server)
        await server.start()
        try:
            asking = asyncio.create_task(ask(self.folder, frame, ObservedFrame))
            while not asking.done():
                await hearing.serve(self.now, self.commit, holds_live=False)
                await asyncio.sleep(0.001)
            return await asking
        finally:
            await server.stop()

    def rows(self) -> list[tuple[float, int, int, int]]:
        """Of every observation in the log: value, origin, time, the device's time."""
        with LogReader(self.folder) as reader:
            batches = [row.batch for row in reader.read_after(0, 1_000)]
        return [
            (b.value.item(k), b.origin.item(k), b.time_us.item(k), b.device_us.item(k))
            for b in batches
            for k in range(len(b))
            if b.datastream.item(k) == 0
        ]

    def transitions(self) -> list[Kind]:
        with LogReader(self.folder) as reader:
            return [found.kind for row in reader.read_after(0, 1_000) for found in row.transitions]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.writer.close()


def test_a_reading_heard_is_stored_by_its_own_time_and_drives_levels(bench: Bench) -> None:
    bench.send("50")
    answer = bench.hear(2.1, ago_s=0, unit="m")
    assert (answer.error, answer.value, answer.origin) == ("", 210.0, "manual")
    assert bench.rows()[-1][:2] == (210.0, Origin.MANUAL)
    assert bench.rows()[-1][3] == NEVER
    assert bench.transitions().count(Kind.RAISED) == 2


def test_it_ends_a_silence_until_the_gauge_is_overdue_again(bench: Bench) -> None:
    bench.send("50")
    bench.now_us += 60 * MINUTE_US
    bench.writer.append(bench.engine.idle(bench.now_us))
    assert bench.transitions()[-1] is Kind.SILENT
    bench.hear(120.0)
    assert Kind.HEARD in bench.transitions()
    bench.now_us += 60 * MINUTE_US
    bench.writer.append(bench.engine.idle(bench.now_us))
    assert bench.transitions()[-2:] == [Kind.RAISED, Kind.SILENT]


def test_an_older_reading_than_the_gauge_s_own_does_not_move_what_is_shown_now(bench: Bench) -> None:
    bench.send("50")
    assert bench.hear(350.0, ago_s=600).error == ""
    assert [row[0] for row in bench.rows()] == [50.0, 350.0]
    bench.send("51")
    assert Kind.RAISED not in bench.transitions()


def test_in_an_exercise_it_is_part_of_the_exercise(bench: Bench) -> None:
    bench.send('{"value": 50, "origin": "simulated"}')
    assert bench.hear(120.0).origin == "simulated"
    assert [row[1] for row in bench.rows()] == [Origin.SIMULATED, Origin.SIMULATED]


@pytest.mark.parametrize(
    ("wanted", "where", "words"),
    [
        ({"value": 1200.0}, "body.value", "expected 0 to 1000 cm, got 1200"),
        ({"value": -1.0}, "body.value", "expected 0 to 1000 cm, got -1"),
        ({"value": 1.0, "unit": "kg"}, "body.unit", "expected cm or what converts to it, got 'kg'"),
        ({"value": 1.0, "datastream": "S9:level"}, "path.sensor_id", "there is no sensor 'S9:level'"),
        ({"value": 1.0, "ago_s": -3600}, "body.time", "expected one from 2000-01-01T00:00:00Z to now"),
        ({"value": 1.0, "ago_s": 10**9}, "body.time", "expected one from 2000-01-01T00:00:00Z to now"),
    ],
)
def test_what_cannot_be_is_refused_and_stored_nowhere(
    bench: Bench, wanted: dict[str, Any], where: str, words: str
) -> None:
    answer = bench.hear(**wanted)
    assert (answer.where, words in answer.error) == (where, True), answer.error
    assert bench.rows() == []


def test_more_than_can_wait_are_told_to_come_back_and_nobody_waits_where_no_gateway_runs(bench: Bench) -> None:
    frame = ObserveFrame(datastream="S1:level", time_us=NOW, value=1.0, by="siti")

    async def crowd() -> list[ObservedFrame]:
        server = StatusServer(bench.folder)
        hearing = Hearing(bench.engine, server)
        await server.start()
        try:
            asking = [asyncio.create_task(ask(bench.folder, frame, ObservedFrame)) for _ in range(MAX_WAITING + 2)]
            await asyncio.wait(asking, return_when=asyncio.FIRST_COMPLETED)
            while not all(task.done() for task in asking):
                await hearing.serve(bench.now, bench.commit, holds_live=False)
                await asyncio.sleep(0.001)
            return [task.result() for task in asking]
        finally:
            await server.stop()

    answers = asyncio.run(crowd())
    refused = [answer for answer in answers if "too many readings wait" in answer.error]
    assert len(refused) == 2
    assert all(answer.where == "" for answer in refused)
    with pytest.raises(GatewayError, match="no gateway is running"):
        asyncio.run(ask(bench.folder, frame, ObservedFrame))


def test_another_value_of_the_same_time_is_refused_and_not_taken_for_stored(bench: Bench) -> None:
    bench.send("50")
    assert bench.hear(60.0).error == ""
    before = bench.rows()
    again = bench.hear(250.0, ago_s=1)  # the time of the one before: a typing mistake put right
    assert again.where == "body.time"
    assert "60" in again.error
    assert bench.rows() == before
    assert bench.hear(250.0).error == ""
    assert bench.transitions()[-1] is Kind.RAISED
