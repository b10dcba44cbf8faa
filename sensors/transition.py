"""A transition: a datastream's move up or down a level, or into or out of silence.  A fact, found by the detector."""

from enum import StrEnum

import msgspec


class Kind(StrEnum):
    """What moved."""

    RAISED = "raised"  # a level was reached
    RETURNED = "returned"  # a level is no longer held
    SILENT = "silent"  # nothing heard for too long
    HEARD = "heard"  # the datastream speaks again


class Cause(StrEnum):
    """Why the detector says so; the reason travels on to the operator."""

    CROSSED = "crossed"  # an observation reached or left the level
    STILL_HELD = "still_held"  # reached in the past (told as historical then), and a fresh observation still holds it
    CATALOGUE = "catalogue"  # the level changed under the value
    OVERDUE = "overdue"  # spoke before, and not within the allowed intervals
    NEVER_HEARD = "never_heard"  # in the catalogue, but no observation yet
    DEATH = "death"  # the device or its gateway said that it is gone: nobody waits for the allowed intervals
    SPOKE = "spoke"  # an observation ended the silence


class Transition(msgspec.Struct, frozen=True, kw_only=True):
    """One transition.  Level fields are empty, 0 or None for silence.

    `time_us` is the crossing observation's phenomenon time (for silence: the moment it fell due), `at_us` the receive
    time at which it was found.  `historical`: the crossing lies too far in the past to be news (listed, never sounded).
    """

    datastream: int
    kind: Kind
    cause: Cause
    level: str = ""
    rank: int = 0
    severity: int = 0
    limit: float | None = None
    time_us: int
    at_us: int
    value: float | None = None
    quality: int = 2
    origin: int = 0
    historical: bool = False
