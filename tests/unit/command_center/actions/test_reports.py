"""Reports by the clock: when one is due, what it says, and who gave it."""

import time
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from command_center.actions.report import Given, next_report
from command_center.actions.report_text import report_text
from command_center.alarms.alarm import Aside
from command_center.beside import Eta, Rate
from command_center.sensor_view import NewestObservation, Sensor, SensorLevel
from sensors.origin import Origin
from sensors.times import HOUR_US, MINUTE_US, rfc3339
from sensors.transition import Kind
from tests.unit.command_center.actions.acting_city import ROWS, acting_city
from tests.unit.command_center.actions.test_action import after
from tests.unit.command_center.little_city import LEVEL, LEVEL_ID, entry, minutes, raised, returned, transition
from tests.unit.command_center.running import Gateway, Running, running

YELLOW = after([raised("hijau"), raised("kuning")])


def due(given: dict[tuple[str, str], Given] | None = None, alarm: Any = YELLOW) -> Any:
    return next_report(alarm, ROWS, given or {})


def test_a_level_is_reported_when_it_is_reached_and_then_as_often_as_the_most_urgent_held_asks() -> None:
    first = due()
    assert (first.held.level, first.every_min, first.count, first.due_us) == ("kuning", 30.0, 1, minutes(0))
    given = {(YELLOW.id, "kuning"): Given(count=1, last_us=minutes(4), last_by="sri")}
    second = due(given)
    assert (second.count, second.due_us) == (2, minutes(34))
    red = after([raised("merah", time_us=minutes(10))], YELLOW)
    worse = due(given, red)
    assert (worse.held.level, worse.every_min, worse.due_us) == ("merah", 15.0, minutes(10))
    back = due(given | {(red.id, "merah"): Given(count=1, last_us=minutes(11), last_by="sri")}, YELLOW)
    assert (back.held.level, back.due_us) == ("kuning", minutes(34))


@pytest.mark.parametrize(
    "alarm",
    [
        replace(YELLOW, aside=Aside.SUPPRESSED),
        after([raised("kuning", historical=True)]),
        after([raised("hijau"), returned("hijau")]),
        after([transition(Kind.SILENT)]),
    ],
    ids=["maintenance", "an old story", "returned", "silence alone"],
)
def test_what_nobody_waits_for_is_not_due(alarm: Any) -> None:
    assert due(alarm=alarm) is None


def test_without_a_row_that_asks_for_it_nothing_is_due() -> None:
    assert next_report(YELLOW, [row for row in ROWS if row.report_every_min is None], {}) is None


def sensor(**fields: Any) -> Sensor:
    """`ROLAK:level`, as it was seen two minutes before `minutes(5)`."""
    levels = [
        SensorLevel(
            name=name, value=value, direction="rising", rank=rank, severity=rank + 1, hysteresis=5.0,
            on_delay_s=0.0, off_delay_s=0.0, illustrative=False,
        )
        for name, rank, value in (("hijau", 1, 500.0), ("kuning", 2, 600.0), ("merah", 3, 700.0))
    ]  # fmt: skip
    blank: dict[str, Any] = dict.fromkeys(Sensor.__struct_fields__)
    seen = {
        "levels": levels,
        "silent": False,
        "latest": NewestObservation(
            time=rfc3339(minutes(3)), value=1652.4, quality=1, origin="live", age_s=120.0, reasons=[]
        ),
        "rate": Rate(value=18.0, unit="cm/h", low=12.0, high=25.0, time=rfc3339(minutes(3)), lasts_s=360.0),
        "eta": Eta(level="merah", earliest_min=102.0, middle_min=132.0, latest_min=None, time=rfc3339(minutes(3))),
    }
    return Sensor(**(blank | seen | fields))


def told(alarm: Any = YELLOW, sender: str = "sri", **fields: Any) -> Any:
    return report_text(due(alarm=alarm), sensor(**fields), acting_city(), minutes(5), sender)


def test_a_report_says_value_trend_next_level_age_and_sender_in_both_languages() -> None:
    text = told()
    assert text.chat.id.replace("\u202f", "_") == (
        "LAPORAN BERKALA no. 1\n"
        "Rolak Songo, muka air 1.652,4_cm\n"
        "Siaga Kuning sejak 22:00 WIB\n"
        "Naik 18_cm/jam\n"
        "Tingkat berikutnya merah (700_cm) dalam 2 jam 10 menit (paling cepat 1 jam 40 menit)\n"
        "Pembacaan 22:03 WIB, 2 menit lalu\n"
        "Pelapor: sri"
    )
    assert text.radio.id == (
        "Rolak Songo. muka air 1652 sentimeter, Siaga Kuning. Naik. merah dalam 2 jam 10 menit."
        " Pembacaan 22:03 WIB, 2 menit lalu. Dari sri. Ganti."
    )
    assert "Next level merah (700\u202fcm) in 2 hours 10 minutes (at the earliest 1 hour 40 minutes)" in text.chat.en
    assert text.radio.en.endswith("Reading of 22:03 WIB, 2 minutes ago. From sri. Over.")


