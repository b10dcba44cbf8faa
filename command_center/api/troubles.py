"""`/troubles`: what is wrong with the means of warning themselves, and who acts on it."""

import asyncio
from typing import Annotated, Final, Literal

import msgspec
from fastapi import APIRouter, Query, Request, Response

from command_center.api.answers import ApiError, answer, body_of
from command_center.api.contract import Page, tells
from command_center.api.parameters import AfterNumber, Id, Limit, number_of
from command_center.clock import now_us
from command_center.operations import Operations
from command_center.troubles import store
from command_center.troubles.desk import TroubleDesk
from command_center.troubles.view import TroubleView, trouble_view

_NEWEST: Final = 2**62


class Acknowledgement(msgspec.Struct, frozen=True):
    """Words to an acknowledgement."""

    comment: Annotated[str, msgspec.Meta(max_length=4_000)] = ""


def router(desk: TroubleDesk, operations: Operations) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/troubles", tags=["troubles"])

    @routes.get("")
    @tells(Page[TroubleView])
    async def list_troubles(
        state: Annotated[Literal["open", "all"], Query(description="`open`: what is wrong now")] = "open",
        after: AfterNumber = "",
        limit: Limit = 100,
    ) -> Response:
        """What is wrong now, what nobody has acknowledged first; or everything that ever was, the newest first.

        A siren that does not answer (`unconfirmed`, `expired`), one that sounds for nothing our gauges show
        (`sounds_alone`), no link to a sirens' broker (`broker`), an alarm that no screen has shown for 30 s (`unseen`).
        """
        before = number_of(after) or _NEWEST
        if state == "open":
            return answer(Page(items=[trouble_view(one) for one in desk.open_troubles()]))
        found = await asyncio.to_thread(store.newest, operations, before, limit)
        following = str(found[-1][0]) if len(found) == limit else None
        return answer(Page(items=[trouble_view(one) for _, one in found], next=following))

    @routes.post("/{trouble_id}/acknowledge")
    @tells(TroubleView, takes=Acknowledgement(comment="Teknisi berangkat"), refuses=(404,))
    async def acknowledge(request: Request, trouble_id: Id) -> Response:
        """Say that you act on it: reminders stop.  It goes when what is wrong is mended; the first name stays."""
        said = await body_of(request, Acknowledgement)
        trouble = await desk.acknowledge(trouble_id, request.state.user, said.comment, now_us())
        if trouble is None:
            raise ApiError(404, "not_found", f"there is no trouble {trouble_id!r}", "path.trouble_id")
        return answer(trouble_view(trouble))

    return routes
