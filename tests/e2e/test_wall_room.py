"""The wall that nobody touches: it turns while all is calm, stands still where something is wrong, calls, and tells
whether it can be heard.  One command center and one screen for all; the log is made by hand."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, WebSocketRoute, expect

from command_center.clock import now_us
from sensors.times import MINUTE_US, rfc3339
from tests import plain_http
from tests.e2e.axe import serious
from tests.e2e.wall import NO_WEBGL
from tests.e2e.wall_soak import FEEDER, feed, held
from tests.unit.command_center.derived_city import derived_city
from tests.unit.command_center.little_city import LEVEL, LEVEL_ID, entry, raised, returned
from tests.unit.command_center.running import Gateway, Running, running, until

LOAD_MS = 30_000
WIDE: ViewportSize = {"width": 1920, "height": 1080}
NO_AUDIO = "delete window.AudioContext;"
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def center(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("room")
    with running(folder, Gateway(folder, derived_city())) as center:
        center.gateway.append(entry([(LEVEL, now_us(), 312.0)]))
        center.wait_ready()
        center.wait_applied()
        yield center


@pytest.fixture(scope="module")
def room(browser: Browser, center: Running) -> Iterator[Page]:
    """A screen with a name, its panels changing each second; its map is a drawing."""
    page = open_page(browser, f"{center.url}/?screen=ruang%20utama&rotate=1&lang=id", NO_WEBGL)
    expect(page.locator(f'#stations [data-datastream="{LEVEL_ID}"]')).to_contain_text("312", timeout=LOAD_MS)
    yield page
    page.close()


def open_page(browser: Browser, url: str, *scripts: str) -> Page:
    page = browser.new_page(viewport=WIDE, locale="id-ID")
    for script in scripts:
        page.add_init_script(script)
    page.goto(url)
    return page


def screens(center: Running) -> list[tuple[str, str]]:
    live = plain_http.get(f"{center.url}/healthz").json()["live"]
    return [(screen["name"], screen["sound"]) for screen in live["screens"]]


def is_held(center: Running) -> bool:
    """Whether the level's alarm stands open."""
    return any(alarm["state"] not in ("normal", "closed") for alarm in center.get("/alarms")["items"])


def rise(center: Running) -> None:
    """The gauge reaches its level."""
    at: dict[str, Any] = {"time_us": now_us(), "at_us": now_us()}
    center.gateway.append(entry([(LEVEL, now_us(), 549.0)], raised("hijau", value=549.0, **at)))


def fall(center: Running) -> None:
    """The gauge leaves its level, and somebody has seen it."""
    at: dict[str, Any] = {"time_us": now_us(), "at_us": now_us()}
    center.gateway.append(entry([(LEVEL, now_us(), 300.0)], returned("hijau", value=300.0, **at)))
    until(lambda: bool(center.get("/alarms", state="returned_unacknowledged")["items"]))
    alarm = str(center.get("/alarms", state="returned_unacknowledged")["items"][0]["id"])
    plain_http.post(f"{center.url}/api/v1/alarms/{alarm}/acknowledge", json={"comment": ""}, headers=center.log_in())


@pytest.fixture
def calm(room: Page, center: Running) -> Page:
    """The room while nothing is wrong, whichever test went before."""
    if is_held(center):
        fall(center)
    expect(room.locator("#stage")).to_have_attribute("data-why", "turning")
    return room


@pytest.fixture
def flooded(room: Page, center: Running) -> Page:
    """The room while the gauge holds its level, whichever test went before."""
    if not is_held(center):
        rise(center)
    expect(room.locator("#stage")).to_have_attribute("data-why", "held")
    return room


def test_axe_finds_nothing_serious_while_all_is_calm(calm: Page) -> None:
    assert grave(calm) == {"dark": [], "light": []}


def grave(page: Page) -> dict[str, list[tuple[str, str, list[str]]]]:
    """What axe-core finds, by theme."""
    found = {}
    for theme in ("light", "dark"):
        page.evaluate("theme => { document.documentElement.dataset.theme = theme; }", theme)
        found[theme] = serious(page)
    return found


def test_panels_turn_while_all_is_calm_and_stand_still_on_the_river_that_is_not(calm: Page, center: Running) -> None:
    room, stage = calm, calm.locator("#stage")
    expect(room.locator("#stations")).to_be_visible()  # this city has no rain, air or roads
    expect(room.locator("#rivers")).to_be_visible()
    expect(room.locator("#stations")).to_be_visible()
    expect(room.locator("#headline")).to_contain_text("Tidak ada tingkat siaga yang tercapai")
    rise(center)
    expect(stage).to_have_attribute("data-why", "held")
    tile = room.locator(f'#rivers [data-datastream="{LEVEL_ID}"]')
    expect(tile).to_contain_text("549")
    expect(tile).to_have_attribute("data-standing", "level")
    expect(tile.locator(".section-level[data-reached]")).to_have_count(1)
    room.wait_for_timeout(2_500)  # more than two turns
    expect(room.locator("#rivers")).to_be_visible()


def test_axe_finds_nothing_serious_in_a_flood(flooded: Page) -> None:
    assert grave(flooded) == {"dark": [], "light": []}


