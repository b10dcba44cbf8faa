"""What a replay makes of a recording: its rows under other names, and what is in it."""

from dataclasses import dataclass, field
from pathlib import Path

from sensors.recording import Sample, Skipped, read_recording
from sensors.tables import IDENTIFIER


@dataclass(frozen=True, slots=True)
class Renaming:
    """New names for stations and variables; `all_variables` is the new name of whatever variable there is."""

    stations: dict[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    all_variables: str = ""

    def apply(self, sample: Sample) -> Sample | Skipped:
        """The sample under its new names, or why there is no topic for them."""
        station = self.stations.get(sample.station, sample.station)
        variable = self.all_variables or self.variables.get(sample.variable, sample.variable)
        for name, what in ((station, "station"), (variable, "variable")):
            if not IDENTIFIER.fullmatch(name):
                return Skipped(sample.line, f"the {what} is no id (letters, digits, _ and -, at most 64): rename it")
        return sample._replace(station=station, variable=variable)


@dataclass(slots=True)
class Contents:
    """What a first reading of the file found: rows that can be replayed, their newest time, their names."""

    samples: int = 0
    last_us: int | None = None
    stations: set[str] = field(default_factory=set)
    variables: set[str] = field(default_factory=set)


def survey(path: Path) -> Contents:
    """Read the whole recording once, to know its size, newest time and names; RecordingError if it is not one."""
    contents = Contents()
    for row in read_recording(path):
        if isinstance(row, Sample):
            contents.samples += 1
            contents.last_us = row.time_us if contents.last_us is None else max(contents.last_us, row.time_us)
            contents.stations.add(row.station)
            contents.variables.add(row.variable)
    return contents
