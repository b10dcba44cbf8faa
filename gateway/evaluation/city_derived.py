"""The city's derived datastreams over a recording: those whose inputs are all in the file, and those that lack one."""

from collections.abc import Sequence

import msgspec

from sensors.catalogue import Catalogue, Datastream, Level
from sensors.rules import levels_in_force


def computable(observed: Sequence[Datastream], city: Catalogue, first_us: int) -> list[Datastream]:
    """What the city derives of datastreams of a file, and of what is derived of these, inputs before what uses them.

    With the city's levels in force at the first observation, from the beginning on; numbered after `observed`.  What
    the file itself holds is not derived.
    """
    known = city.datastream_by_id
    there = {d.id: d for d in observed if d.id in known and known[d.id].unit == d.unit}
    waiting = [d for d in city.datastreams if d.derivation is not None and d.id not in {one.id for one in observed}]
    found: list[Datastream] = []
    while ready := [d for d in waiting if all(name in there for name in _inputs(d))]:
        for d in ready:
            number = len(observed) + len(found)
            interval_s = max(there[name].interval_calm_s for name in _inputs(d))
            levels = from_the_beginning(d, first_us)
            there[d.id] = msgspec.structs.replace(d, number=number, interval_calm_s=interval_s, levels=levels)
            found.append(there[d.id])
        waiting = [d for d in waiting if d.id not in there]
    return found


def lacking(catalogue: Catalogue, city: Catalogue) -> list[str]:
    """What the city derives of datastreams of a file and of others that it lacks, or has in another unit, in words.

    `catalogue` is what `catalogue_of` made of the file.
    """
    there, known = catalogue.datastream_by_id, city.datastream_by_id
    words = []
    for d in city.datastreams:
        missing = [name for name in _inputs(d) if name not in there or there[name].unit != known[name].unit]
        if d.id not in there and any(name in there for name in _inputs(d)):
            words.append(f"{d.id} has no {', '.join(missing)} in the unit of the city")
    return words


def from_the_beginning(d: Datastream, first_us: int) -> tuple[Level, ...]:
    """The city's levels in force at a moment, as if they had been in force before, too."""
    return tuple(msgspec.structs.replace(level, effective_from="") for level in levels_in_force(d, first_us))


def _inputs(d: Datastream) -> tuple[str, ...]:
    return () if d.derivation is None else d.derivation.inputs
