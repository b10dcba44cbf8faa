"""`/journal` and `/handover`: what a shift writes down, and how it hands over."""

import asyncio
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Request, Response

from command_center.alarms.desk import AlarmDesk
from command_center.api.answers import NOT_BLANK, ApiError, answer, body_of
from command_center.api.contract import Page, tells
from command_center.api.parameters import NUMBER, AfterNumber, Limit, Number, number_of
from command_center.clock import now_us
from command_center.handover import MAX_TEXT, Digest, Note, Section, Situation, as_text, digest
from command_center.people import NewName
from command_center.picture.picture import Picture
from command_center.shift_book import Handover, ShiftBook
from sensors.catalogue import Text
from sensors.times import rfc3339

Before = Annotated[str, Query(description="`next` of the page before; empty = the newest", json_schema_extra=NUMBER)]


class NewNote(msgspec.Struct, frozen=True):
    """A note for the journal."""

    text: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_TEXT, pattern=NOT_BLANK)]


class NewHandover(msgspec.Struct, frozen=True):
    """To whom, and what there is to say beyond the digest."""

    to: NewName
    text: Annotated[str, msgspec.Meta(max_length=MAX_TEXT)] = ""


class NoteView(msgspec.Struct, frozen=True, kw_only=True):
    """A note of the journal."""

    number: int
    at: str
    by: str
    text: str


class HandoverView(msgspec.Struct, frozen=True, kw_only=True):
    """A handover with its digest as it was then, by sections and as a text."""

    number: int
    at: str
    by: str
    to: str
    text: str
    accepted_at: str | None
    since: str | None
    sections: tuple[Section, ...]
    digest: Text


_EXAMPLE = NewHandover(to="budi", text="Pompa 2 menunggu suku cadang")


def router(book: ShiftBook, desk: AlarmDesk, picture: Picture) -> APIRouter:
    """The routes."""
    routes = APIRouter(tags=["shift"])

    @routes.get("/journal")
    @tells(Page[NoteView])
    async def list_journal(after: AfterNumber = "", limit: Limit = 1_000) -> Response:
        """The notes of the shifts, oldest first."""
        notes = await asyncio.to_thread(book.notes, number_of(after) or 0, limit)
        return answer(Page(items=[_note_view(note) for note in notes], next=str(notes[-1].number) if notes else None))

    @routes.post("/journal")
    @tells(NoteView, status=201, takes=NewNote(text="Genset posko diuji, baik"))
    async def write(request: Request) -> Response:
        """Put a note, tied to no alarm, into the journal."""
        new = await body_of(request, NewNote)
        note = await asyncio.to_thread(book.write, new.text, request.state.user, now_us())
        return answer(_note_view(note), 201)

    @routes.post("/handover")
    @tells(HandoverView, status=201, takes=_EXAMPLE, refuses=(404, 409))
    async def hand_over(request: Request) -> Response:
        """Hand over: open alarms, what is set aside, actions, orders in force, the journal since the last.

        All of it is kept as it is now, in Indonesian and English.
        """
        new = await body_of(request, NewHandover)
        if picture.directory is None:
            raise ApiError(503, "no_log", "there is no log yet, and so no catalogue to name things by")
        catalogue, now = picture.directory.catalogue, now_us()
        alarms, actions, orders = desk.open_alarms(), list(desk.actions.open_actions), list(desk.orders)

        def make(notes: list[Note], more: int, since_us: int | None) -> Digest:
            situation = Situation(
                alarms=alarms, actions=actions, orders=orders, notes=notes, since_us=since_us, more_notes=more
            )
            return digest(situation, catalogue, now)

        made = await asyncio.to_thread(book.hand_over, new.to, new.text, request.state.user, make, now)
        return answer(_handover_view(made), 201)

    @routes.post("/handover/{number}/accept")
    @tells(HandoverView, refuses=(404, 409))
    async def accept(request: Request, number: Number) -> Response:
        """Take the shift; only the one it is handed to can, and it stays taken."""
        taken = await asyncio.to_thread(book.accept, number, request.state.user, now_us())
        return answer(_handover_view(taken))

    @routes.get("/handovers")
    @tells(Page[HandoverView])
    async def list_handovers(
        before: Before = "", limit: Annotated[int, Query(ge=1, le=100, description="handovers on a page")] = 10
    ) -> Response:
        """The handovers, the newest first, each with its digest as it was."""
        found = await asyncio.to_thread(book.handovers, number_of(before), limit)
        following = str(found[-1].number) if len(found) == limit else None
        return answer(Page(items=[_handover_view(one) for one in found], next=following))

    return routes


def _note_view(note: Note) -> NoteView:
    return NoteView(number=note.number, at=rfc3339(note.at_us), by=note.by, text=note.text)


def _handover_view(handover: Handover) -> HandoverView:
    since_us = handover.digest.since_us
    return HandoverView(
        number=handover.number,
        at=rfc3339(handover.at_us),
        by=handover.by,
        to=handover.receiver,
        text=handover.text,
        accepted_at=None if handover.accepted_us is None else rfc3339(handover.accepted_us),
        since=None if since_us is None else rfc3339(since_us),
        sections=handover.digest.sections,
        digest=as_text(handover.digest),
    )
