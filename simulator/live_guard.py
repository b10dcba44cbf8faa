"""Simulation can't hurt: nothing simulated or replayed goes where live readings are kept."""

from pathlib import Path

from simulator.errors import LiveDataDirectory

MARKER = "holds-live-readings"  # made by the gateway before it stores the first live reading


def refuse_live_readings(data_dir: Path) -> None:
    """Raise LiveDataDirectory if `data_dir` holds live readings."""
    if (data_dir / MARKER).exists():
        raise LiveDataDirectory(data_dir)
