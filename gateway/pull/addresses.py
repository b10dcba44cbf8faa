"""Where a pulled value goes: device and field, as datastreams.csv and installations.csv say, at a reading's time."""

from collections.abc import Mapping
from dataclasses import dataclass

from sensors.catalogue import Catalogue, Datastream
from sensors.installations import Address, address_of
from sensors.times import NEVER, parse_rfc3339


@dataclass(frozen=True, slots=True)
class Placement:
    """A datastream that an address means, or meant, or will mean."""

    target: str  # station/property
    versions: tuple[tuple[int, bool], ...]  # (from when on, whether the address means it then), ascending

    def holds(self, time_us: int) -> bool:
        """Whether the address means the datastream at a time."""
        meant = [is_meant for start_us, is_meant in self.versions if start_us <= time_us]
        return bool(meant) and meant[-1]


Addresses = Mapping[str, Mapping[str, tuple[Placement, ...]]]  # device, case-folded → field path → placements


def addresses_of(catalogue: Catalogue) -> Addresses:
    """Every device and field of a catalogue."""
    found: dict[str, dict[str, tuple[Placement, ...]]] = {}
    for datastream in catalogue.datastreams:
        starts = _starts(datastream)
        for device, field in {address for _, address in starts if address is not None}:
            placement = Placement(
                f"{datastream.station}/{datastream.property}",
                tuple((start_us, address == (device, field)) for start_us, address in starts),
            )
            fields = found.setdefault(device, {})
            fields[field] = (*fields.get(field, ()), placement)
    return found


def _starts(datastream: Datastream) -> list[tuple[int, Address | None]]:
    return [
        (_start_us(row.valid_from), address_of(datastream.station, datastream.property, row))
        for row in datastream.installations
    ]


def _start_us(valid_from: str) -> int:
    """When a row begins to count; the catalogue holds times in UTC only."""
    time_us = parse_rfc3339(valid_from) if valid_from else NEVER
    return NEVER if time_us is None else time_us
