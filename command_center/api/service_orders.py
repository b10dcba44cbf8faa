"""`/service-orders`: maintenance at a station, a datastream out of service; each with a reason and an end."""

import asyncio
from typing import Annotated

import msgspec
from fastapi import APIRouter, Request, Response
from msgspec.structs import asdict

from command_center.alarms.alarm import Aside
from command_center.alarms.annunciation import Annunciation
from command_center.alarms.calls import kept_quiet
from command_center.alarms.desk import AlarmDesk
from command_center.alarms.orders import LONGEST_US, Order, past_orders
from command_center.api.answers import ApiError, Comment, answer, body_of
from command_center.api.contract import tells
from command_center.api.parameters import Number, Seeing
from command_center.clock import now_us
from command_center.operations import Operations
from command_center.picture.picture import Picture
from sensors.sharing import Audience
from sensors.times import MINUTE_US, rfc3339

PAST_SHOWN = 100
MOST_QUIET = 2_000  # annunciations that are told of all orders together, the newest
MOST_MINUTES = max(LONGEST_US.values()) // MINUTE_US


class NewOrder(msgspec.Struct, frozen=True):
    """`suppressed`: maintenance, of a station; `out_of_service`: of a datastream (`{station}:{property}`)."""

    aside: Aside
    scope: Annotated[str, msgspec.Meta(min_length=1, max_length=129)]
    minutes: Annotated[int, msgspec.Meta(ge=1, le=MOST_MINUTES)]
    comment: Comment
    ticket: Annotated[str, msgspec.Meta(max_length=200)] = ""


class OrderView(msgspec.Struct, frozen=True, kw_only=True):
    """An order."""

    number: int
    aside: str
    scope: str
    by: str
    reason: str
    ticket: str
    since: str
    until: str
    ended_at: str | None
    ended_by: str | None


class Quiet(msgspec.Struct, frozen=True, kw_only=True):
    """What was annunciated under an order, and reached nobody."""

    at: str
    alarm: str
    datastream: str
    level: str
    severity: int


class PastOrder(OrderView, frozen=True, kw_only=True):
    """An order, and what it kept quiet."""

    would_have_called: list[Quiet]


class OrderInForce(PastOrder, frozen=True, kw_only=True):
    """An order in force, and the alarms that it mutes just now."""

    alarms: list[str]


class OrderList(msgspec.Struct, frozen=True, kw_only=True):
    """Those in force, and those that ended last.  `now`: the server's clock, to count down with."""

    items: list[OrderInForce]
    past: list[PastOrder]
    now: str


_EXAMPLE = NewOrder(
    aside=Aside.SUPPRESSED, scope="ABOVE-THE-WEIR", minutes=120, comment="the battery is changed", ticket="T-118"
)


def router(desk: AlarmDesk, operations: Operations, picture: Picture) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/service-orders", tags=["service orders"])

    @routes.get("")
    @tells(OrderList)
    async def list_orders(audience: Seeing) -> Response:
        """Those in force, oldest first, and those that ended last.

        `alarms`: ids that one in force mutes just now; `would_have_called`: what was annunciated under an order and
        reached nobody; `now`: by the server's clock, to count down with.  What is not shared with you is left out.
        """
        past = await asyncio.to_thread(past_orders, operations, PAST_SHOWN)
        past, orders = [[one for one in some if _shows(one, picture, audience)] for some in (past, desk.orders)]
        muted = [a for a in desk.open_alarms() if a.aside is not None and picture.shows(a.datastream, audience)]
        since_us = min((one.since_us for one in (*orders, *past)), default=now_us())
        quiet = await asyncio.to_thread(kept_quiet, operations, since_us, MOST_QUIET)
        quiet = [one for one in quiet if picture.shows(one.datastream, audience)]
        items = [
            OrderInForce(
                **asdict(view(one)),
                alarms=[a.id for a in muted if one.covers(a.datastream)],
                would_have_called=_under(one, quiet),
            )
            for one in orders
        ]
        ended = [PastOrder(**asdict(view(one)), would_have_called=_under(one, quiet)) for one in past]
        return answer(OrderList(items=items, past=ended, now=rfc3339(now_us())))

    @routes.post("")
    @tells(OrderView, status=201, takes=_EXAMPLE, refuses=(409,))
    async def begin(request: Request) -> Response:
        """Put one in force: alarms of what it covers are listed and reach nobody until it ends."""
        wanted = await body_of(request, NewOrder)
        _check_scope(wanted, picture)
        since_us = now_us()
        order = Order(
            aside=wanted.aside,
            scope=wanted.scope,
            by=request.state.user,
            reason=wanted.comment,
            since_us=since_us,
            until_us=since_us + wanted.minutes * MINUTE_US,
            ticket=wanted.ticket,
        )
        return answer(view(await desk.begin(order)), 201)

    @routes.post("/{number}/end")
    @tells(OrderView, refuses=(404,))
    async def end(request: Request, number: Number) -> Response:
        """End one before its time; what still holds and nobody has seen calls at once."""
        order = await desk.end(number, request.state.user, now_us())
        if order is None:
            raise ApiError(404, "not_found", f"no order {number} is in force", "path.number")
        return answer(view(order))

    return routes


def _shows(order: Order, picture: Picture, audience: Audience) -> bool:
    """Of a station anybody may know; a datastream is known to whom it is shared with."""
    return order.aside is not Aside.OUT_OF_SERVICE or picture.shows(order.scope, audience)


def view(order: Order) -> OrderView:
    """An order as the API shows it."""
    return OrderView(
        number=order.number,
        aside=order.aside,
        scope=order.scope,
        by=order.by,
        reason=order.reason,
        ticket=order.ticket,
        since=rfc3339(order.since_us),
        until=rfc3339(order.until_us),
        ended_at=None if order.ended_us is None else rfc3339(order.ended_us),
        ended_by=order.ended_by or None,
    )


def _under(order: Order, quiet: list[Annunciation]) -> list[Quiet]:
    """What an order kept quiet while it was in force."""
    until_us = order.until_us if order.ended_us is None else order.ended_us
    return [
        Quiet(
            at=rfc3339(one.at_us),
            alarm=one.alarm_id,
            datastream=one.datastream,
            level=one.level,
            severity=one.severity,
        )
        for one in quiet
        if order.since_us <= one.at_us <= until_us and order.covers(one.datastream) and one.muted == order.aside
    ]


def _check_scope(wanted: NewOrder, picture: Picture) -> None:
    """Raises ApiError where the scope names nothing, or not what such an order is about."""
    if picture.directory is None:
        raise ApiError(503, "no_log", "there is no log yet, and so no catalogue to name things by")
    catalogue = picture.directory.catalogue
    known = catalogue.station_by_id if wanted.aside is Aside.SUPPRESSED else catalogue.datastream_by_id
    if wanted.scope not in known:
        kind = "a station" if wanted.aside is Aside.SUPPRESSED else "a datastream (station:property)"
        raise ApiError(422, "invalid", f"{wanted.aside}: expected {kind}, got {wanted.scope!r}", "body.scope")
