"""Gives the public page out, and nothing else: a process of its own, with no way to the log or to operations.db.

Each file is read when it has changed and given out from memory: whole bytes, compressed once, with an ETag.
"""

import asyncio
import gzip
import hashlib
import logging
import re
import signal
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from command_center.listener import listen, server
from command_center.public import folder
from command_center.public.markup import policy
from sensors.settings import HttpSettings, PublicSettings

MAX_BYTES: Final = 2_000_000  # of one file: what is larger was not written by us
MAX_KEPT: Final = 5_000  # files in memory: more than any regency has villages, twice
FRESH_S: Final = 15  # so long a proxy may give it out unasked
_AREA: Final = re.compile(r"/warga/([0-9]{2}(?:\.[0-9]{2}(?:\.[0-9]{2}(?:\.[0-9]{4})?)?)?)(\.html|\.txt)?")
_TYPES: Final = {".html": "text/html; charset=utf-8", ".txt": "text/plain; charset=utf-8"}
_log = logging.getLogger("command_center.public")


@dataclass(frozen=True, slots=True)
class Kept:
    """A file as it is given out."""

    mtime_ns: int
    body: bytes
    zipped: bytes
    etag: str
    headers: list[tuple[bytes, bytes]]


def file_of(path: str) -> str | None:
    """The file behind a path of the listener; None where there is none.

    >>> file_of("/warga"), file_of("/warga/35.76.01.1003"), file_of("/warga/../log.db")
    ('warga.html', 'warga/35.76.01.1003.html', None)
    """
    if path in ("/", "/warga", "/warga/", "/warga.html"):
        return folder.INDEX
    found = _AREA.fullmatch(path)
    return None if found is None else f"{folder.AREAS}/{found[1]}{found[2] or '.html'}"


class PublicSite:
    """The ASGI application over the files of `into`."""

    def __init__(self, into: Path) -> None:
        self._into = into
        self._kept: dict[str, Kept] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; a WebSocket is refused."""
        del receive  # a body is nobody's business here
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        elif scope["type"] == "http":
            await self._answer(scope, send)

    async def _answer(self, scope: Scope, send: Send) -> None:
        if scope["method"] not in ("GET", "HEAD"):
            await _say(send, 405, b"GET or HEAD", (b"allow", b"GET, HEAD"))
            return
        if scope["path"] in ("/", "/warga/"):  # links in the page are relative to /warga
            await _say(send, 308, b"", (b"location", b"/warga"))
            return
        name = file_of(scope["path"])
        kept = None if name is None else self._read(name)
        if kept is None:
            await _say(send, 404, "tidak ada · not found: /warga".encode())
            return
        await _give(send, kept, Headers(scope=scope), is_head=scope["method"] == "HEAD")

    def _read(self, name: str) -> Kept | None:
        """The file as it is now; None where there is none, or none of ours."""
        path = self._into / name
        try:
            stat = path.stat()
            kept = self._kept.get(name)
            if kept is not None and kept.mtime_ns == stat.st_mtime_ns:
                return kept
            body = path.read_bytes() if stat.st_size <= MAX_BYTES else b""
        except FileNotFoundError:
            self._kept.pop(name, None)
            return None
        if not body:
            _log.error("%s: expected 1 to %d bytes, got %d: not given out", path, MAX_BYTES, stat.st_size)
            return None
        if len(self._kept) >= MAX_KEPT:
            self._kept.clear()
        self._kept[name] = kept = _kept(name, body, stat.st_mtime_ns)
        return kept


def _kept(name: str, body: bytes, mtime_ns: int) -> Kept:
    etag = f'"{hashlib.sha256(body).hexdigest()[:24]}"'
    headers = [
        (b"content-type", _TYPES[Path(name).suffix].encode()),
        (b"cache-control", f"public, max-age={FRESH_S}".encode()),
        (b"etag", etag.encode()),
        (b"last-modified", formatdate(mtime_ns / 1e9, usegmt=True).encode()),
        (b"vary", b"accept-encoding"),
        (b"x-content-type-options", b"nosniff"),
        (b"x-frame-options", b"DENY"),
        (b"content-security-policy", policy().encode()),
        (b"referrer-policy", b"no-referrer"),
    ]
    return Kept(mtime_ns, body, gzip.compress(body, 6, mtime=0), etag, headers)


async def _give(send: Send, kept: Kept, asked: Headers, *, is_head: bool) -> None:
    matches = [one.strip().removeprefix("W/") for one in asked.get("if-none-match", "").split(",")]
    if kept.etag in matches or matches == ["*"]:
        await _send(send, 304, kept.headers, b"")
        return
    is_zipped = "gzip" in asked.get("accept-encoding", "")
    body = kept.zipped if is_zipped else kept.body
    headers = [*kept.headers, (b"content-length", str(len(body)).encode())]
    if is_zipped:
        headers.append((b"content-encoding", b"gzip"))
    await _send(send, 200, headers, b"" if is_head else body)


async def _say(send: Send, status: int, text: bytes, *more: tuple[bytes, bytes]) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(text)).encode()), *more]
    await _send(send, status, headers, text)


async def _send(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def serve(settings: PublicSettings, into: Path) -> None:
    """Serve until SIGINT or SIGTERM.  Raises ListenError."""
    app: ASGIApp = PublicSite(into)
    with listen(HttpSettings(host=settings.host, port=settings.port)) as listener:
        serving, loop = server(app), asyncio.get_running_loop()

        def stop() -> None:
            serving.should_exit = True

        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop)
        _log.info("the public page is at http://%s:%d/warga", *listener.getsockname()[:2])
        await serving.serve([listener])
