"""`/notifications`: who was told when, and how that went; a test of one contact."""

import asyncio
from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Query, Request, Response

from command_center.api.answers import ApiError, answer, body_of
from command_center.api.contract import Items, Page, tells
from command_center.api.parameters import AfterNumber, number_of
from command_center.clock import now_us
from command_center.notify.record import NoticeView, notices_after
from command_center.notify.service import Notifier
from command_center.operations import Operations

MOST: Final = 1_000  # on a page: each comes with its attempts


class ContactTest(msgspec.Struct, frozen=True):
    """Who is to get a test."""

    contact: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


def router(notifier: Notifier, operations: Operations) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/notifications", tags=["notifications"])

    @routes.get("")
    @tells(Page[NoticeView])
    async def list_notifications(
        after: AfterNumber = "",
        limit: Annotated[int, Query(ge=1, le=MOST, description="items on a page")] = MOST,
        alarm: Annotated[str | None, Query(max_length=200, description="of this alarm only")] = None,
    ) -> Response:
        """Every message in the order in which it was planned, with each attempt; what waits, too."""
        items = await asyncio.to_thread(notices_after, operations, number_of(after) or 0, limit, alarm)
        return answer(Page(items=items, next=str(items[-1].number) if items else None))

    @routes.post("/test")
    @tells(Items[str], status=202, takes=ContactTest(contact="bpbd-piket"), refuses=(404,))
    async def send_test(request: Request) -> Response:
        """Send a contact a message that says that it is a test, by each of its ways."""
        wanted = await body_of(request, ContactTest)
        book = notifier.outbox.book
        if book is None:
            raise ApiError(503, "no_log", "there is no log yet, and so no contacts")
        contact = book.contact_of.get(wanted.contact)
        if contact is None:
            raise ApiError(404, "not_found", f"there is no contact {wanted.contact!r}", "body.contact")
        notices = await asyncio.to_thread(notifier.outbox.test, contact, request.state.user, now_us())
        return answer(Items(items=[notice.message_id for notice in notices]), 202)

    return routes
