"""How one gauge stands, for the public: out of its alarm, its newest sound reading and what is derived from it.

Pure: `now_us` is passed in.  What cannot be said is never said as "normal".
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from msgspec.structs import replace

from command_center.alarms.alarm import Alarm, Held
from command_center.alerts.wording import hazard_of, instruction
from command_center.beside import Beside, Eta, eta_at
from command_center.public.facts import Coming, Condition, CouldBe, GaugeFacts, Next
from command_center.public.words import measured, say
from command_center.waves import WaveView
from sensors.catalogue import Catalogue, Datastream, Level, Text
from sensors.origin import Origin
from sensors.times import MINUTE_US, SECOND_US, parse_rfc3339
from sensors.transition import Cause

NOUNS: Final = {"river_level": Text("Muka air", "Water level"), "discharge": Text("Debit", "Discharge")}
WHOLE_FROM: Final = 10.0  # a rate is told without decimals from here on: it is not known better


@dataclass(frozen=True, slots=True)
class Reading:
    """A sound reading."""

    time_us: int
    value: float
    origin: Origin


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of a gauge."""

    datastream: Datastream
    levels: Sequence[Level]  # in force
    alarm: Alarm | None  # the open one
    reading: Reading | None  # the newest that has a value and did not fail
    beside: Beside
    waves: Sequence[WaveView]  # to it


def gauge_facts(seen: Seen, catalogue: Catalogue, whom_to_ask: Text, now_us: int) -> GaugeFacts:
    """How it stands at `now_us`."""
    held = _held(seen.alarm)
    condition = _condition(seen, held, catalogue, now_us)
    station = catalogue.station_by_id[seen.datastream.station]
    facts = GaugeFacts(
        station=station.name,
        noun=NOUNS[seen.datastream.kind],
        condition=condition,
        severity=0,
        trend=_trend(seen, condition, now_us),
        value=None if seen.reading is None else measured(seen.reading.value, seen.datastream.unit),
        read_us=None if seen.reading is None else seen.reading.time_us,
        manual=seen.reading is not None and seen.reading.origin is Origin.MANUAL,
        coming=_coming(seen.waves, catalogue, now_us),
        exercise=_is_exercise(seen, held),
    )
    if held is not None:
        facts = _with_level(facts, seen, held, catalogue)
    if condition is Condition.SILENT:
        facts = _lost(facts, seen, catalogue)
    if condition is Condition.REFUTED and seen.alarm is not None and seen.alarm.refutation is not None:
        facts = replace(facts, until_us=seen.alarm.refutation.until_us)
    if condition in (Condition.LEVEL, Condition.NORMAL):
        facts = replace(facts, next=_next(seen, catalogue, now_us))
    return _advised(facts, seen, held, catalogue, whom_to_ask)


def _held(alarm: Alarm | None) -> Held | None:
    """The worst level that is held now; what is only history is over."""
    if alarm is None:
        return None
    return max((one for one in alarm.held if not one.historical), key=lambda one: one.rank, default=None)


def _condition(seen: Seen, held: Held | None, catalogue: Catalogue, now_us: int) -> Condition:
    alarm, reading = seen.alarm, seen.reading
    if alarm is not None and alarm.aside is not None:
        return Condition.ASIDE
    if reading is None:
        return Condition.NEVER
    interval_s = seen.datastream.interval_calm_s * catalogue.city.silence.intervals
    is_stale = now_us - reading.time_us > interval_s * SECOND_US  # also where nobody is there to say so
    if is_stale or (alarm is not None and alarm.silence is not None):
        return Condition.SILENT
    if alarm is not None and alarm.refutation is not None:
        return Condition.REFUTED
    if not seen.levels:
        return Condition.UNGRADED
    return Condition.NORMAL if held is None else Condition.LEVEL


def _is_exercise(seen: Seen, held: Held | None) -> bool:
    """As an alarm is one: by where a reading is from, or by limits that the city itself calls made up."""
    by_reading = seen.reading is not None and seen.reading.origin.is_exercise
    made_up = any(level.is_illustrative for level in seen.levels)
    return by_reading or made_up or (held is not None and held.exercise)


def _with_level(facts: GaugeFacts, seen: Seen, held: Held, catalogue: Catalogue) -> GaugeFacts:
    style = catalogue.city.levels.get(held.level)
    return replace(
        facts,
        severity=held.severity,
        level=_name(held.level, catalogue),
        colour="" if style is None else style.colour,
        rank=held.rank,
        ranks=max((level.rank for level in seen.levels), default=held.rank),
        limit=None if held.limit is None else measured(held.limit, seen.datastream.unit),
        since_us=held.time_us,
        verify=held.verify,
        doubt=seen.alarm is not None and seen.alarm.doubt is not None,
        means=None if style is None else style.means,
    )


