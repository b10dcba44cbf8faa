"""Dead letters read again: each message once, good parts never twice, what fails stays under its new reason."""

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec
import pytest

from gateway.city_in_force import CityInForce
from gateway.engine import Engine
from gateway.errors import GatewayError
from gateway.ingest import Arrivals
from gateway.log.reader import LogReader
from gateway.log.rows import DeadLetter, Entry
from gateway.log.writer import LogWriter
from gateway.mqtt.codec import Publishes
from gateway.retrying import MAX_BYTES, Letters, Retrying, load, retry
from gateway.status import RetriedFrame, StatusServer
from sensors.catalogue import Catalogue, Datastream
from sensors.settings import LogSettings
from tests.unit.gateway.log_entries import DETECTOR
from tests.unit.gateway.small_city import small_catalogue

HANGS_S = 60.0  # at most: the test ends it
TURNS = 20  # of a flow that does not wait
NOW = 1_780_000_000_000_000
WIND = Datastream(number=4, station="S2", property="wind", kind="air", unit="m/s", interval_calm_s=60)
NEW = Datastream(number=3, station="S2", property="rain", kind="rain", unit="mm/h", interval_calm_s=60)


class Bench:
    """An engine and a log, without broker and clock."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.writer = LogWriter(folder, LogSettings(), DETECTOR)
        self.writer.install_catalogue(small_catalogue(), 1)
        self.engine = Engine(CityInForce(small_catalogue(), 1, ()), None, 65_536)
        self.now_us = NOW
        self.writer.append(self.engine.start(NOW))

    async def commit(self, make: Callable[[], Entry | None]) -> None:
        entry = make()
        if entry is not None:
            self.writer.append(entry)

    async def now(self) -> int:
        self.now_us += 1_000_000
        return self.now_us

    def send(self, *messages: tuple[str, bytes]) -> None:
        """All in one tick."""
        self.now_us += 1_000_000
        n = len(messages)
        publishes = Publishes([t.encode() for t, _ in messages], [p for _, p in messages], [0] * n, [False] * n)
        entry = self.engine.take([Arrivals("main", publishes)], self.now_us)
        assert entry is not None
        self.writer.append(entry)

    def mend(self, *added: Datastream) -> None:
        city = small_catalogue()
        mended: Catalogue = msgspec.structs.replace(city, datastreams=(*city.datastreams, *added))
        self.writer.append(self.engine.reload(CityInForce(mended, 1, ()), self.now_us))

    def retry(self, *ids: int) -> RetriedFrame:
        """Ask over the socket, as the command line does."""
        return asyncio.run(self._retry(ids))

    async def _retry(self, ids: tuple[int, ...]) -> RetriedFrame:
        server = StatusServer(self.folder)
        retrying = Retrying(self.folder, self.engine, server, lambda: self.writer.log_id)
        await server.start()
        try:
            asking = asyncio.create_task(retry(self.folder, ids, "siti"))
            while not asking.done():
                await retrying.serve(self.now, self.commit, holds_live=False)
                await asyncio.sleep(0.001)
            return await asking
        finally:
            await server.stop()

    def stored(self) -> list[tuple[int, float, int]]:
        """(datastream, value, time) of every observation in the log, in its order."""
        with LogReader(self.folder) as reader:
            rows = [row.batch for row in reader.read_after(0)]
        return [x for b in rows for x in zip(b.datastream.tolist(), b.value.tolist(), b.time_us.tolist(), strict=True)]

    def letters(self) -> list[DeadLetter]:
        with LogReader(self.folder) as reader:
            return reader.letters.page(None, 100)[::-1]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.writer.close()


def test_a_bare_number_gets_the_time_of_its_first_receipt(bench: Bench) -> None:
    bench.send(("telemetry/S2/rain", b"3.5"))
    received_us = bench.now_us
    bench.mend(NEW)
    assert bench.retry(1) == RetriedFrame(observed=1, observations=1)
    assert bench.stored() == [(3, 3.5, received_us)]
    assert bench.letters() == []
    assert bench.retry(1) == RetriedFrame()


def test_of_a_message_partly_good_only_what_was_refused_comes_anew(bench: Bench) -> None:
    bench.send(("telemetry/S2", b'{"values": {"level": 50, "rain": 3.5, "wind": 7}}'), ("telemetry/S2/level", b"50"))
    first = bench.stored()
    assert [x[:2] for x in first] == [(2, 50.0), (2, 50.0)]
    bench.mend(NEW)
    [letter] = bench.letters()
    assert bench.retry(letter.id) == RetriedFrame(observations=1, failed=1)  # `wind` has no row yet
    assert [x[:2] for x in bench.stored()] == [(2, 50.0), (2, 50.0), (3, 3.5)]
    [left] = bench.letters()
    assert (left.reason, left.retries, left.received_us) == ("unknown_property", 1, letter.received_us)
    assert "wind" in left.detail
    bench.mend(NEW, WIND)
    assert bench.retry(letter.id) == RetriedFrame(observed=1, observations=1)
    assert [x[:2] for x in bench.stored()] == [(2, 50.0), (2, 50.0), (3, 3.5), (4, 7.0)]


def test_two_messages_alike_are_two(bench: Bench) -> None:
    bench.send(("telemetry/S2/rain", b"3.5"), ("telemetry/S2/rain", b"3.5"))
    bench.mend(NEW)
    assert bench.retry(1) == RetriedFrame(observed=2, observations=2)  # the two cannot be told apart


def test_a_message_refused_for_two_reasons_is_read_once(bench: Bench) -> None:
    ts = NOW // 1000
    both = b'[{"ts": %d, "value": "x"}, {"ts": %d, "value": 1, "unit": "furlong"}, {"ts": %d, "value": 2}]' % (
        ts,
        ts,
        ts,
    )
    bench.send(("telemetry/S1/level", both))
    one, two = bench.letters()
    assert {one.reason, two.reason} == {"wrong_type", "unknown_unit"}
    assert bench.retry(one.id) == RetriedFrame(observations=1, failed=2)  # the good one is a repeat of its own time
    assert [(x.id, x.reason, x.retries) for x in bench.letters()] == [
        (one.id, one.reason, 1),
        (two.id, two.reason, 1),
    ]


def test_another_reason_than_before_is_told(bench: Bench) -> None:
    bench.send(("telemetry/S2/rain", b"not a number"))
    bench.mend(NEW)
    assert bench.retry(1) == RetriedFrame(failed=1)
    [letter] = bench.letters()
    assert (letter.reason, letter.payload) == ("not_json", b"not a number")


def test_what_was_not_kept_whole_stays(bench: Bench) -> None:
    bench.send(("telemetry/S2/rain", b" " * 70_000 + b"1"))
    bench.mend(NEW)
    assert bench.retry(1) == RetriedFrame(cut=1)
    assert len(bench.letters()) == 1


def test_a_retry_is_taken_in_pieces(bench: Bench) -> None:
    bench.send(*(("telemetry/S2/rain", b" " * 60_000 + b"%d" % n) for n in range(40)))
    assert load(bench.folder, tuple(range(1, 41))).left == tuple(range(1 + MAX_BYTES // 60_002, 41))
    bench.mend(NEW)
    assert bench.retry(*range(1, 41)) == RetriedFrame(observed=40, observations=40)
    assert sorted(value for _, value, _ in bench.stored()) == list(range(40))


def test_without_a_gateway_it_is_said(tmp_path: Path) -> None:
    with pytest.raises(GatewayError, match="no gateway is running here"):
        asyncio.run(retry(tmp_path, [1], "siti"))


def test_an_id_that_no_letter_can_have_harms_nobody(bench: Bench) -> None:
    bench.send(("telemetry/S2/rain", b"3.5"))
    bench.mend(NEW)
    assert bench.retry(2**63, -1) == RetriedFrame()
    assert bench.retry(2**64 - 1, 1) == RetriedFrame(observed=1, observations=1)


def test_the_flow_goes_on_while_letters_are_read(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.send(("telemetry/S2/rain", b"3.5"))
    bench.mend(NEW)

    begun, goes_on = threading.Event(), threading.Event()

    def slowly(folder: Path, ids: Sequence[int]) -> Letters:
        begun.set()
        assert goes_on.wait(HANGS_S), "the flow waits for the letters"
        return load(folder, ids)

    async def story() -> None:
        server = StatusServer(bench.folder)
        retrying = Retrying(bench.folder, bench.engine, server, lambda: bench.writer.log_id)
        await server.start()
        monkeypatch.setattr("gateway.retrying.load", slowly)
        try:
            asking, turns = asyncio.create_task(retry(bench.folder, [1], "siti")), 0
            while not asking.done():
                await retrying.serve(bench.now, bench.commit, holds_live=False)
                await asyncio.sleep(0.001)
                turns += begun.is_set()
                if turns == TURNS:
                    assert not asking.done()
                    goes_on.set()
            assert await asking == RetriedFrame(observed=1, observations=1)
        finally:
            retrying.close()
            await server.stop()

    asyncio.run(story())


@pytest.mark.parametrize("when", ["before", "meanwhile"])
def test_letters_of_a_log_that_was_set_aside_settle_none_of_the_new_one(
    bench: Bench, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.send(("telemetry/S2/rain", b"3.5"))
    bench.mend(NEW)
    written = []

    async def commit(make: Callable[[], Entry | None]) -> None:
        if when == "before":  # what was under way met damage
            bench.writer.log_id = "another"
        entry = make()
        bench.writer.log_id = "another"
        if entry is not None:
            written.append(entry)

    monkeypatch.setattr(bench, "commit", commit)
    with pytest.raises(GatewayError, match="set aside"):
        bench.retry(1)
    assert len(written) == (when == "meanwhile")  # and the new log begins without it
