"""`make torture`: what `tests.torture.strikes` does, over all scenes.

`python -m tests.torture [--faults N] [--scenes nats mosquitto run] [--seed N] [--pause-s S]`
"""

import argparse
import random
import sys
import tempfile
from pathlib import Path

from tests.bench.machine import machine
from tests.torture.strikes import RATES, torture


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faults", type=int, default=102)
    parser.add_argument("--scenes", nargs="*", choices=tuple(RATES), default=tuple(RATES))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pause-s", type=float, default=2.0)
    it = parser.parse_args()
    print(machine())
    chance = random.Random(it.seed)
    each = -(-it.faults // len(it.scenes))
    verdicts = []
    for name in it.scenes:
        with tempfile.TemporaryDirectory(prefix="siaga-torture-") as folder:
            verdicts.append(torture(name, each, RATES[name], chance, it.pause_s, Path(folder)))
    return 1 if any(verdict.missing or verdict.wrong for verdict in verdicts) else 0


if __name__ == "__main__":
    sys.exit(main())
