"""Reading `datastreams.csv`: a `Datastream` without the number and the levels, which the gateway and levels.csv add."""

from collections.abc import Collection
from pathlib import Path
from typing import Final

import msgspec

from sensors import units
from sensors.catalogue import City, DatastreamColumns, Installation
from sensors.city_file import is_zone
from sensors.errors import RowError
from sensors.health_kinds import HEALTH_KINDS
from sensors.installations import Address, address_of, check_installation
from sensors.tables import IDENTIFIER, Fault, Line, Unique, read_table, unknown

MAX_INTERVAL_S: Final = 366 * 86_400
MAX_TERMS: Final = 200  # letters of producer and licence
_GRADED: Final = (  # a failure is worse than a suspicion
    ("spike_suspect", "spike_fail"),
    ("flat_suspect_s", "flat_fail_s"),
    ("neighbour_suspect", "neighbour_fail"),
)
_POSITIVE: Final = (
    "rise_limit_per_h",
    "fall_limit_per_h",
    "trend_window_s",
    *(column for pair in _GRADED for column in pair),
)


class DatastreamRow(DatastreamColumns, frozen=True, kw_only=True):
    """A row of datastreams.csv, with the columns that declare an installation."""

    device: str = ""
    field: str = ""
    sent_unit: str = ""
    scale: float | None = None
    zero: float | None = None

    def installation(self) -> Installation | None:
        """The installation that its columns declare, in force always; None where they are empty."""
        if not (self.device or self.field or self.sent_unit) and self.scale is None and self.zero is None:
            return None
        return Installation(
            device=self.device,
            field=self.field,
            sent_unit=self.sent_unit,
            scale=1.0 if self.scale is None else self.scale,
            zero=0.0 if self.zero is None else self.zero,
            source=self.source,
        )


def read_datastreams(
    folder: Path, city: City, stations: Collection[str], faults: list[Fault]
) -> dict[str, DatastreamRow]:
    """The usable rows by `{station}:{property}`, units as Siaga spells them."""
    names, addresses = Unique(), Unique()

    def check(line: Line[DatastreamRow]) -> DatastreamRow:
        row = line.row
        unit = units.canonical(row.unit)
        if row.station not in stations:
            raise RowError("station", unknown("station", row.station, stations))
        if not IDENTIFIER.fullmatch(row.property):
            raise RowError("property", f"expected letters, digits, _ and -, at most 64, got {row.property!r}")
        if unit is None:
            raise RowError("unit", f"expected one of {', '.join(units.KNOWN)}, got {row.unit!r}")
        _check_health(row.kind, unit)
        _check_sending(row, [source.name for source in city.sources])
        _check_limits(row)
        _check_terms(row)
        row = msgspec.structs.replace(row, unit=unit)
        address = _check_installation(row)
        names.add(f"{row.station}:{row.property}", "property", line.number)
        if address is not None:
            addresses.add(f"device {address[0]!r}, field {address[1]!r}", "device", line.number)
        return row

    rows = read_table(folder / "datastreams.csv", DatastreamRow, check, faults)
    return {f"{row.station}:{row.property}": row for row in rows}


def _check_sending(row: DatastreamRow, sources: list[str]) -> None:
    """Where it comes from, how its times are meant, how often."""
    if row.origin_source and row.origin_source not in sources:
        raise RowError("origin_source", unknown("source", row.origin_source, sources))
    if row.zone and not is_zone(row.zone):
        raise RowError("zone", f"expected an IANA zone such as Asia/Jakarta, got {row.zone!r}")
    for column, interval_s in (("interval_calm_s", row.interval_calm_s), ("interval_storm_s", row.interval_storm_s)):
        if interval_s is not None and not 0 < interval_s <= MAX_INTERVAL_S:
            raise RowError(column, f"expected more than 0, at most {MAX_INTERVAL_S} (a year), got {interval_s}")


def _check_terms(row: DatastreamRow) -> None:
    """Whom to name, and what takers may do."""
    for column, text in (("producer", row.producer), ("licence", row.licence)):
        if len(text) > MAX_TERMS:
            raise RowError(column, f"expected at most {MAX_TERMS} letters, got {len(text)}")


def _check_installation(row: DatastreamRow) -> Address | None:
    """The address that the row's values come from, if it names one."""
    installation = row.installation()
    if installation is None:
        return None
    check_installation(installation, row.property, row.unit)
    return address_of(row.station, row.property, installation)


def _check_health(kind: str, unit: str) -> None:
    """What a device tells of itself comes in a unit that means something for its kind."""
    expected = HEALTH_KINDS.get(kind)
    if expected is not None and unit not in expected:
        raise RowError("unit", f"expected {' or '.join(expected)} for kind {kind}, got {unit}")


def _check_limits(row: DatastreamRow) -> None:
    for low, high in (("valid_min", "valid_max"), *_GRADED):
        least, most = getattr(row, low), getattr(row, high)
        if least is not None and most is not None and least >= most:
            raise RowError(high, f"expected more than {low} {least}, got {most}")
    for column in _POSITIVE:
        value = getattr(row, column)
        if value is not None and value <= 0:
            raise RowError(column, f"expected more than 0, got {value}")
    if row.flat_tolerance < 0:
        raise RowError("flat_tolerance", f"expected 0 or more, got {row.flat_tolerance}")
    if not row.neighbour and (row.neighbour_suspect is not None or row.neighbour_fail is not None):
        raise RowError("neighbour", "is empty, and a difference to it is limited")
