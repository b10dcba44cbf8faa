"""The derivations of a catalogue, as arrays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sensors.catalogue import Catalogue, Curve, Derivation
from sensors.derived.consumers import Consumers, consumers
from sensors.derived.methods import ETA, HOLDING, RATE, SEAT_METHODS, WINDOW_METHODS
from sensors.derived.rate import BOUNDS
from sensors.derived.seat_rules import Points, Seated, SeatRules, seat_rules, table_points
from sensors.derived.window_rules import WindowRules, window_rules
from sensors.errors import CatalogueError

_FAMILIES: Final = ((RATE,), (ETA,), WINDOW_METHODS, SEAT_METHODS)


class Layer(NamedTuple):
    """What is computed at one depth, by family: at points of trends, from windows, from the newest values."""

    rate: Consumers
    eta: Consumers
    window: Consumers
    seat: Consumers


class Identity(NamedTuple):
    """What the memory of a derived datastream belongs to; under another it begins anew."""

    derivation: Derivation
    inputs: tuple[tuple[int, float], ...]  # number (one in another unit is another) and interval of each
    table: Points | None


@dataclass(frozen=True, slots=True, eq=False)
class DerivedRules:
    """N derived datastreams (index = place): rates, then minutes to levels, then V windows, then Q with seats.

    number    (N,) int32            the datastream of each, ascending within a family
    bound     (N - V - Q,) uint8    of rates and minutes: place in `BOUNDS`
    windows, seats                  of the others
    identity                        of each, shape (N,)
    layers                          by depth: what is computed from observed ones alone, then what needs that, and so on
    """

    number: NDArray[np.int32]
    bound: NDArray[np.uint8]
    windows: WindowRules
    seats: SeatRules
    identity: tuple[Identity, ...]
    layers: tuple[Layer, ...]

    @property
    def first_window(self) -> int:
        """The place of the first window."""
        return len(self.bound)

    @property
    def first_seat(self) -> int:
        """The place of the first with seats."""
        return len(self.bound) + len(self.windows.method)


def derived_rules(catalogue: Catalogue) -> DerivedRules:
    """The derivations of a numbered catalogue, without `holding`: what is held is counted where it is decided."""
    curves = {curve.name: curve for curve in catalogue.curves}
    derived = sorted(_derived(catalogue), key=lambda one: (_family(one), one[0].number))
    rates, etas, windows, seats = (
        [one for one in derived if _family(one) == family] for family in range(len(_FAMILIES))
    )
    return DerivedRules(
        number=np.array([datastream.number for datastream, _, _ in derived], np.int32),
        bound=np.array([BOUNDS.index(derivation.bound) for _, derivation, _ in (*rates, *etas)], np.uint8),
        windows=window_rules([(datastream, derivation, inputs[0]) for datastream, derivation, inputs in windows]),
        seats=seat_rules(seats, curves, catalogue.city.silence.intervals),
        identity=tuple(_identity(one, curves) for one in derived),
        layers=_layers(derived, 1 + max(catalogue.datastream_by_number, default=-1)),
    )


def _derived(catalogue: Catalogue) -> list[Seated]:
    by_id = catalogue.datastream_by_id
    return [
        (datastream, datastream.derivation, tuple(by_id[name] for name in datastream.derivation.inputs))
        for datastream in catalogue.datastream_by_number.values()
        if datastream.derivation is not None and datastream.derivation.method != HOLDING
    ]


def _family(one: Seated) -> int:
    return next(place for place, methods in enumerate(_FAMILIES) if one[1].method in methods)


def _identity(one: Seated, curves: Mapping[str, Curve]) -> Identity:
    _, derivation, inputs = one
    return Identity(
        derivation, tuple((i.number, i.interval_calm_s) for i in inputs), table_points(derivation, inputs, curves)
    )


def _layers(derived: Sequence[Seated], size: int) -> tuple[Layer, ...]:
    """The uses at each depth: one more than the deepest input's, an observed one's is 0."""
    depth: dict[str, int] = {}
    waiting = {datastream.id: inputs for datastream, _, inputs in derived}
    while waiting:
        ready = [name for name, inputs in waiting.items() if not any(i.id in waiting for i in inputs)]
        if not ready:
            raise CatalogueError(f"derived datastreams: expected no circle, got {', '.join(sorted(waiting))}")
        for name in ready:
            depth[name] = 1 + max(depth.get(i.id, 0) for i in waiting[name])
        for name in ready:
            del waiting[name]
    uses: list[list[list[tuple[int, int, int]]]] = [
        [[] for _ in _FAMILIES] for _ in range(max(depth.values(), default=0))
    ]
    for place, one in enumerate(derived):
        datastream, _, inputs = one
        uses[depth[datastream.id] - 1][_family(one)].extend((i.number, place, seat) for seat, i in enumerate(inputs))
    return tuple(Layer(*(consumers(size, family) for family in families)) for families in uses)
