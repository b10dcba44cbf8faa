"""The pulse of a page without the live view: a tab that was hidden, an answer not ours.  Its clock is the test's."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, Route

from tests.e2e.wall import NO_GPU, chromium
from tests.unit.command_center.running import until
from tests.unit.test_display_modules import HERE, serve

pytestmark = pytest.mark.browser

START = f"""async () => {{
    const m = await import('{HERE}pulse.js');
    window.faults = [];
    window.addEventListener("error", (event) => faults.push(event.message));
    window.said = [];
    window.pulse = new m.Pulse(() => said.push(pulse.freshness.state));
    pulse.start();
}}"""
HIDE = """(hidden) => {
    Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
}"""
SOUND = {"time": "2026-01-01T00:00:00Z", "gateway_connected": True, "gateway_heard_at": "2026-01-01T00:00:00Z"}


class Server:
    """What `/pulse` answers; the answer is held back while there is none."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.answer: dict[str, Any] | None = {"json": SOUND}
        self.held: list[Route] = []
        page.route("**/api/v1/pulse", self._asked)

    def _asked(self, route: Route) -> None:
        if self.answer is None:
            self.held.append(route)
        else:
            route.fulfill(**self.answer)

    def give(self) -> None:
        """Answer what was held back, and from now on."""
        self.answer = {"json": SOUND}
        for route in self.held:
            route.fulfill(**self.answer)


@pytest.fixture
def server() -> Iterator[Server]:
    """A page whose pulse is fresh and whose clock stands."""
    with chromium(NO_GPU) as browser:
        page = browser.new_page()
        page.route(HERE + "**", serve)
        page.clock.install(time=0)
        page.goto(HERE)
        page.clock.pause_at(1000)
        server = Server(page)
        page.evaluate(START)
        until(lambda: said(page) == ["fresh"])
        yield server


def said(page: Page) -> list[str]:
    """What the page was told, in order."""
    found: list[str] = page.evaluate("said")
    return found


def test_who_comes_back_to_a_hidden_page_is_told_lost_only_once_an_answer_is_late(server: Server) -> None:
    page, server.answer = server.page, None
    page.evaluate(HIDE, True)
    page.clock.run_for(60_000)
    assert server.held == []  # nobody looks: nobody asks
    page.evaluate(HIDE, False)
    until(lambda: page.evaluate("1") == 1 and len(server.held) == 1)  # asked at once: the clock stands
    page.clock.run_for(2_000)
    assert said(page) == ["fresh"]
    page.clock.run_for(1_000)
    assert said(page) == ["fresh", "server"]
    page.evaluate(HIDE, True)
    page.clock.run_for(60_000)
    page.evaluate(HIDE, False)
    page.clock.run_for(200)
    assert said(page) == ["fresh", "server"]  # lost before: lost still
    server.give()
    until(lambda: said(page) == ["fresh", "server", "fresh"])


def test_an_answer_that_is_not_ours_is_told_as_a_fault_and_the_page_asks_on(server: Server) -> None:
    page = server.page
    server.answer = {"body": "<!doctype html><p>Log in to this network", "content_type": "text/html"}
    page.clock.run_for(900)
    until(lambda: len(page.evaluate("faults")) == 1)
    assert "/pulse: expected JSON" in page.evaluate("faults")[0]
    page.clock.run_for(2_400)
    assert said(page) == ["fresh", "server"]
    server.answer = {"json": SOUND}
    page.clock.run_for(900)
    until(lambda: said(page) == ["fresh", "server", "fresh"])
