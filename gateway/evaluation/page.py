"""report.html: one page with its styles and plots in it, no script; dark on the screen, white on paper."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from gateway.evaluation.counterfactual import MONTHS, YEAR_US
from gateway.evaluation.markup import (
    Markup,
    duration,
    element,
    lead_text,
    moment,
    number,
    safe,
    spread_text,
    table,
)
from gateway.evaluation.report import Comparison, DerivedReport, LevelReport, LevelUse, Report, SeriesReport
from sensors.times import HOUR_US

YEAR_H: Final = YEAR_US / HOUR_US
_LEVEL_HEADS: Final = (
    "level", "limit", "clears below", "crossings", "hits", "merged", "misses", "false", "flaps", "flaps, plain rule",
    "delay", "returned later",
)  # fmt: skip
_WAVE_HEADS: Final = (
    "file", "from", "to", "expected", "on time", "early", "absent", "gauge silent", "of these late", "not over",
)  # fmt: skip
_COMPARED_HEADS: Final = (
    "level", "", "limit", "alarms", "a year", "a month", "flaps", "hours at level", "peaks hit", "peaks missed",
    "raised beyond them", "earlier by, min",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Plot:
    """A plot as SVG, with what it shows."""

    svg: str
    caption: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """The plots of a series, and the events that got none, in words."""

    overview: Plot
    events: Sequence[Plot]
    others: Sequence[str]


def page(report: Report, drawn: Sequence[Drawn | None]) -> str:
    """The page; `drawn` are the plots of each series of the report, None where it has none."""
    title = f"Siaga evaluation: {report.recording}"
    body = [
        element("h1", title),
        element("p", report.verdict, of="verdict"),
        _summary(report),
        _key(),
        *(_series(one, plots) for one, plots in zip(report.series, drawn, strict=True)),
        *([_derived(report.derived)] if report.derived else []),
        *([_waves(report)] if report.waves else []),
        *([_counterfactual(report)] if report.counterfactual_of else []),
        _left_out(report),
        _resource("definitions.html"),
    ]
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>{safe(title)}</title>\n<style>\n{_resource('page.css')}</style>\n</head>\n<body>\n"
        + "\n".join(body)
        + "\n</body>\n</html>\n"
    )


def _resource(name: str) -> Markup:
    """A file beside this one."""
    return Markup(files("gateway.evaluation").joinpath(name).read_text(encoding="utf-8"))


def _summary(report: Report) -> Markup:
    how = (
        "Judged by the plain rule: no hysteresis, no delays, quality gates nothing."
        if report.plain
        else "Judged by the detector as it runs live: hysteresis, delays, quality, doubt and silence."
    )
    rows = [
        (
            f"{one.station} {one.variable}",
            number(one.observations),
            duration(one.step_s),
            f"{moment(one.first)} to {moment(one.last)}",
            *(number(sum(getattr(level, name) for level in one.levels)) for name in ("crossings", "hits", "merged")),
            _wrong(sum(level.misses for level in one.levels)),
            _wrong(sum(level.false_alarms + level.repeated for level in one.levels)),
            number(sum(level.flaps for level in one.levels)),
            number(one.silences),
            number(one.verify),
        )
        for one in report.series
    ]
    heads = ("series", "observations", "step", "from, to", "crossings", "hits", "merged", "misses", "false", "flaps",
             "silences", "verify")  # fmt: skip
    words = f"{how} Every file begins from a fresh state. Times are UTC. Detector version {report.detector}."
    return element("section", element("p", words), table(heads, rows))


def _key() -> Markup:
    entries = (
        ("water", "━ value"), ("level-3", "╌ level, with its limit"), ("level-3", "▲ raised"),
        ("level-3", "▼ returned"), ("doubt", "◆ to be verified"), ("silence", "■ silent"),
        ("fan", "◿ projection: earliest to latest, dashed the middle"),
    )  # fmt: skip
    colours = (Markup(f'<span style="color: var(--{role})">{safe(text)}</span>') for role, text in entries)
    return element("p", "In the plots: ", *colours, of="key")


def _series(one: SeriesReport, drawn: Drawn | None) -> Markup:
    facts = [
        (
            f"{one.file}: {number(one.observations)} observations, {number(one.missing)} missing,"
            f" {number(one.repeated)} repeated; median step {duration(one.step_s)}, silent after"
            f" {duration(one.silent_after_s)}."
        ),
        (
            f"Silences: {number(one.silences)}. To be verified: {number(one.verify)}."
            f" Suspect: {_reasons(one.suspect)}. Failed: {_reasons(one.failed)}."
        ),
    ]
    if one.city_interval_s is not None and one.city_interval_s < one.interval_s:
        facts.append(
            f"The city expects a value every {duration(one.city_interval_s)}, the record has one every"
            f" {duration(one.interval_s)}: silence and falls after a gap are judged by the record."
        )
    parts = [element("h2", f"{one.station} {one.variable} ({one.unit})"), *(element("p", fact) for fact in facts)]
    if drawn is not None:
        parts.append(_figure(drawn.overview))
    parts += [_levels(one), _leads(one), _projections(one)] if one.levels else [element("p", "No levels apply to it.")]
    if drawn is not None and drawn.events:
        parts += [element("h3", "Events"), element("div", *map(_figure, drawn.events), of="events")]
    if drawn is not None and drawn.others:
        parts += [
            element("h3", "Further events"),
            element("ul", *(element("li", other) for other in drawn.others), of="others"),
        ]
    return element("section", *parts)


def _levels(one: SeriesReport) -> Markup:
    rows = [
        (
            level.level,
            number(level.limit, 3),
            number(level.limit - (level.hysteresis if level.direction == "rising" else -level.hysteresis), 3),
            *map(number, (level.crossings, level.hits, level.merged)),
            _wrong(level.misses),
            _wrong(level.false_alarms + level.repeated),
            number(level.flaps),
            number(level.flaps_plain),
            duration(level.delay_s.max),
            duration(level.held_longer_s.max),
        )
        for level in one.levels
    ]
    sources = ", ".join(sorted({level.truth for level in one.levels}))
    went_wrong = [text for level in one.levels for text in _went_wrong(level)]
    notes = [element("p", text) for text in went_wrong]
    caption = f"Levels in {one.unit} against the truth ({sources}); delay and return: the longest."
    return element("div", table(_LEVEL_HEADS, rows, caption), *notes)


def _went_wrong(level: LevelReport) -> list[str]:
    kinds = {
        "merged": level.merged_at,
        "missed": level.missed_at,
        "false": level.false_at,
        "raised again": level.repeated_at,
    }
    return [f"{level.level} {what}: {', '.join(map(moment, times))}" for what, times in kinds.items() if times]


def _leads(one: SeriesReport) -> Markup:
    found = [level for level in one.levels if level.lead_by_rate.crossings]
    if not found:
        return Markup()
    rows = [
        (level.level, *map(lead_text, (level.lead_by_rate, level.lead_by_naming, level.lead_by_projection)))
        for level in found
    ]
    heads = ("level", "surely rising", "projected within a day", "and within its interval")
    return table(heads, rows, "Lead time before the crossing: of how many, median (quartiles).")


def _projections(one: SeriesReport) -> Markup:
    found = [level for level in one.levels if level.projection]
    if not found:
        return Markup()
    horizons = sorted({error.horizon_min for level in found for error in level.projection})
    rows = []
    for level in found:
        errors = {error.horizon_min: error for error in level.projection}
        cells = []
        for horizon in horizons:
            error = errors[horizon]
            cells.append(f"{error.error_min.n} of {error.crossings}: {spread_text(error.error_min)}")
        rows.append((level.level, *cells))
    heads = ("level", *(f"{horizon} min before" for horizon in horizons))
    return table(
        heads, rows, "Projected less actual time, min: of how many, median (quartiles); less than 0 is too early."
    )


def _derived(derived: Sequence[DerivedReport]) -> Markup:
    rows = [
        (
            one.file,
            f"{one.station} {one.property}",
            number(one.observations),
            level.level,
            f"{number(level.limit, 3)} {one.unit}",
            number(level.raised),
            number(level.verify),
            ", ".join(map(moment, level.raised_at)),
        )
        for one in derived
        for level in one.levels
    ]
    heads = ("file", "datastream", "observations", "level", "limit", "raised", "to be verified", "at")
    words = "What the city derives of the series, judged as it is live. There is no truth to hold it against."
    return element("section", element("h2", "Derived by the city"), element("p", words), table(heads, rows))


def _waves(report: Report) -> Markup:
    rows = [
        (
            one.file,
            one.upstream,
            one.downstream,
            *map(number, (one.expected, one.on_time, one.early, one.absent, one.unseen, one.came_late)),
            "1" if one.is_open else "",
        )
        for one in report.waves
    ]
    words = "A raise upstream opens a window downstream, by the travel times of the city's reaches."
    return element("section", element("h2", "Waves"), element("p", words), table(_WAVE_HEADS, rows))


def _counterfactual(report: Report) -> Markup:
    parts = [
        element("h2", f"With other levels: {report.counterfactual_of}"),
        element("p", "The same record, judged again with these levels."),
    ]
    for key in dict.fromkeys((c.file, c.station, c.variable, c.unit) for c in report.counterfactual):
        mine = [c for c in report.counterfactual if (c.file, c.station, c.variable, c.unit) == key]
        rows = [row for c in mine for row in _compared(c)]
        parts.append(element("h3", f"{key[1]} {key[2]} ({key[3]}), {key[0]}"))
        parts.append(table(_COMPARED_HEADS, rows))
    if not report.counterfactual:
        parts.append(element("p", "It has no levels for any series of this record."))
    return element("section", *parts)


def _compared(c: Comparison) -> list[tuple[object, ...]]:
    peaks = (number(c.peaks_hit), number(c.peaks_missed), number(c.beyond), spread_text(c.gained_min))
    return [
        (c.level, "now", *_used(c.now, c.record_hours), f"of {number(c.peaks)}", "", "", ""),
        ("", "other", *_used(c.other, c.record_hours), *peaks),
    ]


def _used(use: LevelUse | None, record_hours: float) -> tuple[str, ...]:
    """Of a record that is shorter than a year (a month) there is no rate a year: nobody measured it, not even 0."""
    if use is None:
        return ("no such level", "", "", "", "", "")
    return (
        number(use.limit, 3),
        number(use.alarms),
        number(use.alarms_per_year if record_hours >= YEAR_H else None, 1),
        number(use.alarms_per_month if record_hours >= YEAR_H / MONTHS else None, 1),
        number(use.flaps),
        number(use.hours_at_level, 1),
    )


def _left_out(report: Report) -> Markup:
    items = [*report.skipped, *report.refused_rows]
    more = report.refused_row_count - len(report.refused_rows)
    if more:
        items.append(f"… and {number(more)} further rows")
    items += [f"not derived: {words}" for words in report.not_derived]
    if not items:
        return Markup()
    return element("section", element("h2", "Left out"), element("ul", *(element("li", item) for item in items)))


def _figure(plot: Plot) -> Markup:
    return element("figure", element("figcaption", plot.caption), Markup(plot.svg))


def _reasons(counts: dict[str, int]) -> str:
    return ", ".join(f"{number(count)} {name.replace('_', ' ')}" for name, count in counts.items()) or "none"


def _wrong(count: int) -> Markup:
    return element("span", number(count), of="bad" if count else "good")
