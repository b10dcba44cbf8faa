"""A report of one gauge in words: for a chat, and as a short text to be read out over the radio.

Value, trend, next level, age.  Composed only: the sender, and that it was sent, are put on record by who sends it.
"""

from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from command_center.alarms.text import THIN_SPACE, Language, number
from command_center.sensor_view import Sensor
from sensors.catalogue import Catalogue, Text
from sensors.times import parse_rfc3339, to_datetime

OLD_S: Final = 3 * 60.0  # beyond it the age is said; a radio talks of now
_STEADY: Final = 0.005  # of the value per hour: less is called steady


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """In one language."""

    chat: str
    radio: str


_RISING: Final = Text("naik {n} {unit} per jam", "rising {n} {unit} per hour")
_FALLING: Final = Text("turun {n} {unit} per jam", "falling {n} {unit} per hour")
_STILL: Final = Text("tetap", "steady")
_AT: Final = Text("tingkat {level}", "at level {level}")
_NORMAL: Final = Text("normal", "normal")
_NEXT: Final = Text("berikutnya {level} pada {n} {unit}", "next {level} at {n} {unit}")
_IN: Final = Text("sekitar {n} menit lagi", "in about {n} min")
_AGE: Final = Text("data {n} menit yang lalu", "data {n} min old")
_SILENT: Final = Text("tanpa data", "no data")
_SUSPECT: Final = Text("pembacaan diragukan", "reading is suspect")
_RADIO: Final = Text("{station}, {rest}. Selesai.", "{station}, {rest}. Over.")


def report(sensor: Sensor, catalogue: Catalogue, language: Language, now_us: int) -> Report:
    """What a sensor says now."""
    parts = _parts(sensor, catalogue, language, now_us)
    zone = ZoneInfo(catalogue.city.time_zone)
    now = f"{to_datetime(now_us).astimezone(zone):%H:%M} {catalogue.city.zone_label}"
    spoken = ", ".join(part.replace(THIN_SPACE, " ") for part in parts)
    return Report(
        chat=f"{now} {sensor.name}: {', '.join(parts)}",
        radio=_say(_RADIO, language, station=sensor.name, rest=spoken),
    )


def _parts(sensor: Sensor, catalogue: Catalogue, language: Language, now_us: int) -> list[str]:
    latest = sensor.latest
    if latest is None or latest.value is None:
        return [_say(_SILENT, language)]
    parts = [f"{number(latest.value, language)}{THIN_SPACE}{sensor.unit}", _level(sensor, catalogue, language)]
    parts += _trend(sensor, latest.value, language)
    parts += _next(sensor, catalogue, language)
    time_us = parse_rfc3339(latest.time)
    age_s = 0.0 if time_us is None else (now_us - time_us) / 1_000_000
    if age_s > OLD_S:
        parts.append(_say(_AGE, language, n=round(age_s / 60)))
    if sensor.silent:
        parts.append(_say(_SILENT, language))
    if latest.quality in (3, 4) or sensor.doubt is not None:
        parts.append(_say(_SUSPECT, language))
    return parts


def _level(sensor: Sensor, catalogue: Catalogue, language: Language) -> str:
    reached = [level for level in sensor.levels if level.name in sensor.levels_reached]
    worst = max(reached, key=lambda level: level.rank, default=None)
    return (
        _say(_NORMAL, language) if worst is None else _say(_AT, language, level=_named(worst.name, catalogue, language))
    )


def _trend(sensor: Sensor, value: float, language: Language) -> list[str]:
    rate = sensor.rate
    if rate is None:
        return []
    if abs(rate.value) < _STEADY * max(1.0, abs(value)):
        return [_say(_STILL, language)]
    said = _RISING if rate.value > 0 else _FALLING
    return [_say(said, language, n=number(abs(rate.value), language), unit=sensor.unit)]


def _next(sensor: Sensor, catalogue: Catalogue, language: Language) -> list[str]:
    """The next level up, and when it is reached if the river goes on like this."""
    above = [
        level for level in sensor.levels if level.direction == "rising" and level.name not in sensor.levels_reached
    ]
    following = min(above, key=lambda level: level.rank, default=None)
    if following is None:
        return []
    name = _named(following.name, catalogue, language)
    parts = [_say(_NEXT, language, level=name, n=number(following.value, language), unit=sensor.unit)]
    eta = sensor.eta
    if eta is not None and eta.level == following.name and eta.middle_min is not None:
        parts.append(_say(_IN, language, n=round(eta.middle_min)))
    return parts


def _named(level: str, catalogue: Catalogue, language: Language) -> str:
    style = catalogue.city.levels.get(level)
    return level if style is None else str(getattr(style.name, language))


def _say(text: Text, language: Language, **values: object) -> str:
    return str(getattr(text, language)).format(**values)
