"""Reading `installations.csv`: which device stands behind a datastream from when on, its unit, scale and zero.

The columns device, field, sent_unit, scale and zero of datastreams.csv are the version that holds always, until a row
here is in force.  A row without a device ends what was there.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import groupby
from pathlib import Path
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from sensors.catalogue import City, Installation
from sensors.datastream_table import DatastreamRow
from sensors.errors import RowError
from sensors.installations import Address, address_of, check_installation
from sensors.moments import ALWAYS, moment
from sensors.tables import Fault, Line, Unique, read_table, unknown

FILE: Final = "installations.csv"


class InstallationRow(Installation, frozen=True, kw_only=True):
    """A row of installations.csv."""

    station: str
    property: str


class Placed(NamedTuple):
    """An installation and where it is from; line 0 = the datastream's own row."""

    line: int
    datastream: str
    address: Address | None
    installation: Installation


def read_installations(
    folder: Path, city: City, datastreams: Mapping[str, DatastreamRow], faults: list[Fault]
) -> dict[str, tuple[Installation, ...]]:
    """The usable installations of each datastream by its id, every version, by time."""
    versions = Unique()
    own = list(_own(datastreams))
    declared = {placed.datastream for placed in own}

    def check(line: Line[InstallationRow]) -> Placed:
        row = line.row
        name = f"{row.station}:{row.property}"
        if name not in datastreams:
            raise RowError("property", unknown("datastream", name, datastreams) + " in datastreams.csv")
        values = {field: getattr(row, field) for field in Installation.__struct_fields__}
        values["valid_from"] = moment("valid_from", row.valid_from, ZoneInfo(city.time_zone))
        installation = msgspec.convert(values, Installation)
        check_installation(installation, row.property, datastreams[name].unit)
        if installation.valid_from == ALWAYS and name in declared:
            raise RowError("valid_from", f"is empty, and datastreams.csv has what always holds for {name}")
        versions.add(f"{name} from {installation.valid_from or 'always'}", "valid_from", line.number)
        return Placed(line.number, name, address_of(row.station, row.property, installation), installation)

    rows = read_table(folder / FILE, InstallationRow, check, faults, required=False)
    by_datastream: dict[str, list[Installation]] = defaultdict(list)
    for placed in _one_place_at_a_time([*own, *rows], faults):
        by_datastream[placed.datastream].append(placed.installation)
    return {name: tuple(installations) for name, installations in by_datastream.items()}


def _own(datastreams: Mapping[str, DatastreamRow]) -> Iterable[Placed]:
    """The always valid installations that datastreams.csv declares."""
    for name, row in datastreams.items():
        installation = row.installation()
        if installation is not None:
            yield Placed(0, name, address_of(row.station, row.property, installation), installation)


def _one_place_at_a_time(placed: Iterable[Placed], faults: list[Fault]) -> list[Placed]:
    """The installations by time, without those whose device and field stand at another datastream at the same time."""
    kept: list[Placed] = []
    holder: dict[Address, str] = {}
    held: dict[str, Address] = {}
    by_time = sorted(placed, key=lambda p: (p.installation.valid_from, p.line))
    for _, together in groupby(by_time, key=lambda p: p.installation.valid_from):
        rows = list(together)
        while clash := _clash(rows, holder, held):
            row, other = clash
            where = f"device {row.address[0]!r}, field {row.address[1]!r}" if row.address else ""
            reason = f"{where} is at {other} at that time; a row without a device ends that"
            faults.append(Fault(FILE, row.line, "device", reason))
            rows.remove(row)
        for row in rows:
            holder.pop(held.pop(row.datastream, ("", "")), None)
        for row in rows:
            if row.address is not None:
                held[row.datastream] = row.address
                holder[row.address] = row.datastream
        kept += rows
    return kept


def _clash(rows: list[Placed], holder: Mapping[Address, str], held: Mapping[str, Address]) -> tuple[Placed, str] | None:
    """The first of `rows`, all from one moment on, whose address another datastream holds then, and that datastream."""
    left = {held.get(row.datastream) for row in rows}
    taken: dict[Address, str] = {}
    for row in rows:
        if row.address is None:
            continue
        before = holder.get(row.address) if row.address not in left else None
        other = taken.get(row.address, before)
        if other is not None and other != row.datastream:
            return row, other
        taken[row.address] = row.datastream
    return None
