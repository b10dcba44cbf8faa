"""What alarms say, word for word."""

import pytest

from command_center.alarms import life_cycle
from command_center.alarms.alarm import Alarm, Position
from command_center.alarms.life_cycle import Context
from command_center.alarms.text import THIN_SPACE, sentence
from sensors.times import MINUTE_US
from sensors.transition import Cause, Kind, Transition
from tests.unit.command_center.little_city import NOW_US, little_city, minutes, raised, returned, transition


def after(*steps: Transition, datastream: str = "ROLAK:level", unit: str = "cm") -> Alarm:
    alarm = None
    for seq, step in enumerate(steps, start=1):
        alarm = life_cycle.apply(alarm, step, Context("a" * 16, Position(seq, 0), NOW_US, datastream, unit, False))
    assert alarm is not None
    return alarm


SILENT = transition(Kind.SILENT, time_us=minutes(3))


@pytest.mark.parametrize(
    ("alarm", "indonesian", "english"),
    [
        (
            after(raised("kuning", value=1450.0), datastream="ROLAK:discharge", unit="m3/s"),
            "Rolak Songo debit 1_450_m³/s, Siaga Kuning sejak 22:00 WIB",
            "Rolak Songo discharge 1_450_m³/s, Yellow alert since 22:00 WIB",
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
    text = sentence(alarm, little_city(), NOW_US)
    assert (text.id, text.en) == (indonesian.replace("_", THIN_SPACE), english.replace("_", THIN_SPACE))
