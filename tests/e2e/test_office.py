"""The office in a real browser: a warning by two people, a technician's phone, a shift that is handed over, paper."""

import io
import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import paho.mqtt.client
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pypdf import PdfReader

from tests import plain_http
from tests.e2e.api import PASSWORD, Api
from tests.e2e.axe import serious
from tests.e2e.broker import Broker
from tests.e2e.office_city import HOSTILE, SIREN, write_office
from tests.e2e.processes import Processes, until
from tests.e2e.site import Site
from tests.e2e.small_city import RIVER
from tests.e2e.wall import NO_WEBGL

pytestmark = [pytest.mark.broker, pytest.mark.browser]

PEOPLE = {"sari": "operator", "budi": "supervisor"}
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1366, "height": 768}
OFFICE_PAGES = ("notices", "shift", "kpis", "data", "audit", "people")
PLACE = f"station/{RIVER.replace(':', '/')}"


@dataclass(slots=True)
class Office:
    """One stack for every story here."""

    site: Site
    broker: Broker
    api: Api
    browser: Browser
    contexts: list[BrowserContext] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def page(self, path: str, user: str = "", *, size: dict[str, int] = DESK, language: str = "en") -> Page:
        """A page of its own browser, with somebody logged in; a script that fails, fails the test at its end."""
        context = self.browser.new_context(viewport=size, locale="id-ID", timezone_id="Asia/Jakarta")  # type: ignore[arg-type]
        context.add_init_script(f"if (location.host) localStorage.setItem('siaga.language', '{language}')")
        context.add_init_script(NO_WEBGL)  # the map is drawn by others' tests
        self.contexts.append(context)
        if user:
            body = {"user": user, "password": PASSWORD}
            assert context.request.post(f"{self.api.url}/api/v1/login", data=body).ok
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(self.api.url + path)
        return page


def answer(port: int) -> paho.mqtt.client.Client:
    """A siren that does what it is told, and says so."""
    client = paho.mqtt.client.Client(CallbackAPIVersion.VERSION2)

    def hear(_client: Any, _data: Any, message: paho.mqtt.client.MQTTMessage) -> None:
        client.publish(f"siaga/actuator/{SIREN}/state", json.loads(message.payload)["set"], 1)

    client.on_message = hear
    client.connect("127.0.0.1", port)
    client.subscribe(f"siaga/actuator/{SIREN}/set", 1)
    client.loop_start()
    return client


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Office]:
    """Broker, gateway and command center of a city that warns; its river has reached siaga."""
    folder: Path = tmp_path_factory.mktemp("office")
    site = Site(folder, Processes(folder))
    try:
        write_office(site.city)
        broker = site.start_nats()
        site.start_gateway(broker)
        _, api = site.start_command_center(SIAGA_MQTT_URL=broker.url)
        siren = answer(broker.port)
        for name, role in PEOPLE.items():
            api.post("/users", {"name": name, "role": role, "password": PASSWORD})
        start_ms = int(time.time() * 1000)
        for n in range(10):
            broker.observe(RIVER, 200.0 + 7 * n, ts=start_ms - (10 - n) * 60_000)
        broker.observe("HUJAN-UJI:rain", 3.0, ts=start_ms)
        until(lambda: (api.open_alarm(RIVER) or {}).get("level") == "siaga", "the alarm")
        yield Office(site, broker, api, browser)
        siren.disconnect()
        siren.loop_stop()
    finally:
        site.close()


@pytest.fixture(autouse=True)
def closed(office: Office) -> Iterator[None]:
    """Pages that a story leaves open would draw on."""
    yield
    complaints, office.complaints = office.complaints, []
    while office.contexts:
        office.contexts.pop().close()
    assert complaints == []


def sure(page: Page) -> None:
    """The question that is open, answered with yes."""
    page.locator("dialog.question .main-act").click()
    expect(page.locator("dialog.question")).to_have_count(0)


