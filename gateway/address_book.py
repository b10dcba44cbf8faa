"""Topics to datastreams: what a message's address means in the catalogue in force."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sensors.catalogue import Catalogue


@dataclass(frozen=True, slots=True)
class Target:
    """Where a value goes, and how its device writes time and unit."""

    number: int
    unit: str
    zone: ZoneInfo | None
    epoch_us: int  # microseconds in one unit of the device's epoch times


_EPOCH_US = {"us": 1, "ms": 1000, "s": 1_000_000}


class AddressBook:
    """Stations and their properties by the bytes of a topic; rebuilt when the catalogue changes."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.stations: dict[str, dict[str, Target]] = {s.station: {} for s in catalogue.stations}
        for datastream in catalogue.datastreams:
            self.stations[datastream.station][datastream.property] = Target(
                number=datastream.number,
                unit=datastream.unit,
                zone=ZoneInfo(datastream.zone) if datastream.zone else None,
                epoch_us=_EPOCH_US[datastream.epoch_unit],
            )
        self.by_topic: dict[bytes, Target] = {
            f"telemetry/{station}/{name}".encode(): target
            for station, targets in self.stations.items()
            for name, target in targets.items()
        }
