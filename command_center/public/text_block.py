"""The text that is forwarded in chats: plain lines that say when they are no longer to be used."""

from collections.abc import Iterable
from typing import Final

from command_center.public.facts import AreaFacts, CityFacts, GaugeFacts
from command_center.public.markup import plain
from command_center.public.sentences import Teller, mark
from command_center.public.words import joined, say
from sensors.catalogue import Text

MAX_GAUGES: Final = 8  # of one village, the worst


def is_exercise(facts: CityFacts, gauges: Iterable[GaugeFacts]) -> bool:
    """Whether nothing of a page is real: the whole of it bears the band; else each gauge bears its own mark."""
    found = list(gauges)
    return facts.exercise or (bool(found) and all(gauge.exercise for gauge in found))


def text_block(facts: CityFacts, area: AreaFacts, tell: Teller, valid: Text) -> Text:
    """The block in both languages.  Stars make bold letters in most chats."""
    exercise = is_exercise(facts, area.gauges)
    blocks = [[joined([say("warga.exercise"), say("warga.exerciseText")], " – ")]] if exercise else []
    place = f"{_bold(area.name)}" + (f" ({plain(area.around, 160)})" if area.around else "")
    blocks.append([joined([say("warga.title"), Text(place, place)])])
    for warning in facts.warnings:
        if warning.concerns(area.code):
            said = joined([say("warga.warning"), warning.headline], ": ")
            blocks.append([said, tell.warning(warning), warning.instruction])
    blocks += [_gauge(gauge, tell, is_marked=not exercise) for gauge in area.gauges[:MAX_GAUGES]]
    if not area.gauges:
        blocks.append([say("warga.noGauge"), say("warga.ask", who=facts.whom_to_ask)])
    made, until = say("warga.made", time=tell.time(facts.as_of_us)), say("warga.valid", time=valid)
    after = say("warga.oldAfter")
    ends = Text(f"{made.id}. {_bold(until.id)}. {after.id}", f"{made.en}. {_bold(until.en)}. {after.en}")
    blocks.append([say("warga.call", who=facts.whom_to_ask), ends, say("warga.source", name=facts.name)])
    return joined([joined([_line(line) for line in block if line.id or line.en], "\n") for block in blocks], "\n\n")


def _gauge(gauge: GaugeFacts, tell: Teller, *, is_marked: bool) -> list[Text]:
    name, since = plain(gauge.station, 80), tell.since(gauge)
    state = joined([tell.state(gauge), *([since] if since is not None else [])])
    marks = mark(gauge)
    told = [Text(f"{name}: {marks} {_bold(state.id)}", f"{name}: {marks} {_bold(state.en)}")]
    told += [say("warga.exerciseGauge")] if gauge.exercise and is_marked else []
    return [*told, *([gauge.advice] if gauge.advice is not None else []), *tell.details(gauge)]


def _bold(text: str) -> str:
    """Stars of its own would end it."""
    return f"*{plain(text.replace('*', ' '), 160)}*"


def _line(text: Text) -> Text:
    return Text(plain(text.id), plain(text.en))
