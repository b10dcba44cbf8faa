"""Addresses of brokers: what is meant, and what is shown."""

import pytest

from sensors.broker_address import broker_address
from sensors.errors import SettingsError


def test_host_port_user_and_password_are_read_and_the_password_is_never_shown() -> None:
    address = broker_address("mqtt://petugas:r%40hasia@broker.local:1884")
    assert (address.host, address.port, address.user, address.password) == ("broker.local", 1884, "petugas", "r@hasia")
    assert address.url == "mqtt://broker.local:1884"


def test_the_port_is_1883_where_none_is_given() -> None:
    assert broker_address("mqtt://[::1]").url == "mqtt://[::1]:1883"


@pytest.mark.parametrize("url", ["", "127.0.0.1:1883", "http://host", "mqtt://", "mqtt://host:port", "mqtt://h/path"])
def test_anything_else_is_refused_with_the_form_that_is_expected(url: str) -> None:
    with pytest.raises(SettingsError, match=r"expected mqtt://\[user:password@\]host\[:port\]"):
        broker_address(url)