def test_a_warning_takes_two_people_from_draft_to_cancel(office: Office) -> None:
    warning = until(lambda: office.api.get("/alerts", state="draft")["items"], "a draft by rule")[0]
    place = f"/console#/warnings/{warning['id']}"
    budi, sari = office.page(place, "budi"), office.page(place, "sari")
    expect(sari.get_by_text("Waits for a supervisor's yes")).to_be_visible()
    expect(sari.get_by_role("button", name="Issue", exact=True)).to_have_count(0)
    assert sari.locator("polygon.warning-area").count() == 1

    sari.get_by_role("button", name="Edit").click()
    sari.locator("dialog.question [name=headline0]").fill(f"Air naik {HOSTILE}")
    sari.locator("dialog.question .main-act").click()
    expect(sari.locator("#page")).to_contain_text(HOSTILE)  # the Indonesian headline, on an English screen

    budi.reload()
    budi.get_by_role("button", name="Authorise").click()
    sure(budi)
    expect(budi.get_by_text("another person must issue it")).to_be_visible()
    expect(budi.get_by_role("button", name="Issue", exact=True)).to_have_count(0)
    sari.reload()
    sari.get_by_role("button", name="Issue", exact=True).click()
    expect(sari.locator(".question-explain")).to_contain_text("REAL warning")
    sure(sari)
    expect(sari.locator(".warning-head")).to_contain_text("Issued")
    assert HOSTILE in plain_http.get(f"{office.api.url}/alerts.atom").text.replace("&lt;", "<").replace("&gt;", ">")

    sari.get_by_role("button", name="Cancel the warning").click()
    sure(sari)
    expect(sari.locator(".warning-head h2")).to_contain_text("Cancel:")
    budi.goto(sari.url)
    budi.get_by_role("button", name="Authorise").click()
    sure(budi)
    expect(budi.get_by_text("another person must issue it")).to_be_visible()
    sari.reload()
    sari.get_by_role("button", name="Issue", exact=True).click()
    sure(sari)
    until(lambda: office.api.get(f"/alerts/{warning['id']}")["state"] == "cancelled", "the first one cancelled")


def test_an_exercise_cannot_be_taken_for_the_real_thing(office: Office) -> None:
    info = {"language": "id-ID", "category": ["Met"], "event": "Banjir", "urgency": "Future", "severity": "Minor"}
    more = {"certainty": "Possible", "headline": "Gladi", "area": [{"areaDesc": "Uji Kulon"}]}
    made = office.api.post("/alerts", {"status": "Exercise", "info": [{**info, **more}]})
    page = office.page(f"/console#/warnings/{made['id']}", "sari", language="id")
    band = page.locator(".warning-band")
    expect(band).to_contain_text("BUKAN PERINGATAN NYATA")
    expect(band).to_have_css("font-size", re.compile(r"^(2[4-9]|[3-9]\d)"))  # as large as an alarm's headline
    expect(page.locator(".warning-faults li")).to_contain_text(["senderName"])


def test_a_technician_s_phone_puts_a_station_in_maintenance_and_ends_it(office: Office) -> None:
    page = office.page("/maintenance", size=PHONE, language="id")
    page.fill("#find", "kali uji")
    card = page.locator('[data-station="SUNGAI-UJI"]')
    card.get_by_role("button", name="Mulai pemeliharaan").click()
    page.locator("#service").get_by_role("button", name="Mulai pemeliharaan").click()
    assert page.locator("#service").evaluate("dialog => dialog.open")  # no reason, no maintenance
    page.check("#service input[value='240']")
    page.fill("#service textarea", f"ganti sensor {HOSTILE}")
    page.locator("#service").get_by_role("button", name="Mulai pemeliharaan").click()
    page.fill("#login input[name=user]", "sari")
    page.fill("#login input[name=password]", PASSWORD)
    page.click("#login .login-submit")
    order = page.locator(".service-order[data-state=on]")
    expect(order).to_contain_text(f"ganti sensor {HOSTILE}")
    expect(order.locator("[data-until]")).to_contain_text("3:59:")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    wall = office.page("/", language="id")
    expect(wall.locator("#duties")).to_contain_text("PEMELIHARAAN")
    office.broker.observe(RIVER, 361.0, ts=int(time.time() * 1000))
    until(lambda: (office.api.open_alarm(RIVER) or {}).get("level") == "awas", "awas")
    page.reload()
    expect(order.locator(".service-quiet")).to_contain_text("tinggi air: Awas")
    order.get_by_role("button", name="Akhiri pemeliharaan").click()
    expect(order).to_have_count(0)
    expect(wall.locator("#duties")).not_to_contain_text("PEMELIHARAAN")
    page.locator("#service-past-part summary").click()
    expect(page.locator(".service-order[data-state=over]")).to_contain_text("Diakhiri sari")


