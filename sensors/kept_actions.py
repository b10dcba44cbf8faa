"""Standing actions on reload: one that vanished from actions.csv is kept while its datastream still has its level."""

from collections.abc import Collection, Sequence

from sensors.catalogue import Catalogue, Datastream, StandingAction
from sensors.tables import Fault


def with_actions(
    old: Catalogue, new: Catalogue, datastreams: Sequence[Datastream], gone: Collection[str]
) -> tuple[tuple[StandingAction, ...], tuple[Fault, ...]]:
    """The actions of `new` and those of `old` that vanished, with a fault for each of these.

    `datastreams` are those in force after the reload; `gone` are names retired, in lower case.
    """
    levels = {d.id.casefold(): {level.level for level in d.levels} for d in datastreams}
    there = {action.key.casefold() for action in new.actions}
    kept = [
        action
        for action in old.actions
        if action.key.casefold() not in there
        and not {action.key.casefold(), action.datastream.casefold()} & set(gone)
        and action.level in levels.get(action.datastream.casefold(), ())
    ]
    why = "is no longer in actions.csv; its last good version is kept: mend the row or name it in retired.csv"
    faults = tuple(Fault("actions.csv", 0, "", f"{action.key} {why}") for action in kept)
    return (*new.actions, *kept), faults
