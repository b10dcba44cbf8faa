"""The detector alone: a tick in which nothing is heard, and steady traffic of gauges with every rule: 20,000 a batch.

What batches take is CPU time: the detector has one thread and waits for nothing.
`python -m tests.bench.detector [--batches N]`
"""

import argparse
import gc
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from sensors.batch import Batch, empty_batch
from sensors.detector import judge, step
from sensors.rules import compile_rules
from sensors.state import fresh_state
from sensors.times import SECOND_US
from tests.bench.machine import machine, median_s
from tests.bench.many_gauges import BATCH, BEGIN_US, GaugeTraffic, gauges, repeated
from tests.bench.per_reading import numba_loop, python_loop

SIZE: Final = 5_000
MANY: Final = 1_000_000
FEW: Final = 1_000  # whose rules are compiled, and repeated for the many
WARM_UP: Final = 48  # batches, half an hour: the window of the trends
GROWTH: Final = 300  # batches
SCENARIOS: Final = (
    ("calm, uniform", 0.0, False),
    ("calm, 10 % in one", 0.1, False),
    ("storm, uniform", 0.0, True),
    ("storm, 10 % in one", 0.1, True),
)
PAGE_MIB: Final = 4096 / 2**20


class Run(NamedTuple):
    """Microseconds of CPU an observation of each batch, and what came of all of them."""

    us: list[float]
    transitions: int
    derived: int

    def told(self) -> str:
        """Mean, median, least and most."""
        mean, median = np.mean(self.us), np.median(self.us)
        return f"mean {mean:.3f}, median {median:.3f} ({min(self.us):.3f} to {max(self.us):.3f}) µs CPU an observation"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batches", type=int, default=90, help="measured of each kind")
    batches = parser.parse_args().batches
    print(machine())
    for size in (SIZE, MANY):
        print(tick(size), flush=True)
    print(f"batches of {BATCH:,} over {SIZE:,} gauges, a rate and a time to the next level derived from each:")
    for name, share, storm in SCENARIOS:
        run = steady(share, batches, storm=storm)
        many = f"a batch {run.derived // batches:,} derived, {run.transitions // batches:,} transitions"
        print(f"{name:18} {run.told()}; {many}", flush=True)
    print(
        "a loop over the readings: levels, rise limit, silence; `whole`: with flat line, memory, trend, rate, time left"
    )
    for name, share, storm in SCENARIOS:
        print(f"{name:18} {loops(share, batches, storm=storm)}", flush=True)
    print(growth())


def loops(share: float, count: int, *, storm: bool) -> str:
    """What loops over the readings take, in the mean."""
    peers = {
        "Python, whole": python_loop(SIZE, whole=True),
        "Python": python_loop(SIZE),
        "numba": numba_loop(SIZE),
    }
    told = [
        f"{kind} not installed" if made is None else f"{kind} {np.mean(looped(made, share, count, storm=storm)):.3f}"
        for kind, made in peers.items()
    ]
    return ", ".join(told) + " µs CPU an observation"


def tick(size: int) -> str:
    """A step in which nothing is heard and nothing falls due."""
    rules = compile_rules(gauges(min(size, FEW), derived=False), BEGIN_US)
    state = fresh_state(repeated(rules, size // rules.shape[0]), BEGIN_US)
    read = state.due_us
    copy = np.empty_like(read)
    copy_s = median_s(lambda: np.copyto(copy, read), 25)
    nothing = empty_batch()
    tick_s = median_s(lambda: step(state, nothing, BEGIN_US + SECOND_US), 25)
    what = f"np.copyto of what it reads (due_us, {read.nbytes / 1e6:.2f} MB)"
    return f"tick, {size:>9,} datastreams: {tick_s * 1e3:7.3f} ms, {tick_s / copy_s:5.1f} x {what}"


def sent(share: float, count: int, *, storm: bool) -> Iterator[Batch]:
    """So many batches."""
    traffic = GaugeTraffic(SIZE, share, storm=storm)
    return (traffic.next_batch() for _ in range(count))


def steady(share: float, count: int, *, storm: bool) -> Run:
    """Batch after batch, time going on."""
    state = fresh_state(compile_rules(gauges(SIZE), BEGIN_US), BEGIN_US)
    took_us, transitions, derived = [], 0, 0
    for number, batch in enumerate(sent(share, WARM_UP + count, storm=storm)):
        now_us = int(batch.receive_us[-1])
        began = time.process_time()
        judgement = judge(state, batch, now_us)
        lasted_s = time.process_time() - began
        state = judgement.state
        if number >= WARM_UP:
            took_us.append(lasted_s / BATCH * 1e6)
            transitions += len(judgement.transitions)
            derived += len(judgement.batch) - BATCH
    return Run(took_us, transitions, derived)


def looped(made: Callable[[Batch], Callable[[], object]], share: float, count: int, *, storm: bool) -> list[float]:
    """The same batches by a loop over readings; the first ones, when it is compiled, do not count."""
    took_us = []
    for number, batch in enumerate(sent(share, 4 + count, storm=storm)):
        work = made(batch)
        began = time.process_time()
        work()
        if number >= 4:
            took_us.append((time.process_time() - began) / BATCH * 1e6)
    return took_us


def growth() -> str:
    """Resident memory over many batches."""
    state = fresh_state(compile_rules(gauges(SIZE), BEGIN_US), BEGIN_US)
    resident = []
    for batch in sent(0.1, GROWTH, storm=True):
        state, _ = step(state, batch, int(batch.receive_us[-1]))
        resident.append(_resident_mib())
    gc.collect()
    tenth = [resident[GROWTH * part // 10 - 1] for part in (1, 2, 4, 6, 8, 10)]
    return f"resident after {GROWTH // 10} to {GROWTH} batches: " + ", ".join(f"{mib:.1f}" for mib in tenth) + " MiB"


def _resident_mib() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_MIB


if __name__ == "__main__":
    main()
