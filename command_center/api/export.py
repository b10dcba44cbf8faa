"""`/export.csv` and `/export.parquet`: observations of several sensors and any range as one table."""

from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Query, Response
from fastapi.responses import FileResponse, StreamingResponse
from pydantic import Field
from starlette.background import BackgroundTask

from command_center.api.answers import ApiError, answer
from command_center.api.contract import CSV, tells
from command_center.api.parameters import Seeing, time_of
from command_center.api.sensors import BEGINNING, END, From, To
from command_center.history.export import ParquetExport, csv_lines
from command_center.history.record import Asked, Record
from command_center.picture.picture import Picture
from sensors.catalogue import Datastream
from sensors.sharing import Audience

PARQUET: Final = "application/vnd.apache.parquet"
MOST_SENSORS: Final = 10_000
LONGEST_ID: Final = 129  # two names of 64 and the colon
_SENSORS: Final = "ids, `station:property`; none = every one that the caller may have"
Sensors = Annotated[
    list[Annotated[str, Field(max_length=LONGEST_ID)]],
    Query(alias="sensor", max_length=MOST_SENSORS, description=_SENSORS),
]


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """The Parquet file that is made now, or was made last."""

    busy: bool
    sensors: int  # that were asked for
    sensors_done: int
    rows: int


def router(picture: Picture, record: Record, export: ParquetExport) -> APIRouter:
    """The routes."""
    routes = APIRouter(tags=["export"])

    @routes.get("/export.csv")
    @tells(str, refuses=(404,), media=(CSV,))
    async def export_csv(audience: Seeing, sensor: Sensors = [], from_: From = None, to: To = None) -> Response:  # noqa: B006
        """Observations in [from, to) as CSV, sensors one after the other: `siaga evaluate` and `siaga replay` read it.

        Streamed.  What is not shared with whoever asks is not in it.
        """
        asked = _asked(audience, sensor, from_, to)
        headers = {"Content-Disposition": 'attachment; filename="siaga.csv"'}
        return StreamingResponse(csv_lines(record, asked), media_type=CSV, headers=headers)

    @routes.get("/export.parquet")
    @tells(bytes, refuses=(404,), media=(PARQUET,))
    async def export_parquet(audience: Seeing, sensor: Sensors = [], from_: From = None, to: To = None) -> Response:  # noqa: B006
        """The same table as a Parquet file: made first (see `/export/progress`), then sent with its length."""
        asked = _asked(audience, sensor, from_, to)
        if export.is_busy:
            raise ApiError(503, "busy", "another Parquet file is being made: ask again in a while")
        path = await export.make(asked)
        return FileResponse(path, media_type=PARQUET, filename="siaga.parquet", background=BackgroundTask(path.unlink))

    @routes.get("/export/progress")
    @tells(Progress)
    async def export_progress() -> Response:
        """How far the Parquet file is that is made now."""
        return answer(
            Progress(busy=export.is_busy, sensors=export.sensors, sensors_done=export.sensors_done, rows=export.rows)
        )

    def _asked(audience: Audience, ids: list[str], from_: str | None, to: str | None) -> list[Asked]:
        from_us, to_us = time_of(from_, "from", BEGINNING), time_of(to, "to", END)
        if from_us > to_us:
            raise ApiError(422, "invalid", "`from` lies after `to`", "query.from")
        chosen = _chosen(picture, audience, ids)
        return [Asked((d.station, d.property, d.unit), d.number, from_us, to_us) for d in chosen]

    return routes


def _chosen(picture: Picture, audience: Audience, ids: list[str]) -> list[Datastream]:
    """The datastreams that were asked for, of those that the audience may see.  Raises ApiError 404 for any other."""
    if picture.directory is None:
        raise ApiError(503, "no_log", "there is no log yet: the sensors come with it")
    seen = {d.id: d for d in picture.directory.datastreams if picture.shows(d.id, audience)}
    for one in ids:
        if one not in seen:
            raise ApiError(404, "not_found", f"there is no sensor {one!r}", "query.sensor")
    return [seen[one] for one in dict.fromkeys(ids)] if ids else list(seen.values())
