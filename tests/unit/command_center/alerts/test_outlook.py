"""When the next level comes is told to the public only where the river clearly rises now."""

from pathlib import Path

from msgspec.structs import replace

from command_center.clock import now_us
from sensors.times import HOUR_US
from tests.unit.command_center.alerts.warning_city import Office, row, warning_city
from tests.unit.command_center.derived_city import ETA, RATE, derived_city
from tests.unit.command_center.little_city import LEVEL, entry, raised
from tests.unit.command_center.running import Gateway, Running, running


def outlook(office: Office, center: Running, *observations: tuple[int, int, float]) -> bool:
    """Whether a warning that is written after these (number, time, value) says when the next level comes."""
    center.gateway.append(entry(list(observations), now_us=now_us()))
    center.wait_applied()
    draft = office.wait("draft")
    office.post(f"/{draft['id']}/discard")
    again = office.post("", {"alarm": draft["alarm"]})
    assert again["id"] != draft["id"]
    told = "Bila terus naik" in again["info"][0]["description"]
    assert ("If it goes on rising" in again["info"][1]["description"]) == told
    return told


def test_if_it_goes_on_rising_is_said_only_of_what_rises_now(tmp_path: Path) -> None:
    city = derived_city()
    with running(tmp_path, Gateway(tmp_path, replace(city, city=warning_city().city))) as center:
        center.gateway.append(row(raised("kuning", value=612.0)))
        center.wait_applied()
        office, at_us = Office(center), now_us()
        assert not outlook(office, center, (ETA, at_us, 51.0), (LEVEL, at_us, 612.0))  # no rate is known
        assert not outlook(office, center, (RATE, at_us - 10 * HOUR_US, 60.0))
        assert outlook(office, center, (RATE, at_us, 60.0))
        assert not outlook(office, center, (RATE, at_us + 1, -60.0))
