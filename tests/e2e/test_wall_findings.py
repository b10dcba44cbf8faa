"""What the detector finds beyond levels and silence, on the wall in a browser; the log is made by hand."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from command_center.clock import now_us
from sensors.quality import Quality
from sensors.times import MINUTE_US
from sensors.transition import Cause, Kind
from tests.e2e.wall import Wall
from tests.unit.command_center import derived_city as city
from tests.unit.command_center.derived_city import BELOW, BELOW_ID, derived_city
from tests.unit.command_center.little_city import LEVEL, LEVEL_ID, entry, raised, transition
from tests.unit.command_center.running import Gateway, Running, running

LOAD_MS = 30_000
pytestmark = pytest.mark.browser


@pytest.fixture
def center(tmp_path: Path) -> Iterator[Running]:
    """A gauge that rises over a level by a suspect reading, one that was lost while rising, and bad air."""
    now = now_us()
    at: dict[str, Any] = {"time_us": now, "at_us": now}
    lost = at | {"datastream": BELOW, "rate_per_h": 61.0, "value": 210.0}
    told = {
        LEVEL: 549.0, city.RATE: 34.0, city.RATE_LOW: 28.0, city.RATE_HIGH: 45.0,
        city.ETA: 90.0, city.ETA_LOW: 68.0, city.ETA_HIGH: 109.0,
        city.PM25: 60.0, city.PM25_INDEX: 88.0, city.ISPU: 88.0, city.DOMINANT: 1.0,
    }  # fmt: skip
    with running(tmp_path, Gateway(tmp_path, derived_city())) as center:
        center.gateway.append(
            entry([(BELOW, now - 22 * MINUTE_US, 210.0)], now_us=now - 22 * MINUTE_US),
            entry(
                [(number, now, value) for number, value in told.items()],
                raised("hijau", verify=True, quality=3, count=3, value=549.0, **at),
                raised("hijau", datastream=city.ETA, severity=1, value=50.0, **at),
                transition(Kind.SILENT, cause=Cause.LOST_RISING, **(lost | {"severity": 3})),
                transition(Kind.POSSIBLE, "kuning", **lost),
                transition(Kind.WAVE, datastream=BELOW, other=LEVEL, until_us=now + 40 * MINUTE_US, **at),
                now_us=now,
            ),
        )
        center.wait_ready()
        center.wait_applied()
        yield center


@pytest.fixture
def shown(plain_wall: Wall, center: Running) -> Wall:
    """The wall with all of it."""
    plain_wall.open(center.url)
    expect(plain_wall.row(LEVEL_ID)).to_contain_text("549", timeout=LOAD_MS)
    return plain_wall


def alarm_id(center: Running, datastream: str) -> str:
    return str(center.get(f"/sensors/{datastream}")["alarm"])


def test_rate_and_time_to_the_next_level_stand_with_the_level_and_in_no_row_of_their_own(shown: Wall) -> None:
    expect(shown.row(LEVEL_ID)).to_contain_text("34 cm/jam")
    expect(shown.row(LEVEL_ID)).to_contain_text("Siaga Kuning dalam 68–109 mnt")
    expect(shown.page.locator("#headline")).to_contain_text("periksa sekarang")  # doubt comes before the rate
    rows = shown.page.locator("#stations [data-datastream]")
    expect(rows).to_have_count(8)  # level, discharge, rain, pm25, o3, ispu, the level below; eta, which has levels
    expect(shown.row("ROLAK:ispu")).to_contain_text("ISPU · PM2.5")


def test_the_headline_says_how_fast_and_when_once_the_level_is_confirmed(shown: Wall, center: Running) -> None:
    center.gateway.append(entry(None, transition(Kind.CONFIRMED, "hijau")))
    headline = shown.page.locator("#headline")
    expect(headline).to_contain_text("34 cm/jam")
    expect(headline).to_contain_text("Siaga Kuning dalam")
    expect(headline).not_to_contain_text("periksa sekarang")


def test_doubts_stand_on_the_alarm_in_words_with_a_symbol_in_both_languages(shown: Wall, center: Running) -> None:
    suspect, lost = shown.alarm(alarm_id(center, LEVEL_ID)), shown.alarm(alarm_id(center, BELOW_ID))
    expect(suspect).to_contain_text("×3")
    expect(suspect.locator(".alarm-doubts")).to_contain_text("!periksa sekarang: pembacaan diragukan")
    expect(lost).to_contain_text("bisa jadi Siaga Kuning, tidak terlihat selama 22 mnt")
    expect(lost).to_contain_text("naik 61 cm/jam saat hilang")
    expect(lost.locator("svg.doubt")).to_have_count(2)
    expect(shown.row(BELOW_ID)).to_contain_text("bisa jadi Siaga Kuning")
    shown.page.locator("#languages button[lang=en]").click()
    expect(suspect).to_contain_text("verify now: reading is suspect")
    expect(lost).to_contain_text("could be Yellow alert, not seen for 22 min")


def test_a_fall_that_is_not_believed_stands_on_the_alarm_until_it_is_borne_out(shown: Wall, center: Running) -> None:
    fall = transition(Kind.VERIFY, "hijau", cause=Cause.TOO_FAST, value=120.0, time_us=now_us())
    center.gateway.append(entry(None, fall))
    alarm = shown.alarm(alarm_id(center, LEVEL_ID))
    expect(alarm).to_contain_text("turun ke 120 cm tidak dipercaya")
    center.gateway.append(entry(None, transition(Kind.RETURNED, "hijau", cause=Cause.BORNE_OUT)))
    expect(alarm).not_to_contain_text("tidak dipercaya")


def test_a_fall_that_is_not_believed_is_over_when_the_river_is_back(shown: Wall, center: Running) -> None:
    fall = transition(Kind.VERIFY, "hijau", cause=Cause.TOO_FAST, value=120.0, time_us=now_us())
    center.gateway.append(entry(None, fall))
    alarm = shown.alarm(alarm_id(center, LEVEL_ID))
    expect(alarm).to_contain_text("turun ke 120 cm tidak dipercaya")
    center.gateway.append(entry([(LEVEL, now_us(), 551.0)]))
    expect(alarm).not_to_contain_text("tidak dipercaya")


def test_a_wave_stands_at_its_river_and_then_whether_it_came(shown: Wall, center: Running) -> None:
    river = shown.page.locator("#stations .group:has(.wave)")
    expect(river).to_contain_text("Gelombang dari Rolak Songo diperkirakan di Jembatan Bawah")
    now = now_us()
    absent: dict[str, Any] = {"datastream": BELOW, "other": LEVEL, "time_us": now, "until_us": now, "at_us": now}
    center.gateway.append(entry(None, transition(Kind.WAVE, cause=Cause.ABSENT, **absent)))
    expect(river).to_contain_text("TIDAK TIBA di Jembatan Bawah")


def test_a_derived_one_with_levels_of_its_own_stands_in_the_list_while_it_holds_one(
    shown: Wall, center: Running
) -> None:
    alarm = shown.alarm(alarm_id(center, "ROLAK:level_eta_middle"))
    expect(alarm).to_contain_text("menuju tingkat berikutnya")
    expect(alarm).to_contain_text("PERKIRAAN")
    row = shown.row("ROLAK:level_eta_middle")
    shown.page.locator("[data-panel=stations]").click()
    expect(row).to_be_visible()
    expect(row).to_contain_text("Siaga Hijau")
    alarm.click()
    expect(shown.page.locator("#chart-title")).to_contain_text("menuju tingkat berikutnya")
    expect(shown.page.locator("#chart canvas")).to_be_visible()


def test_a_gauge_that_is_heard_again_is_in_doubt_no_more(shown: Wall, center: Running) -> None:
    center.gateway.append(entry([(BELOW, now_us(), 190.0)], transition(Kind.HEARD, datastream=BELOW)))
    expect(shown.row(BELOW_ID)).to_contain_text("190")
    expect(shown.row(BELOW_ID)).not_to_contain_text("bisa jadi")
    expect(shown.page.locator("#alarms")).not_to_contain_text("bisa jadi")


def test_a_value_that_failed_is_told_in_words_and_never_shown_as_the_value(shown: Wall, center: Running) -> None:
    bad = entry([(LEVEL, now_us(), -9999.0)])
    bad.batch.quality[0] = Quality.FAIL
    center.gateway.append(bad)
    expect(shown.page.locator("#chart-title")).to_contain_text("549")
    expect(shown.page.locator("#chart-note")).to_contain_text("gagal uji (-9.999)")
    for place in ("#headline", f'#alarms [data-alarm="{alarm_id(center, LEVEL_ID)}"]'):
        expect(shown.page.locator(place)).to_contain_text("gagal uji (-9.999)")
        expect(shown.page.locator(place)).to_contain_text("549")
    expect(shown.page.locator("#headline .headline-value b").first).to_have_text("549")
    expect(shown.row(LEVEL_ID)).to_contain_text("549")
    expect(shown.row(LEVEL_ID)).to_contain_text("gagal uji")
