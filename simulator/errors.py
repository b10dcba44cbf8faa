"""Errors of the simulator package.

SiagaError
└── SimulatorError
    ├── BadPayload           what should be published is no native payload
    ├── BrokerUnreachable    no broker, or it refused or left us
    └── LiveDataDirectory    the data directory holds live readings: nothing simulated may go near it
"""

from pathlib import Path

from sensors.errors import SiagaError


class SimulatorError(SiagaError):
    """Base of what this package raises; its text is for the person at the keyboard."""


class BadPayload(SimulatorError):
    """What should be published is no native payload; the text says what is expected, and where."""


class BrokerUnreachable(SimulatorError):
    """The broker at `url` cannot be reached, refused us or went away."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(f"broker {url}: {reason}")
        self.url = url
        self.reason = reason


class LiveDataDirectory(SimulatorError):
    """The data directory holds live readings."""

    def __init__(self, data_dir: Path) -> None:
        super().__init__(
            f"{data_dir} holds live readings: simulated and replayed data are refused there; "
            "use another --data-dir (and another broker) for an exercise"
        )
        self.data_dir = data_dir
