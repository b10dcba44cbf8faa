"""Every other way out, by apprise: e-mail, ntfy, webhook, SMS gateways, MQTT, …; one URL, one chat or number.

apprise says yes or no, and why only to its logger.  Calls block: each runs in a thread of its own, which dies with the
process, so that a server that hangs delays neither other targets nor the end.
"""

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable, Iterator
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from command_center.notify.message import Message
from command_center.notify.notice import Result
from command_center.notify.pace import Budget
from command_center.notify.way import Delivery

PER_MINUTE: Final = 30
LINES: Final = 40
_HIDDEN: Final = "***"
_LEAST_SECRET: Final = 4  # characters; shorter parts of an address are no secrets, and hiding them garbles the text
_APPRISE_LOG: Final = "apprise"
_LOADING: Final = threading.Lock()  # it loads its plug-ins at the first use


class ByApprise:
    """One chat, number or box.  Raises ValueError where apprise does not know the URL, or it names several targets."""

    budget = Budget(per_minute=PER_MINUTE, lines=LINES)

    def __init__(self, url: str) -> None:
        self.kind = url.partition("://")[0].lower()
        self._url = url
        self._server = _server(url)

    async def close(self) -> None:
        """Nothing is held."""

    async def send(self, message: Message) -> Delivery:
        """Try once."""
        return await in_own_thread(lambda: self._send(message))

    def _send(self, message: Message) -> Delivery:
        with _said() as lines:
            try:
                is_sent = bool(self._server.notify(body=message.body_and_id, title=message.title))
            except Exception as error:  # noqa: BLE001 - plug-ins of many hands; whatever it is, it is told
                lines.append(f"{type(error).__name__}: {error}")
                is_sent = False
        if is_sent:
            return Delivery(Result.SENT)
        detail = hidden(lines[-1] if lines else "not delivered", self._url)
        return Delivery(Result.UNKNOWN, detail)


def _server(url: str) -> Any:
    import apprise  # half a second, and only where something is to be sent

    logging.getLogger(_APPRISE_LOG).propagate = False  # its lines may hold an address
    with _LOADING, _said() as lines:
        try:
            server = apprise.Apprise.instantiate(url, suppress_exceptions=True)
        except Exception as error:
            raise ValueError(f"apprise fails over it: {hidden(f'{type(error).__name__}: {error}', url)}") from error
    if server is None:
        raise ValueError(f"apprise does not know it: {hidden(lines[-1] if lines else 'no reason given', url)}")
    if len(server) > 1:
        raise ValueError(f"expected one chat or number, got {len(server)}: give each a URL of its own")
    server.request_rate_per_sec = 0  # it would sleep between messages; the pace is ours (`command_center.notify.pace`)
    return server


def hidden(text: str, url: str) -> str:
    """`text` without any part of an address, and of bearable length."""
    parts = urlsplit(url)
    words = {
        url,
        parts.netloc,
        parts.path,
        parts.query,
        *parts.path.split("/"),
        *parts.netloc.replace("@", ":").split(":"),
    }
    words |= {pair.partition("=")[2] for pair in parts.query.split("&")}
    for word in sorted(words | {unquote(word) for word in words}, key=len, reverse=True):
        if len(word) >= _LEAST_SECRET:
            text = text.replace(word, _HIDDEN)
    return " ".join(text.split())[:200]


@contextlib.contextmanager
def _said() -> Iterator[list[str]]:
    """What apprise tells its logger in this thread."""
    lines: list[str] = []
    handler = _Lines(lines, threading.get_ident())
    logger = logging.getLogger(_APPRISE_LOG)
    logger.addHandler(handler)
    try:
        yield lines
    finally:
        logger.removeHandler(handler)


class _Lines(logging.Handler):
    def __init__(self, lines: list[str], thread: int) -> None:
        super().__init__(logging.WARNING)
        self._lines, self._thread = lines, thread

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self._thread:
            self._lines.append(record.getMessage())


async def in_own_thread(work: Callable[[], Delivery]) -> Delivery:
    """What `work` gives, from a thread that nobody waits for at the end."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Delivery] = loop.create_future()

    def settle(delivery: Delivery) -> None:
        if not future.done():
            future.set_result(delivery)

    def run() -> None:
        delivery = work()
        with contextlib.suppress(RuntimeError):  # the loop has ended: nobody waits any more
            loop.call_soon_threadsafe(settle, delivery)

    threading.Thread(target=run, name="notify", daemon=True).start()
    return await future
