"""Topics and devices to datastreams: what a message's address means in the catalogue in force."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from sensors.arithmetic import Arithmetic
from sensors.catalogue import Catalogue, Datastream
from sensors.installations import HEALTH_MARK, NOT_IN_FORCE, Address, Versions, address_of
from sensors.moments import moment_us
from sensors.times import NEVER

__all__ = ["HEALTH_MARK", "AddressBook", "Target"]

_EPOCH_US: Final = {"us": 1, "ms": 1000, "s": 1_000_000}
_FOR_EVER: Final = 2**63 - 1
_NOWHERE: Final = -1


@dataclass(frozen=True, slots=True)
class Target:
    """Where a value goes, and how its device writes time and unit.

    `place` stands for the address in ingest's columns.  It is the datastream's number unless the device `moves`: then
    the time of a reading decides, and the rest is that of the datastream it is at last.
    """

    place: int
    moves: bool
    property: str  # names the substance where a unit is converted that needs one
    unit: str
    zone: ZoneInfo | None
    epoch_us: int  # microseconds in one unit of the device's epoch times


class _Stay(NamedTuple):
    """A device's field is at a datastream in [from_us, until_us)."""

    from_us: int
    until_us: int
    datastream: Datastream


class AddressBook:
    """What addresses mean; rebuilt when the catalogue changes.

    stations   station → property → target; what is computed has none: nobody may send it
    by_topic   the native topic of a datastream → target
    devices    device id as its source writes it, case-folded → field path → target.  A row without a device stands
               under its station's name, one without a field under its property
    arithmetic what becomes of raw values
    device     of each place a number for its device: one clock.  A native topic's is its station
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self.stations: dict[str, dict[str, Target]] = {s.station: {} for s in catalogue.stations}
        self._derived = {(d.station, d.property) for d in catalogue.datastreams if d.derivation is not None}
        stays: dict[Address, list[_Stay]] = defaultdict(list)
        for datastream in catalogue.datastreams:
            if datastream.derivation is not None:
                continue
            self.stations[datastream.station][datastream.property] = _target(datastream)
            for address, stay in _stays(datastream):
                stays[address].append(stay)
        self.by_topic: dict[bytes, Target] = {
            f"telemetry/{station}/{name}".encode(): target
            for station, targets in self.stations.items()
            for name, target in targets.items()
        }
        self.arithmetic = Arithmetic(catalogue)
        self._size = 1 + max(catalogue.datastream_by_number, default=-1)
        self._movers: list[Address] = []
        self.devices: dict[str, dict[str, Target]] = {}
        routes = [self._enter(address, sorted(some, key=lambda stay: stay.from_us)) for address, some in stays.items()]
        moving = [route for route in routes if route is not None]
        self._routes = Versions([[from_us for from_us, _ in route] for route in moving])
        self._route_numbers = np.array([number for route in moving for _, number in route], np.int32)
        self.device = self._clocks(catalogue)

    @property
    def size(self) -> int:
        """Places below it are datastreams' numbers."""
        return self._size

    def why_not(self, station: str, name: str) -> str:
        """Why a station's property `name` has no target."""
        if (station, name) in self._derived:
            return f"{name!r} at station {station!r} is derived: it is computed from others, no device sends it"
        known = ", ".join(sorted(self.stations.get(station, ()))) or "none"
        return f"no property {name[:64]!r} at station {station!r}; known are {known}"

    def numbers(self, place: NDArray[np.int32], time_us: NDArray[np.int64]) -> NDArray[np.int32]:
        """The datastream of each place at its time; -1 where its device was nowhere then.  Shape (n,)."""
        moves = np.flatnonzero(place >= self._size)
        if not len(moves):
            return place
        numbers = place.copy()
        version = self._routes.in_force(place[moves] - self._size, time_us[moves])
        numbers[moves] = np.where(version == NOT_IN_FORCE, _NOWHERE, self._route_numbers[version])
        return numbers

    def mover(self, place: int) -> Address:
        """The device and field of a place whose datastream depends on the time."""
        return self._movers[place - self._size]

    def _clocks(self, catalogue: Catalogue) -> NDArray[np.int32]:
        """`device`, by place."""
        names = [""] * self._size + [device for device, _ in self._movers]
        for datastream in catalogue.datastream_by_number.values():
            names[datastream.number] = datastream.station.casefold()
        for device, fields in self.devices.items():
            for target in fields.values():
                if target.place >= 0:  # the rows of a catalogue that is only looked at have no numbers
                    names[target.place] = device
        numbers = {name: number for number, name in enumerate(dict.fromkeys(names))}
        return np.array([numbers[name] for name in names], np.int32)

    def _enter(self, address: Address, stays: list[_Stay]) -> list[tuple[int, int]] | None:
        """Enter the target of an address; where its device moves: (from when, the number of its datastream or -1)."""
        last = stays[-1].datastream
        mover = None
        route = None
        if len(stays) > 1 or (stays[0].from_us, stays[0].until_us) != (NEVER, _FOR_EVER):
            mover = self._size + len(self._movers)
            self._movers.append(address)
            route = list(_route(stays))
        self.devices.setdefault(address[0], {})[address[1]] = _target(last, mover)
        return route


def _stays(datastream: Datastream) -> Iterator[tuple[Address, _Stay]]:
    """Which devices a datastream hears of, and from when until when."""
    starts = [moment_us(version.valid_from) for version in datastream.installations]
    ends = [*starts[1:], _FOR_EVER][: len(starts)]
    for version, from_us, until_us in zip(datastream.installations, starts, ends, strict=True):
        address = address_of(datastream.station, datastream.property, version)
        if address is not None:
            yield address, _Stay(from_us, until_us, datastream)


def _route(stays: list[_Stay]) -> Iterator[tuple[int, int]]:
    """When a device comes to which datastream; -1 from when it is nowhere."""
    next_from_us = [stay.from_us for stay in stays[1:]] + [_FOR_EVER]
    for stay, following_us in zip(stays, next_from_us, strict=True):
        yield stay.from_us, stay.datastream.number
        if stay.until_us < following_us:
            yield stay.until_us, _NOWHERE


def _target(datastream: Datastream, mover: int | None = None) -> Target:
    return Target(
        place=datastream.number if mover is None else mover,
        moves=mover is not None,
        property=datastream.property,
        unit=datastream.unit,
        zone=ZoneInfo(datastream.zone) if datastream.zone else None,
        epoch_us=_EPOCH_US[datastream.epoch_unit],
    )
