"""Reading `city.toml`: what the types cannot say is checked here."""

import re
from collections import Counter
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from sensors.catalogue import ANY_SOURCE, City, Layer, Source
from sensors.errors import CatalogueError, SettingsError
from sensors.map_layer import why_unusable
from sensors.pull_source import Pull, why_not
from sensors.settings import convert, read_toml
from sensors.tables import IDENTIFIER, Fault, unknown
from sensors.warning_rules import usable_feeds, usable_rules

FILE: Final = "city.toml"
DAY_S: Final = 86_400
MAX_NAMES: Final = 1_000  # of properties
MAX_NAME: Final = 40  # letters of one: it shares a line with the station and the value
MAX_ADVICE: Final = 600  # letters of what a level means, and of what to do
MAX_LICENCE: Final = 200  # letters

_LOGIN: Final = re.compile(r"//[^/]*@")  # user:password@ of a URL
_COLOUR: Final = re.compile(r"#[0-9a-f]{6}", re.IGNORECASE)


def read_city(folder: Path, faults: list[Fault]) -> City:
    """The city; layers and ingest rules that cannot be used are left out and added to `faults`.

    Raises CatalogueError, naming the key, for anything else that is wrong.
    """
    try:
        city = convert(read_toml(folder / FILE), City, str(folder / FILE))
    except SettingsError as error:
        raise CatalogueError(str(error)) from error
    wrong = _wrong(city)
    if wrong:
        raise CatalogueError(f"{folder / FILE}: {wrong}")
    layers, layer_faults = _usable_layers(city, folder)
    names = {source.name for source in city.sources}
    strangers = [rule.source for rule in city.ingest if rule.source != ANY_SOURCE and rule.source not in names]
    faults.extend(Fault(FILE, 0, "layers", reason) for reason in layer_faults)
    pulls = _usable_pulls(city, names, faults)
    faults.extend(Fault(FILE, 0, "ingest", unknown("source", name, names)) for name in strangers)
    rules = tuple(rule for rule in city.ingest if rule.source not in strangers)
    sources = tuple(_without_secrets(source, faults) for source in city.sources)
    cap, cap_faults = usable_rules(city.cap)
    feeds, feed_faults = usable_feeds(city.cap_feeds)
    faults.extend(Fault(FILE, 0, "cap", reason) for reason in cap_faults)
    faults.extend(Fault(FILE, 0, "cap_feeds", reason) for reason in feed_faults)
    return msgspec.structs.replace(
        city, layers=tuple(layers), sources=sources, ingest=rules, pulls=pulls, cap=cap, cap_feeds=feeds
    )


