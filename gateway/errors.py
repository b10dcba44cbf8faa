"""Errors of the gateway package.

SiagaError
└── GatewayError
    ├── LogError          the log cannot be opened, read or written
    │   └── LogMissing    there is no log yet
    ├── ProtocolError     bytes that are not MQTT, or MQTT that the broker must not send
    └── BrokerError       the broker cannot be reached, or refuses us, or its address makes no sense
"""

from sensors.errors import SiagaError


class GatewayError(SiagaError):
    """Base of what this package raises."""


class LogError(GatewayError):
    """The log cannot be opened, read or written; the text names the file and the reason."""


class LogMissing(LogError):
    """There is no log in this data directory yet."""


class ProtocolError(GatewayError):
    """What the broker sent is not MQTT 3.1.1; the text says what, got, expected, and at which byte."""


class BrokerError(GatewayError):
    """The broker cannot be reached, refuses us or went away; or its address is no address."""
