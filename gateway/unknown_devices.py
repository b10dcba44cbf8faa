"""Who sends and is in no row of the catalogue: seen from the dead letters, each with rows to paste.

Found, never trusted: nothing here takes effect until a person puts the row into the city's table.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import msgspec

from gateway.address_book import AddressBook
from gateway.introductions import MAX_SAMPLES, Introduction, Sample, introduction
from gateway.log.letter_book import LetterBook, Wanted
from gateway.log.rows import DeadLetter, DeadLetterGroup
from sensors import units
from sensors.catalogue import Catalogue, Station
from sensors.datastream_table import DatastreamRow
from sensors.times import SECOND_US, rfc3339

REASONS: Final = ("unknown_station", "unknown_property", "unknown_device", "announcement")
MAX_DEVICES: Final = 500  # listed
MAX_OF_OVERFLOW: Final = 200  # letters looked at of a group that stands for everything beyond the bound of groups
NOTE: Final = "illustrative: found on the broker, place, area and agency still to be checked"
USUAL_INTERVAL_S: Final = 600.0
MAX_CELL: Final = 64
_UNKNOWN_AGENCY: Final = "?"
_LATER_FORMULA: Final = re.compile(r";[\s;]*[=+\-@|%][=+\-@|%;\s]*")

# What a field's name says: a pattern, the property, its kind, its unit, the kind of station.
_GUESSES: Final[tuple[tuple[str, str, str, str, str], ...]] = (
    (r"batt.*(pct|percent|level|%)|^battery$|baterai", "battery", "battery", "%", ""),
    (r"batt.*(v|volt)|vbat|^bat$", "battery_v", "battery", "V", ""),
    (r"rssi", "rssi", "signal", "dBm", ""),
    (r"snr", "snr", "signal", "dB", ""),
    (r"solar|panel|surya", "solar", "solar", "V", ""),
    (r"pm2[._]?5", "pm25", "air", "ug/m3", "air"),
    (r"pm10", "pm10", "air", "ug/m3", "air"),
    (r"^no2|^so2|^o3$", "", "air", "ug/m3", "air"),
    (r"rain|hujan|precip", "rain", "rain", "mm/h", "rain"),
    (r"discharge|debit|flow_?rate", "discharge", "discharge", "m3/s", "river"),
    (r"dist|level|tma|height|tinggi|water|muka_?air", "level", "river_level", "cm", "river"),
    (r"speed|kecepatan", "speed", "traffic", "km/h", "road"),
    (r"temp|suhu", "temperature", "air", "Cel", "air"),
    (r"hum|lembap|kelembaban", "humidity", "air", "%", "air"),
)
_SUFFIX_UNITS: Final = {"mm": "mm", "cm": "cm", "m": "m", "v": "V", "mv": "mV", "pct": "%", "c": "Cel"}


class UnknownDevice(msgspec.Struct, frozen=True, kw_only=True):
    """A device or station that sends and is in no row."""

    device: str  # as it names itself; strangers' text
    name: str
    source: str
    topic: str
    reasons: tuple[str, ...]
    count: int
    first_us: int
    last_us: int
    sampled_us: int | None  # when the message came that the samples are from
    samples: tuple[Sample, ...]
    station_row: str  # for stations.csv; empty where the station is there already
    datastream_rows: tuple[str, ...]  # for datastreams.csv
    note: str = ""


class SampleView(msgspec.Struct, frozen=True, kw_only=True):
    """One field that a device sends, with its newest value as text."""

    field: str
    value: str
    unit: str


class UnknownView(msgspec.Struct, frozen=True, kw_only=True):
    """A stranger as JSON.  The rows are for the city's files; the headers name their columns."""

    device: str
    name: str
    source: str
    topic: str
    reasons: tuple[str, ...]
    count: int
    samples: list[SampleView]
    station_row: str  # empty where the station is there already
    datastream_rows: tuple[str, ...]
    note: str
    first_at: str
    last_at: str
    sampled_at: str | None
    stations_header: str
    datastreams_header: str


@dataclass(slots=True)
class _Seen:
    """One device while its groups are gathered."""

    source: str
    topic: str
    reasons: set[str]
    count: int
    first_us: int
    last_us: int
    newest: DeadLetter
    told: Introduction

    def add(self, other: "_Seen") -> None:
        self.reasons |= other.reasons
        self.count += other.count
        self.first_us = min(self.first_us, other.first_us)
        self.last_us = max(self.last_us, other.last_us)
        fields = {sample.field: sample for sample in self.told.samples}
        for sample in other.told.samples[:MAX_SAMPLES]:
            before = fields.get(sample.field, sample)
            fields[sample.field] = replace(sample, value=sample.value or before.value, unit=sample.unit or before.unit)
        name, place = other.told.name or self.told.name, other.told if other.told.lat is not None else self.told
        self.told = replace(self.told, name=name, samples=list(fields.values()), lat=place.lat, lon=place.lon)
        if other.newest.received_us > self.newest.received_us:
            self.newest, self.topic = other.newest, other.topic


