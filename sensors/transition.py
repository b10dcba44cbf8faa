"""A transition: a datastream's move up or down a level, into or out of silence, or into or out of doubt.

A fact, found by the detector, with its time, value, limit and reason.
"""

from enum import StrEnum

import msgspec


class Kind(StrEnum):
    """What moved."""

    RAISED = "raised"  # a level was reached
    RETURNED = "returned"  # a level is no longer held
    SILENT = "silent"  # nothing heard for too long
    HEARD = "heard"  # the datastream speaks again
    VERIFY = "verify"  # an observation below a held level that no river makes: look; the level stays
    CONFIRMED = "confirmed"  # a level that was reached in doubt (`verify`) is held by a good observation
    POSSIBLE = "possible"  # silent, and at the rate it was lost with it could have reached the level by now
    WAVE = "wave"  # what was reached upstream is expected here, came, did not come or cannot be seen
    REBASED = "rebased"  # its newest time lay ahead of our clock: it is judged from this observation on


class Cause(StrEnum):
    """Why the detector says so; the reason travels on to the operator."""

    CROSSED = "crossed"  # an observation reached or left the level
    DELAYED = "delayed"  # the on- or off-delay ran out
    STILL_HELD = (
        "still_held"  # reached in the past (told as historical then), and the newest observation still holds it
    )
    LATE = "late"  # found in observations that came after newer ones; always historical
    CATALOGUE = "catalogue"  # the level changed under the value
    BORNE_OUT = "borne_out"  # a fall in doubt was borne out by what followed
    OVERDUE = "overdue"  # spoke before, and not within the allowed intervals
    LOST_RISING = "lost_rising"  # the same, of a gauge that was rising when it was last heard
    NEVER_HEARD = "never_heard"  # in the catalogue, but no observation yet
    DEATH = "death"  # the device or its gateway said that it is gone: nobody waits for the allowed intervals
    SPOKE = "spoke"  # an observation ended the silence
    AFTER_GAP = "after_gap"  # doubt: the fall came after a time without observations
    TOO_FAST = "too_fast"  # doubt: the fall is faster than this river falls
    UNSEEN = "unseen"  # of `possible`: nobody has seen the gauge since; of a wave: its gauge is silent at `until_us`
    EXPECTED = "expected"  # of a wave: from `time_us` to `until_us`
    ON_TIME = "on_time"  # of a wave: within its window
    EARLY = "early"  # of a wave: at `time_us`, before its window, and held to its end
    CAME_LATE = "came_late"  # of a wave
    ABSENT = "absent"  # of a wave: not by `until_us`: a stuck gauge, a closed gate or a breach on the way
    CLOCK = "clock"  # of `rebased`


class Transition(msgspec.Struct, frozen=True, kw_only=True):
    """One transition.  Level fields are empty, 0 or None for silence.

    `time_us` is the crossing observation's phenomenon time (for silence: the moment it fell due; for a delay: the
    moment it ran out), `at_us` the receive time at which it was found.  `historical`: the crossing lies too far in the
    past to be news (listed, never sounded).
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
    verify: bool = False  # of `raised`: by an observation that is suspect or failed; "verify now" until `confirmed`;
    # of a wave: the raise upstream was such a one
    count: int = 0  # of `raised`: the how-manieth in a row, each within the city's chatter window of the one before
    rate_per_h: float | None = None  # of silence and `possible`: how fast it rose when it was lost, unit per hour
    other: int = -1  # of a wave: the datastream upstream
    until_us: int = 0  # of a wave
