"""The live view over a real WebSocket."""

import asyncio
import contextlib
import gc
import json
import math
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from command_center import live
from command_center.clock import now_us
from command_center.live import Viewer
from sensors.catalogue import Catalogue
from sensors.origin import Origin
from sensors.quality import Quality, Reason
from sensors.transition import Kind
from tests import plain_http
from tests.unit.command_center.derived_city import BELOW, ETA, RATE, derived_city
from tests.unit.command_center.little_city import (
    DISCHARGE,
    LEVEL,
    NOW_US,
    entry,
    little_city,
    minutes,
    raised,
    returned,
    transition,
)
from tests.unit.command_center.running import Gateway, Running, running, until

GAUGES = 500
FRAMES = 25  # that come while there are news without a pause
LAST = -1.0
ROUNDS = 40
TINY_BYTES = 4_096  # the least that the kernel takes


@contextlib.contextmanager
def look(center: Running, **options: Any) -> Iterator[ClientConnection]:
    with connect(f"{center.url.replace('http', 'ws')}/api/v1/live", max_size=None, **options) as socket:
        yield socket


def frames_until(
    socket: ClientConnection, wanted: Callable[[dict[str, Any]], bool], before: list[dict[str, Any]] | None = None
) -> list[dict[str, Any]]:
    """The frames up to the one that is wanted; `before` is the list that they are appended to."""
    frames: list[dict[str, Any]] = [] if before is None else before
    give_up = time.monotonic() + 60
    while not frames or not wanted(frames[-1]):
        assert time.monotonic() < give_up, "it did not come in time"
        frames.append(json.loads(socket.recv(timeout=30)))
    return frames


def settle(socket: ClientConnection) -> list[dict[str, Any]]:
    """The frames up to the first delta; there is a second snapshot where the catalogue was just put in force."""
    return frames_until(socket, lambda frame: frame["type"] == "delta")


