"""`WS /live`: the wall's own connection."""

import asyncio
from typing import Final

from fastapi import APIRouter, WebSocket
from starlette.websockets import WebSocketDisconnect

from command_center.api.answers import ApiError, error_answer
from command_center.clock import now_us
from command_center.live import LiveView, Viewer

RECHECK_S: Final = 15.0  # so long a removed user or a revoked token still sees
POLICY_VIOLATION: Final = 1008  # RFC 6455, 7.4.1


def router(live: LiveView) -> APIRouter:
    """The route."""
    routes = APIRouter()

    @routes.websocket("/live")
    async def look(socket: WebSocket) -> None:
        """A snapshot, then what changes."""
        if not live.has_picture:
            await socket.send_denial_response(
                error_answer(503, "no_log", "there is no log yet: nothing to see", "path")
            )
            return
        viewer = live.join()
        if viewer is None:
            await socket.send_denial_response(
                error_answer(503, "full", "every place at the live view is taken", "path")
            )
            return
        try:
            await socket.accept()
            async with asyncio.TaskGroup() as tasks:
                sending = tasks.create_task(_send(socket, viewer), name="command_center.viewer")
                checking = tasks.create_task(_while_allowed(socket), name="command_center.viewer_rights")
                await _until_gone(socket, live, viewer)
                sending.cancel()
                checking.cancel()
        finally:
            live.leave(viewer)

    return routes


async def _send(socket: WebSocket, viewer: Viewer) -> None:
    try:
        async for frame in viewer.frames():
            await socket.send_text(frame)
    except WebSocketDisconnect:
        return  # `_until_gone` hears of it too


async def _while_allowed(socket: WebSocket) -> None:
    """Close it when who looks no longer may: the session ended, the token was revoked."""
    while True:
        await asyncio.sleep(RECHECK_S)
        try:
            if await socket.state.still_may():
                continue
            await socket.close(POLICY_VIOLATION, "the session or token is no longer good")
        except ApiError:
            continue  # operations.db cannot be read just now: who was let in goes on seeing
        except WebSocketDisconnect:
            pass
        return


async def _until_gone(socket: WebSocket, live: LiveView, viewer: Viewer) -> None:
    """Until the client goes; meanwhile it says what it has painted, and whether it can be heard."""
    while (message := await socket.receive())["type"] != "websocket.disconnect":
        live.screens.take(viewer, message.get("text") or "", now_us())
