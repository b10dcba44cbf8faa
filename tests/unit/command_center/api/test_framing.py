"""Who may frame our pages is said on every answer, whatever its own policy says of other things."""

import asyncio

import httpx
import pytest
from fastapi import FastAPI, Response

from command_center.api.framing import Framing

PORTAL = "https://portal.example.go.id"


def policy(own: str, path: str, *origins: str) -> str:
    """The policy of an answer at `path` whose route says `own`."""
    app = FastAPI(openapi_url=None)
    app.add_middleware(Framing, origins=origins)
    headers = {"Content-Security-Policy": own} if own else {}
    app.add_api_route("/{path:path}", lambda: Response(headers=headers))

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://siaga") as client:
            return await client.get(path)

    return str(asyncio.run(ask()).headers["content-security-policy"])


@pytest.mark.parametrize(
    ("own", "path", "origins", "said"),
    [
        ("", "/", (), "frame-ancestors 'none'"),
        ("", "/", (PORTAL,), f"frame-ancestors {PORTAL}"),
        ("", "/console", (PORTAL,), "frame-ancestors 'none'"),
        ("default-src 'self'", "/", (PORTAL,), f"default-src 'self'; frame-ancestors {PORTAL}"),
        ("default-src 'self'", "/console", (PORTAL,), "default-src 'self'; frame-ancestors 'none'"),
        ("frame-ancestors 'self'", "/paper", (PORTAL,), "frame-ancestors 'self'"),
    ],
)
def test_every_answer_says_who_may_frame_it(own: str, path: str, origins: tuple[str, ...], said: str) -> None:
    assert policy(own, path, *origins) == said
