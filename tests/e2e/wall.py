"""The wall in a real browser."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, Locator, Page, Playwright, sync_playwright

CHROMIUM = shutil.which("chromium")
# None of Chromium's own traffic: a test must not need the internet.
OPTIONS = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
    "--autoplay-policy=no-user-gesture-required",  # as the kiosk is started (README)
)
WEBGL = ("--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")  # in software: seconds a page
NO_GPU = ("--disable-gpu", "--disable-software-rasterizer")  # pages that draw no map cost half of the CPU

WATCH = """([selector, text]) => {
  window.drawnAt = 0;
  const look = () => {
    if (!document.querySelector(selector)?.textContent.includes(text)) return requestAnimationFrame(look);
    requestAnimationFrame(() => { window.drawnAt = Date.now(); });  // the frame after the one that drew it
  };
  look();
}"""
# Between two drawings all places say the text, or none of them does.
WATCH_TOGETHER = """([text, selectors]) => {
  window.drawnTogether = null;
  const look = () => {
    const said = selectors.map((one) => document.querySelector(one)?.textContent.includes(text) ?? false);
    if (said.includes(true)) window.drawnTogether = said; else requestAnimationFrame(look);
  };
  look();
}"""
NO_WEBGL = """
  const { getContext } = HTMLCanvasElement.prototype;
  HTMLCanvasElement.prototype.getContext = function (kind, ...more) {
    return kind.startsWith("webgl") ? null : getContext.call(this, kind, ...more);
  };
"""


@contextmanager
def chromium(rendering: tuple[str, ...] = WEBGL) -> Iterator[Browser]:
    """Debian's Chromium without a screen; `rendering` is `WEBGL` or `NO_GPU`."""
    with sync_playwright() as playwright, launched(playwright, rendering) as browser:
        yield browser


@contextmanager
def launched(playwright: Playwright, rendering: tuple[str, ...]) -> Iterator[Browser]:
    """The same, of a Playwright that may launch several."""
    if CHROMIUM is None:
        pytest.fail("there is no chromium: `make test` installs it")
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*OPTIONS, *rendering])
    try:
        yield browser
    finally:
        browser.close()


@dataclass(slots=True)
class Wall:
    """The wall on a page.  `complaints` gathers what the browser's console says of errors, and requests that fail."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)

    def open(self, url: str) -> None:
        """Open the wall of a command center, and gather errors and requests that go anywhere else."""
        page, here = self.page, (url, url.replace("http:", "ws:"), "data:", "blob:")
        page.on("console", lambda m: self.complaints.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda r: None if r.url.startswith(here) else self.strangers.append(r.url))
        page.goto(url)

    def row(self, datastream: str) -> Locator:
        """What shows a datastream (`{station}:{property}`) in the list of stations."""
        return self.page.locator(f'#stations [data-datastream="{datastream}"]')

    def alarm(self, alarm: str) -> Locator:
        """What shows an alarm in the list of alarms."""
        return self.page.locator(f'#alarms [data-alarm="{alarm}"]')

    def watch(self, selector: str, text: str) -> None:
        """Note in the page itself when `text` is first drawn in `selector`; `drawn_at` tells."""
        self.page.evaluate(WATCH, [selector, text])

    def drawn_at(self) -> float:
        """Seconds since the epoch at which what is watched for was drawn; waits for it."""
        return float(self.page.wait_for_function("() => window.drawnAt").json_value()) / 1000

    def watch_together(self, text: str, *selectors: str) -> None:
        """Note which of these places say `text` in the first frame in which one does; `drawn_together` tells."""
        self.page.evaluate(WATCH_TOGETHER, [text, selectors])

    def drawn_together(self) -> list[bool]:
        """For each place that is watched, whether it said the text as soon as any did; waits for the first."""
        return list(self.page.wait_for_function("() => window.drawnTogether").json_value())


@contextmanager
def empty_wall(browser: Browser, *scripts: str) -> Iterator[Wall]:
    """An empty page of a wall's size, in which `scripts` run before those of the page."""
    context = browser.new_context(viewport={"width": 1920, "height": 1080}, locale="id-ID", timezone_id="Asia/Jakarta")
    for script in scripts:
        context.add_init_script(script)
    try:
        yield Wall(context.new_page())
    finally:
        context.close()
