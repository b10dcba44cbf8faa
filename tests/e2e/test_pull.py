"""A city's own feed, fetched from a web server: every gate's value arrives with its own time, once, in centimetres."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from gateway.log.reader import LogReader
from sensors.origin import Origin
from sensors.times import parse_rfc3339
from tests import plain_http
from tests.e2e.api import Api
from tests.e2e.broker import Broker
from tests.e2e.logs import distinct, rows
from tests.e2e.processes import Process, until
from tests.e2e.recorded_city import read, recorded_floods
from tests.e2e.site import Site
from tests.e2e.small_city import RIVER
from tests.e2e.wall import Wall
from tests.unit.gateway.pull.page_server import Answer, PageServer

pytestmark = pytest.mark.broker
SNAPSHOT = "jakarta_posko_snapshot_2026-04-30"
PULL = """
[[pulls]]
name = "posko"
url = "{url}"
period_s = 1
format = "xml"
records = "SP_GET_LAST_STATUS_PINTU_AIR"
device = "ID_PINTU_AIR"
time = "TANGGAL"
zone = "+07:00"
timeout_s = 1
"""
SMALL_PAGE = "<r><SP_GET_LAST_STATUS_PINTU_AIR><ID_PINTU_AIR>7</ID_PINTU_AIR><TANGGAL>{time}</TANGGAL><TINGGI_AIR>{mm}</TINGGI_AIR></SP_GET_LAST_STATUS_PINTU_AIR></r>"  # noqa: E501
ILLNESSES = (
    (Answer(b'<!DOCTYPE r [<!ENTITY a "x">]><r>&a;</r>'), "document type"),
    (Answer(trickle=True), "not complete within 1 s"),
)


@pytest.fixture
def pages() -> Iterator[PageServer]:
    server = PageServer()
    yield server
    server.close()


def pulled_city(site: Site, url: str) -> Path:
    """The small city with a pull of its river: millimetres, above a staff whose zero is at 10 cm."""
    toml, table = site.city / "city.toml", site.city / "datastreams.csv"
    toml.write_text(toml.read_text(encoding="utf-8") + PULL.format(url=url), encoding="utf-8")
    header, river, *rest = table.read_text(encoding="utf-8").splitlines()
    lines = [f"{header},device,field,sent_unit,zero", f"{river},7,TINGGI_AIR,mm,10", *(f"{line},,,," for line in rest)]
    table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return site.city


def page(time_text: str, mm: str) -> Answer:
    return Answer(SMALL_PAGE.format(time=time_text, mm=mm).encode(), headers={"ETag": f'"{time_text}-{mm}"'})


@pytest.mark.recorded
def test_every_gate_of_the_citys_feed_arrives_in_centimetres_and_an_unchanged_page_brings_nothing(
    site: Site, nats: Broker, pages: PageServer
) -> None:
    floods = recorded_floods()
    gates = read(floods / f"{SNAPSHOT}.csv")
    pages.answer = Answer((floods / f"{SNAPSHOT}.xml").read_bytes(), headers={"ETag": '"2350"'})
    site.start_gateway(nats, city=str(feed_city(site.folder / "posko", gates, pages.url)))
    until(lambda: len(distinct(site.data_dir)) == len(gates), f"{len(gates)} readings")
    until(lambda: pages.statuses.count(304) >= 2, "two fetches of the unchanged page")

    stored = [row for row in rows(site.data_dir) if len(row.batch)]
    assert sum(len(row.batch) for row in stored) == len(gates) == 39
    with LogReader(site.data_dir) as reader:
        names = reader.catalogue(stored[-1].catalogue_version).datastream_by_number
    found = {
        names[int(number)].station: (value, time_us)
        for row in stored
        for number, value, time_us in zip(row.batch.datastream, row.batch.value, row.batch.time_us, strict=True)
    }
    assert found == {f"G{gate['gate_id']}": (int(gate["level_mm"]) / 10, parse_rfc3339(gate["time"])) for gate in gates}
    assert {int(origin) for row in stored for origin in row.batch.origin} == {Origin.PULLED}


def feed_city(folder: Path, gates: list[dict[str, str]], url: str) -> Path:
    """A city of the feed's gates."""
    folder.mkdir()
    tables = {
        "areas.csv": ["code,name,kind,parent", "31.71,Jakarta,kota,"],
        "stations.csv": ["station,name,kind,lat,lon,area,agency"]
        + [f'G{g["gate_id"]},"{g["name"]}",river,{g["lat"]},{g["lon"]},31.71,SDA' for g in gates],
        "datastreams.csv": ["station,property,kind,unit,interval_calm_s,device,field,sent_unit"]
        + [f"G{g['gate_id']},level,river_level,cm,600,{g['gate_id']},TINGGI_AIR,mm" for g in gates],
        "levels.csv": ["station,property,level,rank,severity,direction,value,unit"],
        "city.toml": [
            'code = "posko"',
            'name = { id = "Posko", en = "Posko" }',
            'time_zone = "Asia/Jakarta"',
            'zone_label = "WIB"',
            "map = { lon = 106.8, lat = -6.2, zoom = 8 }",
            PULL.format(url=url),
        ],
    }
    for name, lines in tables.items():
        (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


@pytest.mark.browser
def test_a_feed_that_falls_ill_is_said_and_heals_and_nothing_else_suffers(
    site: Site, nats: Broker, pages: PageServer, wall: Wall
) -> None:
    pages.answer = page("2026-04-30T23:50:00+07:00", "1380")
    gateway = site.start_gateway(nats, city=str(pulled_city(site, pages.url)))
    api = site.start_command_center()[1]
    latest = api.wait_for_value(RIVER, 148.0)["latest"]
    assert latest["origin"] == "pulled"
    assert latest["time"].startswith("2026-04-30T16:50:00")

    for minute, (answer, error) in enumerate(ILLNESSES, start=1):
        pages.answer = answer
        wait_for_error(api, error)
        nats.observe("HUJAN-UJI:rain", minute)
        api.wait_for_value("HUJAN-UJI:rain", minute)
        pages.answer = page(f"2026-05-01T00:0{minute}:00+07:00", str(1380 + minute))
        until(lambda: status(api)["failures"] == 0, "the feed's health")
    api.wait_for_value(RIVER, 148.0 + len(ILLNESSES) / 10)
    assert (site.data_dir / "pulls" / "posko.unreadable").read_bytes().startswith(b"<!DOCTYPE")

    port = pages.port
    pages.close()
    wait_for_error(api, "ConnectError")
    wall.open(api.url)
    expect(wall.page.locator("#bands")).to_contain_text("LAMAN posko TIDAK TERBACA")
    healed = PageServer(port)
    try:
        healed.answer = page("2026-05-01T00:10:00+07:00", "rusak")
        until(lambda: letters(api), "a dead letter of a value that is none")
        healed.answer = page("2026-05-01T00:20:00+07:00", "1400")
        api.wait_for_value(RIVER, 150.0)
        expect(wall.page.locator("#bands")).not_to_contain_text("posko")
    finally:
        healed.close()
    assert len(api.observations(RIVER)) == 1 + len(ILLNESSES) + 1
    assert gateway.exit_code is None


def status(api: Api) -> dict[str, Any]:
    """How the city's pull fares, as /healthz has it."""
    frame = plain_http.get(f"{api.url}/healthz").json()["gateway"]["status"]
    pulls: list[dict[str, Any]] = frame["pulls"] if frame else []
    return pulls[0] if pulls else {"error": "", "failures": -1}


def wait_for_error(api: Api, error: str) -> None:
    until(lambda: error in status(api)["error"], f"the pull's error {error!r}")


def letters(api: Api) -> list[str]:
    return [letter["reason"] for letter in api.get("/dead-letters")["items"] if letter["reason"] == "wrong_type"]


def test_a_page_tried_by_hand_shows_what_would_be_published(site: Site, pages: PageServer) -> None:
    pages.answer = Answer(page("2026-04-30T23:50:00", "1380").body.replace(b"</r>", b"") + OTHER)
    city = pulled_city(site, pages.url)
    assert output(site, "pull", "--city", city).startswith("posko  xml  every 1 s")
    said = output(site, "pull", "--once", "posko", "--dry-run", "--city", city)
    assert 'telemetry/SUNGAI-UJI/level {"ts":"2026-04-30T16:50:00Z","value":1380.0,"origin":"pulled"}' in said
    assert "8: ID_PINTU_AIR, TANGGAL" in said
    file = site.folder / "page.xml"
    file.write_bytes(b"<r><")
    broken = site.processes.siaga("pull", "--once", "posko", "--dry-run", "--city", city, "--file", file)
    assert broken.wait(20) == 1
    assert "not XML" in broken.output


OTHER = (
    b"<SP_GET_LAST_STATUS_PINTU_AIR><ID_PINTU_AIR>8</ID_PINTU_AIR><TANGGAL>2026-04-30T23:50:00+07:00</TANGGAL>"
    b"</SP_GET_LAST_STATUS_PINTU_AIR></r>"
)


def output(site: Site, *arguments: object) -> str:
    process: Process = site.processes.siaga(*arguments)
    assert process.wait(20) == 0, process.output
    return process.output
