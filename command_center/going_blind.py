"""What goes blind with a station: how much more its next visit matters than another's.

The weight is 1; + 2 where a level is watched there; + 1 for each watched station downstream of it (at most 3), whose
lead time it gives; + 2 where it is the only gauge of its basin.  Simple on purpose: the page says it in one sentence.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from sensors.catalogue import Catalogue
from sensors.health_kinds import is_health
from sensors.rules import levels_in_force

MAX_DOWNSTREAM: Final = 3
LEVELS: Final = 2
ONLY_GAUGE: Final = 2


class Weight(NamedTuple):
    """Why a station weighs what it weighs."""

    has_levels: bool
    downstream: int  # watched stations below it, at most MAX_DOWNSTREAM
    is_only_gauge: bool

    @property
    def total(self) -> int:
        """1 or more."""
        return 1 + LEVELS * self.has_levels + self.downstream + ONLY_GAUGE * self.is_only_gauge


def weights(catalogue: Catalogue, now_us: int) -> dict[str, Weight]:
    """The weight of each station, by the levels in force at `now_us`."""
    measured = [d for d in catalogue.datastreams if not is_health(d.kind)]
    watched = {d.station for d in measured if levels_in_force(d, now_us)}
    gauging = {d.station for d in measured}
    in_basin: dict[str, list[str]] = {}
    for station in catalogue.stations:
        if station.basin and station.station in gauging and station.kind in ("river", "weir"):
            in_basin.setdefault(station.basin, []).append(station.station)
    onward: dict[str, list[str]] = {}
    for reach in catalogue.reaches:
        onward.setdefault(reach.upstream, []).append(reach.downstream)
    return {
        s.station: Weight(
            has_levels=s.station in watched,
            downstream=min(len(_below(s.station, onward) & watched), MAX_DOWNSTREAM),
            is_only_gauge=in_basin.get(s.basin) == [s.station],
        )
        for s in catalogue.stations
    }


def _below(start: str, onward: Mapping[str, list[str]]) -> set[str]:
    """Every station downstream of one, itself left out."""
    found: set[str] = set()
    waiting = list(onward.get(start, ()))
    while waiting:
        name = waiting.pop()
        if name not in found and name != start:
            found.add(name)
            waiting += onward.get(name, ())
    return found
