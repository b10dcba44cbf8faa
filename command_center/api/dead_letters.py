"""`/dead-letters`: what arrived and could not become observations, why, and once more after the rule is mended."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final, TypeVar

import msgspec
from fastapi import APIRouter, Query, Request, Response

from command_center.api.answers import ApiError, answer, body_of
from command_center.api.contract import Page, tells
from command_center.api.parameters import AfterNumber, Number, number_of
from command_center.clock import now_us
from command_center.operations import Operations, note_audit
from command_center.picture.picture import Picture
from gateway.errors import GatewayError
from gateway.letter_view import (
    LetterCountView,
    LetterGroupView,
    LetterView,
    count_view,
    group_view,
    letter_view,
)
from gateway.log.letter_book import MAX_ID, LetterBook, Wanted
from gateway.log.reader import LogReader
from gateway.log.rows import DeadLetter
from gateway.retrying import retry
from gateway.unknown_devices import UnknownView, unknown_devices, unknown_view

MAX_IDS: Final = 10_000
MAX_SEARCH: Final = 200
MAX_PAGE_BYTES: Final = 4 * 1024 * 1024  # of JSON
LETTERS_AT_ONCE: Final = 16  # read from the log: a page in the making holds a megabyte beside what it has encoded
MAX_READING: Final = 2  # requests that read letters at once; the tail's own reading is not held up by them

T = TypeVar("T")

Reason = Annotated[str, Query(max_length=64, description="only of this reason")]
Source = Annotated[str, Query(max_length=256, description="only from this source")]
Search = Annotated[str, Query(max_length=MAX_SEARCH, description="text in topic, detail or payload")]
Group = Annotated[int | None, Query(ge=1, le=MAX_ID, description="only of this group")]


class RetryWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which dead letters to read again: some by their ids, or all of a reason, source or group, or all."""

    ids: Annotated[tuple[int, ...], msgspec.Meta(max_length=MAX_IDS)] = ()
    reason: str | None = None
    source: str | None = None
    group: Annotated[int, msgspec.Meta(ge=1, le=MAX_ID)] | None = None
    all: bool = False


class Retried(msgspec.Struct, frozen=True, kw_only=True):
    """What became of dead letters that were read again."""

    observed: int  # letters that became observations
    observations: int
    failed: int  # that were refused again
    cut: int  # that were not kept whole, and so cannot be read again


class LetterPage(Page[LetterView], frozen=True, kw_only=True):
    """Dead letters, and how many there ever were."""

    counts: list[LetterCountView]


