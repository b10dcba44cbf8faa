"""The gate: who may do what, decided once, before any route, by the table in `command_center/api/rights.py`.

- What has no row there is answered 404, whoever asks; a page that holds no data is open: the login must be seen.
- Who asks: the token of a session or an API token as `Authorization: Bearer`, else a browser's session cookie, else the
  cookie of a screen.  Who acts is who logged in, never what a body says.
- Where a row lets nobody in particular read, that is on loopback only.  A loopback request whose Host is neither an
  address nor `localhost` needs a login: a page that points its own name at this machine must not read it.
- A browser sends its cookies from any page: what acts with them, the login and the live view must come from our own
  pages (SameSite=Strict, Sec-Fetch-Site and Origin).
- A screen comes with `?token=` once: it is put into a cookie that opens the wall, and the address is clean again.
"""

import asyncio
import ipaddress
import time
from http.cookies import CookieError, SimpleCookie
from typing import Final
from urllib.parse import parse_qs, urlencode

from starlette.datastructures import Headers
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from command_center.accounts import Accounts
from command_center.api.answers import ApiError, error_answer
from command_center.api.rate_limit import RateLimit, subscriber
from command_center.api.rights import SOCKET, Decision, Right, Row, decide, methods_at, row_of
from command_center.clock import now_us
from command_center.errors import OperationsError
from command_center.people import Caller, audience_of
from command_center.people import Scope as TokenScope
from command_center.tokens import PREFIX, Tokens
from sensors.sharing import Audience

COOKIE: Final = "siaga_session"
SCREEN_COOKIE: Final = "siaga_screen"
SCREEN_COOKIE_S: Final = 400 * 86_400  # browsers keep none for longer (RFC 6265bis); each visit with ?token= renews it
_READING: Final = ("GET", SOCKET)
_WALL: Final = "/"


