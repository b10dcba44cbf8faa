"""What can be printed: an incident's timeline and a handover, as HTML and PDF; the timeline as JSON, too."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Query, Response

from command_center.alarms import store
from command_center.alarms.alarm import Alarm
from command_center.alarms.desk import AlarmDesk
from command_center.alarms.text import Language
from command_center.api.answers import ApiError, answer
from command_center.api.contract import tells
from command_center.api.parameters import Id, Number
from command_center.clock import now_us
from command_center.history.record import Asked, Detail, Record
from command_center.incidents.story import Kind, Story, Told, story
from command_center.incidents.view import incident_name
from command_center.observation_view import Observation, observations
from command_center.operations import Operations
from command_center.paper.handover import handover_sheet
from command_center.paper.html import POLICY, as_html
from command_center.paper.incident import MOST_FIGURES, POINTS, Readings, Source, charted, incident_sheet, range_of
from command_center.paper.sheet import Sheet
from command_center.picture.directory import Directory
from command_center.picture.picture import Picture
from command_center.shift_book import ShiftBook
from sensors.catalogue import Text
from sensors.times import rfc3339

MOST_ALARMS: Final = 2_000  # of one incident that are counted
WAITING: Final = 8  # sheets, the one that is made among them; one more is told to come back
PRINTED_AT_ONCE: Final = 1  # a long PDF takes seconds of a core
PDF: Final = "application/pdf"
HTML: Final = "text/html; charset=utf-8"
Lang = Annotated[Language, Query(description="of the text: id or en")]


class ToldView(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened; `by` is empty for the detector and for what time did."""

    at: str
    kind: Kind  # breach: found; act: done; told: told to somebody
    alarm: str
    datastream: str
    what: Text
    by: str
    comment: str
    time: str | None  # phenomenon time of what the detector found


class ReadingsView(msgspec.Struct, frozen=True, kw_only=True):
    """What a gauge measured, thinned with its peaks; `held_from`: what lies before it may be missing.

    `detail`: whether of every observation or of the extremes of minutes, as for the sensor's observations.
    """

    datastream: str
    from_: str = msgspec.field(name="from")
    to: str
    held_from: str | None
    detail: Detail
    items: list[Observation]


class TimelineView(msgspec.Struct, frozen=True, kw_only=True):
    """An incident's whole story."""

    id: str
    name: Text
    made_at: str
    open: bool
    alarms: list[str]
    alarms_left_out: int
    told: list[ToldView]
    told_left_out: int
    readings: list[ReadingsView]


class Press:
    """Gathers what a sheet is made of, and prints one after the other."""

    def __init__(self, desk: AlarmDesk, operations: Operations, picture: Picture, record: Record) -> None:
        self._desk, self._operations, self._picture, self._record = desk, operations, picture, record
        self._waiting = 0
        self._printing = asyncio.Semaphore(PRINTED_AT_ONCE)

    @contextlib.asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """One sheet after the other: threads and a core are for those who keep alarms.  Raises ApiError 503."""
        if self._waiting >= WAITING:
            raise ApiError(503, "busy", f"{WAITING} sheets are being made already: ask again in a while")
        self._waiting += 1
        try:
            async with self._printing:
                yield
        finally:
            self._waiting -= 1

    async def source(self, incident: str) -> Source:
        """Everything about an incident.  Raises ApiError 404 where there is none, 503 before there is a log."""
        directory, now = self.directory(), now_us()
        stored = await asyncio.to_thread(store.of_incident, self._operations, incident, MOST_ALARMS)
        alarms: list[Alarm] = [self._desk.newest(alarm) for alarm in stored]
        known = {alarm.id for alarm in alarms}
        alarms += [a for a in self._desk.open_alarms() if a.incident == incident and a.id not in known]
        if not alarms:
            raise ApiError(404, "not_found", f"there is no incident {incident!r}", "path.incident_id")
        told = await asyncio.to_thread(story, self._operations, incident, alarms, directory.catalogue)
        return Source(
            story=told,
            name=incident_name(alarms, directory.catalogue),
            readings=await self._readings(told, directory, now),
            catalogue=directory.catalogue,
            now_us=now,
        )

    async def _readings(self, told: Story, directory: Directory, now: int) -> dict[str, Readings]:
        from_us, to_us = range_of(told.alarms, now)
        found = {}
        for datastream in charted(told.alarms, directory.catalogue)[:MOST_FIGURES]:
            sensor = (datastream.station, datastream.property, datastream.unit)
            chart = await self._record.chart(Asked(sensor, datastream.number, from_us, to_us + 1), POINTS)
            found[datastream.id] = Readings(chart.rows, from_us, to_us, chart.held_from_us, chart.detail)
        return found

    def directory(self) -> Directory:
        """The catalogue in force.  Raises ApiError 503 before there is one."""
        if self._picture.directory is None:
            raise ApiError(503, "no_log", "there is no log yet, and so no catalogue to name things by")
        return self._picture.directory

    async def pdf(self, sheet: Sheet, made_us: int, name: str) -> Response:
        """The sheet as a PDF of that name."""
        gone = threading.Event()
        try:
            body = await asyncio.to_thread(_printed, sheet, made_us, lambda: not gone.is_set())
        finally:
            gone.set()  # a stop does not wait for the rest of it
        headers = {"Content-Disposition": f'inline; filename="{name}.pdf"', **_HEADERS}
        return Response(body, media_type=PDF, headers=headers)

    async def html(self, sheet: Sheet) -> Response:
        """The sheet as a page that runs nothing."""
        body = await asyncio.to_thread(as_html, sheet)
        headers = {"Content-Security-Policy": POLICY, **_HEADERS}
        return Response(body, media_type=HTML, headers=headers)


