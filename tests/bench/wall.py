"""The wall in a browser: first paint, bytes, how soon a lost link shows, work a frame, what the page holds over a day.

`python -m tests.bench.wall [--hours 24]`: Debian's Chromium beside a command center over Mojokerto's catalogue, on one
machine.  The map is a drawing: what is measured is ours.  The day is simulated (`tests/e2e/wall_soak.py`).
"""

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, ViewportSize

from command_center.clock import now_us
from sensors.city import load_city
from tests.bench.frames import CATEGORIES, work_ms
from tests.bench.machine import at
from tests.e2e.link import Link
from tests.e2e.wall import NO_GPU, NO_WEBGL, chromium
from tests.e2e.wall_soak import FEEDER, feed, held
from tests.unit.command_center.little_city import entry
from tests.unit.command_center.running import Gateway, Running, running

WIDE: Final[ViewportSize] = {"width": 1920, "height": 1080}
HOUR_S: Final = 3600
FRAMES_S: Final = 40  # each of four panels twice
LIBRARY: Final = "/vendor/maplibre-gl/"
PANEL_S: Final = 5
LOSSES: Final = 3
# When the page has first painted that it is lost.
GREY: Final = """document.addEventListener("DOMContentLoaded", () => {
  const painted = () => requestAnimationFrame(() => setTimeout(() => (window.grey_ms ??= Date.now())));
  new MutationObserver(() => document.body.dataset.lost && painted()).observe(document.body, { attributes: true });
})"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=int, default=24)
    it = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        city, _ = load_city("mojokerto")
        numbers = {(d.station, d.property, d.unit): n for n, d in enumerate(city.datastreams, 1)}
        gateway = Gateway(Path(folder), city.numbered(numbers))
        with running(Path(folder), gateway) as center, chromium(NO_GPU) as browser:
            gateway.append(entry([(number, now_us(), 100.0) for number in numbers.values()]))
            center.wait_ready()
            center.wait_applied()
            _loading(browser, center)
            _losing(browser, center)
            _working(browser, center, it.hours)


def _open(browser: Browser, *scripts: str) -> Page:
    page = browser.new_page(viewport=WIDE)
    for script in (NO_WEBGL, *scripts):
        page.add_init_script(script)
    return page


def _loading(browser: Browser, center: Running) -> None:
    """First paint, first values, and bytes over the wire."""
    page = _open(browser)
    cdp = page.context.new_cdp_session(page)
    cdp.send("Network.enable")
    urls: dict[str, str] = {}
    bytes_of: dict[str, int] = {}

    def note(event: dict[str, Any]) -> None:
        urls[event["requestId"]] = event["response"]["url"]

    def add(event: dict[str, Any]) -> None:
        bytes_of[urls.get(event["requestId"], "")] = int(event["encodedDataLength"])

    cdp.on("Network.responseReceived", note)
    cdp.on("Network.loadingFinished", add)
    begun = time.monotonic()
    page.goto(center.url)
    page.locator("#rivers .tile").first.wait_for(state="attached", timeout=60_000)
    values_s = time.monotonic() - begun
    page.wait_for_timeout(3_000)
    paint_ms = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    own = sum(size for url, size in bytes_of.items() if LIBRARY not in url)
    print(f"first paint {paint_ms:.0f} ms, first values after {values_s * 1000:.0f} ms")
    print(f"{own / 1000:.0f} kB in {len(bytes_of)} requests, without the map library")
    page.close()


def _losing(browser: Browser, center: Running) -> None:
    """From the cut of the link to the page that is grey and says so."""
    took_s = []
    for _ in range(LOSSES):
        page = _open(browser, GREY)
        with Link(urlsplit(center.url).port or 0) as link:
            page.goto(f"http://127.0.0.1:{link.port}/")
            page.locator("#rivers .tile").first.wait_for(state="attached", timeout=60_000)
            page.wait_for_timeout(1_500)
            begun_s = time.time()
        took_s.append(page.wait_for_function("window.grey_ms", timeout=60_000).json_value() / 1000 - begun_s)
        page.close()
    print(f"a lost link is told after {', '.join(f'{s:.1f}' for s in took_s)} s")


def _working(browser: Browser, center: Running, hours: int) -> None:
    """Main-thread work a frame, then the day."""
    page = _open(browser, FEEDER)
    page.goto(f"{center.url}/?rotate={PANEL_S}")
    page.locator("#rivers .tile").first.wait_for(state="attached", timeout=60_000)
    page.wait_for_timeout(3_000)
    feed(page, 1)
    browser.start_tracing(page=page, categories=CATEGORIES)
    for _ in range(FRAMES_S):
        feed(page, 1)
        page.wait_for_timeout(1_000)
    frames = sorted(work_ms(browser.stop_tracing()))
    print(
        f"script, style and layout: mean {sum(frames) / len(frames):.1f} ms, median {at(frames, 0.5):.1f} ms, "
        f"p95 {at(frames, 0.95):.1f} ms, most {frames[-1]:.1f} ms in {len(frames)} frames: every second a frame of the "
        f"server, all ages anew, every {PANEL_S} s another panel"
    )
    cdp = page.context.new_cdp_session(page)
    for hour in range(hours + 1):
        if hour % 4 == 0 or hour == hours:
            now = held(cdp)
            print(
                f"{hour:2d} h  heap {now.heap_bytes / 1e6:5.1f} MB  {now.nodes:6d} nodes  {now.listeners:5d} listeners"
            )
        if hour < hours:
            feed(page, HOUR_S)


if __name__ == "__main__":
    main()
