"""Fetching one page of a stranger: bounded in time, size and redirects, packed or not, and only if it has changed."""

import asyncio
import ipaddress
import logging
import os
import socket
import ssl
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Final

import httpx

from gateway.errors import PullError
from sensors.pull_source import Pull

MAX_REDIRECTS: Final = 3
SILENCE_S: Final = 10.0  # to connect, and between two pieces of a page
LONGEST_RETRY_AFTER_S: Final = 6 * 3600.0
MAX_TOKEN_BYTES: Final = 8_192
USER_AGENT: Final = "siaga"
_INNER: Final = "an address within, which only a page that is within itself may send us to"

logging.getLogger("httpx").setLevel(logging.WARNING)  # it logs each request with its query, where a key may stand


@dataclass(frozen=True, slots=True)
class Version:
    """What the server calls the page that we have."""

    etag: str = ""
    last_modified: str = ""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A page; `body` None = the server says that it is the one we have."""

    body: bytes | None
    charset: str
    version: Version


def client(pull: Pull, folder: Path) -> httpx.AsyncClient:
    """A client for one pull source; PullError where the authority's file cannot be used."""
    try:
        context = ssl.create_default_context(cafile=str(folder / pull.ca_file) if pull.ca_file else None)
    except OSError as error:
        raise PullError(f"ca_file {pull.ca_file}: {error}") from error
    timeout = httpx.Timeout(min(SILENCE_S, pull.timeout_s))
    return httpx.AsyncClient(verify=context, timeout=timeout, follow_redirects=False)


def secret_headers(pull: Pull, folder: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """The header that carries the secret, read anew each time; PullError where it cannot be had."""
    if pull.token_env:
        token = environ.get(pull.token_env, "")
        if not token:
            raise PullError(f"token_env: the environment has no {pull.token_env}")
    elif pull.token_file:
        try:
            with (folder / pull.token_file).open("rb") as stream:
                token = stream.read(MAX_TOKEN_BYTES).decode().strip()
        except (OSError, UnicodeDecodeError) as error:
            raise PullError(f"token_file {pull.token_file}: {error}") from error
    else:
        return {}
    if not (token.isascii() and token.isprintable()):
        raise PullError("the token has characters that cannot stand in a header")
    return {pull.token_header: f"{pull.token_prefix}{token}"}


async def fetch(http: httpx.AsyncClient, pull: Pull, folder: Path, known: Version) -> Fetched:
    """The page, if it is not the `known` one; PullError for all that can go wrong."""
    http.cookies.clear()  # a server that sets new ones each time would fill the memory
    try:
        async with asyncio.timeout(pull.timeout_s):
            return await _follow(http, pull, folder, known)
    except TimeoutError as error:
        raise PullError(f"not complete within {pull.timeout_s:g} s") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise PullError(f"{type(error).__name__}: {error}" if str(error) else type(error).__name__) from error


async def _follow(http: httpx.AsyncClient, pull: Pull, folder: Path, known: Version) -> Fetched:
    url = start = httpx.URL(pull.url)
    secrets = secret_headers(pull, folder, os.environ)
    first_is_inner: bool | None = None
    for _ in range(MAX_REDIRECTS + 1):
        # Whoever we are sent on to is a stranger, unless it is the same place.
        is_home = (url.scheme, url.host, url.port) == (start.scheme, start.host, start.port)
        headers = _headers(known) | ((dict(pull.headers) | secrets) if is_home else {})
        async with http.stream("GET", url, headers=headers) as answer:
            is_inner = _is_inner_peer(answer)
            if first_is_inner is None:
                first_is_inner = is_inner  # of a proxy within, too: then peers say nothing
            elif is_inner and not first_is_inner:
                raise PullError(f"sent on to {url.host}, {_INNER}")
            if answer.has_redirect_location:
                url = url.join(answer.headers["location"])
                if url.scheme not in ("http", "https") or (start.scheme == "https" and url.scheme == "http"):
                    raise PullError(f"sent on to {url.scheme}://, which is not followed")
                is_outer = not first_is_inner or not await _is_inner(start.host)
                if is_outer and await _is_inner(url.host):
                    raise PullError(f"sent on to {url.host}, {_INNER}")
                continue
            return await _read(answer, pull, known)
    raise PullError(f"sent on more than {MAX_REDIRECTS} times")


async def _is_inner(host: str) -> bool:
    """Whether a host is this machine or one of a network that the world does not reach; False where nobody knows it."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:  # behind a proxy names need not be known here
        return False
    return any(_is_inner_address(str(address[0])) for *_, address in found)


def _is_inner_peer(answer: httpx.Response) -> bool:
    """Whether an answer came from such an address: a name may mean another one a moment after it was asked for."""
    stream = answer.extensions.get("network_stream")
    address = None if stream is None else stream.get_extra_info("server_addr")
    return isinstance(address, tuple) and _is_inner_address(str(address[0]))


def _is_inner_address(text: str) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return not (mapped or address).is_global


def _headers(known: Version) -> dict[str, str]:
    headers = {"User-Agent": USER_AGENT, "Accept-Encoding": "gzip"}
    if known.etag:
        headers["If-None-Match"] = known.etag
    if known.last_modified:
        headers["If-Modified-Since"] = known.last_modified
    return headers


async def _read(answer: httpx.Response, pull: Pull, known: Version) -> Fetched:
    charset = answer.charset_encoding or ""
    if answer.status_code == httpx.codes.NOT_MODIFIED:
        return Fetched(None, charset, known)
    if answer.status_code != httpx.codes.OK:
        reason = f"HTTP {answer.status_code} {answer.reason_phrase}".rstrip()
        raise PullError(reason, _retry_after_s(answer.headers.get("retry-after", ""), datetime.now(UTC)))
    version = Version(answer.headers.get("etag", ""), answer.headers.get("last-modified", ""))
    return Fetched(await _body(answer, pull.max_kib * 1024), charset, version)


async def _body(answer: httpx.Response, limit: int) -> bytes:
    """The page, unpacked by us: a library would unpack a bomb before anybody counts."""
    packing = answer.headers.get("content-encoding", "identity").strip().casefold()
    if packing not in ("identity", "gzip", "x-gzip", ""):
        raise PullError(f"packed with {packing!r}, expected gzip or nothing")
    unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS) if "gzip" in packing else None
    body = bytearray()
    async for chunk in answer.aiter_raw():
        try:
            body += chunk if unpacker is None else unpacker.decompress(chunk, limit + 1 - len(body))
        except zlib.error as error:
            raise PullError(f"not gzip: {error}") from error
        if len(body) > limit:
            raise PullError(f"larger than {limit // 1024} KiB (max_kib)")
    if unpacker is not None and not unpacker.eof:
        raise PullError("the packed page ends too early")
    return bytes(body)


def _retry_after_s(text: str, now: datetime) -> float | None:
    """What Retry-After asks for (RFC 9110, 10.2.3), at most six hours; None where it says nothing that makes sense."""
    if text.isdecimal():
        return min(float(text), LONGEST_RETRY_AFTER_S)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        return None
    return min(max(0.0, (moment - now).total_seconds()), LONGEST_RETRY_AFTER_S)
