"""A storm: more than 500 alarms over 40 stations, a minute of it in seconds, as the operator sees it on the wall."""

import re
import time
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e.api import PASSWORD, Api
from tests.e2e.broker import Broker
from tests.e2e.processes import until
from tests.e2e.site import Site
from tests.e2e.storm_city import (
    AWAS_CM,
    BASINS,
    CALM_CM,
    GAUGES_EACH,
    SIAGA_CM,
    STATIONS_EACH,
    WASPADA_CM,
    datastreams,
    write_storm_city,
)
from tests.e2e.wall import Wall

pytestmark = [pytest.mark.broker, pytest.mark.browser, pytest.mark.timeout(300)]

GAUGES = len(BASINS) * STATIONS_EACH * GAUGES_EACH
WORST = "SADAR-5:level-07"  # the one gauge that reaches the highest level, in the midst of the storm
SEVERE = re.compile(r"-[12]:")  # stations whose gauges reach the level below it
LOAD_MS = 30_000
SHOWN_S = 30.0  # generous: broker, gateway, command center and browser may share the machine with other tests
WAVES = 20  # parts in which the storm comes
PAUSE_S = 0.3


def test_a_storm_of_five_hundred_alarms_is_a_handful_of_incidents_with_the_highest_level_on_top(
    plain_wall: Wall, site: Site, nats: Broker
) -> None:
    city = str(write_storm_city(site.folder / "kota-badai"))
    site.start_gateway(nats, city=city)
    publish(nats, dict.fromkeys(datastreams(), CALM_CM))
    _process, api = site.start_command_center(city=city)
    wall = plain_wall
    wall.open(api.url)
    expect(wall.row(WORST)).to_contain_text("100", timeout=LOAD_MS)

    storm = {name: SIAGA_CM if SEVERE.search(name) else WASPADA_CM for name in datastreams() if name != WORST}
    names = list(storm)
    wall.watch("#alarms > li:first-child", "Awas")
    published_s = 0.0
    for part in range(WAVES):
        publish(nats, {name: storm[name] for name in names[part::WAVES]})
        if part == WAVES // 2:
            published_s = time.time()
            nats.observe(WORST, AWAS_CM)
        time.sleep(PAUSE_S)
    assert wall.drawn_at() - published_s < SHOWN_S
    until(lambda: len(open_alarms(api)) == GAUGES, f"all {GAUGES} alarms")
    shows_a_handful(wall, api)
    wall.page.screenshot(path=site.folder / "storm.png")
    one_click_acknowledges_what_a_card_stands_for(wall, api)


def shows_a_handful(wall: Wall, api: Api) -> None:
    """One row for each river, one for the highest level, which is the first; and the figures agree."""
    worst = api.open_alarm(WORST)
    assert worst is not None
    page, rows = wall.page, wall.page.locator("#alarms > li:visible")
    expect(page.locator("#alarms-count")).to_contain_text(str(GAUGES), timeout=LOAD_MS)
    expect(page.locator("#alarms-count[data-flood]")).to_be_visible()
    expect(rows).to_have_count(len(BASINS) + 1)
    expect(rows.first).to_have_attribute("data-alarm", worst["id"])
    expect(page.locator("#headline")).to_contain_text("Awas")
    calls = api.get("/incidents")["load"]
    severe = STATIONS_EACH // 4 * len(BASINS) * GAUGES_EACH  # called for two levels
    assert calls == {"calls_10_min": GAUGES + severe + 2, "flood": True}  # the worst was called for three
    cards = page.locator("#alarms [data-incident] .alarm-words").all_inner_texts()
    assert sum(int(text.split(maxsplit=1)[0]) for text in cards) == GAUGES - 1


def one_click_acknowledges_what_a_card_stands_for(wall: Wall, api: Api) -> None:
    """All alarms that are folded into the card, and not the highest level, which stands above it by itself."""
    worst = api.open_alarm(WORST)
    assert worst is not None
    card = wall.page.locator(f'#alarms [data-incident="{worst["incident"]}"]')
    card.locator("button.acknowledge").click()
    dialog = wall.page.locator("#login")
    dialog.locator("[name=user]").fill("admin")
    dialog.locator("[name=password]").fill(PASSWORD)
    dialog.locator("button.login-submit").click()
    expect(card.locator("button.acknowledge")).to_be_hidden(timeout=LOAD_MS)
    seen = {alarm["datastream"] for alarm in open_alarms(api) if alarm["state"] == "acknowledged"}
    assert seen == {name for name in datastreams() if name.startswith("SADAR-") and name != WORST}
    expect(wall.alarm(worst["id"]).locator("button.acknowledge")).to_be_visible()
    api.post(f"/incidents/{worst['incident']}/acknowledge", {"comment": "semuanya"})
    assert {a["acknowledged_by"] for a in open_alarms(api) if a["incident"] == worst["incident"]} == {"admin"}


def open_alarms(api: Api) -> list[dict[str, Any]]:
    """The alarms that are open."""
    return api.everything("/alarms", state="open")


def publish(broker: Broker, values: dict[str, float]) -> None:
    """One reading of each gauge."""
    broker.publish_all(("telemetry/" + name.replace(":", "/"), {"value": value}) for name, value in values.items())
