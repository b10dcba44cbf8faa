"""The gate: who may do what, decided once, before any route.

- `/`, `/maintenance` and `/static` hold no data and are open, so that the login can be shown.
- What lies under `/a/` is opened by the link itself: it is signed, and names whose message it stood in.
- Reading (GET, HEAD, the live view) is anonymous on loopback, else it needs a login.  A loopback request whose Host is
  neither an address nor `localhost` needs one too: a page that points its own name at this machine must not read it.
- Everything else needs a login, but the login itself; who acts is who logged in, never what a body says.
- A browser sends its cookie from any page: with a cookie, and at login, the request must come from our own pages.
"""

import asyncio
import ipaddress
from http.cookies import CookieError, SimpleCookie
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from command_center.accounts import Accounts
from command_center.api.answers import ApiError, error_answer
from command_center.clock import now_us
from command_center.errors import OperationsError
from command_center.notify.links import PATH as LINKS

COOKIE: Final = "siaga_session"
LOGIN: Final = "/api/v1/login"
_READING: Final = ("GET", "HEAD")
_PAGES: Final = ("/", "/maintenance")


class Gate:
    """ASGI middleware; the login's `user` and `token` are in the request's state behind it."""

    def __init__(self, app: ASGIApp, accounts: Accounts) -> None:
        self._app, self._accounts = app, accounts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] in ("http", "websocket"):
            try:
                await self._check(scope, Headers(scope=scope))
            except ApiError as refusal:
                answer = error_answer(refusal.status_code, refusal.code, refusal.detail, refusal.where)
                await answer(scope, receive, send)
                return
        await self._app(scope, receive, send)

    async def _check(self, scope: Scope, headers: Headers) -> None:
        reads = scope["type"] == "websocket" or scope["method"] in _READING
        if reads and (scope["path"] in _PAGES or scope["path"].startswith("/static/")):
            return
        if scope["type"] == "http" and scope["path"].startswith(LINKS):
            return
        cookie, bearer = _cookie(headers), _bearer(headers)
        uses_browser_rights = bearer is None and (scope["type"] == "websocket" or not reads)
        if uses_browser_rights and not _is_own_page(headers):
            raise ApiError(403, "foreign_origin", "this request comes from another site's page", "header.origin")
        token = bearer or cookie
        user = await self._user(token)
        scope.setdefault("state", {}).update(user=user, token=token)
        if user is None and not (reads and _is_local(scope, headers)) and not _is_login(scope):
            raise ApiError(401, "login_required", f"log in first: POST {LOGIN}", "header.authorization")

    async def _user(self, token: str | None) -> str | None:
        if token is None:
            return None
        try:
            return await asyncio.to_thread(self._accounts.user_of, token, now_us())
        except OperationsError as error:
            raise ApiError(503, "operations_unreadable", str(error)) from error


def _is_login(scope: Scope) -> bool:
    return bool(scope["type"] == "http" and scope["method"] == "POST" and scope["path"] == LOGIN)


def _bearer(headers: Headers) -> str | None:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def _cookie(headers: Headers) -> str | None:
    try:
        morsel = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return None
    return None if morsel is None else morsel.value or None


def _is_own_page(headers: Headers) -> bool:
    """What is not a browser says neither where it comes from nor carries somebody else's cookie."""
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None and site not in ("same-origin", "none"):
        return False
    return origin is None or str(origin).partition("://")[2] == headers.get("host", "")


def _is_local(scope: Scope, headers: Headers) -> bool:
    client = scope.get("client")
    if client is None or not _is_loopback(client[0]):
        return False
    host = headers.get("host", "")
    name = host.partition("]")[0].lstrip("[") if host.startswith("[") else host.partition(":")[0]
    return name in ("", "localhost") or name.endswith(".localhost") or _address(name) is not None


def _is_loopback(text: str) -> bool:
    address = _address(text)
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return address is not None and address.is_loopback


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
