"""A server of the write API on loopback that answers as a test says."""

import contextlib
import threading
import zlib
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from tests.oracle.line_protocol import Point, points

PROBE = b"siaga_sink "
Reply = tuple[int, dict[str, str], bytes]  # status, headers, body


def takes_everything(_lines: list[bytes]) -> Reply:
    """Acknowledge."""
    return 204, {}, b""


class Server(ThreadingHTTPServer):
    """`taken` are the lines that were acknowledged, in order; `reply` may be changed at any time."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.reply: Callable[[list[bytes]], Reply] = takes_everything
        self.taken: list[bytes] = []
        self.requests: list[tuple[dict[str, list[str]], dict[str, str]]] = []  # query and headers of each

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def points(self) -> list[Point]:
        """What was acknowledged, without probes."""
        return [points(line)[0] for line in self.taken if not line.startswith(PROBE)]


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: Server
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Read, note, answer."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers["Content-Encoding"] == "gzip":
            body = zlib.decompress(body, 16 + zlib.MAX_WBITS)
        lines = body.splitlines(keepends=True)
        self.server.requests.append((parse_qs(urlsplit(self.path).query), dict(self.headers)))
        status, headers, said = self.server.reply(lines)
        if status == 204:
            self.server.taken += lines
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(said))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is http.server's
        """Say nothing."""


@contextlib.contextmanager
def running() -> Iterator[Server]:
    """A server, ended with the block."""
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
