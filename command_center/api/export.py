"""`/export.csv` and `/export.parquet`: observations of several sensors and any range as one table."""

from collections.abc import AsyncIterator
from functools import partial
from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import FileResponse
from pydantic import Field
from starlette.background import BackgroundTask

from command_center.api.answers import ApiError, answer
from command_center.api.contract import CSV, tells
from command_center.api.parameters import Seeing, time_of
from command_center.api.sensors import BEGINNING, END, From, To
from command_center.api.streamed import Streams
from command_center.api.waiting import stay
from command_center.history.export import ParquetExport, csv_lines
from command_center.history.export import Progress as Done
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


_NAME: Final = "made up by whoever asks, other than any other's: `/export/progress?name=` then says how far it is"
Name = Annotated[str, Query(max_length=64, pattern="^[A-Za-z0-9-]*$", description=_NAME)]
MOST_NAMED: Final = 64  # exports under way whose progress somebody may ask for
_AS_FILE: Final = {"Content-Disposition": 'attachment; filename="siaga.csv"'}


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far an export is; without a name the Parquet file that is made now, or was made last."""

    busy: bool  # it is under way
    sensors: int  # that were asked for
    sensors_done: int
    rows: int
    share: float  # of the whole, 0 to 1: of the sensors, and of the range of the one under way


class _Named:
    """An export under way, among those whose progress somebody may ask for; without a name it is not."""

    def __init__(self, named: dict[str, "_Named"], name: str, sensors: int) -> None:
        self._named, self._name = named, name
        self.progress = Done(sensors)

    def got_on(self) -> None:
        """Somebody took a piece of it."""
        if self._named.get(self._name) is self:
            self._named[self._name] = self._named.pop(self._name)

    def end(self) -> None:
        """It is over, and forgotten."""
        if self._named.get(self._name) is self:
            del self._named[self._name]


class _AllNamed:
    """Exports under way, by the names that their callers gave them: so many, those that last got on."""

    def __init__(self) -> None:
        self._by_name: dict[str, _Named] = {}  # that which got on last comes last

    def begin(self, name: str, sensors: int) -> _Named:
        """One more; of too many the one that got on longest ago goes on, but untold.

        A name given twice is the later one's.
        """
        one = _Named(self._by_name, name, sensors)
        if name:
            self._by_name.pop(name, None)
            if len(self._by_name) >= MOST_NAMED:
                del self._by_name[next(iter(self._by_name))]
            self._by_name[name] = one
        return one

    def find(self, name: str) -> Done | None:
        """How far it is; None: it has not begun, is over, or is one of too many."""
        one = self._by_name.get(name)
        return None if one is None else one.progress


def router(picture: Picture, record: Record, export: ParquetExport, streams: Streams) -> APIRouter:
    """The routes."""
    routes = APIRouter(tags=["export"])
    named = _AllNamed()

    @routes.get("/export.csv")
    @tells(str, refuses=(404,), media=(CSV,))
    async def export_csv(
        audience: Seeing,
        sensor: Sensors = [],  # noqa: B006
        from_: From = None,
        to: To = None,
        name: Name = "",
    ) -> Response:
        """Observations in [from, to) as CSV, sensors one after the other: `siaga evaluate` and `siaga replay` read it.

        Streamed.  What is not shared with whoever asks is not in it.  Who hangs up ends it.
        """
        asked = _asked(picture, audience, sensor, from_, to)
        one = named.begin(name, len(asked))
        return streams.answer(_lines(record, asked, one), CSV, _AS_FILE, one.end)

    @routes.get("/export.parquet")
    @tells(bytes, refuses=(404,), media=(PARQUET,))
    async def export_parquet(
        request: Request,
        audience: Seeing,
        sensor: Sensors = [],  # noqa: B006
        from_: From = None,
        to: To = None,
        name: Name = "",
    ) -> Response:
        """The same table as a Parquet file: made first (see `/export/progress`), then sent with its length.

        Who hangs up meanwhile ends it.
        """
        asked = _asked(picture, audience, sensor, from_, to)
        if export.is_busy:
            raise ApiError(503, "busy", "another Parquet file is being made: ask again in a while")
        one = named.begin(name, len(asked))
        try:
            path = await export.make(asked, one.progress, partial(_stay, request, one))
        finally:
            one.end()
        return FileResponse(path, media_type=PARQUET, filename="siaga.parquet", background=BackgroundTask(path.unlink))

    @routes.get("/export/progress")
    @tells(Progress)
    async def export_progress(name: Name = "") -> Response:
        """How far the export of that name is; without a name the Parquet file that is made now."""
        if not name:
            return answer(_progress(export.progress, busy=export.is_busy))
        found = named.find(name)
        return answer(_progress(found or Done(0), busy=found is not None))

    return routes


async def _lines(record: Record, asked: list[Asked], one: _Named) -> AsyncIterator[bytes]:
    async for lines in csv_lines(record, asked, one.progress):
        yield lines
        one.got_on()


async def _stay(request: Request, one: _Named) -> None:
    """Raises ApiError where nobody waits any more."""
    await stay(request, "the file")
    one.got_on()


def _progress(done: Done, *, busy: bool) -> Progress:
    share = round(done.share, 4) if done.sensors else 0.0
    return Progress(busy=busy, sensors=done.sensors, sensors_done=done.sensors_done, rows=done.rows, share=share)


def _asked(picture: Picture, audience: Audience, ids: list[str], from_: str | None, to: str | None) -> list[Asked]:
    from_us, to_us = time_of(from_, "from", BEGINNING), time_of(to, "to", END)
    if from_us > to_us:
        raise ApiError(422, "invalid", "`from` lies after `to`", "query.from")
    chosen = _chosen(picture, audience, ids)
    return [Asked((d.station, d.property, d.unit), d.number, from_us, to_us) for d in chosen]


def _chosen(picture: Picture, audience: Audience, ids: list[str]) -> list[Datastream]:
    """The datastreams that were asked for, of those that the audience may see.  Raises ApiError 404 for any other."""
    if picture.directory is None:
        raise ApiError(503, "no_log", "there is no log yet: the sensors come with it")
    seen = {d.id: d for d in picture.directory.datastreams if picture.shows(d.id, audience)}
    for one in ids:
        if one not in seen:
            raise ApiError(404, "not_found", f"there is no sensor {one!r}", "query.sensor")
    return [seen[one] for one in dict.fromkeys(ids)] if ids else list(seen.values())
