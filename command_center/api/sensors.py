"""`/sensors`: what there is, what it says now, and what it said before."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Response

from command_center.api.answers import ApiError, answer
from command_center.api.contract import Page, tells
from command_center.api.parameters import DATE_TIME, Id, Seeing, time_of
from command_center.api.streamed import Streams
from command_center.clock import now_us
from command_center.history.record import Asked, Record
from command_center.observation_view import ObservationList, encoded_list, one_piece
from command_center.picture.picture import Picture
from command_center.sensor_view import Sensor, SensorBook
from sensors.sharing import Audience, Terms

DEFAULT_POINTS: Final = 1_000
From = Annotated[str | None, Query(alias="from", description="RFC 3339; the first time", json_schema_extra=DATE_TIME)]
To = Annotated[
    str | None, Query(description="RFC 3339; the first time that is not wanted", json_schema_extra=DATE_TIME)
]
MOST_POINTS: Final = 1_000_000
_NOT_ONE: Final[dict[str, Any]] = {"not": {"const": 1}}
_POINTS: Final = "at most so many, peaks kept; 0 = every one; not 1, which cannot hold both the lowest and the highest"
Points = Annotated[int, Query(ge=0, le=MOST_POINTS, description=_POINTS, json_schema_extra=_NOT_ONE)]
BEGINNING, END = -(2**63), 2**63 - 1


def router(book: SensorBook, picture: Picture, record: Record, streams: Streams) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/sensors", tags=["sensors"])

    @routes.get("")
    @tells(Page[Sensor])
    async def list_sensors(audience: Seeing) -> Response:
        """Every sensor of the catalogue in force that you may see, with its newest observation.

        Derived ones name what they are computed from (`derived_from`, `method`).  Beside the value stands what is
        derived from it: `rate` with its bounds, `eta` in minutes to the next level (null: not within a day),
        `dominant`.  `possible` are the levels that a silent one could have reached unseen, `doubt` a fall that is not
        believed.
        """
        return answer(Page(items=book.all(now_us(), audience)))

    @routes.get("/{sensor_id}")
    @tells(Sensor, refuses=(404,))
    async def one_sensor(sensor_id: Id, audience: Seeing) -> Response:
        """One sensor; one that is not shared with you is not there."""
        return answer(known_sensor(book, picture, sensor_id, audience))

    @routes.get("/{sensor_id}/observations")
    @tells(ObservationList, refuses=(404,))
    async def list_observations(
        sensor_id: Id,
        audience: Seeing,
        from_: From = None,
        to: To = None,
        points: Points = DEFAULT_POINTS,
    ) -> Response:
        """A sensor's observations in [from, to), as far back as the history goes.

        One that the observation after it shows to be a spike has the reason `spike` and is suspect at best.
        `held_from`: before it something that was stored may be missing; null: nothing is.  With `points`, a range of
        over two days that memory does not hold is answered from 1-minute rollups (`detail` is `minute`): of each
        bucket the lowest and the highest value, and the first that failed, at their own times; `quality` is then the
        worst of the minute's that did not fail, and there are no `reasons`.
        `producer` is to be named beside them, `licence` says what may be done with them (empty: none is granted).
        """
        sensor = known_sensor(book, picture, sensor_id, audience)
        from_us, to_us = time_of(from_, "from", BEGINNING), time_of(to, "to", END)
        if from_us > to_us:
            raise ApiError(422, "invalid", "`from` lies after `to`", "query.from")
        if points == 1:
            raise ApiError(
                422, "invalid", "one point cannot hold both the lowest and the highest value", "query.points"
            )
        terms = Terms(sensor.producer, sensor.licence, sensor.sharing)
        asked = Asked((sensor.station, sensor.property, sensor.unit), sensor.number, from_us, to_us)
        if points:
            found = await record.chart(asked, points)
            listed = encoded_list(one_piece(found.rows), found.held_from_us, terms, found.detail)
        else:
            listed = encoded_list(record.pieces(asked), record.held_from_us(asked), terms)
        return streams.answer(listed, "application/json")

    return routes


def known_sensor(book: SensorBook, picture: Picture, sensor_id: str, audience: Audience) -> Sensor:
    """The sensor.  Raises ApiError 503 before there is a log, 404 where there is no such sensor for this audience."""
    if picture.directory is None:
        raise ApiError(503, "no_log", "there is no log yet: the sensors come with it")
    sensor = book.one(sensor_id, now_us(), audience)
    if sensor is None:
        raise ApiError(404, "not_found", f"there is no sensor {sensor_id!r}", "path.sensor_id")
    return sensor
