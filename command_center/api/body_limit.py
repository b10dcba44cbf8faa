"""Requests with a body over 64 KiB are refused before they are read whole."""

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from command_center.api.answers import ApiError, error_answer

MAX_BYTES: Final = 65_536


class BodyLimit:
    """ASGI middleware: by the announced length at once, else by counting what comes."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with a counting `receive`."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if announced.isdigit() and int(announced) > MAX_BYTES:
            refusal = error_answer(413, "too_large", f"a body has at most {MAX_BYTES} bytes", "body")
            await refusal(scope, receive, send)
            return
        await self._app(scope, _Counting(receive), send)


class _Counting:
    def __init__(self, receive: Receive) -> None:
        self._receive, self._taken = receive, 0

    async def __call__(self) -> Message:
        message = await self._receive()
        self._taken += len(message.get("body", b""))
        if self._taken > MAX_BYTES:
            raise ApiError(413, "too_large", f"a body has at most {MAX_BYTES} bytes", "body")
        return message
