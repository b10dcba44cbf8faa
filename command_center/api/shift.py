"""`/journal` and `/handover`: what a shift writes down, and how it hands over."""

import asyncio
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Path, Query, Request, Response

from command_center.alarms.desk import AlarmDesk
from command_center.api.answers import ApiError, answer, body_of
from command_center.api.parameters import After, Limit, number_of
from command_center.clock import now_us
from command_center.handover import MAX_TEXT, Digest, Note, Situation, as_text, digest
from command_center.people import NewName
from command_center.picture.picture import Picture
from command_center.shift_book import Handover, ShiftBook
from sensors.times import rfc3339


class NewNote(msgspec.Struct, frozen=True):
    """A note for the journal."""

    text: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_TEXT)]


class NewHandover(msgspec.Struct, frozen=True):
    """To whom, and what there is to say beyond the digest."""

    to: NewName
    text: Annotated[str, msgspec.Meta(max_length=MAX_TEXT)] = ""


def router(book: ShiftBook, desk: AlarmDesk, picture: Picture) -> APIRouter:
    """The routes."""
    routes = APIRouter(tags=["shift"])

    @routes.get("/journal")
    async def list_journal(after: After = "", limit: Limit = 1_000) -> Response:
        """The notes of the shifts, oldest first."""
        notes = await asyncio.to_thread(book.notes, number_of(after) or 0, limit)
        return answer({"items": [_note_view(note) for note in notes], "next": str(notes[-1].number) if notes else None})

    @routes.post("/journal")
    async def write(request: Request) -> Response:
        """Put a note, tied to no alarm, into the journal."""
        new = await body_of(request, NewNote)
        if not new.text.strip():
            raise ApiError(422, "invalid", "a note needs a text", "body.text")
        note = await asyncio.to_thread(book.write, new.text, request.state.user, now_us())
        return answer(_note_view(note), 201)

    @routes.post("/handover")
    async def hand_over(request: Request) -> Response:
        """Hand over: open alarms, what is set aside, shelved or refuted, orders in force, the journal since the last.

        All of it is kept as it is now, in Indonesian and English.
        """
        new = await body_of(request, NewHandover)
        if picture.directory is None:
            raise ApiError(503, "no_log", "there is no log yet, and so no catalogue to name things by")
        catalogue, alarms, orders, now = picture.directory.catalogue, desk.open_alarms(), list(desk.orders), now_us()

        def make(notes: list[Note], more: int, since_us: int | None) -> Digest:
            situation = Situation(alarms=alarms, orders=orders, notes=notes, since_us=since_us, more_notes=more)
            return digest(situation, catalogue, now)

        made = await asyncio.to_thread(book.hand_over, new.to, new.text, request.state.user, make, now)
        return answer(_handover_view(made), 201)

    @routes.post("/handover/{number}/accept")
    async def accept(request: Request, number: Annotated[int, Path(ge=1, le=2**53)]) -> Response:
        """Take the shift; only the one it is handed to can, and it stays taken."""
        taken = await asyncio.to_thread(book.accept, number, request.state.user, now_us())
        return answer(_handover_view(taken))

    @routes.get("/handovers")
    async def list_handovers(
        before: Annotated[str, Query(description="`next` of the page before; empty = the newest")] = "",
        limit: Annotated[int, Query(ge=1, le=100, description="handovers on a page")] = 10,
    ) -> Response:
        """The handovers, the newest first, each with its digest as it was."""
        found = await asyncio.to_thread(book.handovers, number_of(before), limit)
        following = str(found[-1].number) if len(found) == limit else None
        return answer({"items": [_handover_view(one) for one in found], "next": following})

    return routes


def _note_view(note: Note) -> dict[str, Any]:
    return {"number": note.number, "at": rfc3339(note.at_us), "by": note.by, "text": note.text}


def _handover_view(handover: Handover) -> dict[str, Any]:
    since_us = handover.digest.since_us
    return {
        "number": handover.number,
        "at": rfc3339(handover.at_us),
        "by": handover.by,
        "to": handover.receiver,
        "text": handover.text,
        "accepted_at": None if handover.accepted_us is None else rfc3339(handover.accepted_us),
        "since": None if since_us is None else rfc3339(since_us),
        "sections": handover.digest.sections,
        "digest": as_text(handover.digest),
    }