def test_a_siren_is_proven_from_the_desk(office: Office) -> None:
    page = office.page("/console#/sirens", "budi")
    row = page.locator("tr", has_text=SIREN)
    row.get_by_role("button", name="Test for 5 s").click()
    expect(page.locator(".question-explain")).to_contain_text("Kali Uji di Jembatan")
    sure(page)
    expect(row).to_contain_text("0 days ago")
    row.get_by_role("link", name=SIREN).click()
    expect(page.get_by_role("heading", name=f"Ledger of {SIREN}")).to_be_visible()


def test_a_shift_is_handed_over_on_the_screen_and_printed(office: Office) -> None:
    sari, budi = office.page("/console#/shift", "sari"), office.page("/console#/shift", "budi")
    sari.get_by_role("button", name="Write a note").click()
    sari.locator("dialog.question textarea").fill(f"Pompa 2 mati {HOSTILE}")
    sure(sari)
    expect(sari.locator("td .office-text")).to_contain_text([HOSTILE])
    sari.get_by_role("button", name="Hand over").click()
    sari.locator("dialog.question [name=to]").fill("nobody")
    sari.locator("dialog.question .main-act").click()
    expect(sari.locator(".question-message")).to_contain_text("there is no user nobody")
    sari.locator("dialog.question [name=to]").fill("budi")
    sure(sari)
    budi.reload()
    budi.get_by_role("button", name="Take the shift").click()
    expect(budi.locator(".handover").first).to_contain_text("accepted")
    with budi.expect_popup() as popup:
        budi.locator(".handover").first.get_by_role("link", name="Print").click()
    expect(popup.value.locator("body")).to_contain_text(f"Pompa 2 mati {HOSTILE}")


def test_people_and_the_record_of_what_they_did(office: Office) -> None:
    page = office.page("/console#/people", "admin")
    page.get_by_role("button", name="Make a token").click()
    page.locator("dialog.question [name=name]").fill("layar-posko")
    page.locator("dialog.question .main-act").click()
    expect(page.locator(".question-message")).to_contain_text("Choose one scope")
    page.locator("dialog.question [name=wall]").check()
    page.locator("dialog.question .main-act").click()
    expect(page.locator("dialog.question [name=secret]")).to_have_value(re.compile("^siaga_"))
    sure(page)
    expect(page.locator("tr", has_text="layar-posko")).to_contain_text("wall")
    page.goto(f"{office.api.url}/console#/audit")
    page.get_by_role("button", name="Verify the chain").click()
    expect(page.locator(".office-good")).to_contain_text("records in order")
    page.get_by_label("Contains").fill("token made")
    page.keyboard.press("Enter")
    expect(page.locator("tbody tr")).to_have_count(1)
    sari = office.page("/console#/audit", "sari")
    expect(sari.locator(".loaded-state")).to_contain_text("takes the role supervisor")


