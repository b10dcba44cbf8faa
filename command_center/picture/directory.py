"""The catalogue in force, ordered and indexed as wall and API ask for it."""

from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sensors.catalogue import Catalogue, Datastream
from sensors.health_kinds import is_health
from sensors.sharing import Audience, may_see
from sensors.transition import Transition

# What these compute is shown with the datastream it tells of, or is only a step on the way to another.  What has levels
# of its own can raise an alarm, and must be found.
HELPER_METHODS: Final = frozenset({"rate", "eta", "mean", "ispu", "dominant"})


def is_helper(datastream: Datastream) -> bool:
    """Whether the wall gives a datastream no row of its own; API, history and chart have it like any other."""
    derivation = datastream.derivation
    return derivation is not None and derivation.method in HELPER_METHODS and not datastream.levels


def is_projected(datastream: Datastream | None) -> bool:
    """Whether a datastream tells of a time to come."""
    return datastream is not None and datastream.derivation is not None and datastream.derivation.method == "eta"


class Directory:
    """Datastreams that have a number, in the catalogue's order.

    `index` has those that the wall shows, by number: `i` of its deltas.  What a device tells of its own health is not
    among them.  `watched` is what stands in the field and measures: neither derived from others nor such a thing;
    `watched_ids` has their numbers by id.
    """

    def __init__(self, catalogue: Catalogue, version: int, retired: Iterable[Datastream] = ()) -> None:
        self.catalogue = catalogue
        self.version = version
        numbered = catalogue.datastream_by_number
        self.datastreams = tuple(numbered.values())
        shown = (number for number, datastream in numbered.items() if not is_health(datastream.kind))
        self.index = {number: i for i, number in enumerate(shown)}
        self._place = np.full(max(self.index, default=-1) + 1, -1, np.int64)  # the same by number; -1 = not shown
        self._place[list(self.index)] = list(self.index.values())
        self.watched = tuple(d for d in self.datastreams if d.derivation is None and not is_health(d.kind))
        self.watched_ids = {d.id: d.number for d in self.watched}
        self._named = {d.number: d for d in retired} | dict(numbered)

    def on_wall(self, numbers: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Those of `numbers` that the wall shows, in their order, and the place of each there."""
        known = numbers[numbers < len(self._place)]
        place = self._place[known]
        return known[place >= 0], place[place >= 0]

    @property
    def all_named(self) -> Iterable[Datastream]:
        """Every datastream whose name is known, retired ones too."""
        return self._named.values()

    def knows(self, number: int) -> bool:
        """Whether the name of a datastream is known."""
        return number in self._named

    def name(self, number: int) -> Datastream:
        """A datastream by number, in force or retired; KeyError where it was never named."""
        return self._named[number]

    def shows(self, datastream_id: str, audience: Audience) -> bool:
        """Whether an audience may see a datastream; of one that is no longer in force only our own may."""
        datastream = self.catalogue.datastream_by_id.get(datastream_id)
        return audience is Audience.INTERNAL or (datastream is not None and may_see(datastream.sharing, audience))

    def shows_number(self, number: int, audience: Audience) -> bool:
        """The same by number."""
        return audience is Audience.INTERNAL or (self.knows(number) and self.shows(self.name(number).id, audience))

    def remembering(self, catalogue: Catalogue) -> "Directory":
        """The same directory that also names the datastreams of an older catalogue."""
        return Directory(self.catalogue, self.version, (*catalogue.datastream_by_number.values(), *self.all_named))

    def is_illustrative(self, transition: Transition) -> bool:
        """Whether the city itself says that the level of a transition is made up."""
        levels = [level for level in self.name(transition.datastream).levels if level.level == transition.level]
        versions = [level for level in levels if level.value == transition.limit] or levels
        return any(level.is_illustrative for level in versions)
