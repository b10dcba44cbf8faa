"""The city as the gateway puts it in force: read from its folder, numbered, kept where a row went bad."""

import logging
from dataclasses import dataclass
from typing import Final

from gateway.formats import FORMATS
from gateway.log.writer import LogWriter
from sensors.catalogue import Catalogue
from sensors.city import city_folder, load_city, read_retired
from sensors.keeping import keep_last_good
from sensors.tables import Fault

SUBSCRIBED: Final = "telemetry/"

_log = logging.getLogger("gateway.city")


@dataclass(frozen=True, slots=True)
class CityInForce:
    """A numbered catalogue, its version in the log, and what is wrong with the city's files."""

    catalogue: Catalogue
    version: int
    faults: tuple[Fault, ...]


def checked(city: str) -> tuple[Catalogue, tuple[Fault, ...]]:
    """The city's catalogue, not numbered, and every fault of its files.  CatalogueError where it cannot be used."""
    catalogue, faults = load_city(city)
    return catalogue, (*faults, *read_retired(city_folder(city))[1], *_ingest_faults(catalogue))


def put_in_force(city: str, writer: LogWriter, previous: Catalogue | None, now_us: int) -> CityInForce:
    """Read the city and write its catalogue into the log.

    A row that stood in `previous` and is faulty or gone keeps its last good version until it is mended or retired by
    name.  Raises CatalogueError where the city cannot be used at all, or is another city than the log's.
    """
    catalogue, faults = checked(city)
    if previous is not None:
        retired, _ = read_retired(city_folder(city))
        catalogue, kept = keep_last_good(previous, catalogue, retired)
        faults += kept
    for fault in faults:
        _log.warning("city %s: %s", catalogue.city.code, fault)
    numbers = writer.numbers((d.station, d.property, d.unit) for d in catalogue.datastreams)
    catalogue = catalogue.numbered(numbers)
    return CityInForce(catalogue, writer.install_catalogue(catalogue, now_us), faults)


def _ingest_faults(catalogue: Catalogue) -> tuple[Fault, ...]:
    """Ingest rules that this version cannot follow."""
    known = ", ".join(sorted(FORMATS))
    reasons = []
    for rule in catalogue.city.ingest:
        if rule.format not in FORMATS:
            reasons.append(f"{rule.filter}: expected a format of {known}, got {rule.format!r}")
        elif not rule.filter.startswith(SUBSCRIBED):
            reasons.append(f"{rule.filter}: expected a filter under {SUBSCRIBED}, nothing else is subscribed")
    return tuple(Fault("city.toml", 0, "ingest", reason) for reason in reasons)
