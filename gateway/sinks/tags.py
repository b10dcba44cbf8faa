"""What a datastream is called in line protocol: measurement and tags, escaped, ready to stand before the fields.

Line protocol has no escape for line ends, and servers disagree about a backslash before a comma: control characters
become a space, a backslash becomes a slash.  Reference: InfluxDB v2, "Line protocol", special characters.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Final

from sensors.catalogue import Catalogue, Datastream, Station
from sensors.errors import SettingsError
from sensors.origin import Origin

_Of = Callable[[Datastream, Station | None, Catalogue], str]


def _of_station(name: str) -> _Of:
    return lambda _datastream, station, _catalogue: "" if station is None else str(getattr(station, name))


def _of_datastream(name: str) -> _Of:
    return lambda datastream, _station, _catalogue: str(getattr(datastream, name))


def _area_name(_datastream: Datastream, station: Station | None, catalogue: Catalogue) -> str:
    area = None if station is None else catalogue.area_by_code.get(station.area)
    return "" if area is None else area.name


def _jurisdiction(_datastream: Datastream, station: Station | None, catalogue: Catalogue) -> str:
    jurisdiction = None if station is None else catalogue.jurisdiction(station.area)
    return "" if jurisdiction is None else jurisdiction.name


# Every tag that may be asked for, and where it is from.  `origin` is the observation's and added by `line_start`.
TAGS: Final[Mapping[str, _Of]] = {
    "station": _of_datastream("station"),
    "property": _of_datastream("property"),
    "kind": _of_datastream("kind"),
    "unit": _of_datastream("unit"),
    "sharing": _of_datastream("sharing"),
    "name": _of_station("name"),
    "area": _of_station("area"),
    "area_name": _area_name,
    "jurisdiction": _jurisdiction,
    "agency": _of_station("agency"),
    "programme": _of_station("programme"),
    "basin": _of_station("basin"),
    "road": _of_station("road"),
    "link": _of_station("link"),
    "via": _of_station("via"),
    "city": lambda _datastream, _station, catalogue: catalogue.city.code,
}
ORIGIN: Final = "origin"

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]+")
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")


def tag_names(text: str) -> tuple[str, ...]:
    """The tags of a comma-separated setting, sorted as InfluxDB wants them; SettingsError names one that is unknown."""
    names = {word.strip() for word in text.split(",") if word.strip()}
    if unknown := sorted(names - TAGS.keys() - {ORIGIN}):
        raise SettingsError(f"influx.tags: unknown: {', '.join(unknown)}; known are {', '.join(TAGS)}, {ORIGIN}")
    return tuple(sorted(names))


def plain_name(key: str, text: str) -> str:
    """A name of a measurement or a field; SettingsError where it would need escaping or is reserved."""
    if not _NAME.fullmatch(text) or text == "time":
        raise SettingsError(f"influx.{key}: {text!r}: expected a letter, then letters, digits, _ . or -, not `time`")
    return text


def line_start(
    measurement: str, tags: tuple[str, ...], datastream: Datastream, origin: int, catalogue: Catalogue
) -> bytes:
    """`measurement,tag=value,…` of the observations of one datastream and origin; an empty tag is left out."""
    station = catalogue.station_by_id.get(datastream.station)
    values = {name: TAGS[name](datastream, station, catalogue) for name in tags if name != ORIGIN}
    if ORIGIN in tags:
        values[ORIGIN] = Origin(origin).word
    escaped = ((name, escape(values[name])) for name in tags)
    return ",".join([measurement, *(f"{name}={value}" for name, value in escaped if value)]).encode()


@lru_cache(4096)
def escape(value: str) -> str:
    """A tag's value as it stands in a line; empty where nothing of it can stand there.

    >>> escape("BPBD Kota, Pos=1")
    'BPBD\\\\ Kota\\\\,\\\\ Pos\\\\=1'
    """
    clean = _CONTROL.sub(" ", value).replace("\\", "/").strip()
    return re.sub(r"([,= ])", r"\\\1", clean)
