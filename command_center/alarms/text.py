"""What an alarm says, in a sentence an operator can read out, in Indonesian and English.

Numbers: thin-space thousands in both languages (a dot or comma there means opposite things), decimal comma in
Indonesian.  Times: in the city's zone with its label; with the day where that is not today.
"""

from datetime import datetime
from typing import Final, Literal
from zoneinfo import ZoneInfo

from command_center.alarms.alarm import SILENT_LEVEL, Alarm, Held
from sensors.catalogue import Catalogue, Text
from sensors.times import to_datetime

THIN_SPACE: Final = "\N{NARROW NO-BREAK SPACE}"
_NOUNS: Final = {
    "river_level": Text("muka air", "water level"),
    "discharge": Text("debit", "discharge"),
    "rain": Text("hujan", "rain"),
}
_UNITS: Final = {"m3/s": "m³/s", "ug/m3": "µg/m³", "Cel": "°C"}
_MONTHS: Final = {
    "id": ("Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des"),
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
}
Language = Literal["id", "en"]


def sentence(alarm: Alarm, catalogue: Catalogue, now_us: int) -> Text:
    """The alarm as it stands, in both languages; `now_us` tells what "today" is."""
    return Text(id=_Teller("id", catalogue, now_us).tell(alarm), en=_Teller("en", catalogue, now_us).tell(alarm))


def number(value: float, language: Language) -> str:
    """A value with at most two decimals.

    >>> number(1450.5, "id").replace(THIN_SPACE, "_"), number(-0.25, "en"), number(12.0, "id")
    ('1_450,5', '-0.25', '12')
    """
    text = f"{value:,.2f}".rstrip("0").rstrip(".")
    point = "," if language == "id" else "."
    return text.replace(".", "\0").replace(",", THIN_SPACE).replace("\0", point)


class _Teller:
    """Tells in one language."""

    def __init__(self, language: Language, catalogue: Catalogue, now_us: int) -> None:
        self._language = language
        self._catalogue = catalogue
        self._zone = ZoneInfo(catalogue.city.time_zone)
        self._today = self._local(now_us).date()

    def tell(self, alarm: Alarm) -> str:
        shown = alarm.shown
        what = f"{self._station(alarm)} {self._noun(alarm)}"
        if shown.level != SILENT_LEVEL and shown.value is not None:
            unit = _UNITS.get(alarm.unit, alarm.unit)
            unit = self._say(unit.replace("/h", "/jam"), unit)
            what += f" {number(shown.value, self._language)}{THIN_SPACE}{unit}".rstrip()
        parts = [what, self._level(alarm, shown)]
        if alarm.silence is not None and shown is not alarm.silence:
            parts.append(
                f"{self._silence(alarm.silence)} {self._say('sejak', 'since')} {self._time(alarm.silence.time_us)}"
            )
        text = ", ".join(parts)
        return f"{self._say('Riwayat', 'Historical')}: {text}" if alarm.historical else text

    def _level(self, alarm: Alarm, shown: Held) -> str:
        name = self._silence(shown) if shown.level == SILENT_LEVEL else self._style(shown.level)
        if alarm.active or alarm.returned_us is None:
            return f"{name} {self._say('sejak', 'since')} {self._time(shown.time_us)}"
        start, end = self._time(shown.time_us, label=False), self._time(alarm.returned_us)
        return f"{name} {start} {self._say('sampai', 'to')} {end}"

    def _silence(self, silence: Held) -> str:
        if silence.signed_off:
            return self._say("tanpa data (perangkat melapor putus)", "no data (device reported offline)")
        return self._say("tanpa data", "no data")

    def _station(self, alarm: Alarm) -> str:
        station = self._catalogue.station_by_id.get(alarm.datastream.partition(":")[0])
        return alarm.datastream if station is None else station.name

    def _noun(self, alarm: Alarm) -> str:
        datastream = self._catalogue.datastream_by_id.get(alarm.datastream)
        noun = None if datastream is None else _NOUNS.get(datastream.kind)
        return alarm.datastream.partition(":")[2] if noun is None else self._say(noun.id, noun.en)

    def _style(self, level: str) -> str:
        style = self._catalogue.city.levels.get(level)
        return level if style is None else self._say(style.name.id, style.name.en)

    def _time(self, time_us: int, *, label: bool = True) -> str:
        local = self._local(time_us)
        text = f"{local:%H:%M}"
        if local.date() != self._today:
            text = f"{local.day} {_MONTHS[self._language][local.month - 1]} {text}"
        return f"{text} {self._catalogue.city.zone_label}" if label else text

    def _local(self, time_us: int) -> datetime:
        return to_datetime(time_us).astimezone(self._zone)

    def _say(self, indonesian: str, english: str) -> str:
        return indonesian if self._language == "id" else english
