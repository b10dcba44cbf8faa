"""Which methods there are, how many inputs each takes, and which columns of derived.csv."""

from typing import Final, NamedTuple

MAX_INPUTS: Final = 32  # of a method that computes from the newest values; more go through a sum of sums
MAX_HELD: Final = 1000  # of `holding`, which only counts
RATE: Final = "rate"  # at the points of the input's trend
ETA: Final = "eta"  # there, too
HOLDING: Final = "holding"  # made by the detector from what is held, not from observations
WINDOW_METHODS: Final = ("mean", "accumulation", "speed_ratio")  # from the observations of a window
SEAT_METHODS: Final = (
    "curve",
    "gate",
    "linear",
    "ispu",
    "ispu_max",
    "dominant",
    "los",
)  # from the newest of each input


class Method(NamedTuple):
    """What a row of derived.csv with this method says besides where it is."""

    least: int  # inputs
    most: int
    required: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()


_WINDOW: Final = Method(1, 1, frozenset({"window_s"}), frozenset({"completeness"}))

METHODS: Final = {
    RATE: Method(1, 1, optional=frozenset({"bound"})),
    ETA: Method(1, 1, optional=frozenset({"bound"})),
    "curve": Method(1, 1, frozenset({"curve"})),
    "gate": Method(2, MAX_INPUTS, frozenset({"weights", "constant"})),
    "linear": Method(1, MAX_INPUTS, optional=frozenset({"weights", "constant"})),
    "mean": _WINDOW,
    "accumulation": _WINDOW,
    "speed_ratio": Method(1, 1, frozenset({"window_s"}), frozenset({"completeness", "constant"})),
    "ispu": Method(1, 1, optional=frozenset({"curve"})),
    "ispu_max": Method(1, MAX_INPUTS),
    "dominant": Method(1, MAX_INPUTS),
    "los": Method(1, 3, optional=frozenset({"weights", "constant"})),
    HOLDING: Method(1, MAX_HELD, optional=frozenset({"severity"})),
}
