"""The command center's clock; read at its edges only and passed down."""

import time


def now_us() -> int:
    """Microseconds since the epoch, UTC."""
    return time.time_ns() // 1000
