"""Reloading a city: what vanished from its tables keeps its last good version until it is mended or retired by name."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Final, TypeVar

import msgspec

from sensors.catalogue import Area, Catalogue, Datastream, Installation, Level, Row
from sensors.errors import AnotherCity
from sensors.installations import Address, address_of
from sensors.kept_actions import with_actions, with_actuators
from sensors.kept_derivations import computable, with_curves
from sensors.tables import Fault

_ADVICE: Final = "mend the row or name it in retired.csv"

T = TypeVar("T", bound=Row)
V = TypeVar("V")

Taken = Mapping[Address, str]  # which datastream of the new catalogue a device's field is at, at any time


def keep_last_good(old: Catalogue, new: Catalogue, retired: frozenset[str]) -> tuple[Catalogue, tuple[Fault, ...]]:
    """`new`, and what of `old` it lacks and is not `retired`: datastreams and what hangs on them; with faults.

    That is levels, installations, curves and standing actions.

    A datastream brings the station, areas, programme, basin and level styles that it needs and `new` lacks; it comes
    from any source where its own is gone.  One that is in `new` in another unit has not vanished.  An installation is
    kept unless its device and field are at another datastream of `new`: a device may move.  A derived datastream is
    kept with its derivation and its curve, unless an input of it is gone or in another unit.  Names are compared
    ignoring case.  The numbers of what is kept are those of `old`: number the result anew.

    Raises AnotherCity where the two are different cities.
    """
    if old.city.code != new.city.code:
        raise AnotherCity(f"city code: expected {old.city.code!r} as before the reload, got {new.city.code!r}")
    gone = {name.casefold() for name in retired}
    before = {d.id.casefold(): d for d in old.datastreams}
    faults: list[Fault] = []
    taken = {address: d.id for d in new.datastreams for address in _addresses(d, d.installations)}
    datastreams = [
        _with_kept(before[d.id.casefold()], d, gone, taken, faults) if d.id.casefold() in before else d
        for d in new.datastreams
    ]
    left = before.keys() - {d.id.casefold() for d in new.datastreams} - gone
    vanished = [_without(d, gone, taken) for key, d in before.items() if key in left]
    whole = _assemble(old, new, datastreams, vanished)
    kept = {d.id for d in whole.datastreams[len(new.datastreams) :]}
    computed, impossible = computable(old, whole.datastreams, kept)
    there = {d.id.casefold() for d in computed}
    faults.extend(_kept(_file_of(d), d.id) for d in vanished if d.id.casefold() in there)
    computed, curves, of_curves = with_curves(old, new, computed, kept, gone)
    actions, of_actions = with_actions(old, new, computed, gone)
    whole = msgspec.structs.replace(whole, datastreams=tuple(computed), curves=curves, actions=actions)
    actuators, of_actuators = with_actuators(old, whole, gone)
    whole = msgspec.structs.replace(whole, actuators=actuators)
    return whole, (*faults, *impossible, *of_curves, *of_actions, *of_actuators)


def _file_of(datastream: Datastream) -> str:
    return "datastreams.csv" if datastream.derivation is None else "derived.csv"


def _with_kept(
    old: Datastream, new: Datastream, gone: Collection[str], taken: Taken, faults: list[Fault]
) -> Datastream:
    """`new` with the levels and installations of `old` that vanished; in another unit it is another datastream."""
    if old.unit != new.unit:
        return new
    old = _without(old, gone, taken)
    if new.derivation is not None:  # it is computed now: no device speaks for it
        old = msgspec.structs.replace(old, installations=())
    levels: list[Level] = []
    for name in dict.fromkeys(level.level for level in old.levels):
        versions = _vanished_versions(_versions(old, name), _versions(new, name))
        levels.extend(versions)
        for version in versions:
            since = f" of {version.effective_from}" if version.effective_from else ""
            faults.append(_kept("levels.csv", f"{new.id}/{name}{since}"))
    installations = _vanished(old.installations, new.installations, lambda version: version.valid_from)
    faults.extend(_kept("installations.csv", _installation_name(new, version)) for version in installations)
    if not levels and not installations:
        return new
    return msgspec.structs.replace(
        new,
        levels=tuple(sorted((*new.levels, *levels), key=lambda level: (level.rank, level.effective_from))),
        installations=tuple(sorted((*new.installations, *installations), key=lambda version: version.valid_from)),
    )


def _without(datastream: Datastream, gone: Collection[str], taken: Taken) -> Datastream:
    """The datastream without its levels and installations that are retired, or whose device is elsewhere now."""
    levels = tuple(level for level in datastream.levels if f"{datastream.id}/{level.level}".casefold() not in gone)
    installations = tuple(
        version
        for version in datastream.installations
        if _installation_name(datastream, version).casefold() not in gone
        and all(taken.get(address, datastream.id) == datastream.id for address in _addresses(datastream, [version]))
    )
    return msgspec.structs.replace(datastream, levels=levels, installations=installations)


def _installation_name(datastream: Datastream, version: Installation) -> str:
    return f"{datastream.id}@{version.valid_from or 'always'}"


def _addresses(datastream: Datastream, installations: Iterable[Installation]) -> list[Address]:
    found = (address_of(datastream.station, datastream.property, version) for version in installations)
    return [address for address in found if address is not None]


def _kept(file: str, name: str) -> Fault:
    return Fault(file, 0, "", f"{name} is no longer in {file}; its last good version is kept: {_ADVICE}")


def _versions(datastream: Datastream, name: str) -> list[Level]:
    return [level for level in datastream.levels if level.level == name]


def _vanished_versions(old: list[Level], new: list[Level]) -> list[Level]:
    return _vanished(old, new, lambda level: level.effective_from)


def _vanished(old: Sequence[T], new: Sequence[T], moment: Callable[[T], str]) -> list[T]:
    """The dated versions of one thing that nothing took the place of.

    Where a version was added, a missing one may have been edited into it; but what ruled before every version that is
    left is kept in any case, or nothing would be in force then.
    """
    before, after = {moment(version) for version in old}, {moment(version) for version in new}
    missing = [version for version in old if moment(version) not in after]
    if after <= before:
        return missing
    return [version for version in missing if moment(version) < min(after)]


def _assemble(old: Catalogue, new: Catalogue, datastreams: list[Datastream], vanished: list[Datastream]) -> Catalogue:
    """`new` with these datastreams, and with what the vanished ones and the kept levels refer to."""
    stations = _lacking((old.station_by_id[d.station] for d in vanished), new.stations, "station")
    spelling = {station.station.casefold(): station.station for station in (*stations, *new.stations)}
    sources = {source.name for source in new.city.sources}
    for datastream in vanished:
        station = spelling[datastream.station.casefold()]
        source = datastream.origin_source if datastream.origin_source in sources else ""
        datastreams.append(msgspec.structs.replace(datastream, station=station, origin_source=source))
    codes = {code for station in stations for code in (station.area, *station.affects)}
    programmes = {station.programme for station in stations}
    styles = {level.level for datastream in datastreams for level in datastream.levels}
    city = msgspec.structs.replace(
        new.city,
        levels=_refilled(new.city.levels, old.city.levels, styles),
        basins=_refilled(new.city.basins, old.city.basins, {station.basin for station in stations}),
    )
    needed = (programme for programme in old.programmes if programme.code in programmes)
    return msgspec.structs.replace(
        new,
        city=city,
        areas=(*new.areas, *_lacking(_with_parents(old, codes), new.areas, "code")),
        programmes=(*new.programmes, *_lacking(needed, new.programmes, "code")),
        stations=(*new.stations, *stations),
        datastreams=tuple(datastreams),
    )


def _lacking(needed: Iterable[T], there: Iterable[T], key: str) -> list[T]:
    """Of the rows needed those that are not there, once each."""
    known = {getattr(row, key).casefold() for row in there}
    return [row for name, row in {getattr(row, key).casefold(): row for row in needed}.items() if name not in known]


def _with_parents(catalogue: Catalogue, codes: Collection[str]) -> list[Area]:
    """The areas of `codes` and all that they lie in."""
    needed, waiting = set(codes), list(codes)
    while waiting:
        area = catalogue.area_by_code.get(waiting.pop())
        if area is not None and area.parent and area.parent not in needed:
            needed.add(area.parent)
            waiting.append(area.parent)
    return [area for area in catalogue.areas if area.code in needed]


def _refilled(new: Mapping[str, V], old: Mapping[str, V], names: Collection[str]) -> dict[str, V]:
    """`new`, and from `old` those of `names` that it lacks."""
    return {name: style for name, style in old.items() if name in names} | dict(new)
