"""What alarms say, word for word."""

import pytest

from command_center.alarms import life_cycle
from command_center.alarms.alarm import Alarm, Position
from command_center.alarms.step import Context
from command_center.alarms.text import THIN_SPACE, Teller, sentence
from sensors.city import load_city
from sensors.times import MINUTE_US
from sensors.transition import Cause, Kind, Transition
from tests.unit.command_center.derived_city import derived_city
from tests.unit.command_center.little_city import NOW_US, minutes, raised, returned, transition


def after(*steps: Transition, datastream: str = "ROLAK:level", unit: str = "cm") -> Alarm:
    alarm = None
    for seq, step in enumerate(steps, start=1):
        alarm = life_cycle.apply(alarm, step, Context("a" * 16, Position(seq, 0), NOW_US, datastream, unit, False))
    assert alarm is not None
    return alarm


SILENT = transition(Kind.SILENT, time_us=minutes(3))
LOST = transition(Kind.SILENT, time_us=minutes(3), cause=Cause.LOST_RISING, rate_per_h=34.0)


@pytest.mark.parametrize(
    ("alarm", "indonesian", "english"),
    [
        (
            after(raised("kuning", value=1450.0), datastream="ROLAK:discharge", unit="m3/s"),
            "Rolak Songo debit 1.450_m³/s, Siaga Kuning sejak 22:00 WIB",
            "Rolak Songo discharge 1,450_m³/s, Yellow alert since 22:00 WIB",
        ),
        (
            after(raised("kuning", value=612.25, time_us=NOW_US - 26 * 60 * MINUTE_US)),
            "Rolak Songo muka air 612,25_cm, Siaga Kuning sejak 21 Nov 20:00 WIB",
            "Rolak Songo water level 612.25_cm, Yellow alert since 21 Nov 20:00 WIB",
        ),
        (
            after(raised("hijau", value=500.0), returned("hijau", time_us=minutes(70))),
            "Rolak Songo muka air 500_cm, Siaga Hijau 22:00 sampai 23:10 WIB",
            "Rolak Songo water level 500_cm, Green alert 22:00 to 23:10 WIB",
        ),
        (
            after(SILENT),
            "Rolak Songo muka air, tanpa data sejak 22:03 WIB",
            "Rolak Songo water level, no data since 22:03 WIB",
        ),
        (
            after(transition(Kind.SILENT, cause=Cause.DEATH, time_us=minutes(3))),
            "Rolak Songo muka air, tanpa data (perangkat melapor putus) sejak 22:03 WIB",
            "Rolak Songo water level, no data (device reported offline) since 22:03 WIB",
        ),
        (
            after(raised("merah", value=710.0), SILENT),
            "Rolak Songo muka air 710_cm, merah sejak 22:00 WIB, tanpa data sejak 22:03 WIB",
            "Rolak Songo water level 710_cm, merah since 22:00 WIB, no data since 22:03 WIB",
        ),
        (
            after(raised("hijau", historical=True, time_us=minutes(-60))),
            "Riwayat: Rolak Songo muka air 500_cm, Siaga Hijau sejak 21:00 WIB",
            "Historical: Rolak Songo water level 500_cm, Green alert since 21:00 WIB",
        ),
        (
            after(raised("kuning", value=640.0, verify=True, count=3)),
            "Rolak Songo muka air 640_cm, Siaga Kuning ×3 sejak 22:00 WIB, periksa sekarang: pembacaan diragukan",
            "Rolak Songo water level 640_cm, Yellow alert ×3 since 22:00 WIB, verify now: reading is suspect",
        ),
        (
            after(raised("hijau", verify=True), returned("hijau", time_us=minutes(70))),
            "Rolak Songo muka air 500_cm, Siaga Hijau 22:00 sampai 23:10 WIB, pembacaan diragukan",
            "Rolak Songo water level 500_cm, Green alert 22:00 to 23:10 WIB, reading was suspect",
        ),
        (
            after(raised("hijau"), transition(Kind.VERIFY, "hijau", value=120.0)),
            (
                "Rolak Songo muka air 500_cm, Siaga Hijau sejak 22:00 WIB, "
                "periksa sekarang: turun ke 120_cm tidak dipercaya (setelah jeda data)"
            ),
            (
                "Rolak Songo water level 500_cm, Green alert since 22:00 WIB, "
                "verify now: a fall to 120_cm is not believed (after a gap in the data)"
            ),
        ),
        (
            after(raised("hijau"), transition(Kind.VERIFY, "hijau", value=120.0, cause=Cause.TOO_FAST)),
            (
                "Rolak Songo muka air 500_cm, Siaga Hijau sejak 22:00 WIB, "
                "periksa sekarang: turun ke 120_cm tidak dipercaya (lebih cepat dari surutnya sungai ini)"
            ),
            (
                "Rolak Songo water level 500_cm, Green alert since 22:00 WIB, "
                "verify now: a fall to 120_cm is not believed (faster than this river falls)"
            ),
        ),
        (
            after(LOST, transition(Kind.POSSIBLE, "kuning", rate_per_h=34.0, time_us=minutes(25))),
            (
                "Rolak Songo muka air, tanpa data sejak 22:03 WIB, naik 34_cm/jam saat hilang, "
                "bisa jadi Siaga Kuning sejak 22:25 WIB"
            ),
            (
                "Rolak Songo water level, no data since 22:03 WIB, rising 34_cm/h when lost, "
                "could be Yellow alert since 22:25 WIB"
            ),
        ),
        (
            after(raised("hijau", value=48.0), datastream="ROLAK:level_eta_middle", unit="min"),
            "Rolak Songo waktu ke tingkat berikutnya 48_menit, Siaga Hijau sejak 22:00 WIB, perkiraan, belum tercapai",
            "Rolak Songo time to next level 48_min, Green alert since 22:00 WIB, projected, not reached yet",
        ),
        (
            after(raised("hijau", value=42.0), datastream="ROLAK:level_rate_middle", unit="cm/h"),
            "Rolak Songo laju naik 42_cm/jam, Siaga Hijau sejak 22:00 WIB",
            "Rolak Songo rate of rise 42_cm/h, Green alert since 22:00 WIB",
        ),
        (
            after(raised("hijau", value=120.0), datastream="ROLAK:ispu", unit="1"),
            "Rolak Songo ISPU 120, Siaga Hijau sejak 22:00 WIB",
            "Rolak Songo ISPU 120, Green alert since 22:00 WIB",
        ),
        (
            after(raised("hijau", value=31.5), datastream="GONE:temp", unit="Cel"),
            "GONE:temp temp 31,5_°C, Siaga Hijau sejak 22:00 WIB",
            "GONE:temp temp 31.5_°C, Green alert since 22:00 WIB",
        ),
        (
            after(raised("hijau", value=3.0), datastream="GONE:ph", unit=""),
            "GONE:ph ph 3, Siaga Hijau sejak 22:00 WIB",
            "GONE:ph ph 3, Green alert since 22:00 WIB",
        ),
    ],
)
def test_a_sentence_in_both_languages(alarm: Alarm, indonesian: str, english: str) -> None:
    text = sentence(alarm, derived_city(), NOW_US)
    assert (text.id, text.en) == (indonesian.replace("_", THIN_SPACE), english.replace("_", THIN_SPACE))


@pytest.mark.parametrize("city", ["mojokerto", "kotamobagu"])
def test_what_roads_and_sums_of_rain_measure_has_a_word_in_both_languages(city: str) -> None:
    catalogue, _ = load_city(city)
    told = [d for d in catalogue.datastreams if d.kind in ("traffic_los", "traffic_ratio", "rain_sum")]
    assert {d.kind for d in told} == {"traffic_los", "traffic_ratio", "rain_sum"}
    for teller in (Teller("id", catalogue, NOW_US), Teller("en", catalogue, NOW_US)):
        assert all(teller.noun(d.id) not in (d.property, "") for d in told)
