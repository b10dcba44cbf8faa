"""From the catalogue to rivers with a scale: how large each catchment is, and what a gauge reads at which discharge.

A catalogue says where gauges are and where their levels lie, not how large the rivers are.  So the rivers are fitted to
the levels: the design storm takes every gauge a little past its worst level, and calm weather leaves it well below its
first.  A discharge gauge with levels fixes the size of its own river; the others get what their range suggests.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sensors.catalogue import Catalogue, Datastream
from simulator.rivers import MM_PER_H_KM2_TO_M3_PER_S, RUNOFF_COEFFICIENT, Floats, Indices, Reaches, RiverNetwork
from simulator.weather import DESIGN_HOURS, DESIGN_RATE_MM_PER_H

DESIGN_M3_PER_S_KM2 = DESIGN_RATE_MM_PER_H * RUNOFF_COEFFICIENT * MM_PER_H_KM2_TO_M3_PER_S
COMMON_CATCHMENT_KM2 = 8.0  # of a gauge that says nothing about its size
COMMON_STORAGE_S = 1800.0  # time constant of such a catchment; larger ones grow with the square root of the area
STORAGE_RANGE_S = (1200.0, 9000.0)
COMMON_BASE_SHARE = 0.12  # base flow over design flood, where no discharge levels say better
RATING_EXPONENT = 0.6  # level ~ discharge**0.6: Manning's formula for a wide channel, 3/5
PAST_WORST = 0.15  # of the span of the levels: how far the design storm passes the worst one
SETTLE_S = 48 * 3600.0  # the design flood has passed every gauge by then
RIVER_KINDS = ("river_level", "discharge")


@dataclass(frozen=True, slots=True, eq=False)
class Rating:
    """What each river datastream reads; all columns (k,).

    `position` is the datastream's place in the catalogue, `node` its river node; at `peak` m3/s of excess it reads
    `base` + `rise`.  `swell` is peak discharge over base flow, `exponent` bends the curve.
    """

    position: Indices
    node: Indices
    base: Floats
    rise: Floats
    peak: Floats
    swell: Floats
    exponent: Floats

    def read(self, excess: Floats) -> Floats:
        """The reading of each datastream, (k,), at `excess` m3/s over base flow at each node, (n,)."""
        flow = 1.0 + (excess[self.node] / self.peak) * (self.swell - 1.0)
        return self.base + self.rise * (flow**self.exponent - 1.0) / (self.swell**self.exponent - 1.0)


@dataclass(frozen=True, slots=True, eq=False)
class Rivers:
    """The rivers of a catalogue: the stations that are nodes, their network at rest and what their gauges read."""

    stations: tuple[str, ...]
    area_km2: Floats
    network: RiverNetwork
    rating: Rating


def build_rivers(catalogue: Catalogue, step_s: float) -> Rivers:
    """The rivers of a catalogue, at base flow."""
    gauged = {d.station for d in catalogue.datastreams if d.kind in RIVER_KINDS}
    joined = {s for reach in catalogue.reaches for s in (reach.upstream, reach.downstream)}
    stations = tuple(s.station for s in catalogue.stations if s.station in gauged | joined)
    node = {station: i for i, station in enumerate(stations)}
    known = _known_floods(catalogue, node)
    reaches = _reaches(catalogue, node, known)
    area_km2 = _areas(reaches, known, len(stations))
    storage_s = np.clip(COMMON_STORAGE_S * np.sqrt(area_km2 / COMMON_CATCHMENT_KM2), *STORAGE_RANGE_S)
    peak = _design_peaks(RiverNetwork(area_km2, storage_s, reaches, step_s))
    rating = _ratings(catalogue, node, peak)
    return Rivers(stations, area_km2, RiverNetwork(area_km2, storage_s, reaches, step_s), rating)


def _known_floods(catalogue: Catalogue, node: Mapping[str, int]) -> Floats:
    """Excess discharge of the design flood at each node where a discharge gauge tells; NaN elsewhere."""
    known = np.full(len(node), np.nan)
    for datastream in catalogue.datastreams:
        if datastream.kind == "discharge":
            _, known[node[datastream.station]] = _base_and_rise(datastream, COMMON_BASE_SHARE, gated=False)
    return known


def _reaches(catalogue: Catalogue, node: Mapping[str, int], known: Floats) -> Reaches:
    upstream = np.array([node[r.upstream] for r in catalogue.reaches], dtype=np.intp)
    downstream = np.array([node[r.downstream] for r in catalogue.reaches], dtype=np.intp)
    travel_s = np.array([60.0 * r.travel_min for r in catalogue.reaches])
    share = np.ones(len(upstream))
    for i in np.unique(upstream):
        branches = np.flatnonzero(upstream == i)
        weight = known[downstream[branches]]
        if np.isnan(weight).any():
            weight = np.ones(len(branches))  # nothing says how the water parts: evenly
        share[branches] = weight / weight.sum()
    return Reaches(upstream, downstream, travel_s, share)


def _areas(reaches: Reaches, known: Floats, n: int) -> Floats:
    """Own catchment of each node, km2: what its flood needs beyond what arrives from upstream."""
    common = COMMON_CATCHMENT_KM2 * DESIGN_M3_PER_S_KM2
    flood = np.zeros(n)
    own = np.zeros(n)
    for i in _downstream_order(reaches, n):
        into = reaches.downstream == i
        arriving = float((reaches.share[into] * flood[reaches.upstream[into]]).sum())
        own[i] = common if np.isnan(known[i]) else max(known[i] - arriving, 0.25 * common)
        flood[i] = arriving + own[i]
    return own / DESIGN_M3_PER_S_KM2


def _downstream_order(reaches: Reaches, n: int) -> list[int]:
    """The nodes, each after all that feed it; nodes of a loop (nonsense, but no reason to stop) come last."""
    waiting = np.bincount(reaches.downstream, minlength=n)
    order = [int(i) for i in np.flatnonzero(waiting == 0)]
    for i in order:
        for j in reaches.downstream[reaches.upstream == i]:
            waiting[j] -= 1
            if waiting[j] == 0:
                order.append(int(j))
    return order + sorted(set(range(n)) - set(order))


def _design_peaks(network: RiverNetwork) -> Floats:
    """Highest excess discharge at each node when the design storm falls on every catchment."""
    n = len(network.discharge)
    rain, dry = np.full(n, DESIGN_RATE_MM_PER_H), np.zeros(n)
    peak = np.zeros(n)
    for step in range(int(SETTLE_S / network.step_s)):
        raining = step * network.step_s < DESIGN_HOURS * 3600.0
        peak = np.maximum(peak, network.step(rain if raining else dry))
    return np.maximum(peak, 1e-9)


def _ratings(catalogue: Catalogue, node: Mapping[str, int], peak: Floats) -> Rating:
    rows = [(i, d) for i, d in enumerate(catalogue.datastreams) if d.kind in RIVER_KINDS]
    base_share = _base_shares(catalogue)
    kind = {s.station: s.kind for s in catalogue.stations}
    basin = {s.station: s.basin for s in catalogue.stations}
    share = np.array([base_share.get(basin[d.station], COMMON_BASE_SHARE) for _, d in rows])
    ends = [
        _base_and_rise(d, s, gated=kind[d.station] == "weir") for (_, d), s in zip(rows, share.tolist(), strict=True)
    ]
    nodes: NDArray[np.intp] = np.array([node[d.station] for _, d in rows], dtype=np.intp)
    return Rating(
        position=np.array([i for i, _ in rows], dtype=np.intp),
        node=nodes,
        base=np.array([base for base, _ in ends]),
        rise=np.array([rise for _, rise in ends]),
        peak=peak[nodes],
        swell=1.0 / share,
        exponent=np.array([1.0 if d.kind == "discharge" else RATING_EXPONENT for _, d in rows]),
    )


def _base_shares(catalogue: Catalogue) -> dict[str, float]:
    """Base flow over design flood of each basin that has a discharge gauge with levels."""
    basin = {s.station: s.basin for s in catalogue.stations}
    shares = {}
    for datastream in catalogue.datastreams:
        if datastream.kind == "discharge" and any(level.direction == "rising" for level in datastream.levels):
            base, rise = _base_and_rise(datastream, COMMON_BASE_SHARE, gated=False)
            shares[basin[datastream.station]] = base / (base + rise)
    return shares


def _base_and_rise(datastream: Datastream, base_share: float, *, gated: bool) -> tuple[float, float]:
    """What a gauge reads in calm weather, and how much more in the design flood, in its own unit."""
    low = datastream.valid_min if datastream.valid_min is not None else 0.0
    high = datastream.valid_max if datastream.valid_max is not None else low + 500.0
    limits = sorted(level.value for level in datastream.levels if level.direction == "rising")
    if limits:
        span = limits[-1] - limits[0] or 0.4 * (limits[0] - low)
        design = min(limits[-1] + PAST_WORST * span, high)
        if datastream.kind == "discharge":
            return 0.5 * limits[0], design - 0.5 * limits[0]
        base = max(limits[0] - span, low + 0.1 * (limits[0] - low))
        return base, design - base
    if datastream.kind == "discharge":
        design = 0.6 * high
        return base_share * design, (1.0 - base_share) * design
    if gated:  # the gates hold the level while the discharge changes: such a gauge is nearly blind
        return low + 0.7 * (high - low), 0.03 * (high - low)
    return low + 0.3 * (high - low), 0.4 * (high - low)
