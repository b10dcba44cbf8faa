"""A city that is played faster than life: its rivers' times are as much shorter, or it would be judged too slowly.

At 60 simulated seconds a second a flood of six hours is over in six minutes.  A trend over half an hour would call the
river rising until long after it has fallen, and a wave's window of an hour would wait for what passed in a minute.
"""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet

from msgspec.structs import replace

from sensors.catalogue import Catalogue, Datastream, Level, Reach
from sensors.trend.rules import RIVER_KINDS, trend_window_s

RATES, TIMES_TO_COME = "rate", "eta"  # methods of derived.csv whose results have a time in their unit


def at_pace(catalogue: Catalogue, pace: float) -> Catalogue:
    """The catalogue for water that moves `pace` times as fast as life; it may have any pace before.

    Shorter are: travel times, windows of the trends of rivers, delays of levels on them, and over how long a fall in
    doubt is borne out.  Faster are: limits and levels of their rates, and what a rate can be.  Sooner: levels on the
    minutes to come.  As they are stay the devices' intervals, silence, and what follows the real hour: air and roads.

    Parameters
    ----------
    catalogue : numbered or not
    pace : > 0, finite; 1 is life
    """
    faster = pace / catalogue.pace
    if faster == 1.0:
        return catalogue
    rivers = rivers_of(catalogue)
    detector = replace(catalogue.city.detector, doubt_s=catalogue.city.detector.doubt_s / faster)
    return replace(
        catalogue,
        city=replace(catalogue.city, detector=detector),
        reaches=tuple(_reach(reach, faster) for reach in catalogue.reaches),
        datastreams=tuple(_datastream(d, rivers, faster) for d in catalogue.datastreams),
        pace=pace,
    )


def levels_at_pace(
    levels: Iterable[Level], datastream: Datastream, catalogue: Catalogue, pace: float
) -> tuple[Level, ...]:
    """Levels of a datastream as they are judged at the catalogue's pace, as they are at another one; 1 is life."""
    return _levels(levels, datastream, rivers_of(catalogue), pace / catalogue.pace)


def is_in_its_time(datastream: Datastream, rivers: AbstractSet[str]) -> bool:
    """Whether its values are how fast one of these `rivers` moves, or when it will have: others at another pace."""
    derivation = datastream.derivation
    return derivation is not None and derivation.method in (RATES, TIMES_TO_COME) and derivation.inputs[0] in rivers


def rivers_of(catalogue: Catalogue) -> frozenset[str]:
    """The datastreams that move at the pace of its rivers."""
    return frozenset(d.id for d in catalogue.datastreams if d.kind in RIVER_KINDS)


def _reach(reach: Reach, faster: float) -> Reach:
    return replace(
        reach,
        travel_min=reach.travel_min / faster,
        travel_min_low=_times(reach.travel_min_low, 1.0 / faster),
        travel_min_high=_times(reach.travel_min_high, 1.0 / faster),
    )


def _datastream(datastream: Datastream, rivers: AbstractSet[str], faster: float) -> Datastream:
    if datastream.id in rivers:
        return replace(
            datastream,
            trend_window_s=_times(trend_window_s(datastream), 1.0 / faster),
            rise_limit_per_h=_times(datastream.rise_limit_per_h, faster),
            fall_limit_per_h=_times(datastream.fall_limit_per_h, faster),
            levels=_levels(datastream.levels, datastream, rivers, faster),
        )
    if not is_in_its_time(datastream, rivers):
        return datastream
    by = _by(datastream, faster)
    return replace(
        datastream,
        valid_min=_times(datastream.valid_min, by),
        valid_max=_times(datastream.valid_max, by),
        levels=_levels(datastream.levels, datastream, rivers, faster),
    )


def _levels(
    levels: Iterable[Level], datastream: Datastream, rivers: AbstractSet[str], faster: float
) -> tuple[Level, ...]:
    if datastream.id in rivers:
        return tuple(_level(level, 1.0, faster) for level in levels)
    if is_in_its_time(datastream, rivers):
        return tuple(_level(level, _by(datastream, faster), faster) for level in levels)
    return tuple(levels)


def _by(datastream: Datastream, faster: float) -> float:
    """How many times as high the values are of one that is in its rivers' time."""
    return faster if datastream.derivation is not None and datastream.derivation.method == RATES else 1.0 / faster


def _level(level: Level, by: float, faster: float) -> Level:
    """Its limit `by` times as high, its delays shorter."""
    return replace(
        level,
        value=level.value * by,
        hysteresis=level.hysteresis * by,
        on_delay_s=level.on_delay_s / faster,
        off_delay_s=level.off_delay_s / faster,
    )


def _times(value: float | None, by: float) -> float | None:
    return None if value is None else value * by
