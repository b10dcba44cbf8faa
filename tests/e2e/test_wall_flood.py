"""Recorded floods rise and fall on the wall, as an operator sees them, step by step as a slow oracle has it."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import expect

from gateway.log.reader import LogReader
from sensors.times import SECOND_US
from tests.e2e.api import PASSWORD, Api
from tests.e2e.broker import Broker
from tests.e2e.played_floods import Reading, Recording, in_order, recordings, write_flooded_city
from tests.e2e.recorded_city import recorded_floods
from tests.e2e.site import Site
from tests.e2e.wall import Wall
from tests.e2e.wall_flood import WATCH_PANELS, wait_until_it_agrees, words
from tests.e2e.wall_oracle import WallOracle

LOAD_MS = 30_000
pytestmark = [pytest.mark.broker, pytest.mark.browser, pytest.mark.recorded, pytest.mark.timeout(300)]


@dataclass(slots=True)
class Story:
    """The floods as they come in, the wall that shows them, and the oracle beside it."""

    broker: Broker
    wall: Wall
    oracle: WallOracle
    readings: list[Reading]
    begun_s: float

    def play(self) -> Iterator[tuple[Reading, dict[str, Any]]]:
        """Publishes up to each reading that changes what is said; it, and what the wall says once it agrees."""
        waiting: list[tuple[str, object]] = []
        for one in self.readings:
            at_ms = round((self.begun_s + one.at_s) * 1000)
            waiting.append((f"telemetry/{one.station}/{one.variable}", {"ts": at_ms, "value": one.value}))
            changes = self.oracle.hear(one.station, at_ms * 1000, one.value)
            if changes or one is self.readings[-1]:
                published_s = time.time()
                self.broker.publish_all(waiting)
                waiting = []
                yield one, wait_until_it_agrees(self.wall, self.oracle, published_s)


def test_recorded_floods_rise_and_fall_on_the_wall_as_the_oracle_has_it(
    plain_wall: Wall, site: Site, nats: Broker
) -> None:
    floods = recorded_floods()
    played = recordings(floods)
    city = str(write_flooded_city(site.folder / "rekaman", floods, played))
    site.start_gateway(nats, city=city)
    _process, api = site.start_command_center(city=city)
    plain_wall.open(f"{api.url}/?rotate=1&lang=id")
    expect(plain_wall.page.locator("#stage")).to_have_attribute("data-why", "turning", timeout=LOAD_MS)
    expect(plain_wall.page.locator("#headline")).to_contain_text(words()["headline.calm"])
    story = begin(plain_wall, site, nats, played)
    it_rises_and_falls(story, played, api)
    returned_alarms_are_acknowledged(plain_wall, api, story.oracle)
    it_is_calm_again(plain_wall)
    assert plain_wall.complaints == []


def begin(wall: Wall, site: Site, broker: Broker, played: list[Recording]) -> Story:
    """The play begins so that its first reading was measured some minutes ago; the catalogue is that in force."""
    with LogReader(site.data_dir) as reader:
        catalogue = reader.catalogue(1)
    begun_s = time.time()
    oracle = WallOracle(catalogue, int(begun_s * SECOND_US))
    return Story(broker, wall, oracle, in_order(played), begun_s)


def it_rises_and_falls(story: Story, played: list[Recording], api: Api) -> None:
    """To the worst that the recordings hold, flood mode on the way up, and back below the lowest level.

    From the first level on the rivers stand in the middle, though panels change each second while all is calm.
    """
    page, play = story.wall.page, story.play()
    steps = [next(play)]
    page.evaluate(WATCH_PANELS)
    steps += play
    assert page.evaluate("window.panels") == ["rivers"]
    assert not story.oracle.worst
    crests = {one.flood.station: max(reading.value for reading in one.readings) for one in played}
    worst = {station: told.highest(crests[station]) for station, told in story.oracle.by_station.items()}
    assert {alarm["station"]: alarm["level"] for alarm in alarms(api)} == {s: level.level for s, level in worst.items()}
    gravest = max(worst, key=lambda station: worst[station].severity)
    crest = next(n for n, (one, _) in enumerate(steps) if (one.station, one.value) == (gravest, crests[gravest]))
    said = [said for _, said in steps]
    assert (said[crest]["where"], said[crest]["level"]) == (gravest, worst[gravest].level)
    floods = [one["flood"] for one in said]
    assert (floods[0], floods[crest]) == (False, True)
    assert floods == sorted(floods)  # once begun it lasts
    # Of one river they stand there at a step or two, or at none: its trend has its parts where the clock has them.
    assert len({one["where"] for one in said[:crest] if one["minutes"]}) > 1
    assert "down" in [one["trend"] for one in said[crest:]]


def returned_alarms_are_acknowledged(wall: Wall, api: Api, oracle: WallOracle) -> None:
    """Each has returned and waits to be seen; who sees it says so on the wall."""
    assert {alarm["state"] for alarm in alarms(api)} == {"returned_unacknowledged"}
    waiting = words()["headline.returned"].format(n=len(oracle.alarmed))
    expect(wall.page.locator("#headline")).to_contain_text(waiting)
    buttons = wall.page.locator("#alarms button.acknowledge:visible")
    expect(buttons).to_have_count(len(oracle.alarmed))  # a card for each river: folded by incident
    buttons.first.click()
    dialog = wall.page.locator("#login")
    dialog.locator("[name=user]").fill("admin")
    dialog.locator("[name=password]").fill(PASSWORD)
    dialog.locator("button.login-submit").click()
    for left in range(len(oracle.alarmed) - 1, 0, -1):
        expect(buttons).to_have_count(left)
        buttons.first.click()
    expect(buttons).to_have_count(0)
    assert {(alarm["state"], alarm["acknowledged_by"]) for alarm in alarms(api)} == {("normal", "admin")}


def it_is_calm_again(wall: Wall) -> None:
    """No level, no alarm, and the panels change."""
    page = wall.page
    expect(page.locator("#alarms")).to_contain_text(words()["alarms.none"])
    expect(page.locator("#stage")).to_have_attribute("data-why", "turning")
    expect(page.locator("#stations")).to_be_visible()
    expect(page.locator("#rivers")).to_be_visible()


def alarms(api: Api) -> list[dict[str, Any]]:
    return api.everything("/alarms")
