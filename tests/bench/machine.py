"""What a measurement was made on, and the fastest of several runs."""

import math
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from importlib import metadata
from typing import Final

import numpy as np

PACKAGES: Final = ("duckdb", "msgspec", "zstandard", "paho-mqtt", "aiomqtt", "influxdb-client")


def machine() -> str:
    """Processor count and versions, in a line."""
    return f"{os.cpu_count()} cores, {platform.machine()}, Python {sys.version.split()[0]}, numpy {np.__version__}"


def versions() -> str:
    """Versions of what takes part, as far as it is there."""
    found = [f"{name} {metadata.version(name)}" for name in PACKAGES]
    for program, argument in (("mosquitto", "-h"), (sys.executable.replace("python", "nats-server"), "--version")):
        path = shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin")
        if path is not None:
            done = subprocess.run([path, argument], capture_output=True, text=True, check=False)
            found.append((done.stdout or done.stderr).splitlines()[0])
    return ", ".join(found)


def median_s(work: Callable[[], object], runs: int = 9) -> float:
    """The median duration of `work`, after one run that does not count."""
    work()
    times = []
    for _ in range(runs):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return sorted(times)[runs // 2]


def at(ordered: Sequence[float], share: float) -> float:
    """The value that a share of an ascending, not empty sequence does not exceed (nearest rank)."""
    return ordered[max(math.ceil(share * len(ordered)), 1) - 1]
