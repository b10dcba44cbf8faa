"""Pictures of every screen in calm, flood, alarm flood and with data lost, in both languages and every size.

`python -m tests.bench.screens [--only wall|console|public] [--state STATE] [--page PAGE] [--size WxH] OUT_DIR`: for
each state a real broker, gateway, command center and Debian's Chromium over Mojokerto; what the devices tell is the
simulator's.  Files: SCREEN-STATE-LANGUAGE-SIZE.png.  What runs off a screen sideways is told on the terminal.
"""

import argparse
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, Page

from tests.bench.screen_city import LOST_VIA, SCENARIOS, Telling, behind, nonsense, write_city
from tests.bench.screen_desk import make_people, work
from tests.e2e.api import PASSWORD, Api
from tests.e2e.processes import Process, Processes, until
from tests.e2e.site import Site
from tests.e2e.wall import chromium

LANGUAGES: Final = ("id", "en")
WALL_SIZES: Final = ("1920x1080", "3840x2160")
CONSOLE_SIZES: Final = ("1366x768", *WALL_SIZES)
PHONE: Final = "390x844"
OFFICE: Final = ("alarms", "actions", "warnings", "notices", "sirens", "shift", "kpis", "data", "audit")
PLACE: Final = "station/BRANGKAL-SOOKO"
AREA: Final = "35.16.13.2003"
SETTLE_MS: Final = 600
MAP_MS: Final = 6_000  # the map's first drawing, in software
OLD_MS: Final = 31 * 60_000  # after that a public page is old
SIDEWAYS: Final = "document.documentElement.scrollWidth - innerWidth"


@dataclass(slots=True)
class Studio:
    """One state of the city, and where its pictures go."""

    state: str
    site: Site
    api: Api
    gateway: Process
    browser: Browser
    out: Path
    pages: tuple[str, ...]
    sizes: tuple[str, ...]

    def shoot(self, page: Page, screen: str, language: str, size: str) -> None:
        """One picture; says what is wider than the screen."""
        page.wait_for_timeout(SETTLE_MS)
        name = f"{screen}-{self.state}-{language}-{size}.png"
        page.screenshot(path=self.out / name)
        wider = page.evaluate(SIDEWAYS)
        print(name, f"{wider} px WIDER THAN THE SCREEN" if wider > 0 else "", flush=True)

    def lose(self, page: Page) -> None:
        """Where data are to be lost: the gateway is killed, and the page says so."""
        if self.state == "data-lost":
            self.gateway.signal(signal.SIGKILL)
            page.locator("body[data-lost]").wait_for()

    def wants(self, screen: str) -> bool:
        """Whether this screen was asked for."""
        return not self.pages or screen in self.pages

    def chosen(self, sizes: tuple[str, ...]) -> list[str]:
        """Those of a screen's sizes that were asked for."""
        return [size for size in sizes if not self.sizes or size in self.sizes]

    @contextmanager
    def page(self, size: str, language: str, *, user: str = "", scheme: Any = "dark") -> Iterator[Page]:
        """An empty page, with somebody logged in."""
        width, height = map(int, size.split("x"))
        context = self.browser.new_context(
            viewport={"width": width, "height": height},
            locale="id-ID",
            timezone_id="Asia/Jakarta",
            color_scheme=scheme,
        )
        context.add_init_script(f"if (location.host) localStorage.setItem('siaga.language', '{language}')")
        if user:
            context.request.post(f"{self.api.url}/api/v1/login", data={"user": user, "password": PASSWORD})
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: print("SCRIPT ERROR", error, file=sys.stderr))
        try:
            yield page
        finally:
            context.close()


