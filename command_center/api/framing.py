"""Who may show our pages inside a page of their own: nobody, but for the wall those that `[http] embed_origins` names.

Whoever frames a page can lay something over it and have a person press what they do not see.  So console, maintenance
and the pages of links are never framed; a wall in a frame only shows (`display/static/embedded.js`).
"""

from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

WALL: Final = "/"
_POLICY: Final = "content-security-policy"


class Framing:
    """ASGI middleware: `frame-ancestors` on every answer, beside what its own policy says of other things."""

    def __init__(self, app: ASGIApp, origins: tuple[str, ...]) -> None:
        self._app, self._origins = app, origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; say on the answer who may frame it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        origins = self._origins if scope["path"] == WALL else ()

        async def say(message: Message) -> None:
            if message["type"] == "http.response.start":
                _say_who(MutableHeaders(scope=message), origins)
            await send(message)

        await self._app(scope, receive, say)


def _say_who(headers: MutableHeaders, origins: tuple[str, ...]) -> None:
    own, who = headers.get(_POLICY, ""), " ".join(origins) or "'none'"
    if "frame-ancestors" not in own:
        headers[_POLICY] = "; ".join([*([own] if own else []), f"frame-ancestors {who}"])
    if not origins:
        headers.setdefault("x-frame-options", "DENY")  # cannot name origins: only for who knows no policy