def _printed(sheet: Sheet, made_us: int, is_wanted: Callable[[], bool]) -> bytes:
    from command_center.paper.pdf import as_pdf  # fpdf2 and matplotlib's fonts: half a second, for who prints

    return as_pdf(sheet, made_us, is_wanted)


_HEADERS: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}


def router(desk: AlarmDesk, operations: Operations, picture: Picture, record: Record) -> APIRouter:
    """The routes."""
    routes, press, book = APIRouter(tags=["paper"]), Press(desk, operations, picture, record), ShiftBook(operations)

    @routes.get("/incidents/{incident_id}/timeline.json")
    @tells(TimelineView, refuses=(404,))
    async def timeline_json(incident_id: Id) -> Response:
        """Everything on record about an incident: readings, breaches, who was told when, who acted."""
        async with press.turn():
            return answer(await asyncio.to_thread(_view, await press.source(incident_id)))

    @routes.get("/incidents/{incident_id}/timeline.html")
    @tells(str, media=(HTML,), refuses=(404,))
    async def timeline_html(incident_id: Id, language: Lang = "id") -> Response:
        """The same to be read and printed: one page that needs nothing else and runs nothing."""
        async with press.turn():
            source = await press.source(incident_id)
            return await press.html(await asyncio.to_thread(incident_sheet, source, language))

    @routes.get("/incidents/{incident_id}/timeline.pdf")
    @tells(bytes, media=(PDF,), refuses=(404,))
    async def timeline_pdf(incident_id: Id, language: Lang = "id") -> Response:
        """The same as a PDF on A4."""
        async with press.turn():
            source = await press.source(incident_id)
            sheet = await asyncio.to_thread(incident_sheet, source, language)
            return await press.pdf(sheet, source.now_us, "timeline")

    @routes.get("/handovers/{number}/digest.html")
    @tells(str, media=(HTML,), refuses=(404,))
    async def digest_html(number: Number, language: Lang = "id") -> Response:
        """A handover and its digest as it was, to be printed and signed."""
        async with press.turn():
            return await press.html(await handed_over(number, language, now_us()))

    @routes.get("/handovers/{number}/digest.pdf")
    @tells(bytes, media=(PDF,), refuses=(404,))
    async def digest_pdf(number: Number, language: Lang = "id") -> Response:
        """The same as a PDF on A4."""
        now = now_us()
        async with press.turn():
            return await press.pdf(await handed_over(number, language, now), now, f"handover-{number}")

    async def handed_over(number: int, language: Language, now: int) -> Sheet:
        found = await asyncio.to_thread(book.handovers, number + 1, 1)
        if not found or found[0].number != number:
            raise ApiError(404, "not_found", f"there is no handover {number}", "path.number")
        return await asyncio.to_thread(handover_sheet, found[0], press.directory().catalogue, language, now)

    return routes


def _view(source: Source) -> TimelineView:
    told = source.story
    return TimelineView(
        id=told.incident,
        name=source.name,
        made_at=rfc3339(source.now_us),
        open=any(alarm.is_open for alarm in told.alarms),
        alarms=[alarm.id for alarm in told.alarms],
        alarms_left_out=told.alarms_left_out,
        told=[_told_view(one) for one in told.told],
        told_left_out=told.told_left_out,
        readings=[_readings_view(name, one) for name, one in source.readings.items()],
    )


def _told_view(one: Told) -> ToldView:
    return ToldView(
        at=rfc3339(one.at_us),
        kind=one.kind,
        alarm=one.alarm,
        datastream=one.datastream,
        what=one.what,
        by=one.by,
        comment=one.comment,
        time=None if one.time_us is None else rfc3339(one.time_us),
    )


def _readings_view(datastream: str, one: Readings) -> ReadingsView:
    return ReadingsView(
        datastream=datastream,
        from_=rfc3339(one.from_us),
        to=rfc3339(one.to_us),
        held_from=None if one.held_from_us is None else rfc3339(one.held_from_us),
        detail=one.detail,
        items=observations(one.rows),
    )
