"""`/audit`: the record of everything that anybody did."""

import asyncio
from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Query, Response

from command_center.api.answers import ApiError, answer
from command_center.api.contract import Page, tells
from command_center.api.parameters import AfterNumber, BeforeNumber, Limit, number_of
from command_center.audit import Head, Record
from command_center.operations import Operations
from sensors.times import rfc3339

_NEWEST: Final = 2**62


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


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """What the sum over the whole chain gave.  `head`: the last record that is in order."""

    head: Head
    fault: str | None  # null: the whole chain is in order
    broken: int | None  # the first number that is not


def router(operations: Operations) -> APIRouter:
    """The route."""
    routes = APIRouter(tags=["people"])

    verifying = asyncio.Lock()  # one sum at a time: each reads the whole table

    @routes.get("/audit")
    @tells(AuditPage)
    async def list_audit(
        after: AfterNumber = "",
        limit: Limit = 1_000,
        before: BeforeNumber = None,
        who: Annotated[str, Query(max_length=200, description="of this user only (with `before`)")] = "",
        search: Annotated[str, Query(max_length=200, description="with this text in it (with `before`)")] = "",
    ) -> Response:
        """Who did what, in the order in which it happened, or with `before` the newest first.

        Each record carries the hash of itself and all before it:
        sha256 = SHA-256(that of the record before, 64 hex digits, before the first all zeros; then the JSON array
        [number, at in µs, who, what, detail] without blanks).  `head` is the newest record.
        """
        if before is None and (who or search):
            raise ApiError(422, "invalid", "who and search go with `before`: the chain itself is read whole", "query")
        if before is None:
            records = await asyncio.to_thread(operations.audit_after, number_of(after) or 0, limit)
        else:
            below = number_of(before) or _NEWEST
            records = await asyncio.to_thread(operations.audit_before, below, limit, who.strip(), search.strip())
        head = await asyncio.to_thread(operations.audit_head)
        items = [_view(record) for record in records]
        is_over = not items or (before is not None and len(items) < limit)
        return answer(AuditPage(items=items, next=None if is_over else str(items[-1].number), head=head))

    @routes.get("/audit/verify")
    @tells(Verified)
    async def verify_audit() -> Response:
        """Do the sum over the whole chain again: how many records are in order, and what is wrong with the next."""
        async with verifying:
            verdict = await asyncio.to_thread(operations.audit_verified)
        return answer(Verified(head=verdict.head, fault=verdict.fault or None, broken=verdict.broken))

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