def is_zone(name: str) -> bool:
    """Whether `name` is an IANA time zone known here."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _wrong(city: City) -> str:
    """The first key whose value cannot be used, and why; empty where all can."""
    twice = [name for name, n in Counter(source.name.casefold() for source in city.sources).items() if n > 1]
    colours = [(name, style.colour) for name, style in city.levels.items() if not _COLOUR.fullmatch(style.colour)]
    if not IDENTIFIER.fullmatch(city.code):
        return f"code: expected letters, digits, _ and -, at most 64, got {city.code!r}"
    if not is_zone(city.time_zone):
        return f"time_zone: expected an IANA zone such as Asia/Jakarta, got {city.time_zone!r}"
    if not (-180 <= city.map.lon <= 180 and -90 <= city.map.lat <= 90 and 0 <= city.map.zoom <= 24):
        return f"map: expected lon -180 to 180, lat -90 to 90, zoom 0 to 24, got {city.map}"
    if not 1 <= city.silence.intervals <= 1000:
        return f"silence.intervals: expected 1 to 1000, got {city.silence.intervals}"
    if wrong := _wrong_rules(city):
        return wrong
    if wrong := _wrong_names(city):
        return wrong
    if colours:
        return f"levels.{colours[0][0]}.colour: expected #rrggbb, got {colours[0][1]!r}"
    if wrong := _wrong_advice(city):
        return wrong
    return f"sources: the name {twice[0]!r} stands twice" if twice else ""


def _wrong_names(city: City) -> str:
    """The same of `[properties]`."""
    if len(city.properties) > MAX_NAMES:
        return f"properties: expected at most {MAX_NAMES} names, got {len(city.properties)}"
    for name, text in city.properties.items():
        if not IDENTIFIER.fullmatch(name):
            return f"properties: expected a property's letters, digits, _ and -, at most 64, got {name!r}"
        for language in ("id", "en"):
            words = getattr(text, language)
            if not 0 < len(words.strip()) <= MAX_NAME:
                return f"properties.{name}.{language}: expected 1 to {MAX_NAME} letters, got {words[:MAX_NAME]!r}"
    return ""


def _wrong_advice(city: City) -> str:
    """The same of what the public is told."""
    for name, style in city.levels.items():
        for key, text in (("means", style.means), ("advice", style.advice)):
            if text is not None and not all(0 < len(words.strip()) <= MAX_ADVICE for words in (text.id, text.en)):
                return f"levels.{name}.{key}: expected 1 to {MAX_ADVICE} letters in id and in en"
    if len(city.licence) > MAX_LICENCE:
        return f"licence: expected at most {MAX_LICENCE} letters, got {len(city.licence)}"
    return ""


def _wrong_rules(city: City) -> str:
    """The same of `[silence]` and `[detector]`."""
    silence, rules = city.silence, city.detector
    severities = {
        "silence.severity": silence.severity,
        "silence.rising_severity": silence.rising_severity,
        "detector.wave_severity": rules.wave_severity,
    }
    durations_s = {
        "detector.chatter_s": rules.chatter_s,
        "detector.doubt_s": rules.doubt_s,
        "detector.settle_s": rules.settle_s,
    }
    for name, severity in severities.items():
        if not 1 <= severity <= 4:
            return f"{name}: expected 1 to 4, got {severity}"
    for name, duration_s in durations_s.items():
        if not 0 <= duration_s <= DAY_S:
            return f"{name}: expected 0 to {DAY_S} (a day), got {duration_s}"
    if not 1 <= rules.fall_factor <= 1000:
        return f"detector.fall_factor: expected 1 to 1000, got {rules.fall_factor}"
    return ""


def _without_secrets(source: Source, faults: list[Fault]) -> Source:
    """The source without what must not be stored with the city: whoever reads the log reads its addresses, too."""
    url = _LOGIN.sub("//", source.url)
    if url != source.url:
        advice = "a login in url would be stored with the city and is left out:"
        advice += " use user and password_env or password_file"
        faults.append(Fault(FILE, 0, "sources", f"{source.name}: {advice}"))
    return msgspec.structs.replace(source, url=url)


def _usable_pulls(city: City, sources: set[str], faults: list[Fault]) -> tuple[Pull, ...]:
    """The pull sources that can be fetched; what is wrong with the others goes to `faults`."""
    usable: dict[str, Pull] = {}
    for pull in city.pulls:
        reason = why_not(pull, sources)
        if not reason and pull.name.casefold() in usable:
            reason = "name: stands twice"
        if reason:
            faults.append(Fault(FILE, 0, "pulls", f"{pull.name[:64]}: {reason}"))
        else:
            usable[pull.name.casefold()] = pull
    return tuple(usable.values())


def _usable_layers(city: City, folder: Path) -> tuple[list[Layer], list[str]]:
    """The layers that can be drawn, and what is wrong with the others."""
    usable, reasons = [], []
    for layer in city.layers:
        if Path(layer.file).name != layer.file or not layer.file.endswith((".geojson", ".pmtiles")):
            reasons.append(f"expected NAME.geojson or NAME.pmtiles, got {layer.file!r}")
        elif not (folder / layer.file).is_file():
            reasons.append(f"no file {layer.file} in the city's folder")
        elif reason := why_unusable(folder / layer.file):
            reasons.append(reason)
        else:
            usable.append(layer)
    return usable, reasons
