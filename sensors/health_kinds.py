"""Kinds of datastreams that tell how a device is, not what it measures.

They are stored like any other, and stay out of the wall's lists, headline and alarms: who maintains the stations looks
at them (`/maintenance`), not who watches the river.
"""

from typing import Final

# Kind → the units in which it may be stored; a battery may be told in volts or as a share of its charge.
HEALTH_KINDS: Final[dict[str, tuple[str, ...]]] = {
    "battery": ("V", "%"),
    "solar": ("V", "W", "A"),
    "signal": ("dBm", "dB", "%"),
    "frame_counter": ("1",),
    "clock_offset": ("s",),
    "duplicates": ("1",),
    "sim_quota": ("MB", "GB", "%"),
    "interval": ("s", "min", "h"),  # at which the device sends now: its silence is judged by it
}

# Below it the device is about to go dark.  12 V lead-acid: 11.6 V under light load is about a fifth of its charge left,
# and what discharges it further wears it out; a share of charge: the same fifth.
LOW_BATTERY: Final = {"V": 11.6, "%": 20.0}


def is_health(kind: str) -> bool:
    """Whether a datastream of this kind tells of the device itself."""
    return kind in HEALTH_KINDS
