"""A pull source at work against a real web server: what is published, what is not, and how it fares."""

import asyncio
import json
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import msgspec

from gateway.errors import BrokerError
from gateway.mqtt.standing import Standing
from gateway.pull.puller import LONGEST_BACKOFF_S, Puller, backoff_s
from gateway.pull.pulls import Pulls
from sensors.catalogue import Catalogue, Installation
from sensors.pull_source import Pull
from sensors.times import rfc3339
from tests.unit.gateway.pull.page_server import Answer, PageServer, page_server
from tests.unit.gateway.pull.sources import addresses, pull
from tests.unit.gateway.small_city import small_catalogue

NOW_US = 1_780_000_000_000_000
WATER = addresses(A1__level="GATE-A/level", B2__level="GATE-B/level")
T1, T2 = "2026-04-30T16:50:00Z", "2026-04-30T17:00:00Z"


class Broker:
    """Takes what is published, unless it is away."""

    def __init__(self) -> None:
        self.got: list[tuple[str, Any]] = []
        self.away = False
        self.standing = Standing(connected=True)

    async def publish(self, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False) -> None:
        if self.away:
            raise BrokerError("away")
        assert (qos, retain) == (1, False)
        self.got.append((topic, msgspec.json.decode(payload)))


class OneWay:
    """One broker that stands for all sources."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    def session(self, source: str) -> Broker | None:
        return self._broker if source == "embedded" else None

    def __iter__(self) -> Iterator[Broker]:
        return iter([self._broker])


def page(*records: tuple[str, str, object], etag: str = "") -> Answer:
    body = json.dumps([{"id": i, "at": at, "level": level} for i, at, level in records]).encode()
    return Answer(body, headers={"ETag": etag} if etag else {})


def with_puller(
    server: PageServer, folder: Path, story: Callable[[Puller, Broker], Coroutine[Any, Any, None]], **changes: Any
) -> None:
    """Run a story beside a puller whose every fetch is asked for by `turn`."""

    async def work() -> None:
        broker = Broker()
        source = pull(url=server.url, **changes)
        puller = Puller(source, folder, folder / "pulls" / "posko.unreadable", broker.publish, lambda: NOW_US)
        puller.follow(WATER)
        await story(puller, broker)

    asyncio.run(work())


async def turn(puller: Puller) -> None:
    """One fetch and what comes of it."""
    done = puller.status().counts.get("fetches", 0) + 1
    task = asyncio.create_task(puller.run())
    await until(lambda: puller.status().counts.get("fetches", 0) >= done)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def until(condition: Callable[[], object]) -> None:
    """Wait until it is true, at most 10 s."""
    for _ in range(1_000):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("not within 10 s")


def test_fresh_readings_are_published_as_they_stand_and_unchanged_ones_are_not(tmp_path: Path) -> None:
    with page_server() as server:

        async def story(puller: Puller, broker: Broker) -> None:
            server.answer = page(("A1", T1, 100), ("B2", T1, 5), ("C3", T1, 1))
            await turn(puller)
            assert broker.got == [
                ("telemetry/GATE-A/level", {"ts": T1, "value": 100.0, "origin": "pulled", "unit": "mm"}),
                ("telemetry/GATE-B/level", {"ts": T1, "value": 5.0, "origin": "pulled", "unit": "mm"}),
            ]
            assert puller.status().unknown_devices == ("C3",)
            await turn(puller)  # the same bytes without an ETag
            assert puller.status().counts["unchanged"] == 1
            server.answer = page(("A1", T2, 100), ("B2", T1, 6))  # a new time with the old value; a revised value
            await turn(puller)
            assert broker.got[2:] == [
                ("telemetry/GATE-A/level", {"ts": T2, "value": 100.0, "origin": "pulled", "unit": "mm"})
            ]
            assert puller.status().counts["revised"] == 1
            assert puller.status().last_success_us == NOW_US

        with_puller(server, tmp_path, story, unit="mm")


def test_an_etag_spares_the_page(tmp_path: Path) -> None:
    with page_server(page(("A1", T1, 100), etag='"v1"')) as server:

        async def story(puller: Puller, broker: Broker) -> None:
            await turn(puller)
            await turn(puller)
            assert server.statuses == [200, 304]
            assert len(broker.got) == 1

        with_puller(server, tmp_path, story)


def test_a_page_with_the_past_of_a_gauge_goes_out_as_one_message_in_order_of_time(tmp_path: Path) -> None:
    with page_server(page(("A1", T2, 2), ("A1", T1, 1))) as server:

        async def story(puller: Puller, broker: Broker) -> None:
            await turn(puller)
            [(topic, elements)] = broker.got
            assert topic == "telemetry/GATE-A/level"
            assert [e["value"] for e in elements] == [1.0, 2.0]
            server.answer = page(("A1", "2026-04-30T17:10:00Z", 3), ("A1", T2, 2), ("A1", T1, 1))
            await turn(puller)
            assert broker.got[1][1]["value"] == 3.0

        with_puller(server, tmp_path, story)


def test_what_the_broker_did_not_take_is_published_again_though_the_page_is_the_same(tmp_path: Path) -> None:
    with page_server(page(("A1", T1, 100), etag='"v1"')) as server:

        async def story(puller: Puller, broker: Broker) -> None:
            broker.away = True
            await turn(puller)
            assert (puller.status().error, puller.status().failures) == ("away", 1)
            broker.away = False
            await turn(puller)
            assert len(broker.got) == 1
            assert (puller.status().error, puller.status().failures) == ("", 0)

        with_puller(server, tmp_path, story)


def test_without_times_a_value_counts_when_it_changes(tmp_path: Path) -> None:
    with page_server() as server:

        async def story(puller: Puller, broker: Broker) -> None:
            for level in (100, 100, 101, 100):
                server.answer = page(("A1", f"{level} {len(server.requests)}", level))  # other bytes each time
                await turn(puller)
            assert [value["value"] for _, value in broker.got] == [100.0, 101.0, 100.0]
            assert broker.got[0][1]["ts"] == rfc3339(NOW_US)

        with_puller(server, tmp_path, story, time="fetched")


def test_a_steady_value_without_a_time_is_repeated_where_the_city_wants_it(tmp_path: Path) -> None:
    now_us = NOW_US

    async def work(url: str) -> list[tuple[str, object]]:
        nonlocal now_us
        broker = Broker()
        source = pull(url=url, time="fetched", repeat_s=600)
        puller = Puller(source, tmp_path, tmp_path / "posko.unreadable", broker.publish, lambda: now_us)
        puller.follow(WATER)
        for _ in range(8):  # the page is the same for 28 minutes
            await turn(puller)
            now_us += 240_000_000
        return [(value["ts"], value["value"]) for _, value in broker.got]

    with page_server(page(("A1", T1, 100))) as server:
        got = asyncio.run(work(server.url))
    assert got == [(rfc3339(NOW_US + minutes * 60_000_000), 100.0) for minutes in (0, 12, 24)]


def test_what_nobody_expected_of_a_page_does_not_end_the_pull(tmp_path: Path) -> None:
    async def story(puller: Puller, broker: Broker) -> None:
        await turn(puller)
        assert puller.status().error.startswith("a fault of ours: UnicodeError: ")
        server.answer = Answer(f"id,at,level\nA1,{T1},182\n".encode(), headers={"Content-Type": "text/csv"})
        await turn(puller)
        assert (puller.status().error, puller.status().failures, len(broker.got)) == ("", 0, 1)

    with page_server() as server:
        server.answer = Answer(b"id,at,level", headers={"Content-Type": "text/csv; charset=undefined"})
        with_puller(server, tmp_path, story, format="csv", records="")


def test_an_unreadable_page_is_told_and_kept(tmp_path: Path) -> None:
    with page_server(Answer(b"<html>sedang perbaikan" + b" " * 100_000)) as server:

        async def story(puller: Puller, broker: Broker) -> None:
            await turn(puller)
            assert puller.status().error.startswith("not JSON")
            assert puller.status().counts["unreadable_pages"] == 1
            kept = (tmp_path / "pulls" / "posko.unreadable").read_bytes()
            assert kept.startswith(b"<html>sedang perbaikan")
            assert len(kept) == 65_536
            server.answer = page(("A1", T1, 100))
            await turn(puller)
            assert len(broker.got) == 1

        with_puller(server, tmp_path, story)


def test_a_device_that_the_catalogue_gets_is_found_in_an_unchanged_page(tmp_path: Path) -> None:
    with page_server(page(("A1", T1, 100), ("C3", T1, 7), etag='"v1"')) as server:

        async def story(puller: Puller, broker: Broker) -> None:
            await turn(puller)
            puller.follow({**WATER, **addresses(C3__level="GATE-C/level")})
            await turn(puller)
            assert [topic for topic, _ in broker.got] == ["telemetry/GATE-A/level", "telemetry/GATE-C/level"]

        with_puller(server, tmp_path, story)


def test_the_pause_after_a_failure_grows_with_jitter_up_to_its_bound() -> None:
    assert 2.5 <= backoff_s(1, 300) <= 5
    assert 20 <= backoff_s(4, 300) <= 40
    assert LONGEST_BACKOFF_S / 2 <= backoff_s(10_000, 300) <= LONGEST_BACKOFF_S
    assert backoff_s(1, 1) <= 1


def test_the_pulls_of_the_city_in_force_run_and_those_that_left_do_not(tmp_path: Path) -> None:
    def city(*pulls: Pull) -> Catalogue:
        plain = small_catalogue()
        first = msgspec.structs.replace(plain.datastreams[0], installations=(Installation(device="A1", field="level"),))
        return msgspec.structs.replace(
            plain, city=msgspec.structs.replace(plain.city, pulls=pulls), datastreams=(first, *plain.datastreams[1:])
        )

    with page_server(page(("A1", T1, 100))) as server:

        async def work() -> None:
            broker = Broker()
            in_force = city(pull(url=server.url))
            pulls = Pulls("nowhere", tmp_path, OneWay(broker), lambda: in_force, lambda: NOW_US)
            task = asyncio.create_task(pulls.run())
            try:
                await until(lambda: broker.got)
                [status] = pulls.status()
                assert (status.name, status.url) == ("posko", server.url)
                in_force = city()
                await until(lambda: not pulls.status())
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

        asyncio.run(work())
