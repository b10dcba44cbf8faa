"""What an alarm says, in a sentence an operator can read out, in Indonesian and English.

Numbers in each language's own form: 1.450,5 in Indonesian, 1,450.5 in English, as on every screen.
Times: in the city's zone with its label; with the day where that is not today.
"""

from datetime import datetime
from typing import Final, Literal
from zoneinfo import ZoneInfo

from command_center.alarms.alarm import SILENT_LEVEL, Alarm, Held
from command_center.picture.directory import is_projected
from sensors.catalogue import Catalogue, Text
from sensors.times import to_datetime
from sensors.transition import Cause

THIN_SPACE: Final = "\N{NARROW NO-BREAK SPACE}"
_NOUNS: Final = {
    "river_level": Text("muka air", "water level"),
    "discharge": Text("debit", "discharge"),
    "rain": Text("hujan", "rain"),
    "river_rate": Text("laju naik", "rate of rise"),
    "river_eta": Text("waktu ke tingkat berikutnya", "time to next level"),
    "ispu": Text("ISPU", "ISPU"),
    "los": Text("tingkat pelayanan jalan", "level of service"),
    "traffic_los": Text("tingkat pelayanan jalan", "level of service"),
    "traffic_ratio": Text("rasio kecepatan", "speed ratio"),
    "rain_sum": Text("jumlah hujan", "rain total"),
    "basin_count": Text("jumlah pos siaga", "gauges on alert"),
}
_UNITS: Final = {"m3/s": "m³/s", "m3/s/h": "m³/s/h", "ug/m3": "µg/m³", "Cel": "°C", "1": ""}
_INDONESIAN_UNITS: Final = {"min": "menit"}
_DOUBTS: Final = {
    Cause.AFTER_GAP: Text("setelah jeda data", "after a gap in the data"),
    Cause.TOO_FAST: Text("lebih cepat dari surutnya sungai ini", "faster than this river falls"),
}
_MONTHS: Final = {
    "id": ("Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des"),
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
}
_INDONESIAN_NUMBER: Final = str.maketrans(",.", ".,")
Language = Literal["id", "en"]


def sentence(alarm: Alarm, catalogue: Catalogue, now_us: int) -> Text:
    """The alarm as it stands, in both languages; `now_us` tells what "today" is."""
    return Text(id=Teller("id", catalogue, now_us).tell(alarm), en=Teller("en", catalogue, now_us).tell(alarm))


def moment(time_us: int, catalogue: Catalogue, now_us: int) -> Text:
    """A time as the city's clocks show it, with the day where that is not today."""
    return Text(id=Teller("id", catalogue, now_us).time(time_us), en=Teller("en", catalogue, now_us).time(time_us))


def number(value: float, language: Language, *, thousands: bool = True) -> str:
    """A value with at most two decimals, as the screens write it (`format.js`); what rounds to zero has no sign.

    `thousands`: with a mark between them; a voice reads it better without.

    >>> number(1450.5, "id"), number(1450.5, "en"), number(-0.25, "en"), number(12.0, "id"), number(-0.001, "id")
    ('1.450,5', '1,450.5', '-0.25', '12', '0')
    """
    text = (f"{value:z,.2f}" if thousands else f"{value:z.2f}").rstrip("0").rstrip(".")
    return text.translate(_INDONESIAN_NUMBER) if language == "id" else text


