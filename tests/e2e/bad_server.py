"""A server on loopback that is no broker."""

import contextlib
import socketserver
import threading
from collections.abc import Iterator


@contextlib.contextmanager
def bad_server(says: bytes) -> Iterator[int]:
    """The port of a server that says `says` to whoever connects, and nothing more; b"" = it only listens."""
    closing = threading.Event()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(ConnectionError):
                if says:
                    self.request.sendall(says)
            closing.wait()

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        block_on_close = False

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="bad server")
        thread.start()
        try:
            yield int(server.server_address[1])
        finally:
            closing.set()
            server.shutdown()
            thread.join()
