"""How far the embedded broker is opened: to this machine alone, or beyond it with TLS, or on a closed network."""

import ipaddress
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.devices.registry import FOLDER
from sensors.broker_access import Door
from sensors.errors import SettingsError
from sensors.settings import BrokerSettings

MAX_ACK_PENDING: Final = 20_000  # of one subscription; the default, 1,024, caps QoS 1 at 16 k messages/s
LOOPBACK: Final = "127.0.0.1"
_ALL: Final = {"0.0.0.0": LOOPBACK, "::": "::1"}  # noqa: S104  (who listens on all is reached on loopback)
_ELSEWHERE: Final = ("192.0.2.1", 9)  # TEST-NET-1 (RFC 5737); a UDP socket that is connected sends nothing


@dataclass(frozen=True, slots=True)
class Opening:
    """What the broker listens on, with which certificate, and how it is reached."""

    listen_host: str
    door: Door
    cert_file: str = ""
    key_file: str = ""
    max_ack_pending: int = MAX_ACK_PENDING

    @property
    def is_local(self) -> bool:
        """True where nobody beyond this machine reaches it."""
        return is_loopback(self.listen_host)


def local_opening(port: int) -> Opening:
    """The default: this machine alone, no TLS."""
    return Opening(LOOPBACK, Door(host=LOOPBACK, port=port, device_host=LOOPBACK))


def opening(settings: BrokerSettings, port: int, data_dir: Path) -> Opening:
    """What the settings ask for.

    SettingsError where they would let passwords travel in the clear and nobody said that the network is closed;
    BrokerError where a certificate cannot be had.
    """
    host = settings.host
    files = bool(settings.cert_file or settings.key_file)
    if files and not (settings.cert_file and settings.key_file):
        raise SettingsError("broker: cert_file and key_file go together")
    if files and settings.tls:
        raise SettingsError('broker: either tls = "self-signed", or cert_file and key_file')
    if not (is_loopback(host) or files or settings.tls or settings.closed_network):
        raise SettingsError(
            f"broker.host {host}: beyond this machine passwords would travel in the clear. "
            'Set tls = "self-signed" (SIAGA_BROKER_TLS=self-signed), or cert_file and key_file, or, where nobody but '
            "your devices is on that network, closed_network = true (SIAGA_BROKER_CLOSED_NETWORK=true)"
        )
    here = _ALL.get(host, host)
    device_host = settings.name or (_own_address() if host in _ALL else host)
    if files:
        from gateway.devices.certificate import first_name

        name = settings.name or first_name(Path(settings.cert_file))
        door = Door(
            host=here, port=port, device_host=name or device_host, tls=True, ca_file=_absolute(settings.ca_file),
            server_name=name,
        )  # fmt: skip
        return Opening(host, door, _absolute(settings.cert_file), _absolute(settings.key_file))
    if settings.tls:
        from gateway.devices.certificate import self_signed  # a start without TLS need not wait for the import

        names = tuple(dict.fromkeys((device_host, "localhost", LOOPBACK, "::1", here, socket.gethostname())))
        authority, certificate, key = self_signed((data_dir / FOLDER / "tls").absolute(), names)
        door = Door(host=here, port=port, device_host=device_host, tls=True, ca_file=str(authority))
        return Opening(host, door, str(certificate), str(key))
    return Opening(host, Door(host=here, port=port, device_host=device_host))


def is_loopback(host: str) -> bool:
    """Whether an address to listen on is of this machine alone.

    >>> is_loopback("127.0.0.1"), is_loopback("0.0.0.0"), is_loopback("broker.kota.go.id")
    (True, False, False)
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _own_address() -> str:
    """This machine's address towards other networks, or its name where it has none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(_ELSEWHERE)
            return str(probe.getsockname()[0])
        except OSError:
            return socket.gethostname()


def _absolute(file: str) -> str:
    return str(Path(file).absolute()) if file else ""
