"""`/catalogue`: the city's files as the gateway reads them: which version is in force, its faults, read them again."""

import asyncio

import msgspec
from fastapi import APIRouter, Request, Response

from command_center.api.answers import ApiError, answer
from command_center.api.contract import tells
from command_center.clock import now_us
from command_center.gateway_link import GatewayLink
from command_center.operations import Operations, note_audit
from gateway.status import FaultStatus


class CatalogueView(msgspec.Struct, frozen=True, kw_only=True):
    """The city's files as the gateway reads them."""

    heard: bool  # false: nothing is known of the gateway now, and the rest is what it said last
    version: int | None  # in force; null: never heard
    faults: tuple[FaultStatus, ...]
    faults_total: int  # with those that are not told
    reload_error: str  # why files that were to be read again are not in force


def router(link: GatewayLink, operations: Operations) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/catalogue", tags=["catalogue"])

    @routes.get("")
    @tells(CatalogueView)
    async def catalogue() -> Response:
        """The version in force, and each fault of its files: file, line, column, reason."""
        return answer(_view(link))

    @routes.post("/reload")
    @tells(CatalogueView, status=202, refuses=(503,))
    async def reload(request: Request) -> Response:
        """Have the gateway read the city's files again, as SIGHUP does; what came of it stands in `GET /catalogue`."""
        if not link.connected:
            raise ApiError(503, "gateway_unreachable", "there is no link to the gateway: nobody reads the files")
        user = request.state.user
        await asyncio.to_thread(_note, operations, user)
        if not link.ask_reload(user):
            raise ApiError(503, "gateway_unreachable", "the link to the gateway was lost: nothing was read again")
        return answer(_view(link), 202)

    return routes


def _note(operations: Operations, user: str) -> None:
    """On record before it is done: an act without a record would be worse than a record of an act that failed."""
    with operations.transaction() as connection:
        note_audit(connection, now_us(), user, "catalogue reload asked")


def _view(link: GatewayLink) -> CatalogueView:
    frame = link.frame
    if frame is None:
        return CatalogueView(heard=False, version=None, faults=(), faults_total=0, reload_error="")
    return CatalogueView(
        heard=link.connected,
        version=frame.catalogue_version,
        faults=frame.city_faults,
        faults_total=frame.counters.get("city_faults", len(frame.city_faults)),
        reload_error=frame.reload_error,
    )
