"""The pages: a list of villages, the worst first, and one page for each."""

import itertools
from typing import Final

from command_center.public.facts import AreaFacts, CityFacts, Condition, GaugeFacts, WarningFacts
from command_center.public.markup import both, colour_of, document, old_banner, paragraph, safe
from command_center.public.sentences import Teller, mark
from command_center.public.text_block import MAX_GAUGES, is_exercise, text_block
from command_center.public.words import dated_clock, joined, say
from sensors.catalogue import Catalogue, Text

MAX_LIST: Final = 60_000  # characters of the list's rows: the page stays below 100 kB; who is left out is counted
NAME: Final = 80  # characters of a place's name
MS_US: Final = 1_000


class Pages:
    """Writes the pages of one moment."""

    def __init__(self, facts: CityFacts, catalogue: Catalogue, now_us: int) -> None:
        self._facts, self._catalogue = facts, catalogue
        self._is_old = facts.valid_until_us <= now_us
        self._made_us = now_us if facts.as_of_us is None else facts.as_of_us
        self._tell = Teller(catalogue, now_us)
        self._valid = dated_clock(facts.valid_until_us, catalogue)

    def index(self) -> str:
        """The list of all villages that a gauge concerns."""
        listed = sorted((area for area in self._facts.areas if area.worst is not None), key=_worst_first)
        title = Text(f"{say('warga.title').id} {self._facts.name.id}", f"{say('warga.title').en} {self._facts.name.en}")
        exercise = is_exercise(self._facts, [gauge for area in listed for gauge in area.gauges])
        rows = _within([self._row(area, is_marked=not exercise) for area in listed], MAX_LIST)
        cut = len(listed) - len(rows)
        return self._document(
            title,
            f"<header>{self._bands(exercise)}<h1>{both(title)}</h1>"
            f"{self._validity()}</header>"
            f"<main>{''.join(self._warning(one) for one in self._facts.warnings)}"
            f'<p class="find"><label for="find">{both(say("warga.search"))}</label>'
            f'<input id="find" type="search" maxlength="60" autocomplete="off"></p>'
            f'<ul id="areas">{"".join(rows)}</ul>'
            f'<p id="none" style="display:none" role="status">{both(say("warga.none"))}</p>'
            f"{paragraph(say('warga.cut', n=str(cut))) if cut else ''}"
            f"{paragraph(say('warga.noGauges'))}{paragraph(say('warga.call', who=self._facts.whom_to_ask))}</main>"
            f"{self._footer()}",
        )

    def area(self, area: AreaFacts) -> str:
        """One village."""
        warnings = [one for one in self._facts.warnings if one.concerns(area.code)]
        exercise = is_exercise(self._facts, area.gauges)
        gauges = "".join(self._gauge(gauge, is_marked=not exercise) for gauge in area.gauges[:MAX_GAUGES])
        if not area.gauges:
            asked = paragraph(say("warga.ask", who=self._facts.whom_to_ask), "do")
            gauges = f'<section class="gauge unknown">{paragraph(say("warga.noGauge"), "state")}{asked}</section>'
        name = safe(area.name, NAME)
        title = Text(f"{say('warga.title').id} {area.name}", f"{say('warga.title').en} {area.name}")
        return self._document(
            title,
            f"<header>{self._bands(exercise)}"
            f'<a class="more back" href="../warga.html">← {both(say("warga.back"))}</a>'
            f"<h1>{name}</h1><p>{safe(area.around, NAME * 2)}</p>{self._validity()}</header>"
            f"<main>{''.join(self._warning(one) for one in warnings)}{gauges}"
            f"{paragraph(say('warga.call', who=self._facts.whom_to_ask))}{self._forward(area)}</main>{self._footer()}",
        )

    def text(self, area: AreaFacts) -> str:
        """The text to forward, in both languages."""
        blocks = text_block(self._facts, area, self._tell, self._valid)
        return f"{blocks.id}\n\n---\n\n{blocks.en}\n"

    def _document(self, title: Text, body: str) -> str:
        return document(
            title,
            body,
            made_ms=self._made_us // MS_US,
            valid_until_ms=self._facts.valid_until_us // MS_US,
            is_old=self._is_old,
        )

    def _bands(self, exercise: bool) -> str:
        band = f'<div class="band">{both(say("warga.exercise"))}<small>{both(say("warga.exerciseText"))}</small></div>'
        return f"{band if exercise else ''}{old_banner(self._valid)}"

    def _validity(self) -> str:
        made = say("warga.made", time=self._tell.time(self._facts.as_of_us))
        return (
            f'<div class="valid"><b>{both(say("warga.valid", time=self._valid))}</b><br>{both(made)}.<br>'
            f"{both(say('warga.oldAfter'))}</div>"
        )

    def _row(self, area: AreaFacts, *, is_marked: bool) -> str:
        gauge = area.gauges[0]
        since, name = self._tell.since(gauge), safe(area.name, NAME)
        said = joined([self._tell.state(gauge), *([since] if since is not None else [])], ", ")
        tag = f" · {both(say('warga.exercise'))}" if gauge.exercise and is_marked else ""
        return (
            f"<li{colour_of(_shown_colour(gauge))}>"
            f'<a href="warga/{safe(area.code)}.html"><u>{name}</u>'
            f"<b>{mark(gauge)} {both(said)}</b><small>{safe(area.around, NAME * 2)}{tag}</small></a></li>"
        )

    def _gauge(self, gauge: GaugeFacts, *, is_marked: bool) -> str:
        """One gauge; its own mark of an exercise where the page bears none."""
        since = self._tell.since(gauge)
        name = "gauge" if gauge.condition in (Condition.LEVEL, Condition.NORMAL) else "gauge unknown"
        details = "".join(paragraph(one) for one in self._tell.details(gauge))
        return (
            f'<section class="{name}"{colour_of(_shown_colour(gauge))}><h2>{safe(gauge.station, NAME)}</h2>'
            f"{paragraph(say('warga.exerciseGauge'), 'tag') if gauge.exercise and is_marked else ''}"
            f'<p class="state">{mark(gauge)} {both(self._tell.state(gauge))}'
            f"{'' if since is None else f'<br>{both(since)}'}</p>"
            f"{paragraph(gauge.advice, 'do')}{details}</section>"
        )

    def _warning(self, warning: WarningFacts) -> str:
        return (
            f'<section class="warning"><h2>{both(say("warga.warning"))}</h2>'
            f'<p class="state">{both(warning.headline)}</p>'
            f"{paragraph(self._tell.warning(warning))}{paragraph(warning.instruction, 'do')}"
            f"{paragraph(warning.description)}{paragraph(warning.where)}</section>"
        )

    def _forward(self, area: AreaFacts) -> str:
        blocks = text_block(self._facts, area, self._tell, self._valid)
        texts = "".join(
            f'<pre class={name} id="text-{language}" lang={language}>{_kept(getattr(blocks, language))}</pre>'
            for name, language in (("i", "id"), ("e", "en"))
        )
        return (
            f'<section class="forward"><h2>{both(say("warga.forward"))}</h2>{texts}'
            f'<button id="copy" type="button">{both(say("warga.copy"))}</button>'
            f'<p id="copied" style="display:none" role="status">{both(say("warga.copied"))}</p>'
            f'<p id="not-copied" style="display:none" role="status">{both(say("warga.copyFailed"))}</p>'
            f'<a class="more" href="{safe(area.code)}.txt">{both(say("warga.forwardFile"))}</a></section>'
        )

    def _footer(self) -> str:
        return f"<footer>{paragraph(say('warga.source', name=self._facts.name))}{_licence(self._catalogue)}</footer>"


def _within(rows: list[str], most: int) -> list[str]:
    """The first rows, together not longer than `most` characters."""
    ends = itertools.accumulate(map(len, rows))
    return [row for row, end in zip(rows, ends, strict=True) if end <= most]


def _kept(text: str) -> str:
    """Lines escaped one by one: their ends stay."""
    return "\n".join(safe(line) for line in text.split("\n"))


def _licence(catalogue: Catalogue) -> str:
    return f"<p>{safe(catalogue.city.licence)}</p>" if catalogue.city.licence else ""


def _shown_colour(gauge: GaugeFacts) -> str:
    return gauge.colour if gauge.condition is Condition.LEVEL else ""


def _worst_first(area: AreaFacts) -> tuple[int, int, str]:
    severity, unknown = area.gauges[0].urgency
    return (-severity, -unknown, area.name.casefold())