def test_it_can_be_heard_is_muted_for_minutes_and_the_server_knows(room: Page, center: Running) -> None:
    sound = room.locator("#sound")
    expect(sound).to_have_text("Suara hidup")
    until(lambda: ("ruang utama", "on") in screens(center))
    sound.click()
    expect(sound).to_contain_text("BISU 4:")
    until(lambda: ("ruang utama", "muted") in screens(center))
    sound.click()
    expect(sound).to_have_text("Suara hidup")


@pytest.mark.usefixtures("flooded")
def test_a_screen_that_cannot_play_says_so_as_large_as_an_alarm_and_healthz_is_at_fault(
    browser: Browser, center: Running
) -> None:
    page = open_page(browser, f"{center.url}/?screen=lobi&theme=light&lang=en", NO_WEBGL, NO_AUDIO)
    band = page.locator('#bands [data-look="sound"] strong')
    expect(band).to_have_text("NO SOUND", timeout=LOAD_MS)
    size = "node => parseFloat(getComputedStyle(node).fontSize)"
    assert band.evaluate(size) > page.locator(".alarm-where").first.evaluate(size)
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    until(lambda: ("lobi", "dead") in screens(center))
    answer = plain_http.get(f"{center.url}/healthz")
    assert answer.status_code == 503
    assert any("'lobi' cannot play sound" in fault for fault in answer.json()["faults"])
    page.close()
    until(lambda: plain_http.get(f"{center.url}/healthz").status_code == 200)


def test_every_word_changes_its_language_at_once_and_nothing_is_loaded_anew(flooded: Page) -> None:
    room = flooded
    room.evaluate("window.same = true")
    room.locator("#languages button[lang=en]").click()
    for selector, words in (
        ("[data-panel=rivers]", "Rivers"), ("#headline .headline-level", "Green alert"), ("#sound", "Sound on"),
        ("#stage-why", "Held"), ("#alarms .alarm-state", "UNACKNOWLEDGED"), ("#user", "Log in"),
    ):  # fmt: skip
        expect(room.locator(selector).first).to_contain_text(words)
    assert room.evaluate("window.same") is True
    room.locator("#languages button[lang=id]").click()
    expect(room.locator("[data-panel=rivers]")).to_have_text("Sungai")


def test_after_a_gap_in_the_sequence_the_wall_asks_for_a_whole_picture(browser: Browser, center: Running) -> None:
    page = browser.new_page(viewport=WIDE)
    page.add_init_script(NO_WEBGL)
    kinds: list[str] = []

    def lose_one(route: WebSocketRoute) -> None:
        server = route.connect_to_server()

        def pass_on(message: str | bytes) -> None:
            kinds.append(json.loads(message)["type"])
            if len(kinds) != 3:
                route.send(message)

        server.on_message(pass_on)
        route.on_message(server.send)

    page.route_web_socket("**/api/v1/live", lose_one)
    page.goto(center.url)
    expect(page.locator("#link")).to_have_attribute("data-state", "fresh", timeout=LOAD_MS)
    until(lambda: _turned(page, kinds))
    center.gateway.append(entry([(LEVEL, now_us(), 551.0)]))
    expect(page.locator(f'#stations [data-datastream="{LEVEL_ID}"]')).to_contain_text("551")
    page.close()


def _turned(page: Page, kinds: list[str]) -> bool:
    page.wait_for_timeout(50)  # lets the messages through
    return kinds[3:].count("snapshot") == 1


def test_a_script_that_fails_is_told_on_the_wall(room: Page) -> None:
    room.evaluate("setTimeout(() => { throw new Error('kabel putus'); })")
    band = room.locator("#script-error")
    expect(band).to_contain_text("KESALAHAN TAMPILAN")
    expect(band).to_contain_text("kabel putus")


def test_a_login_that_ends_soon_is_told_before_an_alarm_needs_it(browser: Browser, center: Running) -> None:
    page = browser.new_page(viewport=WIDE)
    page.add_init_script(NO_WEBGL)
    ends = {"user": "sari", "role": "operator", "ends_at": rfc3339(now_us() + 10 * MINUTE_US)}
    page.route("**/api/v1/me", lambda route: route.fulfill(json=ends))
    page.goto(f"{center.url}/?lang=id")
    expect(page.locator("#user[data-soon]")).to_contain_text("sari · masuk sampai", timeout=LOAD_MS)
    page.close()


def test_when_the_level_is_left_and_seen_the_panels_turn_again(flooded: Page, center: Running) -> None:
    fall(center)
    expect(flooded.locator("#stage")).to_have_attribute("data-why", "turning")
    expect(flooded.locator("#stations")).to_be_visible()


def test_over_simulated_time_the_page_holds_no_more_than_before(browser: Browser, center: Running) -> None:
    page = browser.new_page(viewport=WIDE)
    for script in (NO_WEBGL, FEEDER):
        page.add_init_script(script)
    page.goto(f"{center.url}/?rotate=1")
    expect(page.locator("#link")).to_have_attribute("data-state", "fresh", timeout=LOAD_MS)
    cdp = page.context.new_cdp_session(page)
    feed(page, 900)  # a dozen past alarms stand in the list, as many as ever do
    before = held(cdp)
    feed(page, 900)
    after = held(cdp)
    assert after.nodes < before.nodes * 1.1
    assert after.listeners < before.listeners * 1.1
    assert after.heap_bytes < before.heap_bytes * 1.25
    page.close()