def unknown_devices(book: LetterBook, catalogue: Catalogue | None) -> list[UnknownDevice]:
    """The strangers, the one heard last first; who is in the catalogue by now is none any more.  Raises LogError."""
    seen: dict[tuple[str, str], _Seen] = {}
    for reason in REASONS:
        for group in book.groups(Wanted(reason=reason)):
            for one in _seen(book, group):
                key = (one.source, one.told.device.casefold())
                if key in seen:
                    seen[key].add(one)
                elif len(seen) < MAX_DEVICES:
                    seen[key] = one
    known = _Known(catalogue)
    found = [known.described(one) for one in seen.values()]
    return sorted((device for device in found if device is not None), key=lambda d: d.last_us, reverse=True)


def unknown_view(device: UnknownDevice) -> UnknownView:
    """A stranger as JSON."""
    return UnknownView(
        device=device.device,
        name=device.name,
        source=device.source,
        topic=device.topic,
        reasons=device.reasons,
        count=device.count,
        samples=[SampleView(field=s.field, value=s.value, unit=s.unit) for s in device.samples],
        station_row=device.station_row,
        datastream_rows=device.datastream_rows,
        note=device.note,
        first_at=rfc3339(device.first_us),
        last_at=rfc3339(device.last_us),
        sampled_at=None if device.sampled_us is None else rfc3339(device.sampled_us),
        stations_header=stations_header(),
        datastreams_header=datastreams_header(),
    )


def stations_header() -> str:
    """The columns of the rows for stations.csv."""
    return ",".join(_columns(Station))


def datastreams_header() -> str:
    """The columns of the rows for datastreams.csv."""
    return ",".join(_columns(DatastreamRow))


def identifier(text: str) -> str:
    """A name by Siaga's rule, made of strangers' text; empty where nothing of it can be used.

    >>> identifier("=cmd|' Sungai Ngotok (hilir)'!A1"), identifier("a84041000181d2f3")
    ('cmd-Sungai-Ngotok-hilir-A1', 'a84041000181d2f3')
    """
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9_]+", "-", ascii_text).strip("-_")[:64].rstrip("-_")


def harmless(text: str, most: int = MAX_CELL) -> str:
    """Strangers' text as a cell that no spreadsheet takes for a formula, on one line; nor one that parts cells at `;`.

    >>> harmless('=HYPERLINK("http://x")'), harmless("-2+3"), harmless("pos 1"), harmless("pos; =1+1")
    ('HYPERLINK("http://x")', '2+3', 'pos 1', 'pos 1+1')
    """
    plain = "".join(c if c.isprintable() else " " for c in text).strip()
    return _LATER_FORMULA.sub(" ", plain).lstrip("=+-@|%\t ")[:most]


def _seen(book: LetterBook, group: DeadLetterGroup) -> Iterable[_Seen]:
    """The devices behind a group: one, unless it stands for everything beyond the bound of groups."""
    if group.newest is None:
        return
    if not group.topic:
        for letter in book.page(None, MAX_OF_OVERFLOW, Wanted(group=group.id)):
            at = letter.received_us
            told = introduction(letter)
            yield _Seen(letter.source, letter.topic, {letter.reason}, 1, at, at, letter, told)
        return
    newest = book.one(group.newest)
    if newest is not None:
        told = introduction(newest)
        times = (group.first_us, group.last_us)
        yield _Seen(group.source, group.topic, {group.reason}, group.count, *times, newest, told)


