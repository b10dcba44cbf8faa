"""`/login`, `/logout`, `/me` and one's own password."""

import asyncio
import time
from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Request, Response

from command_center.accounts import Accounts, Session
from command_center.api.answers import ApiError, answer, body_of
from command_center.api.contract import Refusal, tells
from command_center.api.gate import COOKIE
from command_center.api.throttle import FAILURES, WINDOW_S, Throttle
from command_center.clock import now_us
from command_center.people import LONGEST_PASSWORD, Caller, NewPassword, Role, Scope
from sensors.times import SECOND_US, rfc3339


class PasswordChange(msgspec.Struct, frozen=True):
    """A user's own new password."""

    old: Annotated[str, msgspec.Meta(max_length=LONGEST_PASSWORD)]
    new: NewPassword


class Me(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks.  `user` is null where nobody is logged in."""

    user: str | None = None
    role: Role | None = None
    expires_at: str | None = None  # when the session runs out if nothing is done with it
    ends_at: str | None = None  # when it runs out whatever is done with it
    token: str | None = None  # the name of the API token that asks
    scopes: list[Scope] = []


class Welcome(msgspec.Struct, frozen=True, kw_only=True):
    """A session.  Send the token as `Authorization: Bearer`; browsers got it as a cookie, too."""

    token: str
    user: str
    expires_at: str  # when it runs out if nothing is done with it
    ends_at: str  # when it runs out whatever is done with it


class Credentials(msgspec.Struct, frozen=True):
    """Who wants to log in."""

    user: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    password: Annotated[str, msgspec.Meta(max_length=LONGEST_PASSWORD)]


_CREDENTIALS: Final = Credentials(user="siti", password="sebuah kata sandi")  # noqa: S106 (an example)


def router(accounts: Accounts, hashing: asyncio.Semaphore) -> APIRouter:
    """The routes; `hashing` bounds how many passwords are hashed at once."""
    routes = APIRouter(tags=["login"])
    throttle = Throttle()

    def begin(user: str, request: Request) -> str:
        """The address of who tries a password.  Raises ApiError 429."""
        address = request.client.host if request.client is not None else ""
        if not throttle.begin(user, address, time.monotonic()):
            message = f"over {FAILURES} failures within a minute: wait a minute"
            refusal = ApiError(429, "too_many_failures", message, "body.user")
            refusal.headers = {"Retry-After": str(round(WINDOW_S))}
            raise refusal
        return address

    @routes.post("/login")
    @tells(Welcome, takes=_CREDENTIALS, also={401: Refusal})
    async def log_in(request: Request) -> Response:
        """A session: as a cookie for browsers, as a token for `Authorization: Bearer`."""
        wanted = await body_of(request, Credentials)
        address = begin(wanted.user, request)
        async with hashing:
            session = await asyncio.to_thread(accounts.log_in, wanted.user, wanted.password, now_us())
        if session is None:
            raise ApiError(401, "wrong_credentials", "user and password do not belong together", "body")
        throttle.succeeded(wanted.user, address)
        return _welcome(request, session)

    @routes.get("/me")
    @tells(Me)
    async def me(request: Request) -> Response:
        """Whose session this is, what role that is, and when it ends; null where nobody is logged in."""
        return answer(_me(request.state.caller))

    @routes.post("/me/password")
    @tells(Welcome, takes=PasswordChange(old="sebuah kata sandi", new="kata sandi yang lain"))
    async def change_password(request: Request) -> Response:
        """Your own new password: every session of yours ends, and this one goes on as a new one."""
        wanted, user = await body_of(request, PasswordChange), request.state.user
        address = begin(user, request)
        async with hashing:
            session = await asyncio.to_thread(accounts.change_own_password, user, wanted.old, wanted.new, now_us())
        if session is None:
            raise ApiError(403, "wrong_password", "that is not your password", "body.old")
        throttle.succeeded(user, address)
        return _welcome(request, session)

    @routes.post("/logout")
    @tells(None, status=204)
    async def log_out(request: Request) -> Response:
        """End the session."""
        await asyncio.to_thread(accounts.log_out, request.state.token, request.state.user, now_us())
        response = Response(status_code=204)
        response.delete_cookie(COOKIE, httponly=True, samesite="strict")
        return response

    return routes


def _me(caller: Caller | None) -> Me:
    if caller is None:
        return Me()
    if caller.role is None:
        return Me(token=caller.name.removeprefix("token:"), scopes=sorted(caller.scopes))
    return Me(user=caller.name, role=caller.role, expires_at=_time(caller.expires_us), ends_at=_time(caller.ends_us))


def _time(time_us: int | None) -> str | None:
    return None if time_us is None else rfc3339(time_us)


def _welcome(request: Request, session: Session) -> Response:
    expires_at, ends_at = rfc3339(session.expires_us), rfc3339(session.ends_us)
    response = answer(Welcome(token=session.token, user=session.user, expires_at=expires_at, ends_at=ends_at))
    response.set_cookie(
        COOKIE,
        session.token,
        max_age=max(
            0, (session.ends_us - now_us()) // SECOND_US
        ),  # use extends it to there; the server knows when it is over
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return response
