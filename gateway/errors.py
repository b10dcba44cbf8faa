"""Errors of the gateway package.

SiagaError
└── GatewayError
    ├── LogError          the log cannot be opened, read or written
    │   ├── LogMissing    there is no log yet
    │   ├── LogFull       the disk takes no more
    │   └── LogDamaged    the file's structure is damaged: it is set aside, and a new log begins
    ├── ProtocolError     bytes that are not MQTT, or MQTT that the broker must not send
    ├── SinkError         sinks.db cannot be opened, read or written
    ├── PullError         a page of a pull source cannot be had, or cannot be read
    └── BrokerError       the broker cannot be reached, or refuses us, or its address makes no sense
"""

from sensors.errors import SiagaError


class GatewayError(SiagaError):
    """Base of what this package raises."""


class LogError(GatewayError):
    """The log cannot be opened, read or written; the text names the file and the reason."""


class LogMissing(LogError):
    """There is no log in this data directory yet."""


class LogFull(LogError):
    """The disk takes no more."""


class LogDamaged(LogError):
    """What the file holds is no log any more, or a part of it cannot be read."""


class ProtocolError(GatewayError):
    """What the broker sent is not MQTT as agreed on; the text says what, expected and got."""


class BrokerError(GatewayError):
    """The broker cannot be reached, refuses us or went away; or its address is no address."""


class SinkError(GatewayError):
    """sinks.db cannot be opened, read or written; the text names the file and the reason."""


class PullError(GatewayError):
    """A page cannot be had or read; the text says what is wrong and where, `retry_after_s` what the server asks for."""

    def __init__(self, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s
