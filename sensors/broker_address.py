"""Where a broker is, and as whom to connect."""

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from sensors.errors import SettingsError


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """Where a broker is; `url` is safe to show (no password)."""

    url: str
    host: str
    port: int
    user: str | None = None
    password: str | None = None


def broker_address(url: str) -> BrokerAddress:
    """The address in `mqtt://[user:password@]host[:port]`; SettingsError says what is wrong with it.

    >>> broker_address("mqtt://127.0.0.1").port
    1883
    """
    wanted = "expected mqtt://[user:password@]host[:port]"
    try:
        parts = urlsplit(url)
        port = parts.port or 1883
    except ValueError as error:
        raise SettingsError(f"broker address: {wanted}, got a bad port or host: {error}") from error
    if parts.scheme != "mqtt" or not parts.hostname or parts.path not in ("", "/"):
        raise SettingsError(f"broker address: {wanted}, got {url!r}")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return BrokerAddress(
        url=f"mqtt://{host}:{port}",
        host=parts.hostname,
        port=port,
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
    )
