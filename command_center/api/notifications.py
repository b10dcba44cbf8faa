"""`/notifications`: who was told when, and how that went; a test of one contact."""

import asyncio
from collections.abc import Mapping
from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Query, Request, Response

from command_center.api.answers import ApiError, answer, body_of
from command_center.api.contract import Items, Page, tells
from command_center.api.parameters import AfterNumber, BeforeNumber, number_of
from command_center.clock import now_us
from command_center.notify.record import NoticeView, notices_after, notices_before
from command_center.notify.service import Notifier
from command_center.notify.targets import TargetState
from command_center.operations import Operations
from sensors.contacts import Contact

_NEWEST: Final = 2**62
MOST: Final = 1_000  # on a page: each comes with its attempts


class ContactTest(msgspec.Struct, frozen=True):
    """Who is to get a test."""

    contact: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class WayView(msgspec.Struct, frozen=True, kw_only=True):
    """A way out, since the start; one that has sent nothing has no figures."""

    target: str  # where its address is kept
    kind: str = ""
    sent: int = 0
    failed: int = 0
    failing: bool = False  # somebody has to look
    waits: int = 0
    error: str = ""  # of the newest attempt; empty: it was sent
    no_address: str = ""  # why nothing can be sent there at all; empty: its address is known


class ContactView(msgspec.Struct, frozen=True, kw_only=True):
    """Who can be told."""

    id: str
    name: str
    group: str
    areas: tuple[str, ...]
    language: str
    least_severity: int
    mass: bool
    test: bool
    canary: bool
    ways: list[WayView]


class ContactList(Page[ContactView], frozen=True, kw_only=True):
    """Every contact.  `error`: why nothing can be planned; `left_out`: messages that found no room in memory."""

    error: str
    left_out: int


def router(notifier: Notifier, operations: Operations) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/notifications", tags=["notifications"])

    @routes.get("")
    @tells(Page[NoticeView])
    async def list_notifications(
        after: AfterNumber = "",
        limit: Annotated[int, Query(ge=1, le=MOST, description="items on a page")] = MOST,
        alarm: Annotated[str | None, Query(max_length=200, description="of this alarm only")] = None,
        before: BeforeNumber = None,
    ) -> Response:
        """Every message in the order in which it was planned, with each attempt; what waits, too."""
        if before is not None:
            below = number_of(before) or _NEWEST
            items = await asyncio.to_thread(notices_before, operations, below, limit, alarm)
            return answer(Page(items=items, next=str(items[-1].number) if len(items) == limit else None))
        items = await asyncio.to_thread(notices_after, operations, number_of(after) or 0, limit, alarm)
        return answer(Page(items=items, next=str(items[-1].number) if items else None))

    @routes.get("/contacts")
    @tells(ContactList)
    async def list_contacts() -> Response:
        """Who can be told, and how each way out fares since the start; where an address is kept, never the address.

        `error`: why nothing can be planned; `left_out`: messages that found no room in memory.
        """
        book = notifier.outbox.book
        if book is None:
            raise ApiError(503, "no_log", "there is no log yet, and so no contacts")
        states = {state.target: state for state in notifier.states}
        faults = await notifier.without_address()
        items = [_contact_view(contact, states, faults) for contact in book.catalogue.contacts]
        return answer(ContactList(items=items, error=notifier.error, left_out=notifier.outbox.memory.left_out))

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


def _contact_view(contact: Contact, states: Mapping[str, TargetState], faults: Mapping[str, str]) -> ContactView:
    return ContactView(
        id=contact.contact,
        name=contact.name,
        group=contact.group,
        areas=contact.areas,
        language=contact.language,
        least_severity=contact.least_severity,
        mass=contact.mass,
        test=contact.test,
        canary=contact.canary,
        ways=[_way_view(target, states.get(target), faults.get(target, "")) for target in contact.urls],
    )


def _way_view(target: str, state: TargetState | None, no_address: str) -> WayView:
    if state is None:
        return WayView(target=target, no_address=no_address)
    return WayView(
        target=target,
        kind=state.kind,
        sent=state.sent,
        failed=state.failed,
        failing=state.is_failing,
        waits=state.waits,
        error=state.error,
        no_address=no_address,
    )
