"""A hydrograph as shapes on paper: trace, levels, and lanes of marks below; painters make SVG or PDF of it.

Pure geometry in points, the origin top left.  Where readings are missing the trace is broken, never bridged.
"""

from collections.abc import Callable, Sequence
from typing import Final, Literal, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

WIDTH: Final = 510.0  # points: A4 less its margins
LEFT: Final = 44.0
RIGHT: Final = 84.0  # names of levels stand there
TOP: Final = 8.0
PLOT: Final = 150.0  # height of the graph itself
LANE: Final = 13.0
MOST_MARKS: Final = 400  # of a lane
_X_STEPS_S: Final = (60, 300, 600, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800)
_MOST_X_TICKS: Final = 8

Role = Literal["axis", "grid", "trace", "level", "mark", "text", "number"]


class Stroke(NamedTuple):
    """A line through points.  `colour`: #rrggbb of a level; empty: the role's own."""

    points: tuple[tuple[float, float], ...]
    role: Role
    colour: str = ""


class Label(NamedTuple):
    """A text at a baseline.  `anchor`: start, middle or end."""

    x: float
    y: float
    text: str
    anchor: Literal["start", "middle", "end"]
    role: Role


class Drawing(msgspec.Struct, frozen=True):
    """What is painted."""

    width: float
    height: float
    strokes: tuple[Stroke, ...]
    labels: tuple[Label, ...]


class LevelLine(NamedTuple):
    """A level: its name with the value, and its colour (#rrggbb)."""

    text: str
    value: float
    colour: str


class Lane(NamedTuple):
    """Marks of one kind, by time."""

    title: str
    times_us: Sequence[int]


class Hydrograph(NamedTuple):
    """What is drawn.  `gap_us`: two readings further apart are not joined."""

    times_us: NDArray[np.int64]  # shape (n,)
    values: NDArray[np.float64]  # shape (n,), unit of the datastream; NaN = missing or failed
    gap_us: int
    levels: Sequence[LevelLine]
    lanes: Sequence[Lane]
    from_us: int
    to_us: int
    offset_us: int  # of the city's clocks from UTC, so that ticks fall on round local times
    clock: Callable[[int], str]  # µs UTC to the text at a tick
    number: Callable[[float], str]


def draw(graph: Hydrograph) -> Drawing:
    """The graph as shapes."""
    low, high, step = _y_range(graph)
    span_us = max(graph.to_us - graph.from_us, 1)
    floor = TOP + PLOT

    def x(time_us: int) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (time_us - graph.from_us) / span_us

    def y(value: float) -> float:
        return TOP + PLOT * (1 - (value - low) / (high - low))

    right = WIDTH - RIGHT
    strokes, labels = [], []
    for value in np.arange(low, high + step / 2, step).tolist():
        strokes.append(Stroke(((LEFT, y(value)), (right, y(value))), "grid"))
        labels.append(Label(LEFT - 4, y(value) + 3, graph.number(value), "end", "number"))
    for time_us in _x_ticks(graph):
        strokes.append(Stroke(((x(time_us), TOP), (x(time_us), floor)), "grid"))
        labels.append(Label(x(time_us), floor + 11, graph.clock(time_us), "middle", "number"))
    strokes.append(Stroke(((LEFT, TOP), (LEFT, floor), (right, floor)), "axis"))
    for level, at in zip(graph.levels, _apart([y(level.value) for level in graph.levels]), strict=True):
        strokes.append(Stroke(((LEFT, y(level.value)), (right, y(level.value))), "level", level.colour))
        labels.append(Label(right + 4, at + 3, level.text, "start", "text"))
    strokes += [
        Stroke(tuple(zip(map(x, times), map(y, values), strict=True)), "trace") for times, values in _runs(graph)
    ]
    for place, lane in enumerate(graph.lanes):
        base = floor + 18 + LANE * (place + 1)
        labels.append(Label(right + 4, base, lane.title, "start", "text"))
        strokes.append(Stroke(((LEFT, base - 3), (right, base - 3)), "grid"))
        inside = [t for t in lane.times_us if graph.from_us <= t <= graph.to_us][:MOST_MARKS]
        strokes += [Stroke(((x(t), base - 8), (x(t), base + 1)), "mark") for t in inside]
    return Drawing(WIDTH, floor + 24 + LANE * len(graph.lanes), tuple(strokes), tuple(labels))


def _runs(graph: Hydrograph) -> list[tuple[list[int], list[float]]]:
    """The readings that may be joined, run by run; a single one is drawn as a short dash."""
    good = np.isfinite(graph.values)
    times, values = graph.times_us[good], graph.values[good]
    # a reading that is missing breaks the line as a gap does
    order = np.cumsum(~good)[good]
    breaks = np.flatnonzero((np.diff(times) > graph.gap_us) | (np.diff(order) > 0)) + 1
    runs = []
    for part_t, part_v in zip(np.split(times, breaks), np.split(values, breaks), strict=True):
        if len(part_t) == 1:
            half = max(1, (graph.to_us - graph.from_us) // 600)
            ends = [max(graph.from_us, int(part_t[0]) - half), min(graph.to_us, int(part_t[0]) + half)]
            runs.append((ends, [float(part_v[0])] * 2))
        elif len(part_t):
            runs.append((part_t.tolist(), part_v.tolist()))
    return runs


def _y_range(graph: Hydrograph) -> tuple[float, float, float]:
    """Lowest and highest value of the axis and its step: 1, 2 or 5 times a power of ten."""
    shown = [*graph.values[np.isfinite(graph.values)].tolist(), *(level.value for level in graph.levels)]
    low, high = (min(shown), max(shown)) if shown else (0.0, 1.0)
    if low == high:
        low, high = low - 1.0, high + 1.0
    rough = (high - low) / 5
    power = 10.0 ** np.floor(np.log10(rough))
    step = float(power * next(f for f in (1, 2, 5, 10) if f * power >= rough))
    return float(np.floor(low / step) * step), float(np.ceil(high / step) * step), step


def _x_ticks(graph: Hydrograph) -> list[int]:
    """Round local times within the range, at most `_MOST_X_TICKS`."""
    span_s = (graph.to_us - graph.from_us) / 1e6
    fitting = (s for s in _X_STEPS_S if span_s / s <= _MOST_X_TICKS)
    step_us = int(next(fitting, span_s / _MOST_X_TICKS) * 1_000_000)
    first = -(-(graph.from_us + graph.offset_us) // step_us) * step_us - graph.offset_us
    return list(range(first, graph.to_us + 1, step_us))


def _apart(places: list[float], least: float = 9.0) -> list[float]:
    """Places of labels, moved down where two would touch; in the order given.

    >>> _apart([50.0, 52.0, 10.0])
    [50.0, 59.0, 10.0]
    """
    moved = list(places)
    last = -np.inf
    for i in sorted(range(len(places)), key=lambda i: places[i]):
        moved[i] = last = max(places[i], last + least)
    return moved