class Teller:
    """Tells in one language."""

    def __init__(self, language: Language, catalogue: Catalogue, now_us: int) -> None:
        self._language = language
        self._catalogue = catalogue
        self._zone = ZoneInfo(catalogue.city.time_zone)
        self._today = self._local(now_us).date()

    def tell(self, alarm: Alarm) -> str:
        shown = alarm.shown
        what = self.gauge_name(alarm.datastream)
        if shown.level != SILENT_LEVEL and shown.value is not None:
            what += f" {self.measured(shown.value, alarm.unit)}"
        parts = [what, self._level(alarm, shown)]
        if is_projected(self._catalogue.datastream_by_id.get(alarm.datastream)):
            parts.append(self._say("perkiraan, belum tercapai", "projected, not reached yet"))
        if alarm.silence is not None:
            parts += self._unseen(alarm, alarm.silence)
        text = ", ".join([*parts, *self._doubts(alarm, shown)])
        return f"{self._say('Riwayat', 'Historical')}: {text}" if alarm.historical else text

    def _unseen(self, alarm: Alarm, silence: Held) -> list[str]:
        """What is known, and what can be, of a gauge that nobody sees."""
        parts = []
        if alarm.shown is not silence:
            parts.append(f"{self._silence(silence)} {self._say('sejak', 'since')} {self.time(silence.time_us)}")
        if silence.lost_rising:
            per_h = silence.rate_per_h
            rate = "" if per_h is None else f" {self.measured(per_h, f'{alarm.unit}/h')}"
            parts.append(self._say(f"naik{rate} saat hilang", f"rising{rate} when lost"))
        could_be = alarm.could_be
        if could_be is not None:
            name, time = self.level_name(could_be.level), self.time(could_be.time_us)
            parts.append(self._say(f"bisa jadi {name} sejak {time}", f"could be {name} since {time}"))
        return parts

    def _doubts(self, alarm: Alarm, shown: Held) -> list[str]:
        """What somebody must go and see."""
        parts = []
        if shown.verify:
            now = self._say("periksa sekarang: pembacaan diragukan", "verify now: reading is suspect")
            parts.append(now if alarm.active else self._say("pembacaan diragukan", "reading was suspect"))
        doubt = alarm.doubt
        if doubt is not None:
            value = "" if doubt.value is None else self.measured(doubt.value, alarm.unit)
            why = _DOUBTS.get(Cause(doubt.cause), Text(doubt.cause, doubt.cause))
            indonesian = f"periksa sekarang: turun ke {value} tidak dipercaya ({why.id})"
            parts.append(self._say(indonesian, f"verify now: a fall to {value} is not believed ({why.en})"))
        return parts

    def measured(self, value: float, unit: str) -> str:
        """A value with its unit."""
        unit = _UNITS.get(unit, unit)
        unit = self._say(_INDONESIAN_UNITS.get(unit, unit).replace("/h", "/jam"), unit)
        return f"{number(value, self._language)}{THIN_SPACE}{unit}".rstrip()

    def _level(self, alarm: Alarm, shown: Held) -> str:
        name = self._silence(shown) if shown.level == SILENT_LEVEL else self.level_name(shown.level)
        if shown.count > 1:
            name += f" ×{shown.count}"
        if alarm.active or alarm.returned_us is None:
            return f"{name} {self._say('sejak', 'since')} {self.time(shown.time_us)}"
        start, end = self.time(shown.time_us, label=False), self.time(alarm.returned_us)
        return f"{name} {start} {self._say('sampai', 'to')} {end}"

    def _silence(self, silence: Held) -> str:
        if silence.signed_off:
            return self._say("tanpa data (perangkat melapor putus)", "no data (device reported offline)")
        return self._say("tanpa data", "no data")

    def gauge_name(self, datastream_id: str) -> str:
        """A station's name and what is measured there."""
        return f"{self.station_name(datastream_id)} {self.noun(datastream_id)}"

    def station_name(self, datastream_id: str) -> str:
        """The name of a datastream's station; where nobody knows it the id."""
        station = self._catalogue.station_by_id.get(datastream_id.partition(":")[0])
        return datastream_id if station is None else station.name

    def noun(self, datastream_id: str) -> str:
        """What is measured; where there is no word for it the property."""
        datastream = self._catalogue.datastream_by_id.get(datastream_id)
        noun = None if datastream is None else _NOUNS.get(datastream.kind)
        return datastream_id.partition(":")[2] if noun is None else self._say(noun.id, noun.en)

    def level_name(self, level: str) -> str:
        """What the city calls a level."""
        style = self._catalogue.city.levels.get(level)
        return level if style is None else self._say(style.name.id, style.name.en)

    def time(self, time_us: int, *, label: bool = True) -> str:
        local = self._local(time_us)
        text = f"{local:%H:%M}"
        if local.date() != self._today:
            text = f"{local.day} {_MONTHS[self._language][local.month - 1]} {text}"
        return f"{text} {self._catalogue.city.zone_label}" if label else text

    def short(self, time_us: int) -> str:
        """A time at an axis: at midnight the day, else hour and minute."""
        local = self._local(time_us)
        if local.hour or local.minute:
            return f"{local:%H:%M}"
        return f"{local.day} {_MONTHS[self._language][local.month - 1]}"

    def stamp(self, time_us: int) -> str:
        """A time for the record: day, month, year and second in the city's zone, without its label."""
        local = self._local(time_us)
        return f"{local.day} {_MONTHS[self._language][local.month - 1]} {local:%Y %H:%M:%S}"

    def _local(self, time_us: int) -> datetime:
        return to_datetime(time_us).astimezone(self._zone)

    def pick(self, text: Text) -> str:
        """A text in this language."""
        return self._say(text.id, text.en)

    def _say(self, indonesian: str, english: str) -> str:
        return indonesian if self._language == "id" else english
