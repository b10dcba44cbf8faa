"""What a report says, in Indonesian and English: a chat message, and a few words to read out over the radio.

Value, trend, next level and the time to it, age of the reading, sender.  A silent gauge has no trend and no time to
anything: it says since when nobody sees it, and what it showed last.
"""

from typing import Final

from command_center.actions.report import Due, ReportText
from command_center.alarms.text import Language, Teller, number
from command_center.beside import Eta, eta_at
from command_center.sensor_view import Sensor, SensorLevel
from sensors.catalogue import Catalogue, Text
from sensors.times import MINUTE_US, parse_rfc3339

_SPOKEN: Final = {
    "cm": Text("sentimeter", "centimetres"),
    "m": Text("meter", "metres"),
    "mm": Text("milimeter", "millimetres"),
    "mm/h": Text("milimeter per jam", "millimetres per hour"),
    "m3/s": Text("meter kubik per detik", "cubic metres per second"),
    "ug/m3": Text("mikrogram per meter kubik", "micrograms per cubic metre"),
    "km/h": Text("kilometer per jam", "kilometres per hour"),
    "1": Text("", ""),
}


def report_text(due: Due, sensor: Sensor, catalogue: Catalogue, now_us: int, sender: str) -> ReportText:
    """The texts of a report as of `now_us`; `sender` empty = nobody has put a name to it yet."""
    indonesian, english = (_Reporter(language, catalogue, now_us, due, sensor, sender) for language in _LANGUAGES)
    return ReportText(
        chat=Text(id=indonesian.chat(), en=english.chat()), radio=Text(id=indonesian.radio(), en=english.radio())
    )


_LANGUAGES: Final[tuple[Language, Language]] = ("id", "en")