class _Known:
    """What the catalogue has by now, and rows for what it has not."""

    def __init__(self, catalogue: Catalogue | None) -> None:
        self._catalogue = catalogue
        self._stations = {s.station.casefold(): s.station for s in catalogue.stations} if catalogue else {}
        self._datastreams = {d.id.casefold() for d in catalogue.datastreams} if catalogue else set()
        self._devices = set(AddressBook(catalogue).devices) if catalogue else set()
        self._given: set[str] = set()

    def described(self, one: _Seen) -> UnknownDevice | None:
        """The stranger with its rows; None where it is known by now."""
        is_native = one.topic.startswith("telemetry/")
        station = self._stations.get(one.told.device.casefold()) if is_native else None
        samples = [s for s in one.told.samples if not is_native or not self._has(one.told.device, s.field)]
        if (is_native and station is not None and not samples) or (not is_native and self._is_device(one)):
            return None
        name = station or self._free_name(one, is_native=is_native)
        rows = [self._datastream(one, name, sample, is_native=is_native) for sample in samples]
        note = "" if name else "its name cannot be made one by Siaga's rule: choose one"
        return UnknownDevice(
            device=one.told.device,
            name=one.told.name,
            source=one.source,
            topic=one.topic,
            reasons=tuple(sorted(one.reasons)),
            count=one.count,
            first_us=one.first_us,
            last_us=one.last_us,
            sampled_us=one.newest.received_us,
            samples=tuple(samples),
            station_row="" if station is not None or not name else self._station(one, name, samples),
            datastream_rows=tuple(row for row in rows if row),
            note=note,
        )

    def _has(self, station: str, prop: str) -> bool:
        return f"{station}:{prop}".casefold() in self._datastreams

    def _is_device(self, one: _Seen) -> bool:
        return one.told.device.casefold() in self._devices

    def _free_name(self, one: _Seen, *, is_native: bool) -> str:
        """A station's name; for a native topic the topic's own, else nothing would arrive."""
        wanted = identifier(one.told.device if is_native else one.told.name or one.told.device)
        if not wanted or (is_native and wanted != one.told.device):
            return "" if is_native else self._unused("DEVICE")
        return wanted if is_native else self._unused(wanted.upper())

    def _unused(self, wanted: str) -> str:
        name, number = wanted[:60], 1
        while name.casefold() in self._stations or name.casefold() in self._given:
            number += 1
            name = f"{wanted[:56]}-{number}"
        self._given.add(name.casefold())
        return name

    def _station(self, one: _Seen, name: str, samples: Sequence[Sample]) -> str:
        city = self._catalogue.city if self._catalogue else None
        lat, lon = one.told.lat, one.told.lon
        if lat is None and city is not None:
            lat, lon = city.map.lat, city.map.lon
        area = self._catalogue.areas[0].code if self._catalogue and self._catalogue.areas else ""
        kinds = [_guess(sample)[3] for sample in samples]
        cells = {
            "station": name,
            "name": harmless(one.told.name or one.told.device) or name,
            "kind": next((kind for kind in kinds if kind), "river"),
            "lat": "" if lat is None else f"{lat:.6g}",
            "lon": "" if lon is None else f"{lon:.6g}",
            "area": area,
            "agency": _UNKNOWN_AGENCY,
            "source": NOTE,
        }
        return _row(Station, cells)

    def _datastream(self, one: _Seen, station: str, sample: Sample, *, is_native: bool) -> str:
        """A row for one field; none for a field whose own text no cell may hold as it is."""
        prop, kind, unit, _ = _guess(sample)
        sent = units.canonical(sample.unit) if len(sample.unit) <= 32 else None
        if sent is not None and (not unit or units.conversion(sent, unit, prop) is None):
            unit = sent
        device, path = ("", "") if is_native else (one.told.device, sample.field)
        if harmless(device) != device or harmless(path) != path or not station:
            return ""
        cells = {
            "station": station,
            "property": identifier(sample.field) if is_native else prop,
            "kind": kind,
            "unit": unit or "1",
            "interval_calm_s": f"{_interval_s(one):.0f}",
            "device": device,
            "field": path,
            "sent_unit": "" if sent is None or sent == unit else sent,
            "source": NOTE,
        }
        return _row(DatastreamRow, cells) if cells["property"] else ""


def _guess(sample: Sample) -> tuple[str, str, str, str]:
    """Property, kind, unit and kind of station by a field's name; a proposal, for a person to look at."""
    last = sample.field.rpartition(".")[2] if not sample.field.rpartition(".")[2].isdigit() else sample.field
    text = f"{sample.device_class} {last}".strip().lower()
    suffix = _SUFFIX_UNITS.get(last.lower().rpartition("_")[2], "")
    for pattern, prop, kind, unit, station_kind in _GUESSES:
        if re.search(pattern, text) or re.search(pattern, last.lower()):
            stated = suffix if suffix and units.conversion(suffix, unit) is not None else unit
            return prop or identifier(last.lower()), kind, stated, station_kind
    return identifier(last.lower()), "other", suffix, ""


def _interval_s(one: _Seen) -> float:
    """How often it seems to send; the usual ten minutes where it was not watched for so long."""
    span_s = (one.last_us - one.first_us) / SECOND_US
    return min(max(span_s / (one.count - 1), 10.0), 86_400.0) if span_s > USUAL_INTERVAL_S else USUAL_INTERVAL_S


def _columns(kind: type[msgspec.Struct]) -> list[str]:
    names = [field.name for field in msgspec.structs.fields(kind)]
    return [name for name in names if name != "source"] + ["source"]


def _row(kind: type[msgspec.Struct], cells: dict[str, str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow([cells.get(name, "") for name in _columns(kind)])
    return text.getvalue()
