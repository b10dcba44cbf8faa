"""How many minutes people need for a level: what the minutes that are left are held against."""

from collections import defaultdict
from collections.abc import Iterable

from command_center.actions.action import Action
from sensors.catalogue import StandingAction


def needed_min(
    actions: Iterable[StandingAction], datastream: str, level: str, opened: Iterable[Action] = ()
) -> float | None:
    """Minutes until everything that a level of a datastream asks for is done; None where it asks for nothing.

    The actions of one agency (OPD) are done one after the other, those of several side by side: the longest sum counts.
    `opened` are the open ones: what is done needs no minutes any more, and 0.0 says that all of it is.
    """
    wanted = [row for row in actions if (row.datastream, row.level) == (datastream, level)]
    done = {action.key for action in opened if action.is_open and action.done is not None}
    minutes: defaultdict[str, float] = defaultdict(float)
    for row in wanted:
        minutes[row.opd] += 0.0 if row.key in done else row.takes_min
    return max(minutes.values()) if wanted else None
