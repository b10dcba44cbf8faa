"""Simulation can't hurt: nothing simulated or replayed goes where live readings are kept."""

from pathlib import Path

from sensors.origin import LIVE_MARKER
from simulator.errors import LiveDataDirectory


def refuse_live_readings(data_dir: Path) -> None:
    """Raise LiveDataDirectory if `data_dir` holds live readings."""
    if (data_dir / LIVE_MARKER).exists():
        raise LiveDataDirectory(data_dir)