class LetterReading:
    """Questions to the log's dead letters, each with a connection of its own: a search may take its time."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self._places = asyncio.Semaphore(MAX_READING)

    async def ask(self, question: Callable[[LetterBook], T]) -> T:
        """What the question finds.  Raises LogError."""
        async with self._places:
            return await asyncio.to_thread(self._ask, question)

    def _ask(self, question: Callable[[LetterBook], T]) -> T:
        with LogReader(self.data_dir) as reader:
            return question(reader.letters)


def router(letters: LetterReading, operations: Operations) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/dead-letters", tags=["dead letters"])

    @routes.get("")
    @tells(LetterPage)
    async def list_dead_letters(
        after: AfterNumber = "",
        limit: Annotated[int, Query(ge=1, le=500, description="items on a page")] = 100,
        reason: Reason = "",
        source: Source = "",
        group: Group = None,
        search: Search = "",
    ) -> Response:
        """Dead letters that are kept, the newest first, and how many there ever were.

        A page ends at `limit` items or, with large payloads, sooner: at 4 MiB; `next` goes on behind it.
        """
        before, wanted = number_of(after), _wanted(reason, source, group, search)
        page = await letters.ask(lambda book: _page(book, before, limit, wanted))
        return Response(page, media_type="application/json")

    @routes.get("/groups")
    @tells(Page[LetterGroupView])
    async def list_groups(reason: Reason = "", source: Source = "", search: Search = "") -> Response:
        """What each device does wrong in each way, the one seen last first; `newest` is the id of a kept letter."""
        wanted = _wanted(reason, source, None, search)
        groups = await letters.ask(lambda book: book.groups(wanted))
        return answer(Page(items=[group_view(group) for group in groups]))

    @routes.get("/{letter_id}")
    @tells(LetterView, refuses=(404,))
    async def one_dead_letter(letter_id: Number) -> Response:
        """One dead letter, with its payload as text and as base64."""
        letter: DeadLetter | None = await letters.ask(lambda book: book.one(letter_id))
        if letter is None:
            raise ApiError(404, "not_found", f"there is no dead letter {letter_id}", "path.letter_id")
        return answer(letter_view(letter))

    _add_retry(routes, letters, operations)
    return routes


def _add_retry(routes: APIRouter, letters: LetterReading, operations: Operations) -> None:
    @routes.post("/retry")
    @tells(Retried, takes=RetryWish(reason="unknown_station"))
    async def retry_dead_letters(request: Request) -> Response:
        """Read dead letters again by the rules in force; what becomes an observation is a dead letter no more."""
        wish = await body_of(request, RetryWish)
        named = wish.reason is not None or wish.source is not None or wish.group is not None
        if (bool(wish.ids), named, wish.all).count(True) != 1:
            raise ApiError(422, "invalid", "say which: ids, or reason, source and group, or all", "body")
        wanted = Wanted(reason=wish.reason, source=wish.source, group=wish.group)
        ids = list(wish.ids) or await letters.ask(lambda book: book.ids(wanted))
        user = request.state.user
        await asyncio.to_thread(
            _note, operations, user, f"{len(ids)} dead letters: {msgspec.json.encode(wish).decode()}"
        )
        try:
            result = await retry(letters.data_dir, ids, user)
        except GatewayError as error:
            raise ApiError(503, "gateway_unreachable", str(error)) from error
        return answer(
            Retried(observed=result.observed, observations=result.observations, failed=result.failed, cut=result.cut)
        )


def unknown_router(letters: LetterReading, picture: Picture) -> APIRouter:
    """`/unknown-devices`."""
    routes = APIRouter(tags=["dead letters"])

    @routes.get("/unknown-devices")
    @tells(Page[UnknownView])
    async def list_unknown_devices() -> Response:
        """Who sends and is in no row of the city, each with rows to paste; nothing takes effect by itself."""
        catalogue = None if picture.directory is None else picture.directory.catalogue
        devices = await letters.ask(lambda book: unknown_devices(book, catalogue))
        return answer(Page(items=[unknown_view(device) for device in devices]))

    return routes


def _wanted(reason: str, source: str, group: int | None, search: str) -> Wanted:
    return Wanted(reason=reason or None, source=source or None, group=group, search=search or None)


def _page(book: LetterBook, before: int | None, limit: int, wanted: Wanted) -> bytes:
    """A page as JSON, at most `limit` letters and, beyond the first, `MAX_PAGE_BYTES`.

    In the asker's thread: 500 letters of 64 KiB are up to 240 MB of JSON, each byte of a payload up to seven.
    """
    items: list[msgspec.Raw] = []
    size, following = 0, before
    while len(items) < limit and size < MAX_PAGE_BYTES:
        at_once = min(limit - len(items), LETTERS_AT_ONCE)
        found = book.page(following, at_once, wanted)
        for letter in found:
            text = msgspec.json.encode(letter_view(letter))
            if items and size + len(text) > MAX_PAGE_BYTES:
                size = MAX_PAGE_BYTES
                break
            items.append(msgspec.Raw(text))
            size, following = size + len(text), letter.id
        if len(found) < at_once and size < MAX_PAGE_BYTES:
            break
    is_cut = len(items) == limit or size >= MAX_PAGE_BYTES
    counts = [count_view(count) for count in book.counts()]
    return msgspec.json.encode({"items": items, "next": str(following) if is_cut else None, "counts": counts})


def _note(operations: Operations, user: str, what: str) -> None:
    """On record before it is done: an act without a record would be worse than a record of an act that failed."""
    with operations.transaction() as connection:
        note_audit(connection, now_us(), user, "dead letters retried", what[:2_000])
