"""Reading `actuators.csv`: sirens and lamps, each with a place, topics that can be used, and a level that exists."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sensors.actuator import Actuator
from sensors.catalogue import Datastream
from sensors.errors import RowError
from sensors.tables import IDENTIFIER, Fault, Line, Unique, read_table, unknown

FILE: Final = "actuators.csv"
MAX_ACTUATORS: Final = 500  # of a city; a frame to every wall tells of all that are in trouble
MAX_TOPIC: Final = 256
MAX_PAYLOAD: Final = 2_000
MAX_WAIT_S: Final = 3_600


@dataclass(frozen=True, slots=True)
class Known:
    """What a row may refer to; `levels` are the names of each datastream's levels, by its id."""

    stations: Collection[str]
    areas: Collection[str]
    sources: Collection[str]
    datastreams: Mapping[str, Datastream]
    levels: Mapping[str, Collection[str]]


def read_actuators(folder: Path, known: Known, faults: list[Fault]) -> tuple[Actuator, ...]:
    """The usable rows in the table's order.  It may be absent."""
    names, topics = Unique(), Unique()

    def check(line: Line[Actuator]) -> Actuator:
        row = line.row
        if not IDENTIFIER.fullmatch(row.actuator):
            raise RowError("actuator", f"expected letters, digits, _ and -, at most 64, got {row.actuator!r}")
        _check_place(row, known)
        _check_topics(row)
        _check_waits(row)
        _check_trigger(row, known)
        names.add(row.actuator, "actuator", line.number)
        if not row.is_autonomous:
            topics.add(f"{row.broker} {row.set_topic} {row.payload_on}", "topic_set", line.number)
        return row

    rows = read_table(folder / FILE, Actuator, check, faults, required=False)
    if len(rows) > MAX_ACTUATORS:
        faults.append(Fault(FILE, 0, "", f"expected at most {MAX_ACTUATORS} actuators, got {len(rows)}"))
    return tuple(rows[:MAX_ACTUATORS])


def _check_place(row: Actuator, known: Known) -> None:
    if bool(row.station) == bool(row.area):
        raise RowError("station", "expected a station or an area, one of them")
    if row.station and row.station not in known.stations:
        raise RowError("station", unknown("station", row.station, known.stations))
    if row.area and row.area not in known.areas:
        raise RowError("area", unknown("area", row.area, known.areas))
    if row.broker and row.broker not in known.sources:
        raise RowError("broker", unknown("source", row.broker, known.sources))


def _check_topics(row: Actuator) -> None:
    if row.is_autonomous and not row.tells:
        raise RowError("topic_state", "it is neither told nor heard: expected a topic in one of the two")
    for column, topic, most in (
        ("topic_set", row.set_topic, MAX_TOPIC),
        ("topic_state", row.state_topic, MAX_TOPIC),
        ("payload_on", row.payload_on, MAX_PAYLOAD),
        ("payload_off", row.payload_off, MAX_PAYLOAD),
    ):
        if len(topic) > most:
            raise RowError(column, f"expected at most {most} characters, got {len(topic)}")
    for column, topic in (("topic_set", row.set_topic), ("topic_state", row.state_topic)):
        if any(sign in topic for sign in "+# ") or topic.startswith(("$", "/")):
            raise RowError(column, f"expected one topic without +, # and spaces, got {topic!r}")
    if row.state_on == row.state_off:
        raise RowError("state_off", f"expected another than state_on, got {row.state_off!r}")
    if not row.is_autonomous and row.payload_on == row.payload_off and "{set}" not in row.payload_on:
        raise RowError("payload_off", "expected another than payload_on, or {set} in both")


def _check_waits(row: Actuator) -> None:
    for column, wait_s in (("confirm_s", row.confirm_s), ("expires_s", row.expires_s)):
        if not 1 <= wait_s <= MAX_WAIT_S:
            raise RowError(column, f"expected 1 to {MAX_WAIT_S} (an hour), got {wait_s:g}")


def _check_trigger(row: Actuator, known: Known) -> None:
    if row.severity is not None and not 1 <= row.severity <= 4:
        raise RowError("severity", f"expected 1 to 4, got {row.severity}")
    if row.level and row.severity is not None:
        raise RowError("severity", "expected a level or a severity, not both")
    if row.level and not row.datastream:
        raise RowError("datastream", "is empty, and a level is of one datastream")
    if row.datastream and row.datastream not in known.datastreams:
        raise RowError("datastream", unknown("datastream", row.datastream, known.datastreams))
    levels = known.levels.get(row.datastream, ())
    if row.level and row.level not in levels:
        raise RowError("level", f"{unknown('level', row.level, levels)} of {row.datastream}")
