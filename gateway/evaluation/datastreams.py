"""The series of a recording as datastreams of a catalogue that holds nothing else."""

from collections.abc import Sequence
from typing import Final

import msgspec

from gateway.evaluation.city_derived import computable, from_the_beginning
from gateway.evaluation.derivations import projections_of
from gateway.evaluation.thresholds import Threshold, levels_of
from gateway.recorded_series import Series
from sensors import units
from sensors.catalogue import Catalogue, Datastream, DatastreamColumns, Station

UNKNOWN_STEP_S: Final = 3600.0  # of a series with but one time
_LEVEL_UNITS: Final = ("cm", "m", "ft")
_DISCHARGE_UNITS: Final = ("m3/s", "l/s")
_NO_RIVER: Final = ("rain", "hujan", "precip", "snow", "visib", "wave", "tide")  # lengths that no river has


def catalogue_of(
    series: Sequence[Series], city: Catalogue, thresholds: Sequence[Threshold], *, plain: bool = False
) -> Catalogue:
    """The city with the series as its only datastreams, numbered in their order; behind them what is derived of them.

    A datastream that the city knows under station, variable and unit keeps the city's settings; its levels are those of
    `thresholds` for its station and unit, else the city's at the first observation, its interval is that of the record
    where this is the longer one.  `plain`: without what the city says across datastreams: what it derives of them, and
    its reaches.
    """
    names = _names(series)
    ids = {f"{one.station}:{name}" for one, name in zip(series, names, strict=True)}
    datastreams = tuple(
        _datastream(number, one, name, city, thresholds, ids)
        for number, (one, name) in enumerate(zip(series, names, strict=True))
    )
    derived = [] if plain else computable(datastreams, city, min(min(one.time_us) for one in series))
    known = city.station_by_id
    names_of_stations = dict.fromkeys((*(one.station for one in series), *(d.station for d in derived)))
    stations = {name: known.get(name) or _station(name) for name in names_of_stations}
    reaches = [r for r in city.reaches if r.upstream in stations and r.downstream in stations and not plain]
    return msgspec.structs.replace(
        city,
        stations=tuple(stations.values()),
        datastreams=(*datastreams, *derived, *projections_of(datastreams, derived)),
        reaches=tuple(reaches),
        visits=(),
    )


def _names(series: Sequence[Series]) -> list[str]:
    """The variables; one that a station has in two units gets a number, so that ids stay unique."""
    taken: set[tuple[str, str]] = set()
    names = []
    for one in series:
        name, turn = one.variable, 1
        while (one.station, name) in taken:
            turn += 1
            name = f"{one.variable}-{turn}"
        taken.add((one.station, name))
        names.append(name)
    return names


def _datastream(
    number: int, series: Series, name: str, city: Catalogue, thresholds: Sequence[Threshold], ids: set[str]
) -> Datastream:
    known, unit = known_as(series, city), _unit(series)
    columns = _unknown(series, unit) if known is None else _settings(known, series, ids)
    levels = levels_of(thresholds, series.station, unit, river=columns.kind == "river_level")
    if not levels and known is not None:
        levels = from_the_beginning(known, min(series.time_us))
    values = {field: getattr(columns, field) for field in DatastreamColumns.__struct_fields__}
    return Datastream(**values | {"number": number, "property": name, "levels": levels})


def known_as(series: Series, city: Catalogue) -> Datastream | None:
    """What the city knows under station, variable and unit of a series."""
    known = city.datastream_by_id.get(f"{series.station}:{series.variable}")
    return known if known is not None and known.unit == _unit(series) else None


def _unit(series: Series) -> str:
    return units.canonical(series.unit) or series.unit


def _settings(known: Datastream, series: Series, ids: set[str]) -> DatastreamColumns:
    """What the city says of the datastream, without a neighbour that is not in the file.

    A record that holds but some of its observations was not silent between them: no interval is under its own step.
    """
    step_s, storm_s = series.step_s() or 0.0, known.interval_storm_s
    settings = msgspec.structs.replace(
        known,
        interval_calm_s=max(known.interval_calm_s, step_s),
        interval_storm_s=None if storm_s is None else max(storm_s, step_s),
    )
    if known.neighbour in ids:
        return settings
    return msgspec.structs.replace(settings, neighbour="", neighbour_suspect=None, neighbour_fail=None)


def _unknown(series: Series, unit: str) -> DatastreamColumns:
    return DatastreamColumns(
        station=series.station,
        property=series.variable,
        kind=_kind(series.variable, unit),
        unit=unit,
        interval_calm_s=_interval_s(series),
        source="recording",
    )


def _kind(variable: str, unit: str) -> str:
    """What an unknown series measures, by its unit: only rivers have falls that can be in doubt."""
    if unit in _DISCHARGE_UNITS:
        return "discharge"
    if unit in _LEVEL_UNITS and not any(word in variable.casefold() for word in _NO_RIVER):
        return "river_level"
    return "recorded"


def _interval_s(series: Series) -> float:
    """The interval at which a series is expected: its median step, 1 s or more."""
    step_s = series.step_s()
    return UNKNOWN_STEP_S if step_s is None else max(1.0, step_s)


def _station(name: str) -> Station:
    return Station(station=name, name=name, kind="river", lat=0.0, lon=0.0, area="", agency="", source="recording")
