"""`/login`, `/logout` and `/me`."""

import asyncio
import time
from typing import Annotated

import msgspec
from fastapi import APIRouter, Request, Response

from command_center.accounts import Accounts, Session
from command_center.api.answers import ApiError, answer, body_of
from command_center.api.gate import COOKIE
from command_center.api.throttle import FAILURES, Throttle
from command_center.clock import now_us
from sensors.times import SECOND_US, rfc3339

HASHES_AT_ONCE = 2  # each takes 64 MiB


class Credentials(msgspec.Struct, frozen=True):
    """Who wants to log in."""

    user: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    password: Annotated[str, msgspec.Meta(max_length=1_000)]


def router(accounts: Accounts) -> APIRouter:
    """The routes."""
    routes = APIRouter(tags=["login"])
    throttle = Throttle()
    hashing = asyncio.Semaphore(HASHES_AT_ONCE)

    @routes.post("/login")
    async def log_in(request: Request) -> Response:
        """A session: as a cookie for browsers, as a token for `Authorization: Bearer`."""
        wanted = await body_of(request, Credentials)
        address = request.client.host if request.client is not None else ""
        if not throttle.begin(wanted.user, address, time.monotonic()):
            message = f"over {FAILURES} failures within a minute: wait a minute"
            raise ApiError(429, "too_many_failures", message, "body.user")
        async with hashing:
            session = await asyncio.to_thread(accounts.log_in, wanted.user, wanted.password, now_us())
        if session is None:
            raise ApiError(401, "wrong_credentials", "user and password do not belong together", "body")
        throttle.succeeded(wanted.user, address)
        return _welcome(request, session)

    @routes.get("/me")
    async def me(request: Request) -> Response:
        """Whose session this is; null where nobody is logged in."""
        return answer({"user": request.state.user})

    @routes.post("/logout")
    async def log_out(request: Request) -> Response:
        """End the session."""
        await asyncio.to_thread(accounts.log_out, request.state.token, request.state.user, now_us())
        response = Response(status_code=204)
        response.delete_cookie(COOKIE, httponly=True, samesite="strict")
        return response

    return routes


def _welcome(request: Request, session: Session) -> Response:
    response = answer({"token": session.token, "user": session.user, "expires_at": rfc3339(session.expires_us)})
    response.set_cookie(
        COOKIE,
        session.token,
        max_age=max(0, (session.expires_us - now_us()) // SECOND_US),
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return response
