"""The public page on a phone: a flood is seen where it goes, old pages say so themselves, paper shows the time."""

import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests import plain_http
from tests.e2e.axe import serious
from tests.e2e.broker import Broker
from tests.e2e.processes import Processes, free_port, until
from tests.e2e.site import Site
from tests.e2e.small_city import AWAS_CM, RIVER

pytestmark = [pytest.mark.broker, pytest.mark.browser]

PHONE: ViewportSize = {"width": 390, "height": 844}
DOWNSTREAM = "35.76.01.1002"  # no gauge of a river stands in it: it is affected by the one upstream
VALID_MS = 30 * 60_000
# The command as `siaga` runs it.
PUBLIC_PAGE = (
    "from command_center.main import parser, set_up_logging; from command_center.public.commands import PUBLIC_PAGE;"
    "from sensors.settings import load_settings; import os; set_up_logging('info');"
    "arguments = parser({'public-page': PUBLIC_PAGE}).parse_args(['public-page']);"
    "PUBLIC_PAGE.run(arguments, load_settings(None, os.environ))"
)


class Stack:
    """Broker, gateway, command center and the listener of the public page."""

    def __init__(self, site: Site) -> None:
        self.site, port = site, free_port()
        self.broker: Broker = site.start_nats()
        site.start_gateway(self.broker)
        settings = {"SIAGA_PUBLIC_PORT": str(port), "SIAGA_PUBLIC_EVERY_S": "1"}
        self.api = site.start_command_center(settings)[1]
        listener = site.processes.start(
            "public page", [sys.executable, "-c", PUBLIC_PAGE], settings | {"SIAGA_DATA_DIR": str(site.data_dir)}
        )
        listener.wait_for_line("the public page is at")
        self.url = f"http://127.0.0.1:{port}/warga"

    def said(self, path: str = "") -> str:
        """The page as it is given out now."""
        answer = plain_http.get(self.url + path)
        return answer.text if answer.status_code == 200 else ""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder: Path = tmp_path_factory.mktemp("site")
    site = Site(folder, Processes(folder))
    try:
        stack = Stack(site)
        stack.broker.observe(RIVER, AWAS_CM - 250, origin="simulated")
        until(lambda: "NORMAL" in stack.said(f"/{DOWNSTREAM}"), "the page of a calm river")
        stack.broker.observe(RIVER, AWAS_CM + 20, origin="simulated")
        until(lambda: "AWAS" in stack.said(f"/{DOWNSTREAM}"), "the flood on the page")
        yield stack
    finally:
        site.close()


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport=PHONE, locale="id-ID", timezone_id="Asia/Jakarta")
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda m: complaints.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert complaints == []