class Gate:
    """ASGI middleware.

    Behind it are in the request's state: `user`, the name of the person who is logged in, or None; `token` of that
    session; `caller`, whoever asks; `audience`, for whom the answer is; `still_may`, an async function for what stays
    open: whether the caller still may.
    """

    def __init__(
        self, app: ASGIApp, accounts: Accounts, tokens: Tokens, limit: RateLimit, *, embeddable: bool = False
    ) -> None:
        self._app, self._accounts, self._tokens, self._limit = app, accounts, tokens, limit
        self._embeddable = embeddable  # some other origin's page may frame the wall

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer it."""
        if scope["type"] in ("http", "websocket"):
            try:
                answer = await self._check(scope, Headers(scope=scope))
            except ApiError as refusal:
                answer = error_answer(refusal.status_code, refusal.code, refusal.detail, refusal.where)
                answer.headers.update(refusal.headers or {})
            if answer is not None:
                await answer(scope, receive, send)
                return
        await self._app(scope, receive, send)

    async def _check(self, scope: Scope, headers: Headers) -> Response | None:
        """None where the request may go on.  Raises ApiError."""
        method, path = _method(scope), scope["path"]
        row = row_of(method, path)
        if method not in _READING or method == SOCKET:
            _refuse_foreign_pages(headers)
        state = scope.setdefault("state", {})
        state.update(user=None, token=None, caller=None, audience=Audience.PUBLIC)
        is_local = _is_local(scope, headers)
        if row is not None and row.right.anybody:
            if method != "GET":
                self._count(scope, None, is_local)
            return await self._screen(scope) if path == _WALL else None
        token, caller = await self._caller(headers)
        self._count(scope, caller, is_local)
        _refuse(method, path, row, caller, is_local)
        if caller is not None and caller.role is not None:
            state.update(user=caller.name, token=token)
        state.update(caller=caller, audience=audience_of(caller))

        async def still_may() -> bool:
            _, now = await self._caller(headers)
            return row is not None and decide(row.right, now, is_local) is Decision.ALLOWED

        state["still_may"] = still_may
        return None

    def _count(self, scope: Scope, caller: Caller | None, is_local: bool) -> None:
        """Raises ApiError 429 where the user, the token or else the address asks too often.

        Nobody in particular on this machine is not counted: the wall on loopback must not go blind.
        """
        if caller is None and is_local:
            return
        client = scope.get("client")
        name = caller.name if caller is not None else f"address:{subscriber(client[0] if client else '')}"
        wait_s = self._limit.wait_s(name, time.monotonic())
        if wait_s:
            refusal = ApiError(429, "too_many_requests", f"too many requests: wait {wait_s} s", "")
            refusal.headers = {"Retry-After": str(wait_s)}
            raise refusal

    async def _caller(self, headers: Headers) -> tuple[str | None, Caller | None]:
        """The token of who asks, and who that is."""
        bearer = _bearer(headers)
        if bearer is not None:
            return bearer, await self._known(bearer)
        session, screen = _cookie(headers, COOKIE), _cookie(headers, SCREEN_COOKIE)
        if session is not None and (caller := await self._known(session)) is not None:
            return session, caller
        return screen, await self._screen_of(screen)

    async def _screen_of(self, token: str | None) -> Caller | None:
        """Whose screen it is.  A browser's cookie opens the wall, whatever else its token may."""
        caller = None if token is None else await self._known(token)
        if caller is None or TokenScope.WALL not in caller.scopes:
            return None
        return Caller(caller.name, scopes=frozenset({TokenScope.WALL}))

    async def _known(self, token: str) -> Caller | None:
        who = self._tokens.who if token.startswith(PREFIX) else self._accounts.who
        try:
            return await asyncio.to_thread(who, token, now_us())
        except OperationsError as error:
            raise ApiError(503, "operations_unreadable", str(error)) from error

    async def _screen(self, scope: Scope) -> Response | None:
        """Put the token of an address into a cookie, and send the screen to the address without it."""
        query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        given = query.pop("token", None)
        if given is None:
            return None
        if await self._screen_of(given[-1]) is None:
            raise ApiError(401, "unknown_token", "this token opens no wall: made without it, or revoked", "query.token")
        path = f"{scope['path']}?{rest}" if (rest := urlencode(query, doseq=True)) else scope["path"]
        clean = RedirectResponse(path, 303, {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"})
        clean.headers.append("set-cookie", self._screen_cookie(given[-1], scope))
        return clean

    def _screen_cookie(self, token: str, scope: Scope) -> str:
        """Strict.  A frame of another site's page gets one of its own (CHIPS), sent from within that site alone."""
        cookie = f"{SCREEN_COOKIE}={token}; HttpOnly; Max-Age={SCREEN_COOKIE_S}; Path=/"
        headers = Headers(scope=scope)
        is_framed = headers.get("sec-fetch-dest") == "iframe" and headers.get("sec-fetch-site") == "cross-site"
        if self._embeddable and is_framed:
            return f"{cookie}; SameSite=None; Secure; Partitioned"
        return f"{cookie}; SameSite=strict{'; Secure' if scope['scheme'] == 'https' else ''}"


def _method(scope: Scope) -> str:
    if scope["type"] == "websocket":
        return SOCKET
    return "GET" if scope["method"] == "HEAD" else str(scope["method"])


def _refuse_foreign_pages(headers: Headers) -> None:
    """A bearer token is nothing that a browser adds by itself."""
    if _bearer(headers) is None and not _is_own_page(headers):
        raise ApiError(403, "foreign_origin", "this request comes from another site's page", "header.origin")


def _refuse(method: str, path: str, row: Row | None, caller: Caller | None, is_local: bool) -> None:
    """Raises ApiError where the caller may not, or there is nothing to ask."""
    if row is None and caller is None and not (is_local and method in _READING):
        _refuse_as(Decision.LOG_IN, method, path)  # what there is and what not is nobody's business either
    if row is None:
        allowed = methods_at(path)
        if not allowed:
            raise ApiError(404, "not_found", f"Not Found: {method} {path}", "path")
        refusal = ApiError(405, "method_not_allowed", f"Method Not Allowed: {method} {path}", "path")
        refusal.headers = {"Allow": ", ".join(allowed)}
        raise refusal
    decision = decide(row.right, caller, is_local)
    if decision is not Decision.ALLOWED:
        _refuse_as(decision, method, path, row.right)


def _refuse_as(decision: Decision, method: str, path: str, right: Right | None = None) -> None:
    if decision is Decision.LOG_IN or right is None:
        raise ApiError(401, "login_required", "log in first: POST /api/v1/login", "header.authorization")
    scopes = f", or a token with the scope {' or '.join(sorted(right.scopes))}" if right.scopes else ""
    scopes += " that is our own: it has the scope wall, too" if right.own else ""
    raise ApiError(403, "forbidden", f"{method} {path} takes the role {right.role} or above{scopes}", "path")


def _bearer(headers: Headers) -> str | None:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def _cookie(headers: Headers, name: str) -> str | None:
    try:
        morsel = SimpleCookie(headers.get("cookie", "")).get(name)
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
