"""`/alerts`: warnings to the public, from their draft on; `/alerts.atom` and `/alerts/{id}.xml`, what went out."""

import asyncio
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response

from command_center.alerts import feed, store
from command_center.alerts.life import Authorising, Edit
from command_center.alerts.listening import IncomingList, Listening
from command_center.alerts.office import AlertOffice, Sending
from command_center.alerts.record import Record, State
from command_center.alerts.view import AlertView, AlertWithActs, alert_view, preview, with_acts
from command_center.alerts.write import to_xml
from command_center.alerts.writer import Drafting
from command_center.api.alarm_acts import Act
from command_center.api.answers import ApiError, answer, body_of
from command_center.api.contract import Page, tells
from command_center.api.parameters import AfterNumber, Id, Limit, number_of, states_pattern
from command_center.clock import now_us
from command_center.people import Role

STATES = tuple(State)
_STATES: Final = states_pattern(STATES)
_DRAFT: Final = Drafting(alarm="5d0f6f3c9b1e4a27-1841-0")
_EDIT: Final = Edit(revision=1, valid_min=120, comment="Dua jam cukup")
_AUTHORISING: Final = Authorising(revision=2, authorised_by="Kepala Pelaksana BPBD", means="phone", comment="22:41")


def router(office: AlertOffice, listening: Listening) -> APIRouter:
    """What stands under the API's prefix."""
    routes = APIRouter(prefix="/alerts", tags=["alerts"])

    @routes.get("/incoming")
    @tells(IncomingList)
    async def incoming() -> Response:
        """Warnings of others (`[[cap_feeds]]`), the newest first; `stale` = past their end; and how each feed fares."""
        return answer(listening.answer(now_us()))

    _reading(routes, office)
    _writing(routes, office)
    _sending(routes, office)
    return routes


def published_router(office: AlertOffice) -> APIRouter:
    """What stands at the root, for whoever listens to warnings."""
    routes = APIRouter(tags=["alerts"])

    @routes.get("/alerts.atom")
    @tells(bytes, media=(feed.MEDIA_TYPE,))
    async def atom(request: Request) -> Response:
        """The newest public warnings that were issued, with links to the CAP messages; drills are marked."""
        records = await asyncio.to_thread(store.published, office.operations, feed.MAX_ENTRIES)
        city = office.writer.catalogue
        name = "Siaga" if city is None else city.city.name.id
        body = feed.atom(records, str(request.base_url), name, now_us())
        return Response(body, headers={"Content-Type": feed.MEDIA_TYPE, "Cache-Control": "no-cache"})

    @routes.get("/alerts/{alert_id}.xml")
    @tells(bytes, media=(feed.CAP_MEDIA_TYPE,), refuses=(404,))
    async def message(request: Request, alert_id: Id) -> Response:
        """The CAP message as it was issued, byte for byte; what is not for the public needs a login."""
        found = await asyncio.to_thread(store.issued_xml, office.operations, alert_id)
        if found is None:
            raise ApiError(404, "not_found", f"no message {alert_id!r} was issued", "path.alert_id")
        record, xml = found
        if record.alert.scope != "Public" and request.state.user is None:
            raise ApiError(401, "login_required", f"{alert_id} is {record.alert.scope}: log in", "header.authorization")
        return _cap(xml)

    return routes


def _reading(routes: APIRouter, office: AlertOffice) -> None:
    @routes.get("")
    @tells(Page[AlertView])
    async def list_alerts(
        state: Annotated[
            str,
            Query(description="states, comma between; empty = all but discarded", json_schema_extra=_STATES),
        ] = "",
        after: AfterNumber = "",
        limit: Limit = 100,
    ) -> Response:
        """Warnings, the newest first."""
        states = _states(state)
        found = await asyncio.to_thread(store.newest, office.operations, states, number_of(after), limit)
        at_us = now_us()
        following = str(found[-1][0]) if len(found) == limit else None
        return answer(Page(items=[alert_view(record, at_us) for _, record in found], next=following))

    @routes.get("/{alert_id}")
    @tells(AlertWithActs, refuses=(404,))
    async def one_alert(alert_id: Id) -> Response:
        """One warning, what is wrong with it, and everything that was done about it."""
        record = _found(await asyncio.to_thread(store.find, office.operations, alert_id), alert_id)
        acts = await asyncio.to_thread(store.acts_of, office.operations, alert_id)
        return answer(with_acts(alert_view(record, now_us()), acts))

    @routes.get("/{alert_id}/preview.xml")
    @tells(bytes, media=(feed.CAP_MEDIA_TYPE,), refuses=(404,))
    async def preview_xml(alert_id: Id) -> Response:
        """A draft as XML, with the status Draft."""
        record = _found(await asyncio.to_thread(store.find, office.operations, alert_id), alert_id)
        return _cap(to_xml(preview(record)))