def test_a_report_says_what_is_not_known() -> None:
    assert "Trend not known\nNext level merah (700\u202fcm)\n" in told(rate=None, eta=None).chat.en
    steady = Rate(value=0.4, unit="cm/h", low=-1.0, high=2.0, time=rfc3339(minutes(3)), lasts_s=360.0)
    assert "\nTetap\n" in told(rate=steady).chat.id
    falling = Rate(value=-7.5, unit="cm/h", low=-9.0, high=-6.0, time=rfc3339(minutes(3)), lasts_s=360.0)
    assert "\nTurun 7,5\u202fcm/jam\n" in told(rate=falling, eta=None).chat.id
    red = after([raised("merah")], YELLOW)
    assert "Tidak ada tingkat yang lebih tinggi" in told(red).chat.id
    assert "Belum ada pembacaan" in told(latest=None).chat.id


def test_a_rate_of_ten_hours_ago_is_no_trend_and_no_time_is_told_unless_it_rises_now() -> None:
    old_at = rfc3339(minutes(3) - 10 * HOUR_US)
    old = Rate(value=18.0, unit="cm/h", low=12.0, high=25.0, time=old_at, lasts_s=360.0)
    steady = replace(old, low=-1.0, time=rfc3339(minutes(3)))
    for rate, trend in ((old, "Trend not known"), (steady, "Steady"), (None, "Trend not known")):
        text = told(rate=rate)
        assert f"\n{trend}\nNext level merah (700\u202fcm)\n" in text.chat.en
        assert f" {trend}. Reading of" in text.radio.en


def test_a_silent_gauge_has_no_trend_and_reaches_nothing() -> None:
    silent = after([transition(Kind.SILENT, time_us=minutes(4))], YELLOW)
    text = told(silent, silent=True)
    for words in (text.chat.id, text.radio.id):
        assert "TANPA DATA sejak 22:04 WIB; nilai terakhir" in words
        assert "Naik" not in words
        assert "dalam" not in words


def test_a_report_without_a_name_yet_has_no_sender_and_an_exercise_says_so_first() -> None:
    exercise = after([raised("kuning", origin=Origin.SIMULATED)])
    text = told(exercise, sender="")
    assert text.chat.id.startswith("LATIHAN - LAPORAN BERKALA")
    assert text.radio.en.startswith("Exercise, exercise, exercise. Rolak Songo")
    assert "Pelapor" not in text.chat.id


def acting(data_dir: Path) -> Any:
    return running(data_dir, Gateway(data_dir, acting_city()))


def flood(center: Running) -> dict[str, Any]:
    """`kuning` is reached two minutes ago; its report."""
    now = time.time_ns() // 1000
    at = {"time_us": now - 2 * MINUTE_US, "at_us": now}
    center.gateway.append(
        entry([(LEVEL, now - MINUTE_US, 612.0)], raised("hijau", **at), raised("kuning", **at), now_us=now)
    )
    center.wait_ready()
    center.wait_applied()
    [report] = center.get("/reports")["items"]
    return report  # type: ignore[no-any-return]


def test_a_report_is_given_once_and_the_next_countdown_begins(tmp_path: Path) -> None:
    with acting(tmp_path) as center:
        report, who = flood(center), center.log_in()
        assert (report["datastream"], report["level"], report["count"], report["last_by"]) == (
            *(LEVEL_ID, "kuning"),
            *(1, None),
        )
        assert -130 < report["due_in_s"] < -110
        path = f"/reports/{report['id']}/sent"
        sent = center.client.post(path, json={"how": "radio"}, headers=who).json()
        assert (sent["by"], sent["how"]) == ("admin", "radio")
        assert "Pelapor: admin" in sent["text"]["chat"]["id"]
        again = center.client.post(path, json={"how": "chat"}, headers=who).json()
        assert again == sent
        [following] = center.get("/reports")["items"]
        assert (following["count"], following["last_by"]) == (2, "admin")
        assert 29 * 60 < following["due_in_s"] <= 30 * 60
    with acting(tmp_path) as restarted:
        restarted.wait_ready()
        [same] = restarted.get("/reports")["items"]
        assert (same["id"], same["due_at"], same["last_at"]) == (
            *(following["id"], following["due_at"]),
            following["last_at"],
        )
        assert restarted.get("/reports/sent")["items"] == [sent]


def test_who_is_not_logged_in_gives_no_report_and_what_is_not_due_is_not_there(tmp_path: Path) -> None:
    with acting(tmp_path) as center:
        report, who = flood(center), center.log_in()
        path = f"/reports/{report['id']}/sent"
        assert center.client.post(path, json={"how": "radio"}).status_code == 401
        assert center.client.post(path, json={"how": "pigeon"}, headers=who).json()["error"]["where"] == "body.how"
        assert center.client.post(path, json={}, headers=who).status_code == 422
        missing = center.client.post(f"/reports/{report['id']}9/sent", json={"how": "chat"}, headers=who)
        assert (missing.status_code, missing.json()["error"]["where"]) == (404, "path.report_id")
        assert center.get("/reports/sent")["items"] == []
