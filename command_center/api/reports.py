"""`/reports`: what is to be reported by the clock, in words, and who did."""

import asyncio
from typing import Annotated

import msgspec
from fastapi import APIRouter, Request, Response

from command_center.actions.report import How
from command_center.actions.report_desk import ReportDesk, in_order
from command_center.actions.report_view import ReportView, SentView, report_view, sent_view
from command_center.api.answers import ApiError, answer, body_of
from command_center.api.contract import Page, tells
from command_center.api.parameters import AfterNumber, Id, Limit, Seeing, number_of
from command_center.clock import now_us
from command_center.operations import Operations
from command_center.picture.picture import Picture


class Giving(msgspec.Struct, frozen=True):
    """By what a report was given."""

    how: How
    comment: Annotated[str, msgspec.Meta(max_length=4_000)] = ""


def router(reports: ReportDesk, operations: Operations, picture: Picture) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/reports", tags=["reports"])

    @routes.get("")
    @tells(Page[ReportView])
    async def list_reports(request: Request, audience: Seeing) -> Response:
        """The next report of each level held, the most urgent first, with its texts under your name."""
        at_us, sender = now_us(), getattr(request.state, "user", None) or ""
        seen = [due for due in reports.due() if picture.shows(due.alarm.datastream, audience)]
        items = [report_view(due, reports.text(due, sender, at_us), at_us) for due in seen]
        return answer(Page(items=items))

    @routes.get("/sent")
    @tells(Page[SentView])
    async def list_sent(audience: Seeing, after: AfterNumber = "", limit: Limit = 1_000) -> Response:
        """Reports on record, in the order in which they were given."""
        found = await asyncio.to_thread(in_order, operations, number_of(after) or 0, limit)
        following = str(found[-1][0]) if found else None
        seen = [one for _, one in found if picture.shows(one.datastream, audience)]
        return answer(Page(items=[sent_view(one) for one in seen], next=following))

    @routes.post("/{report_id}/sent")
    @tells(SentView, takes=Giving(how="radio", comment="Diterima Pusdalops provinsi"), refuses=(404, 409))
    async def sent(request: Request, report_id: Id) -> Response:
        """Say that you gave it, and by what; the countdown to the next one begins."""
        said = await body_of(request, Giving)
        given = await reports.send(report_id, request.state.user, said.how, said.comment, now_us())
        if given is None:
            raise ApiError(404, "not_found", f"no report {report_id!r} is to be given", "path.report_id")
        return answer(sent_view(given))

    return routes