def test_the_catalogue_is_read_again_from_the_desk(office: Office) -> None:
    table = office.site.city / "datastreams.csv"
    good = table.read_text(encoding="utf-8")
    page = office.page("/console#/data", "budi")
    expect(page.get_by_text("No fault.")).to_be_visible()
    table.write_text(good + "NOWHERE,level,river_level,cm,0,1000,600,300,public,for tests\n", encoding="utf-8")
    page.get_by_role("button", name="Reload the catalogue").click()
    sure(page)
    expect(page.locator("tr", has_text="NOWHERE")).to_contain_text("datastreams.csv")
    table.write_text(good, encoding="utf-8")
    page.get_by_role("button", name="Reload the catalogue").click()
    sure(page)
    expect(page.get_by_text("No fault.")).to_be_visible()


def test_other_levels_are_tried_on_the_range_of_the_chart_and_what_was_typed_is_never_lost(office: Office) -> None:
    page = office.page(f"/console#/{PLACE}", language="id")
    trial = page.locator("details.trial")
    expect(trial.locator("summary")).to_be_visible()
    trial.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(trial).to_contain_text("memerlukan peran operator")
    siaga = trial.get_by_label("Siaga: Batas (cm)")
    expect(siaga).to_be_disabled()
    page.locator("#user").click()
    expect(page.locator("#login")).to_be_visible()
    for text in ("sari", PASSWORD):
        page.keyboard.type(text)
        page.keyboard.press("Enter" if text == PASSWORD else "Tab")
    expect(siaga).to_be_enabled()

    for typed, said in (
        ("1.262", "ribuan"),
        ("1100", "tidak akan pernah tercapai"),
        ("360", "urutan batas terbalik"),
    ):
        siaga.fill(typed)
        siaga.press("Enter")
        expect(trial.get_by_role("alert")).to_contain_text(re.compile(f"^Siaga: .*{said}"))
        expect(siaga).to_have_value(typed)
        expect(siaga).to_be_focused()
        expect(siaga).to_have_attribute("aria-invalid", "true")
    siaga.fill("240,5")
    siaga.press("Enter")
    expect(trial.locator("tr", has_text="Alarm per hari")).to_contain_text("perlu data sehari")
    tried = trial.locator("tr", has_text="240,5").filter(has_text="Dicoba")
    expect(tried).to_contain_text("2 mnt (satu kali)")  # 7 cm a minute: 242 comes two minutes before 256
    crossings = trial.get_by_role("region", name="Kapan tiap tingkat naik")
    expect(crossings.locator("tr", has_text="Siaga")).to_have_count(1)  # both sets in one row
    expect(trial.locator(".trial-lines")).to_contain_text("SUNGAI-UJI,level,siaga,2,3,rising,240.5,cm,5,0,0,")
    trial.get_by_role("button", name="Salin barisnya").click()
    expect(page.locator("#notice")).to_contain_text(re.compile("Tersalin|Ditandai"))
    page.get_by_role("button", name="EN", exact=True).click()
    expect(trial.locator("tr", has_text="Alarms a day")).to_have_count(1)
    assert serious(page) == []

    page.get_by_role("button", name="1 year").click()
    trial.get_by_role("button", name="Try on this range").click()
    expect(trial.get_by_role("alert")).to_contain_text("at most 90 days")
    expect(trial.get_by_label("Watch: Limit (cm)")).to_have_value("240,5")
    assert office.api.get(f"/sensors/{RIVER}")["levels"][1]["value"] == 250.0


