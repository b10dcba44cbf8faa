"""`/pulse`: whether a page that asks for its data now and then may still be believed meanwhile."""

import msgspec
from fastapi import APIRouter, Response

from command_center.api.answers import answer
from command_center.api.contract import tells
from command_center.clock import now_us
from command_center.gateway_link import GatewayLink
from sensors.times import rfc3339


class Pulse(msgspec.Struct, frozen=True, kw_only=True):
    """The server's time, and the gateway: connected now, and when it was heard last (null: never)."""

    time: str
    gateway_connected: bool
    gateway_heard_at: str | None


def router(link: GatewayLink) -> APIRouter:
    """The route."""
    routes = APIRouter(tags=["maintenance"])

    @routes.get("/pulse")
    @tells(Pulse)
    async def pulse() -> Response:
        """A hundred bytes, to be asked for each second by who does not listen to the live view."""
        heard_us = link.heard_us
        heard_at = None if heard_us is None else rfc3339(heard_us)
        return answer(Pulse(time=rfc3339(now_us()), gateway_connected=link.connected, gateway_heard_at=heard_at))

    return routes
