"""The operator console on the real stack: two operators, one river, one stack; each story begins while all is calm."""

import signal
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.api import PASSWORD, Api
from tests.e2e.broker import Broker
from tests.e2e.desk import BOARD, CAMERA, DOWN, WAIT_MS, Desk, seated, write_console_city
from tests.e2e.processes import Process, Processes, until
from tests.e2e.site import Site
from tests.e2e.small_city import AIR, RAIN, RIVER, let_it_fall_fast

pytestmark = [pytest.mark.broker, pytest.mark.browser]
SERIOUS = {"serious", "critical"}


@dataclass(slots=True)
class Office:
    """What runs, and the two desks in it."""

    nats: Broker
    api: Api
    center: Process
    siti: Desk
    budi: Desk

    def raised(self, datastream: str, value: float, *, acknowledged: bool = False) -> None:
        """A reading over a level, and its alarm before both desks; `acknowledged` by admin."""
        self.nats.observe(datastream, value)
        alarm = until(lambda: self.api.open_alarm(datastream), f"the alarm of {datastream}")
        if acknowledged:
            self.api.post(f"/alarms/{alarm['id']}/acknowledge", {"comment": ""})
        for desk in (self.siti, self.budi):
            desk.wait_for(datastream, "Diakui" if acknowledged else "BELUM DIAKUI")

    def log_in(self) -> None:
        """Admin and budi, where they are not logged in."""
        for desk, user in ((self.siti, "admin"), (self.budi, "budi")):
            if not desk.is_somebody:
                desk.be(user, PASSWORD)

    def end_story(self) -> None:
        """The river falls, what has returned is acknowledged, and both sit before the list again."""
        for desk in (self.siti, self.budi):
            desk.begin_anew()
        for alarm in self._still_open():
            self.nats.observe(alarm["datastream"], 1.0)
        until(lambda: not self._still_open(), "no alarm is left open")
        for desk in (self.siti, self.budi):
            expect(desk.page.locator("#alarm-rows [data-datastream]")).to_have_count(0)

    def _still_open(self) -> list[dict[str, Any]]:
        """What is open; of that what has returned is acknowledged, and what is shelved is back."""
        alarms: list[dict[str, Any]] = self.api.everything("/alarms", state="open")
        for alarm in alarms:
            if alarm["state"] == "returned_unacknowledged":
                self.api.post(f"/alarms/{alarm['id']}/acknowledge", {"comment": ""})
            elif alarm["state"] == "shelved":
                self.api.post(f"/alarms/{alarm['id']}/unshelve", {"comment": ""})
        return alarms


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Office]:
    """Broker, gateway, command center; admin at one desk, the operator budi at the other."""
    folder = tmp_path_factory.mktemp("console")
    site = Site(folder, Processes(folder))
    try:
        folder = write_console_city(site.folder / "kota-konsol")
        let_it_fall_fast(folder)
        city = str(folder)
        nats = site.start_nats()
        site.start_gateway(nats, city=city)
        center, api = site.start_command_center(city=city)
        api.post("/users", {"name": "budi", "role": "operator", "password": PASSWORD})
        for datastream in (RIVER, DOWN, RAIN, AIR):
            nats.observe(datastream, 1.0)
        api.wait_for_value(AIR, 1.0)
        yield Office(nats, api, center, seated(browser, api.url), seated(browser, api.url))
    finally:
        site.close()


@pytest.fixture
def strangers(shared: Office) -> Iterator[Office]:
    """The office while all is calm; nobody is logged in, and the browsers have nothing to complain of."""
    for desk in (shared.siti, shared.budi):
        desk.be_nobody()
    yield shared
    shared.end_story()
    assert (shared.siti.complaints, shared.budi.complaints) == ([], [])


@pytest.fixture
def office(shared: Office) -> Iterator[Office]:
    """The same; admin and budi are logged in."""
    shared.log_in()
    yield shared
    shared.end_story()
    assert (shared.siti.complaints, shared.budi.complaints) == ([], [])


