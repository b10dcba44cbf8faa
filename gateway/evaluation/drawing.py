"""Which plots a series gets, and what they are called."""

from collections.abc import Mapping, Sequence

from gateway.evaluation.events import Event, events_of, worth_drawing
from gateway.evaluation.judging import Judged
from gateway.evaluation.markup import moment, number
from gateway.evaluation.measures import Truths
from gateway.evaluation.page import Drawn, Plot
from gateway.evaluation.plots import draw_event, draw_overview
from gateway.evaluation.spans import Span, held_spans
from sensors.times import MINUTE_US, rfc3339


def drawn(judged: Judged, truth: Truths) -> Drawn | None:
    """The whole record, and its worst events; None where there is nothing but missing values, or one time."""
    if not len(judged.trend) and judged.step_s is None:
        return None
    held = {one.level: held_spans(judged.level_transitions, one.level) for one in judged.datastream.levels}
    events = events_of(judged, _all_spans(held, truth))
    shown = worth_drawing(events)
    return Drawn(
        overview=Plot(draw_overview(judged, held), "The whole record, every peak kept."),
        events=[Plot(draw_event(judged, one, held), _caption(one, judged)) for one in shown],
        others=[_caption(one, judged) for one in events if one not in shown],
    )


def _all_spans(held: Mapping[str, Sequence[Span]], truth: Truths) -> dict[str, list[Span]]:
    return {level: [*spans, *truth[level][1]] for level, spans in held.items()}


def _caption(event: Event, judged: Judged) -> str:
    """Level, begin, peak of an event."""
    peak = f"{number(event.peak, 2)} {judged.datastream.unit}"
    begin = moment(rfc3339(event.span.start_us // MINUTE_US * MINUTE_US))
    return f"{event.level} from {begin}, peak {peak}" if event.rank else f"nearest to a level: {peak} at {begin}"
