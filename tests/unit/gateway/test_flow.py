"""The flow between a broker and the log, in one process: what is durable is acknowledged, and nothing holds it up."""

import asyncio
import contextlib
import itertools
import time
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from gateway.city_in_force import CityInForce
from gateway.clock import PATIENCE_US, Clock
from gateway.committer import Committer
from gateway.engine import Engine
from gateway.errors import LogDamaged
from gateway.flow import Flow
from gateway.log.reader import LogReader
from gateway.log.rows import Entry
from gateway.log.writer import LogWriter
from gateway.mqtt.session import Session
from gateway.recovery import replayed
from gateway.source_memory import SourceMemory
from gateway.sources import Sources
from sensors.catalogue import Catalogue, IngestRule
from sensors.detector import DETECTOR_VERSION
from sensors.settings import IngestSettings, LogSettings, MqttSettings, Settings
from sensors.times import HOUR_US
from sensors.transition import Kind
from tests.unit.gateway.mqtt.scripted_broker import ScriptedBroker
from tests.unit.gateway.mqtt.scripted_session import until
from tests.unit.gateway.small_city import small_catalogue

LOG = LogSettings(reserve_mib=0, min_free_mib=0)
TOPIC = "telemetry/S1/level"


@contextlib.asynccontextmanager
async def flowing(
    folder: Path, broker: ScriptedBroker, catalogue: Catalogue, clock: Clock | None = None
) -> AsyncIterator[Flow]:
    """A flow that listens to a broker, without a canary."""
    mqtt = MqttSettings(url=f"mqtt://127.0.0.1:{broker.port}", canary=False, reconnect_max_s=0.01)
    settings = Settings(mqtt=mqtt, log=LOG, ingest=IngestSettings())
    writer = LogWriter(folder, LOG, DETECTOR_VERSION)
    writer.numbers((d.station, d.property, d.unit) for d in catalogue.datastreams)
    version = writer.install_catalogue(catalogue, 1)
    committer = Committer(writer, folder, LOG)
    arrived, stop = asyncio.Event(), asyncio.Event()
    sources = Sources(settings, writer.session_key, SourceMemory(committer), arrived)
    engine = Engine(CityInForce(catalogue, version, ()), None, 64)
    flow = Flow(settings, engine, committer, sources, clock or Clock(), arrived)
    listens = asyncio.create_task(sources.run(catalogue.city))
    runs = asyncio.create_task(flow.run(stop))
    try:
        await until(lambda: any(session.standing.connected for session in sources))
        yield flow
    finally:
        stop.set()
        await asyncio.wait({runs}, timeout=30.0)
        listens.cancel()
        await asyncio.wait({listens})
        await sources.close()
        committer.close()
        assert runs.done()


def test_messages_of_many_ticks_are_in_the_log_and_acknowledged_in_order(tmp_path: Path) -> None:
    async def story() -> None:
        async with ScriptedBroker() as broker, flowing(tmp_path, broker, small_catalogue()):
            sent: list[int] = []
            for tick in range(4):
                sent.extend(broker.deliver(TOPIC, b"%d" % (50 * tick + n)) for n in range(50))
                await until(lambda: broker.acknowledged == sent)
                await asyncio.sleep(0.1)  # quiet in between
        with LogReader(tmp_path) as reader:
            values = [value for row in reader.read_after(0) for value in row.batch.value.tolist()]
        assert values == list(range(200))

    asyncio.run(story())