def test_an_operator_acknowledges_by_keyboard_alone_and_the_other_sees_it(strangers: Office) -> None:
    office, siti, budi = strangers, strangers.siti, strangers.budi
    office.nats.observe(DOWN, 160.0)
    siti.wait_for(DOWN, "BELUM DIAKUI")
    siti.choose(DOWN)
    siti.page.keyboard.press("a")
    siti.log_in("admin", PASSWORD)
    siti.says("Diakui: Kali Uji hilir")
    siti.wait_for(DOWN, "Diakui")
    budi.wait_for(DOWN, "Diakui")
    alarm = office.api.open_alarm(DOWN)
    assert alarm is not None
    assert (alarm["state"], alarm["acknowledged_by"]) == ("acknowledged", "admin")
    expect(siti.page.locator("#session")).to_contain_text("sampai")

    budi.choose(DOWN)
    budi.page.keyboard.press("n")
    budi.answer(comment="Pintu dibuka 20 cm")
    budi.log_in("budi", PASSWORD)
    budi.says("Catatan tersimpan")
    # A note moves nothing of the alarm: who looks on has it when the story is asked for again (AGAIN_MS).
    expect(siti.detail()).to_contain_text("budi · Pintu dibuka 20 cm", timeout=WAIT_MS)


def test_an_alarm_is_shelved_stands_aside_and_comes_back(office: Office) -> None:
    siti, budi = office.siti, office.budi
    office.raised(DOWN, 160.0, acknowledged=True)
    siti.choose(DOWN)
    siti.page.keyboard.press("s")
    siti.answer(comment="Lumpur di sensor", minutes="15")
    siti.says("Ditunda: Kali Uji hilir")
    expect(budi.row(DOWN)).to_have_count(0)
    budi.page.locator(".filter select").last.select_option("shelved")
    budi.wait_for(DOWN, "Ditunda")
    budi.choose(DOWN)
    expect(budi.detail()).to_contain_text("Ditunda admin")
    budi.page.locator('.detail [data-act="unshelve"]').click()
    budi.answer(comment="Sensor bersih")
    expect(budi.row(DOWN)).to_have_count(0)
    budi.page.get_by_role("button", name="Hapus saringan").click()
    budi.wait_for(DOWN, "Diakui")
    siti.wait_for(DOWN, "Diakui")


def test_the_highest_level_calls_to_verify_counts_down_and_can_be_refuted_but_not_shelved(office: Office) -> None:
    siti = office.siti
    office.nats.observe(DOWN, 360.0)
    verify = siti.page.locator(".verify")
    expect(verify).to_contain_text("sampai sirene dan pesan massal", timeout=WAIT_MS)
    assert verify.get_by_role("link", name="Buka kamera").get_attribute("href") == CAMERA
    expect(verify.locator("tr")).to_contain_text(["hulu, 40 mnt"])
    expect(verify).to_contain_text("tidak ada yang membantah", timeout=WAIT_MS)

    siti.choose(DOWN)
    siti.page.keyboard.press("s")
    siti.answer(comment="Ganggu")
    expect(siti.page.locator(".question-message")).to_contain_text("tidak pernah ditunda")
    siti.page.keyboard.press("Escape")
    siti.page.keyboard.press("r")
    siti.answer(comment="Kamera: air 1 m di bawah tanggul", seen="camera", minutes="10")
    siti.says("Dibantah")
    expect(siti.row(DOWN)).to_have_count(0)
    expect(verify).to_be_hidden()
    alarm = office.api.open_alarm(DOWN)
    assert alarm is not None
    assert (alarm["refutation"]["by"], alarm["refutation"]["seen"]) == ("admin", "camera")


def test_a_reading_heard_by_radio_is_typed_in_with_one_key_and_drives_levels(office: Office) -> None:
    siti = office.siti
    siti.page.locator("#alarm-grid").focus()
    siti.page.keyboard.press("m")
    siti.answer(datastream=BOARD, value="1.262", heard_from="Pak Slamet, radio")
    refusal = siti.page.locator(".question-message")
    expect(refusal).to_contain_text("bisa berarti ribuan atau pecahan")
    siti.answer(value="1262")
    expect(refusal).to_contain_text("yang mungkin di sini 0 sampai 1.000 cm, yang diketik 1.262")
    siti.answer(value="262")
    siti.says("Tersimpan")
    siti.wait_for(BOARD, "Siaga")
    newest = office.api.observations(BOARD)[-1]
    assert (newest["value"], newest["origin"]) == (262.0, "manual")
    trail = office.api.get_as_admin("/audit")["items"]
    assert any("heard from Pak Slamet, radio" in str(record) and "admin" in str(record) for record in trail)