def _lost(facts: GaugeFacts, seen: Seen, catalogue: Catalogue) -> GaugeFacts:
    """What is known, and what can be, of a gauge that nobody sees."""
    alarm = seen.alarm
    could_be = None if alarm is None else alarm.could_be
    silence = None if alarm is None else alarm.silence
    return replace(
        facts,
        severity=max(facts.severity, 0 if could_be is None else could_be.severity),
        since_us=facts.read_us,
        could_be=None
        if could_be is None
        else CouldBe(level=_name(could_be.level, catalogue), since_us=could_be.time_us),
        lost_rising=silence is not None and silence.lost_rising,
    )


def _advised(facts: GaugeFacts, seen: Seen, held: Held | None, catalogue: Catalogue, whom_to_ask: Text) -> GaugeFacts:
    """What to do: the city's own words for the level, else those of a warning of that severity, else whom to ask."""
    if facts.condition is Condition.NORMAL:
        return facts
    could_be = None if seen.alarm is None else seen.alarm.could_be
    level = could_be if facts.condition is Condition.SILENT and could_be is not None else held
    unknown = say("warga.ask", who=whom_to_ask)
    if facts.condition not in (Condition.LEVEL, Condition.SILENT) or level is None:
        return replace(facts, advice=unknown)
    advice = _of_level(level, seen.datastream.kind, catalogue) or say("warga.call", who=whom_to_ask)
    if facts.condition is Condition.SILENT:
        advice = Text(f"{unknown.id} {advice.id}", f"{unknown.en} {advice.en}")
    return replace(facts, advice=advice)


def _of_level(level: Held, kind: str, catalogue: Catalogue) -> Text | None:
    style, rule = catalogue.city.levels.get(level.level), catalogue.city.cap.rule_for(level.severity)
    if style is not None and style.advice is not None:
        return style.advice
    if rule is None:
        return None
    return instruction(rule.response or (hazard_of(kind).responses.get(level.severity, "Monitor"),))


def _trend(seen: Seen, condition: Condition, now_us: int) -> Text:
    rate = seen.beside.rate
    if condition in (Condition.SILENT, Condition.NEVER) or rate is None or not rate.is_of_now(now_us):
        return say("warga.trendUnknown")
    speed = abs(rate.value)
    by = measured(round(speed, 0 if speed >= WHOLE_FROM else 1), rate.unit)
    direction = rate.direction_at(now_us)
    if direction > 0:
        return say("warga.rising", rate=by)
    return say("warga.falling", rate=by) if direction < 0 else say("warga.steady")


def _next(seen: Seen, catalogue: Catalogue, now_us: int) -> Next | None:
    """The next level with both its bounds, where the river clearly rises now."""
    eta = eta_at(seen.beside.rate, seen.beside.eta, now_us)
    return None if eta is None else _span(eta, catalogue, now_us)


def _span(eta: Eta, catalogue: Catalogue, now_us: int) -> Next | None:
    found_us = parse_rfc3339(eta.time)
    if found_us is None or eta.earliest_min is None or eta.latest_min is None:
        return None
    from_us, to_us = (found_us + round(minutes * MINUTE_US) for minutes in (eta.earliest_min, eta.latest_min))
    if to_us <= now_us:
        return None  # it should have come by now: the projection is no good any more
    return Next(level=_name(eta.level, catalogue), from_us=max(from_us, now_us), to_us=to_us)


def _coming(waves: Iterable[WaveView], catalogue: Catalogue, now_us: int) -> tuple[Coming, ...]:
    """Waves that are expected and have not passed."""
    found = []
    for wave in waves:
        from_us, to_us = (None if one is None else parse_rfc3339(one) for one in (wave.from_, wave.until))
        station = catalogue.station_by_id.get(wave.upstream_station)
        if wave.state is Cause.EXPECTED and from_us is not None and to_us is not None and to_us > now_us:
            name = wave.upstream_station if station is None else station.name
            found.append(Coming(station=name, from_us=from_us, to_us=to_us))
    return tuple(found)


def _name(level: str, catalogue: Catalogue) -> Text:
    style = catalogue.city.levels.get(level)
    return Text(level, level) if style is None else style.name
