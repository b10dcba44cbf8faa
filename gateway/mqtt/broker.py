"""A broker as a source names it: where it is, as whom and how to connect."""

import os
import socket
import ssl
from dataclasses import dataclass, field
from pathlib import Path

from gateway.errors import BrokerError
from sensors.broker_address import BrokerAddress
from sensors.catalogue import SESSION_EXPIRY_S, Protocol


@dataclass(frozen=True, slots=True)
class Broker:
    """Everything that one connection needs; equal ones need no new connection.

    Secrets and certificates are read when a connection is made: they may be renewed while we run.
    """

    name: str
    address: BrokerAddress
    protocol: Protocol = "auto"
    user: str = ""
    password: str = field(default="", repr=False)
    password_env: str = ""
    password_file: Path | None = None
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    server_name: str = ""
    canary: bool = True
    session_expiry_s: int = SESSION_EXPIRY_S

    def credentials(self) -> tuple[str, str]:
        """(user, password), "" for none; BrokerError where the password is not where it should be."""
        user = self.address.user or self.user
        if self.address.password or self.password:
            return user, self.address.password or self.password
        if self.password_env:
            if self.password_env not in os.environ:
                raise BrokerError(f"password_env: the environment has no variable {self.password_env}")
            return user, os.environ[self.password_env]
        if self.password_file is not None:
            return user, _text(self.password_file).removesuffix("\n").removesuffix("\r")
        return user, ""

    @property
    def known_as(self) -> str:
        """What it is remembered as: a source that moves to another address is another broker, with no session yet."""
        return f"{self.name} {self.address.url}"

    @property
    def tls_without_certificate(self) -> bool:
        """TLS, and we show no certificate of ours."""
        return self.address.tls and self.cert_file is None

    def tls(self) -> ssl.SSLContext | None:
        """What the connection is secured with; None without TLS.  BrokerError names the file that is of no use."""
        if not self.address.tls:
            return None
        try:
            context = ssl.create_default_context(cafile=self.ca_file)
        except (OSError, ssl.SSLError) as error:
            raise BrokerError(f"ca_file {self.ca_file}: {_why(error)}") from error
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self.cert_file is not None:
            try:
                context.load_cert_chain(self.cert_file, self.key_file, password=_no_passphrase)
            except (OSError, ssl.SSLError, ValueError) as error:
                key = f", key_file {self.key_file}" if self.key_file else ""
                raise BrokerError(f"cert_file {self.cert_file}{key}: {_why(error)}") from error
        return context


def told(error: OSError) -> str:
    """A failed connection in words."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"TLS: the broker's certificate is not trusted: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"TLS: {_why(error)}"
    if isinstance(error, socket.gaierror):
        return f"the host's name: {error.strerror}"
    return os.strerror(error.errno).lower() if error.errno else str(error) or type(error).__name__


def _no_passphrase() -> str:
    raise ValueError("the key is encrypted; a service needs one without a passphrase")


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BrokerError(f"password_file {file}: {_why(error)}") from error


def _why(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        return (error.reason or str(error)).replace("_", " ").lower()
    return getattr(error, "strerror", None) or str(error)