def main() -> None:
    """Take them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path, metavar="OUT_DIR")
    parser.add_argument("--only", choices=("wall", "console", "public"), action="append", default=[])
    parser.add_argument("--state", choices=SCENARIOS, action="append", default=[])
    parser.add_argument("--page", action="append", default=[], help="one of the console's pages, or wall, public, …")
    parser.add_argument("--size", action="append", default=[], help="such as 1366x768")
    parser.add_argument("--origin", choices=("live", "simulated"), default="live", help="what the readings say of it")
    it = parser.parse_args()
    it.out.mkdir(parents=True, exist_ok=True)
    for state in it.state or SCENARIOS:
        with tempfile.TemporaryDirectory() as folder, _studio(state, Path(folder), it) as studio:
            for kind, take in (("wall", take_wall), ("console", take_console), ("public", take_public)):
                if not it.only or kind in it.only:
                    take(studio)


@contextmanager
def _studio(state: str, folder: Path, it: argparse.Namespace) -> Iterator[Studio]:
    site = Site(folder, Processes(folder))
    try:
        city = str(write_city(folder / "mojokerto", state))
        broker = site.start_nats()
        telling = Telling(state, broker, it.origin)
        gateway = site.start_gateway(broker, city=city)
        public = {"SIAGA_PUBLIC_DIRECTORY": str(folder / "public"), "SIAGA_PUBLIC_EVERY_S": "1"}
        _, api = site.start_command_center(public, city=city, SIAGA_MQTT_URL=broker.url)
        make_people(api)
        telling.catch_up()
        broker.publish_all(nonsense())
        until(lambda: _all_told(api, telling), "the first readings", 60)
        if state == "data-lost":
            telling.lost = behind(telling.catalogue, LOST_VIA)
            telling.tell_now()
            until(lambda: any(a["level"] == "silent" for a in api.everything("/alarms")), "a silence", 90)
        with telling, chromium() as browser:
            work(api.url, state)
            pages, sizes = tuple(it.page), tuple(it.size)
            yield Studio(state, site, api, gateway, browser, it.out, pages, sizes)
    finally:
        site.close()


def _all_told(api: Api, telling: Telling) -> bool:
    sensors = {one["id"]: one for one in api.everything("/sensors")}
    return all(sensors[f"{d.station}:{d.property}"]["latest"] for d in telling.catalogue.datastreams)


def take_wall(studio: Studio) -> None:
    """The wall in a dark room and a light one, and its other panels; data are lost by killing the gateway."""
    for size in studio.chosen(WALL_SIZES):
        for language in LANGUAGES:
            for theme in ("dark", "light"):
                _wall(studio, size, language, theme)


def _wall(studio: Studio, size: str, language: str, theme: str) -> None:
    with studio.page(size, language) as page:
        page.goto(f"{studio.api.url}/?theme={theme}&lang={language}&rotate=0&screen=ruang-utama")
        page.locator("#rivers .tile").first.wait_for(state="attached")
        page.wait_for_timeout(MAP_MS)
        suffix = "" if theme == "dark" else "-light"
        if studio.state == "data-lost" and studio.gateway.exit_code is None:
            studio.shoot(page, f"wall-silent{suffix}", language, size)
        studio.lose(page)
        if studio.wants("wall"):
            studio.shoot(page, f"wall{suffix}", language, size)
        if theme == "dark":
            for button in page.locator("#stage-tabs .tab").all()[1:]:
                name = button.get_attribute("data-panel")
                if studio.wants(f"wall-{name}"):
                    button.click()
                    studio.shoot(page, f"wall-{name}", language, size)


def take_console(studio: Studio) -> None:
    """Every page of the console as a supervisor, people as an admin; an alarm, a station, a warning, a siren opened."""
    places = {name: name for name in OFFICE} | {
        "stations": "station",
        "station": PLACE,
        "siren": "sirens/SIRENE-BRANGKAL",
        "people": "people",
    }
    alarms = sorted(studio.api.everything("/alarms", state="open"), key=lambda alarm: -alarm["severity"])
    warnings = studio.api.get("/alerts")["items"]
    if alarms:
        places["alarm"] = f"alarms/{alarms[0]['id']}"
    for name, one in zip(("warning-1", "warning-2"), warnings, strict=False):
        places[name] = f"warnings/{one['id']}"
    for size in studio.chosen(CONSOLE_SIZES):
        for language in LANGUAGES:
            with studio.page(size, language, user="admin") as page:
                page.goto(f"{studio.api.url}/console")
                page.locator("#link:not([data-state=waiting])").wait_for()
                page.wait_for_timeout(2 * SETTLE_MS)
                studio.lose(page)
                for screen, place in places.items():
                    if studio.wants(screen):
                        page.goto(f"{studio.api.url}/console#/{place}")
                        page.wait_for_timeout(SETTLE_MS)
                        studio.shoot(page, f"console-{screen}", language, size)
            if studio.wants("login"):
                with studio.page(size, language) as page:
                    page.goto(f"{studio.api.url}/console")
                    page.wait_for_timeout(2 * SETTLE_MS)
                    page.locator("#user").click()
                    studio.shoot(page, "console-login", language, size)


def take_public(studio: Studio) -> None:
    """The page for everybody and the technician's, on a phone, by day and by night; the public page grown old, too."""
    folder = studio.site.folder / "public"
    until((folder / "warga" / f"{AREA}.html").is_file, "the public page")
    files = {"list": folder / "warga.html", "area": folder / "warga" / f"{AREA}.html"}
    for language in LANGUAGES:
        for scheme in ("light", "dark"):
            with studio.page(PHONE, language, user="sari", scheme=scheme) as page:
                page.clock.install(time=time.time())
                for name, file in files.items():
                    if studio.wants(f"public-{name}"):
                        page.goto(file.as_uri())
                        page.check(f"#l-{language}", force=True)
                        if studio.state == "data-lost":
                            page.clock.fast_forward(OLD_MS)
                        studio.shoot(page, f"public-{name}-{scheme}", language, PHONE)
        if studio.wants("maintenance"):
            with studio.page(PHONE, language, user="sari") as page:
                page.goto(f"{studio.api.url}/maintenance")
                page.wait_for_timeout(2 * SETTLE_MS)
                studio.shoot(page, "maintenance", language, PHONE)


if __name__ == "__main__":
    main()
