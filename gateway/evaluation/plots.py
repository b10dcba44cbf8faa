"""Plots of a judged series, as SVG to stand within the page; colours are the page's, by name.

Nothing else imports matplotlib: a gateway that starts need not.  The same record gives the same bytes.
"""

import io
import logging
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from numpy.typing import NDArray

from gateway.evaluation.events import Event, envelope, within
from gateway.evaluation.judging import Judged
from gateway.evaluation.spans import OPEN, Span
from sensors.catalogue import Level
from sensors.times import HOUR_US, MINUTE_US, SECOND_US
from sensors.transition import Kind

_ROLES: Final = {  # colours that nothing else has: in the SVG they become the page's
    "ink": "#010101",
    "faint": "#010102",
    "water": "#010103",
    "doubt": "#010104",
    "silence": "#010105",
    "fan": "#010106",
    "level-1": "#010111",
    "level-2": "#010112",
    "level-3": "#010113",
    "level-4": "#010114",
}
_STYLE: Final[dict[Any, Any]] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "siaga",
    "text.parse_math": False,
    "axes.formatter.use_mathtext": False,
    "font.family": ["DejaVu Sans"],
    "font.size": 9,
    "path.simplify": True,
    "path.simplify_threshold": 0.2,
    "text.color": _ROLES["ink"],
    "axes.edgecolor": _ROLES["faint"],
    "axes.labelcolor": _ROLES["ink"],
    "xtick.color": _ROLES["ink"],
    "ytick.color": _ROLES["ink"],
}
logging.getLogger("matplotlib").setLevel(logging.ERROR)  # its font cache is nobody's news
_FANS_BEFORE_MIN: Final = (240, 120, 60, 30)  # where a projection is shown, before each crossing
_FEW_POINTS: Final = 150  # so many observations get a dot each
_DAY_US: Final = 24 * HOUR_US
_LARGEST: Final = 1e15  # beyond it a value is no river's, and no axis can show it


def draw_overview(judged: Judged, held: Mapping[str, Sequence[Span]]) -> str:
    """The whole record: every peak, the levels, and where they were raised."""
    place = envelope(judged.value)
    time_us, value = judged.time_us[place], judged.value[place]

    def draw(axes: Axes) -> None:
        _line(axes, time_us, value, width=0.7)
        for level in _of_interest(judged.datastream.levels, value):
            raised = np.array([span.start_us for span in held[level.level]], np.int64)
            _level_line(axes, level)
            axes.plot(_days(raised), np.full(len(raised), level.value), "^", ms=4, mew=0, color=_colour(level))

    return _svg(draw, judged, (13.0, 3.2), Span(int(time_us[0]), int(time_us[-1])))


def draw_event(judged: Judged, event: Event, held: Mapping[str, Sequence[Span]]) -> str:
    """One event: values, levels, raises and returns, doubts, silences, and what was projected on the way up."""
    step_us = 0 if judged.step_s is None else round(judged.step_s * SECOND_US)
    window = _clipped(event.window(step_us), judged)
    part = within(judged.time_us, Span(window.start_us, window.end_us + 1))
    time_us, value = judged.time_us[part], judged.value[part]
    levels = _of_interest(judged.datastream.levels, value)

    def draw(axes: Axes) -> None:
        _silences(axes, judged, window)
        place = envelope(value)
        _line(axes, time_us[place], value[place], width=1.2, dots=len(time_us) <= _FEW_POINTS)
        for level in levels:
            _level_line(axes, level)
            _fans(axes, judged, level, [s for s in held[level.level] if window.holds(s.start_us)])
        _marks(axes, judged, window)

    return _svg(draw, judged, (6.4, 3.0), window)


def _svg(draw: Callable[[Axes], None], judged: Judged, size: tuple[float, float], window: Span) -> str:
    """What `draw` makes on axes over `window`, without the XML head, in the page's colours."""
    with mpl.rc_context(_STYLE), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a glyph that this font lacks is the browser's matter
        figure = Figure(figsize=size, layout="constrained")
        FigureCanvasSVG(figure)
        axes = figure.add_subplot()
        axes.set_xlim(*_days(np.array([window.start_us, max(window.end_us, window.start_us + MINUTE_US)])))
        draw(axes)
        _dress(axes, judged)
        written = io.StringIO()
        figure.savefig(written, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return _in_page_colours(written.getvalue())


def _dress(axes: Axes, judged: Judged) -> None:
    locator = AutoDateLocator(minticks=4, maxticks=9)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
    axes.set_ylabel(_printable(judged.datastream.unit))
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color=_ROLES["faint"], alpha=0.35, lw=0.5)
    axes.margins(y=0.08)
    axes.ticklabel_format(axis="y", useOffset=False)


def _line(
    axes: Axes, time_us: NDArray[np.int64], value: NDArray[np.float64], *, width: float, dots: bool = False
) -> None:
    marker = {"marker": "o", "ms": 2.2, "mew": 0} if dots else {}
    axes.plot(_days(time_us), _drawable(value), color=_ROLES["water"], lw=width, solid_joinstyle="round", **marker)  # type: ignore[arg-type]


