"""Where a broker is, and as whom to connect."""

from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote, urlsplit

from sensors.errors import SettingsError

PORTS: Final = {"mqtt": 1883, "mqtts": 8883}  # registered with IANA, without and with TLS


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """Where a broker is; `url` is safe to show (no password)."""

    url: str
    host: str
    port: int
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: bool = False
    ca_file: str = ""  # whom to trust with TLS; empty = the system's authorities
    server_name: str = ""  # what its certificate is made out to; empty = the host


def broker_address(url: str) -> BrokerAddress:
    """The address in `mqtt://[user:password@]host[:port]` (`mqtts://` with TLS); SettingsError says what is wrong.

    >>> broker_address("mqtt://127.0.0.1").port
    1883
    """
    wanted = "expected mqtt://[user:password@]host[:port] or mqtts://…"
    try:
        parts = urlsplit(url)
        port = parts.port or PORTS.get(parts.scheme, 0)
    except ValueError as error:
        raise SettingsError(f"broker address: {wanted}, got a bad port or host: {error}") from error
    if parts.scheme not in PORTS or not parts.hostname or parts.path not in ("", "/"):
        raise SettingsError(f"broker address: {wanted}, got {url!r}")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return BrokerAddress(
        url=f"{parts.scheme}://{host}:{port}",
        host=parts.hostname,
        port=port,
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        tls=parts.scheme == "mqtts",
    )
