"""The wall in a frame of another origin's page: only where that origin is named, and then it shows and nothing more."""

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from urllib.parse import quote, unquote

import pytest
from playwright.sync_api import FrameLocator, Page, Request, expect

from command_center.clock import now_us
from sensors.errors import SettingsError
from sensors.settings import HttpSettings, load_settings
from tests import plain_http
from tests.e2e.wall import Wall
from tests.unit.command_center.little_city import LEVEL, LEVEL_ID, entry, raised
from tests.unit.command_center.running import Running, running

LOAD_MS = 20_000
pytestmark = pytest.mark.browser


class Portal(http.server.BaseHTTPRequestHandler):
    """A page of another site: it frames what its address names.  On this machine, for a browser asks its user before
    a page from elsewhere may reach a loopback address."""

    def do_GET(self) -> None:
        style = "width: 100vw; height: 100vh"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        address = escape(unquote(self.path.partition("?")[2]))
        self.wfile.write(f'<body style="margin: 0"><iframe id="siaga" src="{address}" style="{style}">'.encode())

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def portal() -> Iterator[str]:
    """Its origin: `localhost` is another site than the command center's 127.0.0.1."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Portal) as server:
        thread = threading.Thread(target=server.serve_forever, name="portal")
        thread.start()
        try:
            yield f"http://localhost:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def named() -> Iterator[str]:
    """The origin that may frame the wall."""
    with portal() as origin:
        yield origin


@pytest.fixture(scope="module")
def center(tmp_path_factory: pytest.TempPathFactory, named: str) -> Iterator[Running]:
    now, settings = now_us(), HttpSettings(embed_origins=f"https://other.test:8443 {named}")
    with running(tmp_path_factory.mktemp("data"), http=settings) as center:
        center.gateway.append(entry([(LEVEL, now, 549.0)], raised("hijau", time_us=now, at_us=now), now_us=now))
        center.wait_ready()
        center.wait_applied()
        yield center


def framed(page: Page, origin: str, address: str) -> FrameLocator:
    """A page of `origin` with `address` in a frame as large as itself."""
    page.goto(f"{origin}/?{quote(address, safe='')}")
    return page.frame_locator("#siaga")


def test_it_shows_and_nobody_can_act_in_it_nor_is_it_said_that_anybody_saw(
    center: Running, named: str, plain_wall: Wall
) -> None:
    page, asked = plain_wall.page, list[Request]()
    page.on("request", lambda request: asked.append(request))  # noqa: PLW0108  (playwright marks the function)
    body = {"name": "portal", "scopes": ["wall"]}
    token = center.client.post("/tokens", json=body, headers=center.log_in()).json()["token"]
    wall = framed(page, named, f"{center.url}/?token={token}&theme=dark&lang=en&rotate=0")
    expect(wall.locator(f'#stations [data-datastream="{LEVEL_ID}"]')).to_contain_text("549", timeout=LOAD_MS)
    expect(wall.locator("#alarms .alarm")).to_have_count(1)
    expect(wall.locator("html")).to_have_attribute("data-theme", "dark")
    expect(wall.locator("html")).to_have_attribute("lang", "en")
    for what in ("#user", "#sound", "#alarms .acknowledge", "#counts a"):
        expect(wall.locator(what).first).to_be_hidden()
    wall.locator("#user").evaluate("button => button.click()")
    wall.locator("#alarms .acknowledge").first.evaluate("button => button.click()")
    expect(wall.locator("#login")).to_be_hidden()
    assert not [request.url for request in asked if request.method != "GET"]
    city = next(request for request in asked if request.url.endswith("/api/v1/city"))
    assert city.all_headers()["cookie"] == f"siaga_screen={token}"  # a browser keeps it in a frame, for this portal
    assert center.get("/alarms")["items"][0]["state"] == "unacknowledged"
    health = plain_http.get(f"{center.url}/healthz").json()
    assert health["live"]["screens"] == []


def test_a_page_of_no_named_origin_gets_nothing_and_the_console_is_never_framed(
    center: Running, named: str, plain_wall: Wall
) -> None:
    for origin, path in ((named, "/console"), (named, "/maintenance"), (named, "/docs"), (None, "/")):
        with (
            portal() as stranger,
            plain_wall.page.expect_console_message(lambda message: "frame-ancestors" in message.text),
        ):
            framed(plain_wall.page, origin or stranger, f"{center.url}{path}")


def test_every_answer_says_who_may_frame_it(center: Running, named: str) -> None:
    def said(path: str) -> tuple[str | None, str | None]:
        headers = plain_http.get(f"{center.url}{path}").headers
        return headers.get("content-security-policy"), headers.get("x-frame-options")

    assert said("/") == (f"frame-ancestors https://other.test:8443 {named}", None)
    for path in ("/console", "/maintenance", "/docs", "/a/none", "/static/main.js", "/api/v1/city", "/nowhere"):
        assert said(path) == ("frame-ancestors 'none'", "DENY")


def test_a_name_that_is_no_origin_is_refused() -> None:
    for text in ("portal.example", "https://a.example; script-src *", "https://*", "*", "https://a.example/path"):
        with pytest.raises(SettingsError, match="SIAGA_HTTP_EMBED_ORIGINS"):
            load_settings(None, {"SIAGA_HTTP_EMBED_ORIGINS": text})
    assert load_settings(None, {"SIAGA_HTTP_EMBED_ORIGINS": "https://a.example http://b.example:81"})
