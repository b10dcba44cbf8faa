"""The wall in a browser: what an operator sees.  How soon is measured by `tests.bench.painted`."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e.api import PASSWORD, Api
from tests.e2e.broker import Broker
from tests.e2e.conftest import SITE
from tests.e2e.processes import Process, until
from tests.e2e.site import Site, shared_site
from tests.e2e.small_city import RIVER, SIAGA_CM, let_it_fall_fast
from tests.e2e.wall import Wall

LOAD_MS = 30_000
pytestmark = [pytest.mark.broker, pytest.mark.browser]


@dataclass(slots=True)
class Stack:
    """Broker, gateway and command center, shared by all stories; each leaves it as it found it."""

    site: Site
    nats: Broker
    gateway: Process
    center: Process
    api: Api
    calm_cm: float = 100.0  # of the next story, so that none takes the reading of another for its own

    @contextmanager
    def story(self, wall: Wall) -> Iterator[Wall]:
        """The wall with a first reading of its own on it; in the end nothing is open."""
        self.calm_cm += 1
        wall.open(self.api.url)
        self.nats.observe(RIVER, self.calm_cm)
        expect(wall.row(RIVER)).to_contain_text(f"{self.calm_cm:.0f}", timeout=LOAD_MS)
        yield wall
        self.nats.observe(RIVER, self.calm_cm)
        until(lambda: not self._still_open(), "no alarm is left open")

    def _still_open(self) -> list[dict[str, Any]]:
        """What is open; of that what has returned is acknowledged."""
        alarms: list[dict[str, Any]] = self.api.everything("/alarms", state="open")
        for alarm in alarms:
            if alarm["state"] == "returned_unacknowledged":
                self.api.post(f"/alarms/{alarm['id']}/acknowledge", {"comment": ""})
        return alarms


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with shared_site(tmp_path_factory.mktemp("wall")) as site:
        let_it_fall_fast(site.city)
        nats = site.start_nats()
        gateway = site.start_gateway(nats)
        yield Stack(site, nats, gateway, *site.start_command_center())


@pytest.fixture(autouse=True)
def told(request: pytest.FixtureRequest, stack: Stack) -> None:
    """A story that fails shows what the processes said."""
    request.node.stash.setdefault(SITE, stack.site)


@pytest.fixture
def api(stack: Stack) -> Api:
    return stack.api


@pytest.fixture
def nats(stack: Stack) -> Broker:
    return stack.nats


@pytest.fixture
def living(plain_wall: Wall, stack: Stack) -> Iterator[Wall]:
    """The wall with a first reading on it, its map a drawing."""
    with stack.story(plain_wall) as wall:
        yield wall


@pytest.fixture
def whole(wall: Wall, stack: Stack) -> Iterator[Wall]:
    """The wall with a first reading on it and the whole map."""
    with stack.story(wall) as shown:
        yield shown


def test_a_reading_over_a_level_and_its_alarm_come_onto_the_wall_in_one_drawing(
    whole: Wall, nats: Broker, api: Api
) -> None:
    whole.watch_together("263", f'#stations [data-datastream="{RIVER}"]', "#alarms [data-alarm]", "#headline")
    nats.observe(RIVER, 263.0)
    assert whole.drawn_together() == [True, True, True]
    alarm = until(lambda: api.open_alarm(RIVER), "the alarm in the API")
    expect(whole.alarm(alarm["id"])).to_contain_text("Siaga")
    until(lambda: api.get(f"/alarms/{alarm['id']}")["painted_at"], "the screen's receipt")


def test_who_acknowledged_is_on_the_wall(living: Wall, nats: Broker, api: Api) -> None:
    nats.observe(RIVER, SIAGA_CM)
    alarm = until(lambda: api.open_alarm(RIVER), "the alarm")
    expect(living.alarm(alarm["id"]).locator("button.acknowledge")).to_be_visible()
    api.post(f"/alarms/{alarm['id']}/acknowledge", {"comment": "petugas pintu air dihubungi"})
    expect(living.alarm(alarm["id"])).to_contain_text("admin")


def test_an_operator_logs_in_and_acknowledges_on_the_wall(living: Wall, nats: Broker, api: Api) -> None:
    nats.observe(RIVER, SIAGA_CM)
    alarm = until(lambda: api.open_alarm(RIVER), "the alarm")
    living.alarm(alarm["id"]).locator("button.acknowledge").click()
    dialog = living.page.locator("#login")
    dialog.locator("[name=user]").fill("admin")
    dialog.locator("[name=password]").fill(PASSWORD)
    dialog.locator("button.login-submit").click()
    expect(living.alarm(alarm["id"])).to_contain_text("admin")
    assert api.get(f"/alarms/{alarm['id']}")["acknowledged_by"] == "admin"


def test_who_may_only_look_is_told_so_and_somebody_else_logs_in(living: Wall, nats: Broker, api: Api) -> None:
    nats.observe(RIVER, SIAGA_CM)
    alarm = until(lambda: api.open_alarm(RIVER), "the alarm")
    api.post("/users", {"name": "tamu", "role": "viewer", "password": "hanya melihat"})
    dialog = living.page.locator("#login")
    living.alarm(alarm["id"]).locator("button.acknowledge").click()
    for user, password in (("tamu", "hanya melihat"), ("admin", PASSWORD)):
        dialog.locator("[name=user]").fill(user)
        dialog.locator("[name=password]").fill(password)
        dialog.locator("button.login-submit").click()
        if user == "tamu":
            expect(dialog).to_contain_text("tamu tidak berwenang")
            dialog.dispatch_event("close")  # as on a busy machine: the first closing is told after the second asking
    expect(living.alarm(alarm["id"])).to_contain_text("admin")
    assert api.get(f"/alarms/{alarm['id']}")["acknowledged_by"] == "admin"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_without_the_gateway_the_wall_says_so_and_turns_grey(
    living: Wall, stack: Stack, number: signal.Signals
) -> None:
    stack.gateway.signal(number)
    try:
        expect(living.page.locator("body[data-lost]")).to_be_visible()
        expect(living.page.locator("#bands")).to_contain_text("DATA TERPUTUS")
        expect(living.page.locator("#bands")).to_contain_text("Gateway")
        assert "grayscale" in living.page.locator("main").evaluate("node => getComputedStyle(node).filter")
    finally:
        stack.gateway.wait()
        stack.gateway = stack.site.start_gateway(stack.nats)


def test_without_the_command_center_the_wall_says_so_and_comes_back_by_itself(living: Wall, stack: Stack) -> None:
    stack.center.kill()
    try:
        expect(living.page.locator("body[data-lost]")).to_be_visible()
        expect(living.page.locator("#bands")).to_contain_text("DATA TERPUTUS")
    finally:
        stack.center, stack.api = stack.site.start_command_center(port=int(stack.api.url.rsplit(":", 1)[1]))
    expect(living.page.locator("body:not([data-lost])")).to_be_visible(timeout=LOAD_MS)
    stack.nats.observe(RIVER, 99.0)
    expect(living.row(RIVER)).to_contain_text("99")


def test_a_command_center_that_hangs_turns_the_wall_grey(living: Wall, stack: Stack) -> None:
    stack.center.signal(signal.SIGSTOP)
    try:
        expect(living.page.locator("body[data-lost]")).to_be_visible()
    finally:
        stack.center.signal(signal.SIGCONT)


def test_the_language_is_switched_on_the_wall(living: Wall) -> None:
    expect(living.page.locator("#alarms-panel")).to_contain_text("Tidak ada alarm terbuka")
    living.page.locator("#languages button[lang=en]").click()
    expect(living.page.locator("#alarms-panel")).to_contain_text("No open alarm")
    expect(living.page.locator("#city")).to_have_text("Test City")
    living.page.locator("#languages button[lang=id]").click()
    expect(living.page.locator("#city")).to_have_text("Kota Uji")


def test_the_wall_loads_without_a_complaint_and_asks_nobody_else(whole: Wall) -> None:
    expect(whole.page.locator("#script-error")).to_be_hidden()
    expect(whole.page.locator("#map canvas, #map svg").first).to_be_visible(timeout=LOAD_MS)
    assert whole.complaints == []
    assert whole.strangers == []


def test_an_exercise_bears_its_band(plain_wall: Wall, site: Site) -> None:
    nats = site.start_nats()  # a stack of its own: where live readings are stored a simulated one is refused
    site.start_gateway(nats)
    plain_wall.open(site.start_command_center()[1].url)
    expect(plain_wall.page.locator("#bands")).not_to_contain_text("SIMULASI")
    nats.observe(RIVER, 120.0, origin="simulated")
    expect(plain_wall.page.locator("#bands")).to_contain_text("SIMULASI / LATIHAN")