def _level_line(axes: Axes, level: Level) -> None:
    if abs(level.value) > _LARGEST:
        return
    axes.axhline(level.value, color=_colour(level), lw=1.0, ls=(0, (6, 2)))
    axes.annotate(
        f"{_printable(level.level)} {level.value:g}",
        (1.0, level.value),
        xycoords=axes.get_yaxis_transform(),
        xytext=(4, 0),
        textcoords="offset points",
        va="center",
        ha="left",
        color=_colour(level),
    )


def _marks(axes: Axes, judged: Judged, window: Span) -> None:
    """Raised ▲, returned ▼ at their limit; what is to be verified ◆ at its value."""
    levels = {level.level: level for level in judged.datastream.levels}
    places: dict[tuple[str, str], list[tuple[int, float]]] = {}
    for t in judged.transitions:
        if not window.holds(t.time_us) or t.limit is None or t.value is None:
            continue
        if t.kind in (Kind.RAISED, Kind.RETURNED) and t.level in levels:
            mark = ("^" if t.kind is Kind.RAISED else "v", _colour(levels[t.level]))
            places.setdefault(mark, []).append((t.time_us, t.limit))
        if t.kind is Kind.VERIFY or t.verify:
            places.setdefault(("D", _ROLES["doubt"]), []).append((t.time_us, t.value))
    for (shape, colour), points in places.items():
        time_us = np.array([time_us for time_us, _ in points], np.int64)
        shown = _drawable(np.array([value for _, value in points]))
        size = 5 if shape == "D" else 7
        axes.plot(_days(time_us), shown, shape, ms=size, mew=0, color=colour, zorder=4)


def _silences(axes: Axes, judged: Judged, window: Span) -> None:
    """Grey from where it fell silent until it spoke again."""
    since_us: int | None = None
    spans = []
    for t in judged.transitions:
        if t.kind is Kind.SILENT and since_us is None:
            since_us = t.time_us
        elif t.kind is Kind.HEARD and since_us is not None:
            spans.append(Span(since_us, t.time_us))
            since_us = None
    if since_us is not None:
        spans.append(Span(since_us, OPEN))
    for span in spans:
        if span.overlaps(window):
            start_us, end_us = max(span.start_us, window.start_us), min(span.end_us, window.end_us)
            axes.axvspan(*_days(np.array([start_us, end_us])), color=_ROLES["silence"], alpha=0.3, lw=0)


def _fans(axes: Axes, judged: Judged, level: Level, raised: Sequence[Span]) -> None:
    """The projections of a level a few times before the first crossing of the event: earliest, middle, latest."""
    trend = judged.trend
    if not raised or level.direction != "rising":
        return
    named = trend.names(level, judged.datastream.levels)
    shown: set[int] = set()
    for before_min in _FANS_BEFORE_MIN:
        place = trend.before(raised[0].start_us - before_min * MINUTE_US + 1) - 1
        if place < 0 or not named[place] or place in shown or abs(trend.value[place]) > _LARGEST:
            continue
        shown.add(place)
        start_us, value = int(trend.time_us[place]), float(trend.value[place])
        ends_us = [
            start_us + round(float(minutes[place]) * MINUTE_US)
            for minutes in (trend.earliest, trend.middle, trend.latest)
        ]
        start, earliest, middle, latest = _days(np.array([start_us, *ends_us]))
        axes.fill([start, earliest, latest], [value, level.value, level.value], color=_ROLES["fan"], alpha=0.14, lw=0)
        axes.plot([start, middle], [value, level.value], color=_ROLES["fan"], lw=0.9, ls=(0, (2, 1.5)))


def _of_interest(levels: Sequence[Level], value: NDArray[np.float64]) -> list[Level]:
    """The levels that the values reach, and the next beyond; with none, the nearest."""
    known = value[~np.isnan(value)]
    if not len(known):
        return list(levels)
    top, bottom = float(known.max()), float(known.min())
    rising = sorted((one for one in levels if one.direction == "rising"), key=lambda one: one.value)
    falling = sorted((one for one in levels if one.direction == "falling"), key=lambda one: -one.value)
    reached = sum(one.value <= top for one in rising)
    return rising[: reached + 1] + falling[: sum(one.value >= bottom for one in falling) + 1]


def _clipped(window: Span, judged: Judged) -> Span:
    """The part of a window that has a record."""
    first_us, last_us = int(judged.time_us[0]), int(judged.time_us[-1])
    return Span(max(window.start_us, first_us), min(window.end_us, last_us + MINUTE_US))


def _colour(level: Level) -> str:
    return _ROLES[f"level-{min(max(level.severity, 1), 4)}"]


def _drawable(value: NDArray[np.float64]) -> NDArray[np.float64]:
    """The values that an axis can show; NaN for others."""
    shown: NDArray[np.float64] = np.where(np.abs(value) <= _LARGEST, value, np.nan)
    return shown


def _days(time_us: NDArray[np.int64]) -> NDArray[np.float64]:
    """Days since the epoch, matplotlib's own measure."""
    days: NDArray[np.float64] = time_us / _DAY_US
    return days


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text)


def _in_page_colours(svg: str) -> str:
    names = {colour: f"var(--{role})" for role, colour in _ROLES.items()}
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg, flags=re.DOTALL)
    return re.sub("|".join(names), lambda found: names[found[0]], svg)
