"""Transitions that the log holds and the detector does not find now, and the other way round."""

from collections.abc import Hashable, Sequence
from typing import Final

from sensors.detector import DETECTOR_VERSION
from sensors.times import rfc3339
from sensors.transition import Transition

FIRST: Final = 3  # so many are named in the line that says how many there are


class Differences:
    """What differs so far.  What matches is forgotten: it is as small as the two are alike.

    Transitions of this version of the detector are compared whole.  An older one may not know a column, and may have
    come upon a fact at another moment: there the same datastream, kind, cause, level, time and value are the same.
    """

    def __init__(self) -> None:
        self._open: dict[Hashable, list[tuple[bool, Transition]]] = {}  # those of one key are all stored or all found

    def compare(self, stored: Sequence[Transition], found: Sequence[Transition], version: int) -> None:
        """Take in those of the same rows, which version `version` of the detector wrote."""
        if stored == found:
            return
        for is_stored, transitions in ((True, stored), (False, found)):
            for transition in transitions:
                self._take(is_stored, transition, transition if version == DETECTOR_VERSION else _fact(transition))

    def _take(self, is_stored: bool, transition: Transition, key: Hashable) -> None:
        waiting = self._open.setdefault(key, [])
        if waiting and waiting[0][0] is not is_stored:
            waiting.pop(0)
        else:
            waiting.append((is_stored, transition))
        if not waiting:
            del self._open[key]

    @property
    def stored_only(self) -> list[Transition]:
        """Stored, and not found now; in the order in which they were found."""
        return self._of(is_stored=True)

    @property
    def found_only(self) -> list[Transition]:
        """Found now, and not stored; in order."""
        return self._of(is_stored=False)

    def _of(self, *, is_stored: bool) -> list[Transition]:
        every = (one for waiting in self._open.values() for stored, one in waiting if stored is is_stored)
        return sorted(every, key=lambda one: one.at_us)

    def __bool__(self) -> bool:
        return bool(self._open)

    def __str__(self) -> str:
        stored, found = self.stored_only, self.found_only
        first = [f"stored only: {brief(one)}" for one in stored[:FIRST]]
        first += [f"found only: {brief(one)}" for one in found[:FIRST]]
        return (
            f"{len(stored)} stored transitions are not found now, {len(found)} that are found are not stored"
            f" ({'; '.join(first)})"
        )


def brief(transition: Transition, name: str = "") -> str:
    """A transition in a few words; `name` of its datastream, else its number."""
    what = " ".join(filter(None, (transition.kind, transition.level)))
    value = "" if transition.value is None else f", value {transition.value:g}"
    past = ", historical" if transition.historical else ""
    who = name or f"datastream {transition.datastream}"
    return f"{who} {what} ({transition.cause}) at {rfc3339(transition.time_us)}{value}{past}"


def _fact(transition: Transition) -> Hashable:
    one = transition
    return one.datastream, one.kind, one.cause, one.level, one.time_us, one.value
