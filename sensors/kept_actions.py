"""Standing actions and actuators on reload: what vanished from its table is kept until it is retired by name."""

from collections.abc import Collection, Sequence

from sensors.actuator import Actuator
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


def with_actuators(
    old: Catalogue, new: Catalogue, gone: Collection[str]
) -> tuple[tuple[Actuator, ...], tuple[Fault, ...]]:
    """The actuators of `new` and those of `old` that vanished, with a fault for each of these.

    It is retired as `actuator:NAME`.  One whose station, area or datastream is gone is not kept: nothing
    would sound it.
    """
    there = {one.actuator.casefold() for one in new.actuators}
    kept = [
        one
        for one in old.actuators
        if one.actuator.casefold() not in there
        and f"actuator:{one.actuator}".casefold() not in gone
        and (one.station in new.station_by_id or one.area in new.area_by_code)
        and (not one.datastream or one.datastream in new.datastream_by_id)
    ]
    why = "is no longer in actuators.csv; its last good version is kept: mend the row or name it in retired.csv"
    names = (f"actuator:{one.actuator}" for one in kept)
    return (*new.actuators, *kept), tuple(Fault("actuators.csv", 0, "", f"{name} {why}") for name in names)
