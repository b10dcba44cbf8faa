"""`POST /sensors/{id}/counterfactual`: other levels tried on the stored record, before anybody changes one."""

import contextlib
from collections.abc import Iterator
from functools import partial
from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Request, Response
from msgspec.structs import replace

from command_center.api.answers import ApiError, answer, body_of, body_time_of
from command_center.api.contract import tells
from command_center.api.level_trial import TriedLevel, level_lines, levels_to_try
from command_center.api.parameters import Id, Seeing
from command_center.api.sensors import known_sensor
from command_center.api.waiting import stay
from command_center.clock import now_us
from command_center.history.counterfactual import (
    MOST_OBSERVATIONS,
    MOST_RAISES,
    Counterfactual,
    TooLong,
    TooManyRaises,
)
from command_center.history.record import Asked
from command_center.picture.picture import Picture
from command_center.sensor_view import SensorBook
from gateway.evaluation.report import LevelUse, Spread
from gateway.evaluation.spans import OPEN, Span
from gateway.evaluation.trial import Compared, LevelTrial, Outcome
from gateway.status import MAX_UNIT
from sensors.catalogue import MAX_LEVELS, Datastream
from sensors.pace import levels_at_pace
from sensors.rules import levels_in_force
from sensors.times import HOUR_US, rfc3339

DAY_US: Final = 24 * HOUR_US
LONGEST_US: Final = 90 * DAY_US
USUAL_US: Final = 30 * DAY_US
MOST_CROSSINGS: Final = 50  # of a level that are listed, the newest; `alarms` counts them all

_Time = Annotated[str, msgspec.Meta(max_length=40, extra_json_schema={"format": "date-time"})]