class _Reporter(Teller):
    """Tells one report in one language."""

    def __init__(
        self, language: Language, catalogue: Catalogue, now_us: int, due: Due, sensor: Sensor, sender: str
    ) -> None:
        super().__init__(language, catalogue, now_us)
        self._now_us, self._due, self._sensor, self._sender = now_us, due, sensor, sender
        self._direction: int | None = None  # of now; None = not known
        if sensor.rate is not None and sensor.rate.is_of_now(now_us):
            self._direction = sensor.rate.direction_at(now_us)
        self._eta = eta_at(sensor.rate, sensor.eta, now_us)

    def chat(self) -> str:
        """The message, a fact a line."""
        due, value = self._due, self._reading()
        exercise = self._say("LATIHAN - ", "EXERCISE - ") if due.held.exercise else ""
        measured = "" if value is None else f" {self.measured(value, due.alarm.unit)}"
        since = f"{self._say('sejak', 'since')} {self.time(due.held.time_us)}"
        lines = [
            exercise + self._say(f"LAPORAN BERKALA no. {due.count}", f"TIMED REPORT no. {due.count}"),
            f"{self.station_name(due.alarm.datastream)}, {self.noun(due.alarm.datastream)}{measured}",
            f"{self.level_name(due.held.level)} {since}",
            *self._outlook(),
            self._age(),
        ]
        if self._sender:
            lines.append(f"{self._say('Pelapor', 'Reported by')}: {self._sender}")
        return "\n".join(lines)

    def radio(self) -> str:
        """The read-out: whole words, no signs that nobody can say."""
        due, value = self._due, self._reading()
        parts = [self.station_name(due.alarm.datastream)]
        if due.held.exercise:
            parts.insert(0, self._say("Latihan, latihan, latihan", "Exercise, exercise, exercise"))
        told = self.noun(due.alarm.datastream) + ("" if value is None else f" {self._spoken(value)}")
        parts += [f"{told}, {self.level_name(due.held.level)}", *self._outlook_spoken(), self._age()]
        if self._sender:
            parts.append(self._say(f"Dari {self._sender}", f"From {self._sender}"))
        return ". ".join([*parts, self._say("Ganti.", "Over.")])

    def _reading(self) -> float | None:
        latest = self._sensor.latest
        return None if latest is None else latest.value

    def _outlook(self) -> list[str]:
        """Trend, next level and when; of a silent gauge that it is not seen."""
        if self._sensor.silent:
            return [self._unheard()]
        rate, lines = self._sensor.rate, [self._trend()]
        if rate is not None and self._direction:
            lines[0] += f" {self.measured(abs(rate.value), rate.unit)}"
        level = self._next()
        if level is None:
            return [*lines, self._say("Tidak ada tingkat yang lebih tinggi", "There is no higher level")]
        limit = f"{self.level_name(level.name)} ({self.measured(level.value, self._due.alarm.unit)})"
        return [*lines, f"{self._say('Tingkat berikutnya', 'Next level')} {limit}{self._when(level)}"]

    def _outlook_spoken(self) -> list[str]:
        if self._sensor.silent:
            return [self._unheard()]
        level, eta = self._next(), self._eta
        minutes = None if level is None else self._left_min(level, eta)
        if level is None or minutes is None:
            return [self._trend()]
        at = self._say("dalam", "in")
        return [f"{self._trend()}. {self.level_name(level.name)} {at} {self._duration(minutes)}"]

    def _trend(self) -> str:
        if self._direction is None:
            return self._say("Tren belum diketahui", "Trend not known")
        if self._direction == 0:
            return self._say("Tetap", "Steady")
        return self._say("Naik", "Rising") if self._direction > 0 else self._say("Turun", "Falling")

    def _unheard(self) -> str:
        silence = self._due.alarm.silence
        since = "" if silence is None else f" {self._say('sejak', 'since')} {self.time(silence.time_us)}"
        return self._say(f"TANPA DATA{since}; nilai terakhir", f"NO DATA{since}; last value")

    def _next(self) -> SensorLevel | None:
        """The mildest level that is worse than the one held, in its direction."""
        held, levels = self._due.held, self._sensor.levels
        direction = next((level.direction for level in levels if level.name == held.level), "rising")
        worse = [level for level in levels if level.rank > held.rank and level.direction == direction]
        return min(worse, key=lambda level: level.rank, default=None)

    def _when(self, level: SensorLevel) -> str:
        eta = self._eta
        minutes = self._left_min(level, eta)
        if eta is None or minutes is None:
            return ""
        told = f" {self._say('dalam', 'in')} {self._duration(minutes)}"
        earliest = self._left(eta, eta.earliest_min)
        if earliest is None or round(earliest) >= round(minutes):
            return told
        return f"{told} ({self._say('paling cepat', 'at the earliest')} {self._duration(earliest)})"

    def _left_min(self, level: SensorLevel, eta: Eta | None) -> float | None:
        """The likely minutes to a level, or the fewest where those are not known."""
        if eta is None or eta.level != level.name:
            return None
        return self._left(eta, eta.earliest_min if eta.middle_min is None else eta.middle_min)

    def _left(self, eta: Eta, minutes: float | None) -> float | None:
        """Of minutes from when they were found those that are left now."""
        found_us = parse_rfc3339(eta.time)
        if minutes is None or found_us is None:
            return None
        return max(0.0, minutes - (self._now_us - found_us) / MINUTE_US)

    def _age(self) -> str:
        latest = self._sensor.latest
        time_us = None if latest is None else parse_rfc3339(latest.time)
        if time_us is None:
            return self._say("Belum ada pembacaan", "No reading yet")
        ago = self._duration(max(0.0, (self._now_us - time_us) / MINUTE_US))
        at = self.time(time_us)
        return self._say(f"Pembacaan {at}, {ago} lalu", f"Reading of {at}, {ago} ago")

    def _duration(self, minutes: float) -> str:
        hours, left = divmod(round(minutes), 60)
        parts = [f"{left} {self._say('menit', 'minutes' if left != 1 else 'minute')}"] if left or not hours else []
        if hours:
            parts.insert(0, f"{hours} {self._say('jam', 'hours' if hours != 1 else 'hour')}")
        return " ".join(parts)

    def _spoken(self, value: float) -> str:
        """A value as one says it: whole from ten on, no thousands, the unit in words."""
        rounded = float(round(value)) if abs(value) >= 10 else round(value, 1)
        digits = number(rounded, self._language, thousands=False)
        unit = _SPOKEN.get(self._due.alarm.unit, Text(self._due.alarm.unit, self._due.alarm.unit))
        return f"{digits} {self._say(unit.id, unit.en)}".rstrip()