def test_where_our_clock_is_set_back_a_start_says_so_and_rows_go_on_from_there(tmp_path: Path) -> None:
    set_us, passed_us = 0, 0
    clock = Clock(lambda: time.time_ns() // 1000 + passed_us + set_us, lambda: time.monotonic_ns() // 1000 + passed_us)

    async def story() -> None:
        nonlocal set_us, passed_us
        async with ScriptedBroker() as broker, flowing(tmp_path, broker, small_catalogue(), clock):
            first = broker.deliver(TOPIC, b"150")
            await until(lambda: broker.acknowledged == [first])
            set_us = -HOUR_US
            clock.now_us()  # it is seen
            passed_us = PATIENCE_US
            second = broker.deliver(TOPIC, b"250")
            await until(lambda: broker.acknowledged == [first, second])
        with LogReader(tmp_path) as reader:
            rows = reader.read_after(0)
        [back] = [row for before, row in itertools.pairwise(rows) if row.now_us < before.now_us]
        assert back.event == "start"
        assert [row.batch.value.tolist() for row in rows if len(row.batch)] == [[150], [250]]
        raised = [(t.level, t.historical) for row in rows for t in row.transitions if t.kind is Kind.RAISED]
        assert raised == [("waspada", False), ("siaga", False)]

    asyncio.run(story())


def test_a_socket_that_never_runs_dry_holds_up_no_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        async with ScriptedBroker() as broker, flowing(tmp_path, broker, small_catalogue()):
            monkeypatch.setattr(Session, "has_more", True)
            for n in range(3):
                broker.deliver(TOPIC, b"%d" % n)
                await until(lambda: broker.acknowledged)
                broker.acknowledged.clear()

    asyncio.run(story())


def test_what_is_passed_over_is_not_acknowledged_before_what_came_earlier(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small, append = small_catalogue(), LogWriter.append
    everything = (IngestRule(source="*", filter="#", format="native"),)
    catalogue = msgspec.structs.replace(small, city=msgspec.structs.replace(small.city, ingest=everything))

    def slow(writer: LogWriter, entry: Entry) -> int:
        time.sleep(0.3)
        return append(writer, entry)

    async def story() -> None:
        async with ScriptedBroker() as broker, flowing(tmp_path, broker, catalogue):
            monkeypatch.setattr(LogWriter, "append", slow)
            sent = [broker.deliver(TOPIC, b"1")]
            await asyncio.sleep(0.1)  # its commit is under way
            sent.append(broker.deliver("siaga/status", b"ours"))
            await until(lambda: len(broker.acknowledged) == 2)
            assert broker.acknowledged == sent

    asyncio.run(story())


def test_a_row_computed_while_damage_is_met_belongs_to_the_new_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    append, damages = LogWriter.append, [LogDamaged("a page is gone")] * 2
    small = small_catalogue()
    other = msgspec.structs.replace(small, stations=small.stations[::-1])

    def slow_and_damaged(writer: LogWriter, entry: Entry) -> int:
        if entry.event == "observations" and damages:
            time.sleep(0.2)
            raise damages.pop()
        return append(writer, entry)

    async def story() -> None:
        async with ScriptedBroker() as broker, flowing(tmp_path, broker, small) as flow:
            writer, engine = flow._committer.writer, flow._engine
            flow._committer.begin_anew = engine.begin_anew
            first_id, made_for = writer.log_id, list[str]()
            reload_wanted = asyncio.Event()

            async def reload() -> None:
                if reload_wanted.is_set():
                    reload_wanted.clear()
                    await flow.commit(make)

            def make() -> Entry:
                made_for.append(writer.log_id)
                return engine.reload(CityInForce(other, writer.install_catalogue(other, 2), ()), 1)

            flow.before_tick = reload
            monkeypatch.setattr(LogWriter, "append", slow_and_damaged)
            sent = [broker.deliver(TOPIC, b"1")]
            await asyncio.sleep(0.1)  # its commit is under way
            reload_wanted.set()
            sent.append(broker.deliver(TOPIC, b"2"))
            await until(lambda: broker.acknowledged == sent and made_for)
            await until(lambda: flow._under_way is None or flow._under_way.done())
            assert made_for == [writer.log_id]
            assert writer.log_id != first_id
            assert (engine.counters["messages"], engine.counters["observations"]) == (2, 2)
            assert engine.counters["duplicates"] == 0
        with LogReader(tmp_path) as reader:
            rows = reader.read_after(0)
            versions = [row.catalogue_version for row in rows]
            assert {version: reader.catalogue(version).stations[0].station for version in versions} == {
                1: "S1",
                2: "S2",
            }
            assert [value for row in rows for value in row.batch.value.tolist()] == [1.0, 2.0]
            assert [moves for _, _, moves in replayed(reader)] == [row.transitions for row in rows]

    asyncio.run(story())


def test_messages_judged_again_after_damage_are_counted_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    append, damages = LogWriter.append, [LogDamaged("a page is gone")] * 2

    def slow_and_damaged(writer: LogWriter, entry: Entry) -> int:
        if entry.event == "observations" and damages:
            time.sleep(0.2)
            raise damages.pop()
        return append(writer, entry)

    async def story() -> None:
        async with ScriptedBroker() as broker, flowing(tmp_path, broker, small_catalogue()) as flow:
            engine = flow._engine
            flow._committer.begin_anew = engine.begin_anew
            monkeypatch.setattr(LogWriter, "append", slow_and_damaged)
            now_ms = time.time_ns() // 1_000_000
            sent = [broker.deliver(TOPIC, b'{"ts": %d, "value": 150}' % now_ms)]
            await asyncio.sleep(0.1)  # its commit is under way, the next tick is judged meanwhile
            sent.append(broker.deliver(TOPIC, b'{"ts": %d, "value": 250}' % (now_ms + 1)))
            await until(lambda: broker.acknowledged == sent)
            assert (engine.counters["messages"], engine.counters["observations"]) == (2, 2)
            assert engine.counters["duplicates"] == 0
        with LogReader(tmp_path) as reader:
            rows = reader.read_after(0)
            assert [value for row in rows for value in row.batch.value.tolist()] == [150.0, 250.0]
            assert [moves for _, _, moves in replayed(reader)] == [row.transitions for row in rows]

    asyncio.run(story())
