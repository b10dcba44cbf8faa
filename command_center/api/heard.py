"""`POST /sensors/{id}/observations`: a reading that a person heard by radio, telephone or chat."""

import asyncio
from pathlib import Path
from typing import Annotated

import msgspec
from fastapi import APIRouter, Request, Response

from command_center.api.answers import ApiError, answer, body_of, body_time_of
from command_center.api.contract import tells
from command_center.api.parameters import Id
from command_center.clock import now_us
from command_center.operations import Operations, note_audit
from gateway.asking import ask
from gateway.errors import GatewayError
from gateway.status import MAX_BY, MAX_DATASTREAM, MAX_UNIT, ObservedFrame, ObserveFrame
from sensors.times import rfc3339


class Heard(msgspec.Struct, frozen=True):
    """What was heard, of whom, and when the gauge was read."""

    time: Annotated[str, msgspec.Meta(max_length=40)]  # RFC 3339, with its offset
    value: float
    heard_from: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    unit: Annotated[str, msgspec.Meta(max_length=MAX_UNIT)] = ""  # empty = that of the sensor


class HeardView(msgspec.Struct, frozen=True, kw_only=True):
    """What was stored."""

    sensor: str
    time: str  # when the gauge was read
    value: float  # unit of the sensor
    origin: str  # manual; in an exercise simulated


EXAMPLE = Heard(time="2026-11-29T02:15:00+07:00", value=312.0, heard_from="Pak Slamet, radio")


def router(data_dir: Path, operations: Operations) -> APIRouter:
    """The route."""
    routes = APIRouter(prefix="/sensors", tags=["sensors"])

    @routes.post("/{sensor_id}/observations")
    @tells(HeardView, status=201, takes=EXAMPLE, refuses=(404,))
    async def observe(request: Request, sensor_id: Id) -> Response:
        """Type in a reading that you heard: it drives levels, and ends a silence until the gauge is overdue again.

        Its origin is `manual`; where what is heard comes from a simulator it is part of the exercise, and `simulated`.
        """
        heard, user = await body_of(request, Heard), request.state.user
        time_us = body_time_of(heard.time, "time")
        if not heard.heard_from.strip():
            raise ApiError(
                422, "invalid", "heard_from: expected who said it and by what, got nothing", "body.heard_from"
            )
        if len(sensor_id) > MAX_DATASTREAM:
            raise ApiError(404, "not_found", f"there is no sensor {sensor_id[:MAX_DATASTREAM]!r}…", "path.sensor_id")
        told = f"{sensor_id} = {heard.value:g} {heard.unit}".rstrip()
        what = f"{told} at {rfc3339(time_us)}, heard from {heard.heard_from}"
        await asyncio.to_thread(_note, operations, user, what)
        frame = ObserveFrame(
            datastream=sensor_id, time_us=time_us, value=heard.value, unit=heard.unit, by=user[:MAX_BY]
        )
        try:
            taken = await ask(data_dir, frame, ObservedFrame)
        except GatewayError as error:
            raise ApiError(503, "gateway_unreachable", str(error)) from error
        if taken.where:
            raise ApiError(404 if taken.where.startswith("path") else 422, "invalid", taken.error, taken.where)
        if taken.error:
            raise ApiError(503, "gateway_busy", taken.error)
        stored = HeardView(sensor=sensor_id, time=rfc3339(time_us), value=taken.value, origin=taken.origin)
        return answer(stored, 201)

    return routes


def _note(operations: Operations, user: str, what: str) -> None:
    """On record before it is done: an act without a record would be worse than a record of an act that failed."""
    with operations.transaction() as connection:
        note_audit(connection, now_us(), user, "reading typed in", what)
