"""Fixtures of the end-to-end tests: a site to start processes on, and the pieces that most tests want of it."""

from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright, expect, sync_playwright

from tests.e2e.api import Api
from tests.e2e.broker import Broker
from tests.e2e.processes import Process, Processes
from tests.e2e.site import Site
from tests.e2e.wall import NO_GPU, NO_WEBGL, WEBGL, Wall, empty_wall, launched

SITE = pytest.StashKey[Site]()
PATIENCE_MS = 30_000  # as `until` has: the machine may be busy with other tests
expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture
def site(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Site]:
    """An empty data directory, the small city, and ways to start processes on them."""
    site = Site(tmp_path, Processes(tmp_path))
    request.node.stash[SITE] = site
    yield site
    site.close()


@pytest.fixture
def nats(site: Site) -> Broker:
    """The embedded broker."""
    return site.start_nats()


@pytest.fixture
def mosquitto(site: Site) -> Broker:
    """Debian's Mosquitto."""
    return site.start_mosquitto()


@pytest.fixture
def gateway(site: Site, nats: Broker) -> Process:
    """`siaga gateway` on the embedded broker (the fixture `nats`), connected."""
    return site.start_gateway(nats)


@pytest.fixture
def api(site: Site, gateway: Process) -> Api:  # noqa: ARG001  (the log must be there first)
    """A command center on the gateway's log, ready."""
    return site.start_command_center()[1]


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """One a module, because its loop keeps asyncio.run out of the thread while it lives."""
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """Chromium that draws no map."""
    with launched(playwright, NO_GPU) as browser:
        yield browser


@pytest.fixture(scope="module")
def map_browser(playwright: Playwright) -> Iterator[Browser]:
    """Chromium with WebGL."""
    with launched(playwright, WEBGL) as browser:
        yield browser


@pytest.fixture
def wall(map_browser: Browser) -> Iterator[Wall]:
    """An empty page of a wall's size."""
    with empty_wall(map_browser) as wall:
        yield wall


@pytest.fixture
def plain_wall(browser: Browser) -> Iterator[Wall]:
    """The same without WebGL, where the map is a drawing: seconds sooner, for tests of all but the map."""
    with empty_wall(browser, NO_WEBGL) as wall:
        yield wall


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failed test shows what its processes said."""
    report = yield
    site = item.stash.get(SITE, None)
    if site is not None and report.failed:
        report.sections += [(f"output of {title}", text) for title, text in site.processes.report()]
    return report