def test_a_gauge_is_found_and_its_readings_of_any_range_are_told_with_their_quality(office: Office) -> None:
    impossible = 1500.0  # of a river that is valid to 1000 cm
    office.broker.observe(RIVER, impossible, ts=int(time.time() * 1000) - 30 * 60_000)
    until(lambda: any(item["value"] == impossible for item in office.api.observations(RIVER)), "what failed is stored")
    page = office.page("/console#/station", "sari", language="id")
    page.get_by_role("searchbox").fill("jembatan tinggi")
    rows = page.locator("tbody tr:visible")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text(re.compile(r"\d cm"))
    rows.get_by_role("link", name="Kali Uji di Jembatan").click()
    expect(page.get_by_role("heading", level=2)).to_contain_text("Kali Uji di Jembatan")

    button = page.get_by_role("button", name="6 jam")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    failed = page.get_by_role("region", name="Nilai terbaru dalam rentang").locator("tr", has_text="1.500 cm")
    expect(failed).to_contain_text("gagal uji")
    expect(failed).to_contain_text("di luar rentang wajar")
    assert page.locator(".range-chart canvas").count() == 1
    page.route("**/export.csv?*", lambda _: None)  # no answer comes
    page.get_by_role("button", name="Unduh CSV").click()
    expect(page.get_by_role("progressbar", name="Kemajuan unduhan")).to_be_visible()
    expect(page.get_by_role("button", name="Unduh CSV")).to_be_disabled()
    page.get_by_role("button", name="Batalkan unduhan").click()
    expect(page.locator("#notice")).to_contain_text("Unduhan dibatalkan")
    page.unroute("**/export.csv?*")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Unduh CSV").click()
    assert waiting.value.suggested_filename == "SUNGAI-UJI-level.csv"
    assert ",SUNGAI-UJI,level,1500.0,cm," in waiting.value.path().read_text(encoding="utf-8")
    expect(page.get_by_role("progressbar", name="Kemajuan unduhan")).to_be_hidden()
    page.get_by_label("Dari").fill("2001-01-01T00:00")
    page.get_by_label("Sampai").fill("2001-01-02T00:00")
    page.get_by_role("button", name="Tampilkan").click()
    expect(page.get_by_text("Tidak ada pengamatan dalam rentang ini").first).to_be_visible()
    expect(button).to_have_attribute("aria-pressed", "false")

    page.get_by_role("region", name="Alarm").get_by_role("link").first.click()
    page.locator(".detail").get_by_role("link", name="Grafik dan data stasiun").click()
    expect(page).to_have_url(re.compile(f"#/{PLACE}$"))
    page.goto(f"{office.api.url}/console#/station/NOWHERE")
    expect(page.locator("#notice")).to_contain_text("tidak ada pos NOWHERE")


def test_axe_finds_nothing_serious(office: Office) -> None:
    warning = until(lambda: office.api.get("/alerts")["items"], "a draft by rule")[0]["id"]
    handover = office.api.post("/handover", {"to": "sari"})["number"]
    incident = office.api.get("/incidents")["items"][0]["id"]
    pages = [f"/console#/{name}" for name in (*OFFICE_PAGES, f"sirens/{SIREN}", "station", PLACE)]
    pages += [f"/console#/warnings/{warning}", "/maintenance"]
    paper = [f"/api/v1/incidents/{incident}/timeline.html", f"/api/v1/handovers/{handover}/digest.html"]
    page, told = office.page("/maintenance", "admin"), []
    for path in (*pages, *paper):
        page.goto("about:blank")
        page.goto(office.api.url + path)
        if path in pages:
            expect(page.locator("h2:visible, table:visible").first).to_be_visible()
        told += [(path, *one) for one in serious(page)]
    assert told == []


def test_an_incident_is_printed_with_its_hydrograph_and_runs_nothing(office: Office) -> None:
    incident = office.api.get("/incidents")["items"][0]["id"]
    page = office.page(f"/api/v1/incidents/{incident}/timeline.html?language=en", "sari")
    assert page.locator("script").count() == 0
    assert page.locator("svg polyline.trace").count() >= 1
    expect(page.locator("body")).to_contain_text("Watch reached")
    page.emulate_media(media="print")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    pdf = PdfReader(
        io.BytesIO(plain_http.get(f"{office.api.url}/api/v1/incidents/{incident}/timeline.pdf", timeout=30).content)
    )
    assert "Kali Uji di Jembatan" in pdf.pages[0].extract_text()
    figures = office.page("/console#/kpis", "sari")
    expect(figures.locator("tr", has_text="Calls per hour")).to_contain_text("ISA-18.2")
    notices = office.page("/console#/notices", "sari")
    expect(notices.locator("tr", has_text="Radio rusak GONE")).to_contain_text("daily")
