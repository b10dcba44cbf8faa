"""`/audit`: the record of everything that anybody did."""

import asyncio

import msgspec
from fastapi import APIRouter, Response

from command_center.api.answers import answer
from command_center.api.contract import Page, tells
from command_center.api.parameters import AfterNumber, Limit, number_of
from command_center.audit import Head, Record
from command_center.operations import Operations
from sensors.times import rfc3339


class RecordView(msgspec.Struct, frozen=True, kw_only=True):
    """One record, as the API shows it."""

    number: int
    at: str
    who: str
    what: str
    detail: str
    sha256: str


class AuditPage(Page[RecordView], frozen=True, kw_only=True):
    """Records, and the newest of all."""

    head: Head


def router(operations: Operations) -> APIRouter:
    """The route."""
    routes = APIRouter(tags=["people"])

    @routes.get("/audit")
    @tells(AuditPage)
    async def list_audit(after: AfterNumber = "", limit: Limit = 1_000) -> Response:
        """Who did what, in the order in which it happened; each record carries the hash of itself and all before it.

        sha256 = SHA-256(that of the record before, 64 hex digits, before the first all zeros; then the JSON array
        [number, at in µs, who, what, detail] without blanks).  `head` is the newest record.
        """
        records = await asyncio.to_thread(operations.audit_after, number_of(after) or 0, limit)
        head = await asyncio.to_thread(operations.audit_head)
        items = [_view(record) for record in records]
        return answer(AuditPage(items=items, next=str(items[-1].number) if items else None, head=head))

    return routes


def _view(record: Record) -> RecordView:
    return RecordView(
        number=record.number,
        at=rfc3339(record.at_us),
        who=record.who,
        what=record.what,
        detail=record.detail,
        sha256=record.sha256,
    )
