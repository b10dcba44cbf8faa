"""Ports are checked before anything starts."""

import socket
import threading

import pytest

from command_center.errors import StartError
from command_center.launcher.ports import check_free


def test_a_busy_port_is_named_with_the_option_that_helps() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(StartError, match=rf"the wall: port {port} on 127.0.0.1 is in use.*--http-port"):
            check_free("127.0.0.1", port, "the wall", "--http-port")


def test_a_port_that_becomes_free_in_a_moment_is_free() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    timer = threading.Timer(0.2, listener.close)
    timer.start()
    check_free("127.0.0.1", port, "the wall", "--http-port")
    timer.join()


@pytest.mark.parametrize("port", [0, -1, 65_536])
def test_what_is_no_port_is_refused(port: int) -> None:
    with pytest.raises(StartError, match=f"{port} is no port"):
        check_free("127.0.0.1", port, "the wall", "--http-port")


def test_an_address_that_is_not_ours_is_named() -> None:
    with pytest.raises(StartError, match=r"cannot listen on 192\.0\.2\.1:8000"):
        check_free("192.0.2.1", 8000, "the wall", "--http-port")
