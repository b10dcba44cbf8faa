"""What a measurement was made on, and the fastest of several runs."""

import os
import platform
import sys
import time
from collections.abc import Callable

import numpy as np


def machine() -> str:
    """Processor count and versions, in a line."""
    return f"{os.cpu_count()} cores, {platform.machine()}, Python {sys.version.split()[0]}, numpy {np.__version__}"


def median_s(work: Callable[[], object], runs: int = 9) -> float:
    """The median duration of `work`, after one run that does not count."""
    work()
    times = []
    for _ in range(runs):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return sorted(times)[runs // 2]
