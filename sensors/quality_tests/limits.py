"""The limits of the quality tests in force, as arrays that the stage reads."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sensors.catalogue import UNNUMBERED, Catalogue, Datastream
from sensors.quality_tests.grading import NO_LIMIT_US
from sensors.tables import unknown
from sensors.times import SECOND_US

NO_NEIGHBOUR: Final = -1


@dataclass(frozen=True, slots=True, eq=False)
class QualityRules:
    """What is in force for D datastreams (index = number); NaN, `NO_LIMIT_US`, `NO_NEIGHBOUR` where there is none.

    gap_us            (D,) int64    a longer pause is a gap; `NO_LIMIT_US` only for holes in the numbering
    rise_limit_per_h  (D,) float64  unit of the datastream per hour
    spike_suspect, spike_fail (D,) float64  unit of the datastream
    flat_suspect_us, flat_fail_us (D,) int64
    flat_tolerance    (D,) float64  unit of the datastream; a change up to it is none
    neighbour         (D,) int32    number of the datastream to compare with
    neighbour_suspect, neighbour_fail (D,) float64  unit of the datastream
    is_tracked        (D,) bool     its values are remembered: it has a limit, or is one's neighbour that has; derived
    has_rates, has_spikes, has_flats, has_tolerances, has_neighbours  any datastream has such a limit; derived
    """

    gap_us: NDArray[np.int64]
    rise_limit_per_h: NDArray[np.float64]
    spike_suspect: NDArray[np.float64]
    spike_fail: NDArray[np.float64]
    flat_suspect_us: NDArray[np.int64]
    flat_fail_us: NDArray[np.int64]
    flat_tolerance: NDArray[np.float64]
    neighbour: NDArray[np.int32]
    neighbour_suspect: NDArray[np.float64]
    neighbour_fail: NDArray[np.float64]
    is_tracked: NDArray[np.bool_] = field(init=False)
    has_rates: bool = field(init=False)
    has_spikes: bool = field(init=False)
    has_flats: bool = field(init=False)
    has_tolerances: bool = field(init=False)
    has_neighbours: bool = field(init=False)

    def __post_init__(self) -> None:
        rates = ~np.isnan(self.rise_limit_per_h)
        spikes = ~(np.isnan(self.spike_suspect) & np.isnan(self.spike_fail))
        flats = np.minimum(self.flat_suspect_us, self.flat_fail_us) != NO_LIMIT_US
        neighbours = self.neighbour != NO_NEIGHBOUR
        is_tracked = rates | spikes | flats | neighbours
        is_tracked[self.neighbour[neighbours]] = True
        derived = {"rates": rates, "spikes": spikes, "flats": flats, "neighbours": neighbours}
        for name, has in {**derived, "tolerances": self.flat_tolerance != 0}.items():
            object.__setattr__(self, f"has_{name}", bool(has.any()))
        object.__setattr__(self, "is_tracked", is_tracked)

    def __len__(self) -> int:
        return len(self.gap_us)


def quality_rules(catalogue: Catalogue) -> QualityRules:
    """The rules of a numbered catalogue; a neighbour that `neighbour_faults` names is left out."""
    size = 1 + max(catalogue.datastream_by_number, default=-1)
    rules = _blank(size)
    for number, datastream in catalogue.datastream_by_number.items():
        pause_s = catalogue.city.silence.intervals * datastream.interval_calm_s
        rules.gap_us[number] = round(pause_s * SECOND_US)
        for name in ("rise_limit_per_h", "spike_suspect", "spike_fail"):
            _set(getattr(rules, name), number, getattr(datastream, name))
        _set(rules.flat_suspect_us, number, _microseconds(datastream.flat_suspect_s))
        _set(rules.flat_fail_us, number, _microseconds(datastream.flat_fail_s))
        rules.flat_tolerance[number] = datastream.flat_tolerance
        _set_neighbour(rules, datastream, catalogue)
    return QualityRules(*(getattr(rules, name) for name in _NAMES))


def neighbour_faults(catalogue: Catalogue) -> list[tuple[str, str]]:
    """(id of a datastream, why its neighbour cannot be compared with), in the order of the catalogue."""
    return [(d.id, reason) for d in catalogue.datastreams for reason in _neighbour_fault(d, catalogue)]


def _neighbour_fault(datastream: Datastream, catalogue: Catalogue) -> Iterator[str]:
    if not datastream.neighbour:
        return
    other = catalogue.datastream_by_id.get(datastream.neighbour)
    if other is None:
        yield unknown("datastream", datastream.neighbour, catalogue.datastream_by_id)
    elif other.id == datastream.id:
        yield f"expected another datastream, got {datastream.neighbour!r} itself"
    elif other.unit != datastream.unit:
        yield f"expected a datastream in {datastream.unit}, got {other.id!r} in {other.unit}"
    elif datastream.neighbour_suspect is None and datastream.neighbour_fail is None:
        yield f"expected neighbour_suspect or neighbour_fail beside it, got {other.id!r} and neither"


_NAMES: Final = tuple(name for name, f in QualityRules.__dataclass_fields__.items() if f.init)


def _blank(size: int) -> QualityRules:
    return QualityRules(
        gap_us=np.full(size, NO_LIMIT_US, np.int64),
        rise_limit_per_h=np.full(size, np.nan),
        spike_suspect=np.full(size, np.nan),
        spike_fail=np.full(size, np.nan),
        flat_suspect_us=np.full(size, NO_LIMIT_US, np.int64),
        flat_fail_us=np.full(size, NO_LIMIT_US, np.int64),
        flat_tolerance=np.zeros(size),
        neighbour=np.full(size, NO_NEIGHBOUR, np.int32),
        neighbour_suspect=np.full(size, np.nan),
        neighbour_fail=np.full(size, np.nan),
    )


def _set(column: NDArray[np.float64] | NDArray[np.int64], number: int, value: float | None) -> None:
    if value is not None:
        column[number] = value


def _microseconds(duration_s: float | None) -> int | None:
    return None if duration_s is None else round(duration_s * SECOND_US)


def _set_neighbour(rules: QualityRules, datastream: Datastream, catalogue: Catalogue) -> None:
    if not datastream.neighbour or any(_neighbour_fault(datastream, catalogue)):
        return
    other = catalogue.datastream_by_id[datastream.neighbour].number
    if other != UNNUMBERED:
        rules.neighbour[datastream.number] = other
        _set(rules.neighbour_suspect, datastream.number, datastream.neighbour_suspect)
        _set(rules.neighbour_fail, datastream.number, datastream.neighbour_fail)