def fits(page: Page) -> bool:
    """Whether nothing is wider than the phone."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def test_a_flood_is_seen_where_it_goes_and_told_in_both_languages_without_a_reload(stack: Stack, phone: Page) -> None:
    phone.goto(stack.url)
    expect(phone.locator("#areas li").first).to_contain_text("▲▲▲ AWAS (tingkat 3 dari 3)")
    assert fits(phone)
    phone.fill("#find", "wetan")
    expect(phone.locator("#areas li:visible")).to_have_count(1)
    phone.click("#areas li:visible a")
    expect(phone.locator("h1")).to_have_text("Uji Wetan")
    gauge = phone.locator(".gauge")
    expect(gauge).to_contain_text("Kali Uji di Jembatan")
    expect(gauge.locator(".do")).to_contain_text("Segera mengungsi")
    expect(phone.locator(".band").first).to_contain_text("SIMULASI / LATIHAN")
    expect(phone.locator(".old")).to_be_hidden()
    assert fits(phone)
    phone.check("#l-en")
    expect(gauge.locator(".state")).to_contain_text("WARNING (level 3 of 3)")
    expect(gauge.locator(".do")).to_contain_text("Move now to higher ground")
    phone.goto(stack.url)  # the choice is kept
    expect(phone.locator("h1")).to_contain_text("River situation")
    weights = [len(plain_http.get(f"{stack.url}{path}").content) for path in ("", f"/{DOWNSTREAM}")]
    assert max(weights) < 100_000


def test_a_saved_copy_turns_to_old_data_by_itself(stack: Stack, phone: Page, tmp_path: Path) -> None:
    copy = tmp_path / "tersimpan.html"
    copy.write_text(stack.said(f"/{DOWNSTREAM}"), encoding="utf-8")
    phone.clock.install(time=time.time())
    phone.goto(copy.as_uri())
    expect(phone.locator(".old")).to_be_hidden()
    phone.click("#copy")
    phone.clock.fast_forward(VALID_MS)
    expect(phone.locator(".old")).to_be_visible()
    expect(phone.locator(".old")).to_contain_text(re.compile(r"DATA LAMA.*hanya berlaku sampai \d\d:\d\d WIB"))
    assert phone.title().startswith("DATA LAMA")
    phone.reload()  # no server is there: it knows by itself
    expect(phone.locator(".old")).to_be_visible()


def test_axe_finds_nothing_serious(stack: Stack, phone: Page) -> None:
    found = {}
    for path in ("", f"/{DOWNSTREAM}"):
        phone.goto(stack.url + path)
        found[path] = serious(phone)
    assert found == {"": [], f"/{DOWNSTREAM}": []}


def test_without_a_script_it_says_everything_but_that_its_time_is_over(stack: Stack, browser: Browser) -> None:
    context = browser.new_context(viewport=PHONE, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{stack.url}/{DOWNSTREAM}")
    expect(page.locator(".valid")).to_contain_text(re.compile(r"Berlaku sampai \d\d:\d\d WIB"))
    expect(page.locator(".valid")).to_contain_text("Lewat jam itu DATA LAMA")
    expect(page.locator("#copy")).to_be_hidden()
    page.check("#l-en")
    expect(page.locator(".state .e").first).to_be_visible()
    expect(page.locator(".state .i").first).to_be_hidden()
    context.close()


def test_paper_shows_the_time_and_no_buttons(stack: Stack, phone: Page) -> None:
    phone.goto(f"{stack.url}/{DOWNSTREAM}")
    phone.emulate_media(media="print")
    expect(phone.locator(".valid")).to_contain_text(
        re.compile(r"Berlaku sampai \d\d:\d\d WIB.*Keadaan pukul \d\d:\d\d WIB")
    )
    expect(phone.locator(".band").first).to_be_visible()
    for hidden in ("#l-id", "#copy", ".back", ".forward"):
        expect(phone.locator(hidden)).to_be_hidden()


def test_the_text_is_ready_to_forward_and_nothing_else_is_reachable(stack: Stack) -> None:
    text = stack.said(f"/{DOWNSTREAM}.txt")
    assert text.startswith("SIMULASI / LATIHAN – BUKAN KEADAAN SEBENARNYA")
    assert re.search(r"Kali Uji di Jembatan: ▲▲▲ \*AWAS \(tingkat 3 dari 3\) sejak \d\d:\d\d WIB\*", text)
    assert re.search(r"\*Berlaku sampai \d\d:\d\d WIB, \d+ \w+\*", text)
    here = stack.url.removesuffix("/warga")
    for path in ("/api/v1/sensors", "/metrics", "/healthz", "/alerts.atom", "/static/main.js"):
        assert plain_http.get(here + path).status_code == 404


def test_an_open_page_fetches_what_is_new_and_without_a_network_still_turns_old(stack: Stack, phone: Page) -> None:
    phone.clock.install(time=time.time())
    phone.route("**/*", lambda route: route.continue_())  # its cache believes in the true clock, and would answer
    phone.goto(stack.url)
    phone.fill("#find", "wetan")
    asked: list[str] = []
    phone.on("request", lambda request: asked.append(request.url))
    made = phone.locator("html").get_attribute("data-made-ms")
    assert made is not None
    stack.broker.observe(RIVER, AWAS_CM - 250, origin="simulated")
    until(lambda: "AWAS" not in stack.said(), "the fall on the page")
    phone.clock.fast_forward(95_000)
    expect(phone.locator("#areas li:visible")).not_to_contain_text("AWAS")
    assert asked == [stack.url]
    assert int(phone.locator("html").get_attribute("data-made-ms") or 0) > int(made)
    expect(phone.locator("#find")).to_have_value("wetan")
    expect(phone.locator("#areas li:visible")).to_have_count(1)
    expect(phone.locator(".old")).to_be_hidden()
    phone.context.set_offline(True)
    phone.clock.fast_forward(VALID_MS)
    expect(phone.locator(".old")).to_be_visible()
    assert asked == [stack.url]
    phone.context.set_offline(False)
    with phone.expect_request(stack.url):  # at once: and what it gets is older than this phone's clock by now
        phone.clock.fast_forward(1_000)
    expect(phone.locator(".old")).to_be_visible()
