"""`python -m tests.oracle --cities 10000 [--seed N]`: random cities, judged by the detector and by the slow loop."""

import argparse
import sys
import time
from typing import Final

import numpy as np

from sensors.catalogue import Catalogue
from tests.oracle.agreement import parting, reduced
from tests.oracle.cities import Pick, a_city, at_random, with_count
from tests.oracle.happenings import Happening, Reload, a_life
from tests.oracle.report import report

ROWS: Final = (1, 3, 10, 40)
EVERY: Final = 500


def random_life(seed: int, city: int) -> tuple[Catalogue, list[Happening]]:
    """City number `city` of a seed: the same again each time, whatever came before it."""
    pick = at_random(np.random.default_rng([seed, city]))
    catalogue, life = a_city(pick), a_life(pick, pick((4, 8, 16)), ROWS)
    return with_count(pick, catalogue), [_counted(pick, happening) for happening in life]


def _counted(pick: Pick, happening: Happening) -> Happening:
    """A count in what is reloaded, too, most of the time."""
    if not isinstance(happening, Reload) or not pick((True, True, True, False)):
        return happening
    return Reload(with_count(pick, happening.catalogue))


def main() -> int:
    """0 where they agree, 1 at the first city where they do not."""
    parser = argparse.ArgumentParser(prog="python -m tests.oracle", description=__doc__)
    parser.add_argument("--cities", type=int, default=10_000, help="how many (default 10000)")
    parser.add_argument("--seed", type=int, default=4, help="which ones (default 4)")
    options = parser.parse_args()
    begin_s = time.monotonic()
    for city in range(options.cities):
        catalogue, life = random_life(options.seed, city)
        if parting(catalogue, life) is not None:
            print(f"city {city} of seed {options.seed}: detector and loop part, reduced to:")
            print(report(*reduced(catalogue, life)))
            return 1
        if (city + 1) % EVERY == 0:
            print(f"{city + 1} cities agree, {time.monotonic() - begin_s:.0f} s", flush=True)
    print(f"{options.cities} cities of seed {options.seed}: detector and loop agree")
    return 0


if __name__ == "__main__":
    sys.exit(main())
