"""From MQTT publish to paint: the wall in Debian's Chromium beside a full load, all on one machine.

`python -m tests.bench.painted [--rate 10000] [--topics 150] [--seconds 60]`: Mosquitto, gateway, command center and
browser as in service, the load from a raw socket at QoS 1.  One gauge is the marker: its readings come at uneven
intervals over a connection of their own.  Latency: from the moment before its publish is sent to the animation frame
after the one that drew it, which begins when that picture is with the compositor.
"""

import argparse
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from playwright.sync_api import Page

from gateway.mqtt import codec
from tests.bench.city import write_bench_city
from tests.bench.machine import at
from tests.bench.traffic import topic_of
from tests.bench.walls import cpu_s
from tests.e2e.processes import Process, Processes
from tests.e2e.site import Site
from tests.e2e.wall import NO_GPU, NO_WEBGL, chromium

MARKER: Final = topic_of(0)
LEAST_S: Final = 0.2  # between two markers
MOST_S: Final = 0.4
FIRST_CM: Final = 50  # markers are below every level
VALUES: Final = 200  # a value comes again only long after it was painted
SETTLE_S: Final = 5.0
LOAD_MS: Final = 60_000
# Notes what the marker's tile says after each of its changes, and when: in the frame after the one that drew it.
WATCH: Final = """(selector) => {
  const value = document.querySelector(selector);
  window.painted = [];
  const note = () => window.painted.push([parseInt(value.textContent, 10), Date.now()]);
  new MutationObserver(() => requestAnimationFrame(note))
    .observe(value, { characterData: true, childList: true, subtree: true });
}"""
TILE: Final = '#rivers [data-datastream="STATION-000000:level"] .tile-value'


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=int, default=10_000)
    parser.add_argument("--topics", type=int, default=150)
    parser.add_argument("--seconds", type=float, default=60.0)
    it = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="siaga-bench-") as name:
        folder = Path(name)
        site = Site(folder, Processes(folder))
        try:
            city = str(write_bench_city(folder / "bench", it.topics))
            broker = site.start_mosquitto()
            gateway = site.start_gateway(broker, city=city)
            center, api = site.start_command_center(city=city)
            with chromium(NO_GPU) as browser, _load(broker.port, it.rate, it.topics, it.seconds + 2 * SETTLE_S):
                page = browser.new_page(viewport={"width": 1920, "height": 1080}, locale="id-ID")
                page.add_init_script(NO_WEBGL)  # the map is a drawing
                page.goto(f"{api.url}/?rotate=0&sound=off")
                page.locator(TILE).wait_for(timeout=LOAD_MS)
                time.sleep(SETTLE_S)
                page.evaluate(WATCH, TILE)
                _tell(it.rate, it.topics, broker.port, page, it.seconds, {"gateway": gateway, "command center": center})
        finally:
            site.close()


def _tell(rate: int, topics: int, port: int, page: Page, seconds: float, processes: dict[str, Process]) -> None:
    before, begun = {name: cpu_s(process.pid) for name, process in processes.items()}, time.monotonic()
    sent = markers(port, seconds)
    passed = time.monotonic() - begun
    shares = {name: (cpu_s(process.pid) - before[name]) / passed for name, process in processes.items()}
    page.wait_for_timeout(1_000)
    found = sorted(latencies_ms(sent, [(int(value), float(ms)) for value, ms in page.evaluate("window.painted")]))
    told = {"median": at(found, 0.5), "p95": at(found, 0.95), "p99": at(found, 0.99), "most": found[-1]}
    print(f"{rate:,} messages a second over {topics:,} datastreams, {len(sent)} markers, {len(found)} painted")
    print("publish to painted: " + ", ".join(f"{name} {ms:.0f} ms" for name, ms in told.items()))
    print("of a core: " + ", ".join(f"{name} {share:.0%}" for name, share in shares.items()))


def markers(port: int, seconds: float) -> list[tuple[int, float]]:
    """Publish markers for so long; value and time (ms of the wall clock) of each."""
    uneven = random.Random(1)  # the same intervals each time
    sent: list[tuple[int, float]] = []
    with socket.create_connection(("127.0.0.1", port), timeout=30) as broker:
        broker.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        broker.sendall(codec.connect("markers", keep_alive_s=600, clean=True))
        broker.recv(64)
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            time.sleep(uneven.uniform(LEAST_S, MOST_S))
            value, now_s = FIRST_CM + len(sent) % VALUES, time.time()
            payload = f'{{"ts":{now_s * 1000:.0f},"value":{value},"unit":"cm"}}'.encode()
            broker.sendall(codec.publish(MARKER, payload, packet_id=len(sent) % 60_000 + 1))
            sent.append((value, now_s * 1000))
    return sent


def latencies_ms(sent: list[tuple[int, float]], painted: list[tuple[int, float]]) -> list[float]:
    """Of each marker, until it or a later one was painted; one after which nothing was painted is left out."""
    found, k = [], 0
    place = {(n % VALUES) + FIRST_CM: n for n in range(VALUES)}
    for n, (_, sent_ms) in enumerate(sent):
        while k < len(painted) and (painted[k][1] < sent_ms or _is_before(place[painted[k][0]], n)):
            k += 1
        if k < len(painted):
            found.append(painted[k][1] - sent_ms)
    return found


def _is_before(place: int, n: int) -> bool:
    """Whether the value that stands at `place` of its cycle was last sent before marker `n`."""
    return 0 < (n - place) % VALUES <= VALUES // 2


@contextmanager
def _load(port: int, rate: int, topics: int, seconds: float) -> Iterator[None]:
    options = ["--qos", "1", "--rate", str(rate), "--topics", str(topics)]
    argv = [sys.executable, "-m", "tests.bench.traffic", str(port), str(round(rate * seconds)), *options]
    with subprocess.Popen(argv) as process:
        try:
            yield
        finally:
            process.kill()


if __name__ == "__main__":
    main()