def _writing(routes: APIRouter, office: AlertOffice) -> None:
    @routes.post("")
    @tells(AlertView, takes=_DRAFT, refuses=(404, 409))
    async def draft(request: Request) -> Response:
        """Draft a warning for an alarm, or in your own words; the same again gives the same draft."""
        drafting = await body_of(request, Drafting)
        record = await office.draft(drafting, request.state.user, now_us())
        if record is None:
            raise ApiError(404, "not_found", f"there is no alarm {drafting.alarm!r}", "body.alarm")
        return _one(record, drafting.alarm)

    @routes.post("/{alert_id}/edit")
    @tells(AlertView, takes=_EDIT, refuses=(404, 409))
    async def edit(request: Request, alert_id: Id) -> Response:
        """Change a draft; 409 where it is not the revision that you looked at.  It must be authorised anew."""
        change = await body_of(request, Edit)
        return _one(await office.edit(alert_id, change, request.state.user, now_us()), alert_id)

    @routes.post("/{alert_id}/discard")
    @tells(AlertView, takes=Act(comment="Sudah diumumkan BPBD provinsi"), refuses=(404, 409))
    async def discard(request: Request, alert_id: Id) -> Response:
        """Throw a draft away."""
        act = await body_of(request, Act)
        return _one(await office.discard(alert_id, request.state.user, act.comment, now_us()), alert_id)


def _sending(routes: APIRouter, office: AlertOffice) -> None:
    @routes.post("/{alert_id}/authorise")
    @tells(AlertView, takes=_AUTHORISING, refuses=(404, 409))
    async def authorise(request: Request, alert_id: Id) -> Response:
        """Put on record who said that this text may go out, and by what means you heard it."""
        act = await body_of(request, Authorising)
        return _one(await office.authorise(alert_id, act, request.state.user, now_us()), alert_id)

    @routes.post("/{alert_id}/issue")
    @tells(AlertView, takes=Act(comment=""), refuses=(404, 409))
    async def issue(request: Request, alert_id: Id) -> Response:
        """Send out what another person has authorised; 422 with every fault where the message is not right."""
        await body_of(request, Act)
        return _one(await office.issue(alert_id, request.state.user, now_us()), alert_id)

    @routes.post("/{alert_id}/update")
    @tells(AlertView, takes=Sending(comment="Air naik lagi"), refuses=(404, 409))
    async def update(request: Request, alert_id: Id) -> Response:
        """Draft the update of an issued warning; with `authorised_by` and `means` a supervisor sends it at once."""
        sending = _may_send(request, await body_of(request, Sending))
        return _one(await office.follow(alert_id, "Update", sending, request.state.user, now_us()), alert_id)

    @routes.post("/{alert_id}/cancel")
    @tells(AlertView, takes=Sending(comment="Air sudah surut"), refuses=(404, 409))
    async def cancel(request: Request, alert_id: Id) -> Response:
        """Draft the cancelling of an issued warning; with `authorised_by` and `means` a supervisor sends it at once."""
        sending = _may_send(request, await body_of(request, Sending))
        return _one(await office.follow(alert_id, "Cancel", sending, request.state.user, now_us()), alert_id)


def _may_send(request: Request, sending: Sending) -> Sending:
    """What goes out at once is authorised by it: that takes the same role.  Raises ApiError 403."""
    caller = request.state.caller
    if sending.authorised_by and (caller.role is None or not caller.role.covers(Role.SUPERVISOR)):
        raise ApiError(
            403, "forbidden", "to authorise takes a supervisor: draft it, and let one do so", "body.authorised_by"
        )
    return sending


def _one(record: Record | None, alert_id: Id) -> Response:
    return answer(alert_view(_found(record, alert_id), now_us()))


def _found(record: Record | None, alert_id: str) -> Record:
    if record is None:
        raise ApiError(404, "not_found", f"there is no alert {alert_id!r}", "path.alert_id")
    return record


def _states(text: str) -> tuple[State, ...]:
    names = {name.strip() for name in text.split(",") if name.strip()}
    wrong = sorted(names - set(STATES))
    if wrong:
        raise ApiError(422, "invalid", f"no state {wrong[0]!r}; known are {', '.join(STATES)}", "query.state")
    return tuple(state for state in STATES if (state in names if names else state is not State.DISCARDED))


def _cap(xml: bytes) -> Response:
    return Response(xml, headers={"Content-Type": feed.CAP_MEDIA_TYPE, "Cache-Control": "no-cache"})