class Trying(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All levels of the sensor as they would be: one that is not named would be gone."""

    levels: Annotated[list[TriedLevel], msgspec.Meta(min_length=1, max_length=MAX_LEVELS)]
    unit: Annotated[str, msgspec.Meta(max_length=MAX_UNIT)] = ""  # of values and margins; empty = that of the sensor
    from_: _Time | None = msgspec.field(name="from", default=None)  # RFC 3339; null = 30 days before `to`
    to: _Time | None = None  # RFC 3339; null = now; at most 90 days after `from`


class Crossing(msgspec.Struct, frozen=True, kw_only=True):
    """A level raised, and returned."""

    raised_at: str
    returned_at: str | None  # null: it was held at the end of the record


class LevelView(msgspec.Struct, frozen=True, kw_only=True):
    """One level with both sets; null: it is not in that set."""

    name: str
    now: LevelUse | None
    tried: LevelUse | None
    peaks: int  # times at or over the limit in force, whatever was raised
    missed_now: int  # of these, in which it was neither raised nor held
    missed_tried: int
    gained_min: Spread  # by which the tried one is raised earlier, minutes
    crossed_now: list[Crossing]  # the newest 50
    crossed_tried: list[Crossing]


class CounterfactualView(msgspec.Struct, frozen=True, kw_only=True):
    """What the levels in force made of the record, and what the tried ones would have."""

    sensor: str
    unit: str
    first: str  # observation that was judged
    last: str
    observations: int
    held_from: str | None  # before it something that was stored may be missing; null: nothing is
    now: Outcome
    tried: Outcome
    levels: list[LevelView]
    lines: list[str]  # to add to levels.csv, its head first: a level that is gone has no line, see `tried: null`
    pace: float = 1.0  # at which all but `lines` was judged: those are as in life, as the city's files are


EXAMPLE = Trying(
    levels=[
        TriedLevel(name="hijau", value=480.0, hysteresis=5.0),
        TriedLevel(name="kuning", value=560.0, hysteresis=5.0),
        TriedLevel(name="merah", value=700.0, hysteresis=5.0),
    ],
    from_="2026-11-01T00:00:00+07:00",
    to="2026-11-29T00:00:00+07:00",
)


def router(book: SensorBook, picture: Picture, counterfactual: Counterfactual) -> APIRouter:
    """The route."""
    routes = APIRouter(prefix="/sensors", tags=["sensors"])

    @routes.post("/{sensor_id}/counterfactual")
    @tells(CounterfactualView, takes=EXAMPLE, refuses=(404, 503))
    async def try_levels(request: Request, sensor_id: Id, audience: Seeing) -> Response:
        """Try other levels on the stored record of a sensor: nothing is changed.

        The record is judged by the detector, from a fresh state, with the levels in force today and with those given.
        `lead_min` is from the first level raised to each time that the highest level in force was reached;
        `missed_peaks` are times at or over a level in force in which the level of that name was not raised.
        Refused: a level that could never be reached or left, in contrary order, in a wrong unit; levels that are raised
        more than 20,000 times (422 `too_many_raises`).  One trial at a time: another gets 503 `busy`.  Who hangs up
        ends it.  While the rivers are played faster than life (`pace` is not 1), levels are given and judged as they
        are in force, limits of rates higher and delays shorter; `lines` are as in life, as the city's files are.
        """
        trying = await body_of(request, Trying)
        known_sensor(book, picture, sensor_id, audience)
        directory, at_us = picture.directory, now_us()
        assert directory is not None  # noqa: S101  (known_sensor looked)
        catalogue, datastream = directory.catalogue, directory.catalogue.datastream_by_id[sensor_id]
        from_us, to_us = _range(trying, at_us)
        tried = levels_to_try(catalogue.city, datastream, trying.levels, trying.unit, at_us)
        in_force = levels_in_force(datastream, at_us)
        asked = Asked((datastream.station, datastream.property, datastream.unit), datastream.number, from_us, to_us)
        still_there = partial(stay, request, "the trial of levels")
        with _too_much_in_words():
            compared = await counterfactual.replay(catalogue, datastream, asked, in_force, tried, still_there)
        if compared is None:
            words = f"{sensor_id} has no observation in the range: there is nothing to try them on"
            raise ApiError(422, "no_record", words, "body.from")
        in_life = partial(levels_at_pace, datastream=datastream, catalogue=catalogue, pace=1.0)
        lines = level_lines(datastream, in_life(in_force), in_life(tried), by=request.state.user, at_us=at_us)
        view = _view(datastream, compared, counterfactual.held_from_us(asked), lines)
        return answer(replace(view, pace=catalogue.pace))

    return routes


@contextlib.contextmanager
def _too_much_in_words() -> Iterator[None]:
    """Raises ApiError 422 for what is more than a trial may take."""
    try:
        yield
    except TooLong as error:
        words = f"expected a range of {MOST_OBSERVATIONS:,} observations at most, got one of more"
        raise ApiError(422, "too_long", words, "body.from") from error
    except TooManyRaises as error:
        words = (
            f"expected a range of {MOST_RAISES:,} raises at most, got one of more, by the levels in force, by those"
            " given, or times at or over one in force: ask for less time, or give levels that flap a margin or delay"
        )
        raise ApiError(422, "too_many_raises", words, "body.from") from error


def _range(trying: Trying, at_us: int) -> tuple[int, int]:
    """[from, to).  Raises ApiError 422."""
    to_us = at_us if trying.to is None else body_time_of(trying.to, "to")
    from_us = to_us - USUAL_US if trying.from_ is None else body_time_of(trying.from_, "from")
    if not from_us < to_us:
        raise ApiError(422, "invalid", "`from` lies not before `to`", "body.from")
    if to_us - from_us > LONGEST_US:
        days = (to_us - from_us) / DAY_US
        raise ApiError(422, "too_long", f"expected a range of 90 days at most, got {days:.1f}", "body.from")
    return from_us, to_us


def _view(datastream: Datastream, compared: Compared, held_from_us: int | None, lines: list[str]) -> CounterfactualView:
    return CounterfactualView(
        sensor=datastream.id,
        unit=datastream.unit,
        first=rfc3339(compared.record.start_us),
        last=rfc3339(compared.record.end_us),
        observations=compared.observations,
        held_from=None if held_from_us is None else rfc3339(held_from_us),
        now=compared.now,
        tried=compared.tried,
        levels=[_level(level) for level in compared.levels],
        lines=lines,
    )


def _level(level: LevelTrial) -> LevelView:
    same = {name: getattr(level, name) for name in set(LevelView.__struct_fields__) & set(level.__struct_fields__)}
    return LevelView(**same, crossed_now=_crossings(level.held_now), crossed_tried=_crossings(level.held_tried))


def _crossings(spans: list[Span]) -> list[Crossing]:
    return [
        Crossing(raised_at=rfc3339(span.start_us), returned_at=None if span.end_us == OPEN else rfc3339(span.end_us))
        for span in spans[-MOST_CROSSINGS:]
    ]
