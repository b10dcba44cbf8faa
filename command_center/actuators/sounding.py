"""Which alarm sounds an actuator by itself, and which siren sounds for nothing that a gauge shows: pure.

Nothing that is simulated, replayed or made up reaches an actuator: neither such a level nor such a row of the table.
The highest level waits for its release (a second reading, a neighbour, a person, or time unrefuted).
"""

from collections.abc import Iterable

from command_center.alarms.alarm import HIGHEST_SEVERITY, Alarm, Held
from sensors.actuator import Actuator
from sensors.catalogue import Catalogue


def sounded_by(actuator: Actuator, catalogue: Catalogue) -> frozenset[str]:
    """Ids of the datastreams that an actuator listens to."""
    if actuator.datastream:
        return frozenset({actuator.datastream})
    stations = {
        one.station
        for one in catalogue.stations
        if one.station == actuator.station or (actuator.area and actuator.area in (one.area, *one.affects))
    }
    return frozenset(one.id for one in catalogue.datastreams if one.station in stations)


def asking(actuator: Actuator, alarms: Iterable[Alarm], catalogue: Catalogue) -> Alarm | None:
    """The worst alarm that wants the actuator to sound; None where none does."""
    if actuator.is_illustrative or actuator.is_autonomous or not (actuator.level or actuator.severity):
        return None
    least = _least_rank(actuator, catalogue)
    wanting = [one for one in alarms if _asks(actuator, one, least)]
    listens_to = sounded_by(actuator, catalogue) if wanting else frozenset()  # the dear part, every second
    found = [one for one in wanting if one.datastream in listens_to]
    return max(found, key=lambda one: (one.severity, one.id), default=None)


def shown_by_gauges(actuator: Actuator, alarms: Iterable[Alarm], catalogue: Catalogue) -> bool:
    """Whether a gauge beside an autonomous siren shows anything that it could sound for."""
    listens_to = sounded_by(actuator, catalogue)
    return any(one.datastream in listens_to and any(not h.historical for h in one.held) for one in alarms)


def _asks(actuator: Actuator, alarm: Alarm, least_rank: int) -> bool:
    if alarm.historical or alarm.aside is not None or alarm.refutation is not None:
        return False
    counting = [held for held in alarm.held if _counts(alarm, held)]
    if actuator.level:
        return any(held.rank >= least_rank for held in counting)
    return any(held.severity >= (actuator.severity or 0) for held in counting)


def _counts(alarm: Alarm, held: Held) -> bool:
    """Whether a level that is held is one to wake people for."""
    if held.historical or held.exercise:
        return False
    return alarm.release is not None or (held.severity < HIGHEST_SEVERITY and not held.verify)


def _least_rank(actuator: Actuator, catalogue: Catalogue) -> int:
    datastream = catalogue.datastream_by_id.get(actuator.datastream)
    ranks = [] if datastream is None else [one.rank for one in datastream.levels if one.level == actuator.level]
    return min(ranks, default=2**31)
