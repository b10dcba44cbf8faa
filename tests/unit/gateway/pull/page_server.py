"""A web server that a test tells what to answer; on loopback, a thread for each request."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

TRICKLE_S: Final = 0.05


@dataclass(slots=True)
class Answer:
    """What a GET gets; with an ETag, 304 for whoever names it."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    trickle: bool = False  # one byte at a time, for ever
    honours_etag: bool = True


class PageServer:
    """`answer` may be changed while it runs; `requests` are the headers of what came."""

    def __init__(self, port: int = 0) -> None:
        self.answer: Answer | Callable[[str], Answer] = Answer()
        self.requests: list[dict[str, str]] = []
        self.statuses: list[int] = []
        self._stopping = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """Its page."""
        return f"http://127.0.0.1:{self.port}/page"

    def close(self) -> None:
        """Stop, and cut whoever is still being answered."""
        self._stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                answer = server.answer if isinstance(server.answer, Answer) else server.answer(self.path)
                server.requests.append(dict(self.headers.items()))
                etag = answer.headers.get("ETag")
                same = answer.honours_etag and etag is not None and self.headers.get("If-None-Match") == etag
                status = 304 if same else answer.status
                server.statuses.append(status)
                self.send_response(status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                if answer.trickle:
                    self.end_headers()
                    self._trickle()
                    return
                body = b"" if status == 304 else answer.body
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def _trickle(self) -> None:
                self.close_connection = True
                while not server._stopping.wait(TRICKLE_S):
                    self.wfile.write(b" ")

            def handle(self) -> None:
                try:
                    super().handle()
                except (ConnectionError, TimeoutError):
                    return

            def log_message(self, *_: object) -> None:
                """Nothing."""

        return Handler


@contextmanager
def page_server(answer: Answer | None = None, port: int = 0) -> Iterator[PageServer]:
    """A server for the time of the context."""
    server = PageServer(port)
    server.answer = answer or Answer()
    try:
        yield server
    finally:
        server.close()


def free_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def eventually(condition: Callable[[], object], within_s: float = 30.0) -> bool:
    """Whether it becomes true in time."""
    give_up = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > give_up:
            return False
        time.sleep(0.01)
    return True
