"""`WS /live`: the wall's own connection."""

import asyncio

from fastapi import APIRouter, WebSocket
from starlette.websockets import WebSocketDisconnect

from command_center.api.answers import error_answer
from command_center.clock import now_us
from command_center.live import LiveView, Viewer


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
                await _until_gone(socket, live)
                sending.cancel()
        finally:
            live.leave(viewer)

    return routes


async def _send(socket: WebSocket, viewer: Viewer) -> None:
    try:
        async for frame in viewer.frames():
            await socket.send_text(frame)
    except WebSocketDisconnect:
        return  # `_until_gone` hears of it too


async def _until_gone(socket: WebSocket, live: LiveView) -> None:
    """Until the client goes; meanwhile it says what it has painted."""
    while (message := await socket.receive())["type"] != "websocket.disconnect":
        live.receipts.take(message.get("text") or "", now_us())
