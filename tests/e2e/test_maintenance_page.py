"""The maintainer's page in a real browser, on a phone: a flat battery, a stranger's row, and a letter tried again."""

import signal
import time
from pathlib import Path

import pytest

from tests.e2e.api import PASSWORD, Api
from tests.e2e.broker import Broker
from tests.e2e.processes import Process, until
from tests.e2e.site import Site
from tests.e2e.wall import Wall

pytestmark = [pytest.mark.broker, pytest.mark.browser]

BATTERY = "SUNGAI-UJI,battery,battery,V,0,16,600,,agency,for tests\n"
STATION = "POS-BARU,Pos baru,river,-7.471,112.431,35.76.01.1001,,BPBD Kota Uji,EWS,uji,for tests\n"
DATASTREAM = "POS-BARU,level,river_level,cm,0,1000,600,300,public,for tests\n"
FORMULA = "=cmd|'C'!A0"


@pytest.fixture
def city(site: Site) -> Path:
    """The small city, where the river's station tells of its battery."""
    with (site.city / "datastreams.csv").open("a", encoding="utf-8") as table:
        table.write(BATTERY)
    return site.city


def test_a_maintainer_s_visit(site: Site, city: Path, nats: Broker, wall: Wall) -> None:
    gateway = site.start_gateway(nats)
    center, api = site.start_command_center()
    send(nats)
    until(lambda: len(api.get("/dead-letters")["items"]) == 3, "three dead letters")
    until(lambda: api.get("/sensors/SUNGAI-UJI:battery")["latest"], "the battery")
    assert ("SUNGAI-UJI:battery" in str(api.get("/sensors")), api.get("/alarms")["items"]) == (True, [])

    wall.page.set_viewport_size({"width": 390, "height": 844})
    wall.open(api.url)
    wall.page.get_by_role("link", name="Pemeliharaan").click()
    first = wall.page.locator(".upkeep").first
    first.wait_for()
    assert first.get_attribute("data-station") == "SUNGAI-UJI"
    assert "AKI DI BATAS" in first.inner_text()
    assert "11,2 V" in first.inner_text()
    stranger = wall.page.locator('[data-device="POS-BARU"]')
    assert "POS-BARU,level,river_level,cm," in stranger.inner_text()
    hostile = wall.page.locator(f'[data-device="{FORMULA}"]')
    assert hostile.locator("pre").count() == 0
    assert wall.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    refused = wall.page.locator("[data-group]", has_text="telemetry/POS-BARU/level")
    assert "pos POS-BARU tidak ada di tabel kota" in refused.inner_text()

    mend(city, gateway, api)
    button = wall.page.locator("[data-group]", has_text="telemetry/POS-BARU/level").get_by_role("button")
    button.click()
    wall.page.fill("input[name=user]", "admin")
    wall.page.fill("input[name=password]", PASSWORD)
    wall.page.click(".login-submit")
    wall.page.wait_for_function("document.querySelector('#letters-note').textContent.startsWith('2 menjadi pembacaan')")
    assert sorted(o["value"] for o in api.observations("POS-BARU:level")) == [41.0, 42.0]
    stranger.wait_for(state="detached")
    assert (wall.complaints, wall.strangers) == ([], [])

    table = wall.page.request.get(api.url + "/api/v1/maintenance.csv").text()
    assert table.splitlines()[1].startswith("1,SUNGAI-UJI,")

    gateway.signal(signal.SIGSTOP)
    lost = wall.page.locator('#bands [data-look="lost"]')
    lost.filter(has_text="Gateway telemetri tidak menjawab").wait_for()
    assert wall.page.evaluate("getComputedStyle(document.querySelector('main')).filter") != "none"
    assert wall.page.locator("#made").get_attribute("data-state") == "old"
    gateway.signal(signal.SIGCONT)
    lost.wait_for(state="detached")
    center.signal(signal.SIGSTOP)
    lost.filter(has_text="Sambungan ke server terputus").wait_for()
    assert lost.inner_text().startswith("DATA TERPUTUS sejak ")
    center.signal(signal.SIGCONT)
    lost.wait_for(state="detached")
    assert wall.page.locator("#made").get_attribute("data-state") == "fresh"


def send(nats: Broker) -> None:
    start_ms = int(time.time() * 1000) - 60_000
    nats.observe("SUNGAI-UJI:battery", 11.2, ts=start_ms)
    nats.observe("SUNGAI-UJI:level", 50.0, ts=start_ms)
    nats.observe("HUJAN-UJI:rain", 0.0, ts=start_ms)
    for n in (1, 2):
        nats.observe("POS-BARU:level", 40 + n, ts=start_ms + n)
    nats.publish(f"telemetry/{FORMULA}/level", b"1")


def mend(city: Path, gateway: Process, api: Api) -> None:
    for name, row in (("stations.csv", STATION), ("datastreams.csv", DATASTREAM)):
        with (city / name).open("a", encoding="utf-8") as table:
            table.write(row)
    gateway.signal(signal.SIGHUP)
    until(lambda: any(s["id"] == "POS-BARU:level" for s in api.get("/sensors")["items"]), "the new station")