def test_an_incident_is_acknowledged_at_once_and_an_action_taken(office: Office) -> None:
    siti, budi = office.siti, office.budi
    office.raised(DOWN, 160.0, acknowledged=True)
    office.raised(RIVER, 262.0)
    head = budi.page.locator("#alarm-rows [data-incident]")
    budi.choose(RIVER)
    budi.page.keyboard.press("Shift+A")
    budi.says("alarm diakui")
    siti.wait_for(RIVER, "Diakui")
    assert head.count() <= 1

    budi.page.get_by_role("link", name="Tindakan").click()
    budi.page.locator('[data-act="take"]').first.click()
    budi.says("Diambil: Tutup jalan bawah")
    siti.page.get_by_role("link", name="Tindakan").click()
    expect(siti.page.locator(".action").first).to_contain_text("budi")
    expect(siti.page.locator(".report").first).to_contain_text("Kali Uji hilir")
    siti.page.locator(".report .main-act").first.click()
    siti.answer(how="radio")
    siti.says("Laporan tercatat")


def test_the_list_of_keys_tells_them_all_closes_and_gives_the_focus_back(office: Office) -> None:
    page = office.siti.page
    page.goto(f"{office.api.url}/console#/alarms")
    page.locator("#alarm-grid").focus()
    page.keyboard.press("?")
    told = page.locator("#keys[open]")
    expect(told).to_contain_text("Spasi")
    keys = set(told.locator("kbd").all_inner_texts())
    script = """async () => {
        const { AlarmKeys } = await import("/static/console/alarm_keys.js");
        return Object.keys(new AlarmKeys({}).on);
    }"""
    shown = {
        "PageUp": "PgUp",
        "PageDown": "PgDn",
        "Escape": "Esc",
        " ": "Spasi",
        "ArrowUp": "\u2191",
        "ArrowDown": "\u2193",
    }
    shown |= {"ArrowLeft": "\u2190", "ArrowRight": "\u2192"}
    assert {shown.get(key, key) for key in page.evaluate(script)} <= keys
    page.keyboard.press("Escape")
    expect(told).to_be_hidden()
    expect(page.locator("#alarm-grid")).to_be_focused()
    page.goto(f"{office.api.url}/console#/kpis")
    page.keyboard.press("?")
    expect(told).to_contain_text("tidak punya tombol sendiri")
    page.keyboard.press("Escape")


@pytest.mark.parametrize(("page", "with_question"), [("alarms", False), ("alarms", True), ("actions", False)])
def test_axe_finds_nothing_serious(office: Office, page: str, with_question: bool) -> None:
    desk = office.siti
    office.raised(DOWN, 160.0)  # of which an action follows
    desk.page.goto(f"{office.api.url}/console#/{page}")
    if page == "alarms":
        desk.choose(DOWN)
    else:
        expect(desk.page.locator(".action").first).to_be_visible()
    if with_question:
        desk.page.keyboard.press("m")
        expect(desk.page.locator("dialog[open]")).to_be_visible()
    desk.page.evaluate((files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8"))
    found = desk.page.evaluate("axe.run()")["violations"]
    desk.page.keyboard.press("Escape")
    told = [
        (one["id"], one["help"], [node["html"][:200] for node in one["nodes"][:3]])
        for one in found
        if one["impact"] in SERIOUS
    ]
    assert told == []


def test_the_language_changes_in_place_and_a_lost_link_greys_everything_in_words(office: Office) -> None:
    siti, budi = office.siti, office.budi
    budi.page.evaluate("window.kept = true")
    budi.page.get_by_role("button", name="EN").click()
    expect(budi.page.locator("#pages")).to_contain_text("Actions")
    assert budi.page.evaluate("window.kept")
    assert siti.complaints == []
    siti.page.evaluate("setTimeout(() => { throw new Error('broken on purpose') })")
    expect(siti.page.locator("#script-error")).to_contain_text("broken on purpose")
    siti.complaints.clear()
    siti.page.reload()  # it stays until then
    office.center.signal(signal.SIGSTOP)
    try:
        expect(budi.page.locator("#bands")).to_contain_text("DATA LOST", timeout=WAIT_MS)
        expect(budi.page.locator("body")).to_have_attribute("data-lost", "true")
    finally:
        office.center.signal(signal.SIGCONT)
    until(lambda: budi.page.locator("#link").inner_text() == "CONNECTED", "the link again")
