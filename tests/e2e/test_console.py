"""The operator console on the real stack: two operators, one river, one stack for all of it."""

import signal
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.api import PASSWORD, Api
from tests.e2e.broker import Broker
from tests.e2e.desk import CAMERA, DOWN, WAIT_MS, Desk, seated, write_console_city
from tests.e2e.processes import Process, Processes, until
from tests.e2e.site import Site
from tests.e2e.small_city import AIR, RAIN, RIVER

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


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Office]:
    """Broker, gateway, command center; admin at one desk, the operator budi at the other."""
    folder = tmp_path_factory.mktemp("console")
    site = Site(folder, Processes(folder))
    try:
        city = str(write_console_city(site.folder / "kota-konsol"))
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


def test_an_operator_acknowledges_by_keyboard_alone_and_the_other_sees_it(office: Office) -> None:
    siti, budi = office.siti, office.budi
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
    siti.answer(datastream=RIVER, value="1.262", heard_from="Pak Slamet, radio")
    refusal = siti.page.locator(".question-message")
    expect(refusal).to_contain_text("bisa berarti ribuan atau pecahan")
    siti.answer(value="1262")
    expect(refusal).to_contain_text("yang mungkin di sini 0 sampai 1.000 cm, yang diketik 1.262")
    siti.answer(value="262")
    siti.says("Tersimpan")
    siti.wait_for(RIVER, "Siaga")
    newest = office.api.observations(RIVER)[-1]
    assert (newest["value"], newest["origin"]) == (262.0, "manual")
    trail = office.api.get_as_admin("/audit")["items"]
    assert any("heard from Pak Slamet, radio" in str(record) and "admin" in str(record) for record in trail)


def test_an_incident_is_acknowledged_at_once_and_an_action_taken(office: Office) -> None:
    siti, budi = office.siti, office.budi
    office.nats.observe(DOWN, 365.0)
    office.nats.observe(RAIN, 0.0)
    head = budi.page.locator("#alarm-rows [data-incident]")
    budi.page.locator(".filter select").last.select_option("")
    budi.wait_for(RIVER, "BELUM DIAKUI")
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


@pytest.mark.parametrize(("page", "with_question"), [("alarms", False), ("alarms", True), ("actions", False)])
def test_axe_finds_nothing_serious(office: Office, page: str, with_question: bool) -> None:
    desk = office.siti
    desk.page.goto(f"{office.api.url}/console#/{page}")
    if page == "alarms":
        desk.choose(RIVER)
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
    assert (siti.complaints, budi.complaints) == ([], [])
    siti.page.evaluate("setTimeout(() => { throw new Error('broken on purpose') })")
    expect(siti.page.locator("#script-error")).to_contain_text("broken on purpose")
    office.center.signal(signal.SIGSTOP)
    try:
        expect(budi.page.locator("#bands")).to_contain_text("DATA LOST", timeout=WAIT_MS)
        expect(budi.page.locator("body")).to_have_attribute("data-lost", "true")
    finally:
        office.center.signal(signal.SIGCONT)
    until(lambda: budi.page.locator("#link").inner_text() == "CONNECTED", "the link again")
