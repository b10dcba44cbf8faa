"""Real receivers on loopback: an HTTP server that plays Telegram's Bot API and a webhook, and a mail server."""

import asyncio
import contextlib
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import paho.mqtt.client
from aiosmtpd.controller import Controller
from paho.mqtt.enums import CallbackAPIVersion

from tests.e2e.processes import free_port

ID = re.compile(r"id: (.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Received:
    """A message that somebody received."""

    to: str  # chat, path, or mail address
    text: str
    at_s: float
    body: dict[str, Any] = field(default_factory=dict)

    @property
    def ids(self) -> list[str]:
        """By which a repeat is dropped."""
        found = ID.findall(self.text)
        return found[-1].split() if found else []


@dataclass(slots=True)
class Inbox:
    """What came, in order; `refuse` answers instead where it gives an answer (status, JSON)."""

    received: list[Received] = field(default_factory=list)
    refuse: Callable[[str, int], tuple[int, dict[str, Any]] | None] = lambda _to, _n: None
    hang_s: Callable[[str], float] = lambda _to: 0.0
    asked: list[tuple[str, float]] = field(default_factory=list)
    updates: list[dict[str, Any]] = field(default_factory=list)  # of Telegram, to be fetched
    answered: list[dict[str, Any]] = field(default_factory=list)  # answerCallbackQuery

    def of(self, to: str) -> list[Received]:
        """What one of them received."""
        return [one for one in self.received if one.to == to]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    inbox: Inbox

    def handle(self) -> None:
        with contextlib.suppress(ConnectionResetError):  # whoever asked was killed
            super().handle()

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"] or 0)) or b"{}")
        method = self.path.rsplit("/", 1)[1]
        if self.path.startswith("/bot") and method != "sendMessage":
            self._method(method, body)
            return
        to = str(body["chat_id"]) if self.path.startswith("/bot") else self.path
        inbox = self.inbox
        inbox.asked.append((to, time.time()))
        time.sleep(inbox.hang_s(to))
        refused = inbox.refuse(to, sum(1 for other, _ in inbox.asked if other == to))
        if refused is None:
            text = body.get("text") or body.get("message") or ""
            inbox.received.append(Received(to, text, time.time(), body))
        self._answer(*(refused or (200, {"ok": True, "result": {}})))

    def _method(self, method: str, body: dict[str, Any]) -> None:
        inbox = self.inbox
        if method == "answerCallbackQuery":
            inbox.answered.append(body)
            self._answer(200, {"ok": True, "result": True})
            return
        waited = time.monotonic()
        while True:
            found = [one for one in inbox.updates if one["update_id"] >= body.get("offset", 0)]
            if found or time.monotonic() - waited > min(body.get("timeout", 0), 0.5):
                break
            time.sleep(0.02)
        self._answer(200, {"ok": True, "result": found})

    def _answer(self, status: int, answer: dict[str, Any]) -> None:
        raw = json.dumps(answer).encode()
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # whoever asked was killed
            self.send_response(status)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name there
        """Say nothing."""


@contextlib.contextmanager
def http_receiver() -> Iterator[tuple[Inbox, str]]:
    """An inbox, and the address of its server (host:port)."""
    inbox = Inbox()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"inbox": inbox}))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield inbox, f"127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextlib.contextmanager
def mail_receiver() -> Iterator[tuple[Inbox, str]]:
    """An inbox, and the address of its mail server (host:port)."""
    inbox = Inbox()

    class Box:
        async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - its name there
            mail = message_from_bytes(envelope.content, policy=policy.default)
            part = mail.get_body(("plain", "html"))
            text = f"{mail['subject']}\n{part.get_content() if part is not None else ''}"
            inbox.received.append(Received(envelope.rcpt_tos[0], text, time.time()))
            return "250 OK"

    controller = Controller(Box(), hostname="127.0.0.1", port=free_port(), loop=asyncio.new_event_loop())
    controller.start()
    try:
        yield inbox, f"127.0.0.1:{controller.port}"
    finally:
        controller.stop()


@contextlib.contextmanager
def mqtt_receiver(port: int, topic: str) -> Iterator[Inbox]:
    """An inbox of what is published under a topic at the broker on `port`."""
    inbox, subscribed = Inbox(), threading.Event()
    client = paho.mqtt.client.Client(CallbackAPIVersion.VERSION2)
    client.on_message = lambda _client, _data, message: inbox.received.append(
        Received(message.topic, message.payload.decode(), time.time())
    )
    client.on_subscribe = lambda *_: subscribed.set()
    client.connect("127.0.0.1", port)
    client.loop_start()
    try:
        client.subscribe(topic, qos=1)
        assert subscribed.wait(10), "the broker did not take the subscription"
        yield inbox
    finally:
        client.disconnect()
        client.loop_stop()