def test_a_snapshot_then_what_changes_numbered_without_a_gap(tmp_path: Path) -> None:
    with running(tmp_path) as center:
        center.gateway.append(entry([(LEVEL, NOW_US, 400.0)], origin=Origin.SIMULATED, now_us=minutes(0)))
        center.wait_ready()
        with look(center) as wall:
            [snapshot] = frames_until(wall, lambda _: True)
            assert (snapshot["type"], snapshot["sequence"]) == ("snapshot", 0)
            assert [sensor["id"] for sensor in snapshot["sensors"]] == ["ROLAK:level", "ROLAK:discharge", "POS:rain"]
            assert snapshot["status"]["sensors"] == {"total": 3, "silent": 0, "never_heard": 2}
            assert snapshot["status"]["gateway"]["connected"]
            before = settle(wall)

            center.gateway.append(
                entry([(LEVEL, minutes(1), 520.0), (DISCHARGE, minutes(1), math.nan)], raised("hijau", value=520.0))
            )
            frames = frames_until(wall, lambda frame: bool(frame["alarms"]))
            numbers = [frame["sequence"] for frame in [*before, *frames]]
            assert numbers == list(range(1, len(numbers) + 1))
            delta = frames[-1]
            assert delta["observations"] == {
                "i": [0, 1],
                "time_ms": [minutes(1) // 1000] * 2,
                "value": [520.0, None],
                "quality": [1, 1],
                "origin": ["live", "live"],
                "incomplete": [],
            }
            assert [alarm["level"] for alarm in delta["alarms"]] == ["hijau"]


def test_a_late_or_repeated_observation_does_not_move_the_wall(tmp_path: Path) -> None:
    with running(tmp_path) as center:
        center.gateway.append(entry([(LEVEL, NOW_US, 400.0)]))
        center.wait_ready()
        with look(center) as wall:
            settle(wall)
            center.gateway.append(
                entry([(LEVEL, minutes(-5), 300.0), (LEVEL, NOW_US, 999.0)]), entry([(LEVEL, minutes(1), 401.0)])
            )
            frames = frames_until(wall, lambda f: f["type"] == "delta" and 401.0 in f["observations"]["value"])
            shown = [v for frame in frames if frame["type"] == "delta" for v in frame["observations"]["value"]]
            assert shown == [401.0]


def test_where_the_newest_one_failed_the_last_sound_one_is_told_beside_it(tmp_path: Path) -> None:
    with running(tmp_path) as center:
        center.gateway.append(entry([(LEVEL, NOW_US, 400.0)]))
        center.wait_ready()
        with look(center) as wall:
            settle(wall)
            bad = entry([(LEVEL, minutes(1), 401.0), (LEVEL, minutes(2), -9999.0)])
            bad.batch.quality[1] = Quality.FAIL
            center.gateway.append(bad)
            delta = frames_until(wall, lambda f: f["type"] == "delta" and f["observations"]["i"])[-1]
            assert (delta["observations"]["value"], delta["observations"]["quality"]) == ([-9999.0], [4])
            assert delta["sound"] == {"i": [0], "time_ms": [minutes(1) // 1000], "value": [401.0]}
        with look(center) as wall:
            sensor = json.loads(wall.recv())["sensors"][0]
            assert (sensor["latest"]["value"], sensor["latest_sound"]["value"]) == (-9999.0, 401.0)


def test_a_sum_over_less_than_its_window_is_told_as_incomplete(tmp_path: Path) -> None:
    with running(tmp_path) as center:
        center.gateway.append(entry([(LEVEL, NOW_US, 400.0)]))
        center.wait_ready()
        with look(center) as wall:
            settle(wall)
            partly = entry([(LEVEL, minutes(1), 1.0), (DISCHARGE, minutes(1), 2.0)])
            partly.batch.reasons[1] = Reason.INCOMPLETE
            center.gateway.append(partly)
            delta = frames_until(wall, lambda f: f["type"] == "delta" and f["observations"]["i"])[-1]
            assert (delta["observations"]["i"], delta["observations"]["incomplete"]) == ([0, 1], [1])


def says_last(frame: dict[str, Any]) -> bool:
    """Whether the frame brings the last of the news, in a delta or with everything."""
    if frame["type"] == "delta":
        return LAST in frame["observations"]["value"]
    return any(sensor["latest"] is not None and sensor["latest"]["value"] == LAST for sensor in frame["sensors"])


def test_frames_come_with_news_and_without_and_never_more_than_one_in_80_ms(tmp_path: Path) -> None:
    with running(tmp_path) as center, ThreadPoolExecutor(1) as readers:
        center.gateway.append(entry())
        center.wait_ready()
        with look(center) as wall:
            settle(wall)
            frames: list[dict[str, Any]] = []
            began, n = time.monotonic(), 0
            reading = readers.submit(frames_until, wall, says_last, frames)
            while len(frames) < FRAMES and not reading.done():
                n += 1
                center.gateway.append(entry([(LEVEL, NOW_US + n, float(n))]))
                time.sleep(0.005)
            center.gateway.append(entry([(LEVEL, NOW_US + n + 1, LAST)]))
            reading.result()
            assert FRAMES < len(frames) <= 2 + (time.monotonic() - began) / live.TICK_S
            wall.recv(timeout=30)  # two beats, of which nothing is the cause
            wall.recv(timeout=30)


def test_the_exercise_and_the_refused_simulator_are_told(tmp_path: Path) -> None:
    now = time.time_ns() // 1000
    with running(tmp_path) as center:
        center.gateway.append(entry([(LEVEL, now, 1.0)], origin=Origin.REPLAYED, now_us=now))
        center.wait_ready()
        (tmp_path / "simulator-refused").touch()
        with look(center) as wall:
            status = json.loads(wall.recv())["status"]
            assert (status["exercise"], status["simulator_refused"]) == (True, True)


class Hub:
    """What a viewer asks of the live view."""

    def __init__(self) -> None:
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def snapshot(self) -> str:
        await self.may_answer.wait()
        return '{"what":"everything"}'


def test_a_slow_client_gets_a_fresh_snapshot_and_no_queue() -> None:
    async def story() -> list[str]:
        viewer = Viewer(Hub())
        frames = viewer.frames()
        seen = [await anext(frames)]
        viewer.offer('{"n":1}')
        seen.append(await anext(frames))
        for n in range(2, 9):  # while the client does not take any
            viewer.offer(f'{{"n":{n}}}')
        seen.append(await anext(frames))
        viewer.offer('{"n":9}')
        return [*seen, await anext(frames)]

    assert asyncio.run(story()) == [
        '{"type":"snapshot","sequence":0,"what":"everything"}',
        '{"type":"delta","sequence":1,"n":1}',
        '{"type":"snapshot","sequence":2,"what":"everything"}',
        '{"type":"delta","sequence":3,"n":9}',
    ]


def test_what_was_offered_before_a_snapshot_does_not_follow_it_nor_make_another() -> None:
    async def story() -> list[str]:
        hub = Hub()
        viewer, made = Viewer(hub), hub.may_answer
        frames = viewer.frames()
        made.clear()
        first = asyncio.ensure_future(anext(frames))
        await asyncio.sleep(0)
        # Whoever waits for a snapshot is not slow, whatever is offered meanwhile.
        assert [viewer.offer(f'{{"n":{n}}}') for n in (1, 2, 3)] == [False] * 3
        made.set()
        seen = [await first]
        second = asyncio.ensure_future(anext(frames))
        await asyncio.sleep(0)
        assert not second.done()  # nothing has happened since
        viewer.offer('{"n":4}')
        return [*seen, await second]

    assert asyncio.run(story()) == [
        '{"type":"snapshot","sequence":0,"what":"everything"}',
        '{"type":"delta","sequence":1,"n":4}',
    ]


def test_one_snapshot_is_made_for_all_who_need_one_within_a_second(tmp_path: Path) -> None:
    with running(tmp_path) as center:
        center.gateway.append(entry([(LEVEL, now_us(), 1.0)]))
        center.wait_ready()
        with contextlib.ExitStack() as stack:
            begun = time.monotonic()
            walls = [stack.enter_context(look(center)) for _ in range(12)]
            for wall in walls:
                assert json.loads(wall.recv())["type"] == "snapshot"
            told = plain_http.get(f"{center.url}/metrics").text
            made = float(told.partition("\nsiaga_live_snapshots_total ")[2].split()[0])
            assert 1 <= made <= 1 + math.ceil(time.monotonic() - begun)


def wide_city() -> Catalogue:
    """The little city with so many gauges that no small socket takes a snapshot of it."""
    city = little_city()
    wide = [replace(city.datastreams[DISCHARGE], property=f"q{n}", number=10 + n) for n in range(GAUGES)]
    return replace(city, datastreams=(*city.datastreams, *wide))


def small_socket(center: Running) -> socket.socket:
    """A connection that takes next to nothing by itself."""
    small = socket.socket()
    small.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, TINY_BYTES)
    small.connect(("127.0.0.1", int(center.url.rsplit(":", 1)[1])))
    return small


def test_a_client_that_does_not_read_costs_no_memory_and_reads_on_from_a_fresh_snapshot(tmp_path: Path) -> None:
    gateway = Gateway(tmp_path, wide_city())
    with running(tmp_path, gateway, send_buffer_bytes=TINY_BYTES) as center:
        gateway.append(entry())
        center.wait_ready()
        with look(center) as quick, look(center, sock=small_socket(center), max_queue=1) as slow:
            seen: list[dict[str, Any]] = []
            for n in range(ROUNDS):
                values = [(10 + gauge, minutes(n), float(n)) for gauge in range(GAUGES)]
                gateway.append(entry(values, now_us=minutes(n)))
                seen += frames_until(quick, partial(tells, float(n)))
            assert fallen_behind(center) == 1  # and nothing was kept for it since: see what it gets
            late = frames_until(slow, lambda frame: frame["type"] == "snapshot" and frame["sequence"] > 1)
            frames_until(slow, lambda frame: frame["type"] == "delta")
    assert [frame["sequence"] for frame in late] == list(range(len(late)))
    assert len(late) < len(seen) / 2
    newest = [sensor["latest"]["value"] for sensor in late[-1]["sensors"] if sensor["property"] == "q0"]
    assert newest == [ROUNDS - 1]


def tells(value: float, frame: dict[str, Any]) -> bool:
    """Whether an observation of that value is in it; who connects just then has it in the snapshot."""
    if frame["type"] == "delta":
        return value in frame["observations"]["value"]
    return any(sensor["latest"] is not None and sensor["latest"]["value"] == value for sensor in frame["sensors"])


def fallen_behind(center: Running) -> float:
    """The counter in `/metrics`."""
    lines = plain_http.get(f"{center.url}/metrics").text.splitlines()
    return float(next(line.split()[1] for line in lines if line.startswith("siaga_live_behind_total")))


def test_the_number_of_viewers_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "MAX_VIEWERS", 2)
    with running(tmp_path) as center:
        center.gateway.append(entry())
        center.wait_ready()
        with look(center) as first, look(center):
            with pytest.raises(InvalidStatus) as refused, look(center):
                pass
            assert refused.value.response.status_code == 503
            assert json.loads(refused.value.response.body or b"")["error"]["code"] == "full"
            first.close()
            until(lambda: plain_http.get(f"{center.url}/healthz").json()["live"]["viewers"] == 1)
            with look(center) as again:
                assert json.loads(again.recv())["type"] == "snapshot"


def test_another_site_s_page_cannot_look(tmp_path: Path) -> None:
    with (
        running(tmp_path) as center,
        pytest.raises(InvalidStatus) as refused,
        look(center, origin="http://evil.example"),
    ):
        pass
    assert refused.value.response.status_code == 403


def test_an_acknowledgement_reaches_every_wall(tmp_path: Path) -> None:
    with running(tmp_path) as center:
        center.gateway.append(entry([(LEVEL, NOW_US, 512.0)], raised("hijau")))
        center.wait_ready()
        with look(center) as one, look(center) as other:
            [alarm] = json.loads(one.recv())["alarms"]
            other.recv()
            center.client.post(f"/alarms/{alarm['id']}/acknowledge", headers=center.log_in())
            for wall in (one, other):
                told = frames_until(wall, lambda frame: states(frame) == ["acknowledged"])[-1]["alarms"][0]
                assert told["acknowledged_by"] == "admin"
            center.gateway.append(entry(None, returned("hijau")))
            frames_until(one, lambda frame: states(frame) == ["normal"])
        with look(center) as late:
            assert states(json.loads(late.recv())) == ["normal"]


def states(frame: dict[str, Any]) -> list[str]:
    return [alarm["state"] for alarm in frame["alarms"]]


def stop_beside_the_deaf(tmp_path: Path) -> None:
    with (
        contextlib.ExitStack() as stays,  # longer than the command center, whose end fails where it does not stop
        running(tmp_path, Gateway(tmp_path, wide_city()), send_buffer_bytes=TINY_BYTES) as center,
    ):
        center.gateway.append(entry([(LEVEL, NOW_US, 1.0)]))
        center.wait_ready()
        deaf = stays.enter_context(small_socket(center))
        deaf.sendall(
            b"GET /api/v1/live HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        assert deaf.recv(12) == b"HTTP/1.1 101"
        until(lambda: plain_http.get(f"{center.url}/healthz").json()["live"]["viewers"] == 1)


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")  # what it never read is dropped with the process
def test_a_client_that_reads_nothing_does_not_hold_up_the_stop(tmp_path: Path) -> None:
    stop_beside_the_deaf(tmp_path)
    gc.collect()  # it is dropped here


def test_what_stands_beside_a_value_and_the_waves_come_with_what_changed(tmp_path: Path) -> None:
    with running(tmp_path, Gateway(tmp_path, derived_city())) as center:
        center.gateway.append(entry([(LEVEL, NOW_US, 540.0)]))
        center.wait_ready()
        with look(center) as wall:
            [snapshot] = frames_until(wall, lambda _: True)
            assert (snapshot["waves"], snapshot["sensors"][0]["rate"]) == ([], None)
            settle(wall)
            center.gateway.append(
                entry(
                    [(RATE, NOW_US, 34.0), (ETA, NOW_US, 90.0)],
                    transition(Kind.WAVE, datastream=BELOW, other=LEVEL, at_us=now_us(), until_us=minutes(40)),
                )
            )
            delta = frames_until(wall, lambda frame: bool(frame["beside"]))[-1]
            [beside] = delta["beside"]
            assert (beside["i"], beside["rate"]["value"], beside["eta"]["level"]) == (0, 34.0, "kuning")
            assert [wave["state"] for wave in delta["waves"]] == ["expected"]
            assert delta["observations"]["i"] == [RATE, ETA]
            center.gateway.append(entry([(DISCHARGE, minutes(1), 12.0)]))
            quiet = frames_until(wall, lambda frame: bool(frame["observations"]["i"]))[-1]
            assert (quiet["beside"], "waves" in quiet) == ([], False)
        with look(center) as late:
            assert [wave["state"] for wave in json.loads(late.recv())["waves"]] == ["expected"]
