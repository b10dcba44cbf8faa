"""The city as the gateway puts it in force: read from its folder, numbered, kept where a row went bad."""

import logging
from dataclasses import dataclass, replace

from gateway.address_book import AddressBook
from gateway.formats import make_format
from gateway.log.writer import LogWriter
from gateway.subscription import why_unusable
from sensors.broker_address import broker_address
from sensors.catalogue import Catalogue
from sensors.city import city_folder, load_city, read_retired
from sensors.errors import CatalogueError, SettingsError
from sensors.keeping import keep_last_good
from sensors.pace import at_pace
from sensors.quality_tests.limits import neighbour_faults
from sensors.tables import Fault

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
    retired = read_retired(city_folder(city))[1]
    neighbours = tuple(
        Fault("datastreams.csv", 0, "neighbour", f"{name}: {reason}") for name, reason in neighbour_faults(catalogue)
    )
    return catalogue, (*faults, *retired, *neighbours, *_ingest_faults(catalogue), *_source_faults(catalogue))


def put_in_force(
    city: str, writer: LogWriter, previous: Catalogue | None, now_us: int, pace: float = 1.0
) -> CityInForce:
    """Read the city and write its catalogue into the log, for rivers that move `pace` times as fast as life.

    A row that stood in `previous` and is faulty or gone keeps its last good version until it is mended or retired by
    name.  Raises CatalogueError where the city cannot be used at all, or is another city than the log's.
    """
    catalogue, faults = checked(city)
    catalogue = at_pace(catalogue, pace)
    if previous is not None:
        retired, _ = read_retired(city_folder(city))
        catalogue, kept = keep_last_good(at_pace(previous, pace), catalogue, retired)
        faults += kept
    for fault in faults:
        _log.warning("city %s: %s", catalogue.city.code, fault)
    numbers = writer.numbers((d.station, d.property, d.unit) for d in catalogue.datastreams)
    catalogue = catalogue.numbered(numbers)
    return CityInForce(catalogue, writer.install_catalogue(catalogue, now_us), faults)


def reread(city: str, writer: LogWriter, present: CityInForce, now_us: int, pace: float) -> CityInForce:
    """The city's files in force; where they cannot be used at all, `present` as `kept_in_force` keeps it."""
    try:
        return put_in_force(city, writer, present.catalogue, now_us, pace)
    except CatalogueError as error:
        _log.error("the city is not reloaded, the present one stays: %s", error)
        return kept_in_force(present, error, writer, now_us, pace)


def kept_in_force(
    previous: CityInForce, error: CatalogueError, writer: LogWriter, now_us: int, pace: float
) -> CityInForce:
    """The catalogue that was in force, since the city's files cannot be used; `error` is told as their fault.

    The water does not wait for the files to be mended: where it moves at another pace now, so is the city judged.
    """
    fault = Fault("city.toml", 0, "", str(error))
    faults = previous.faults if fault in previous.faults else (*previous.faults, fault)
    catalogue = at_pace(previous.catalogue, pace)
    if catalogue is previous.catalogue:
        return replace(previous, faults=faults)
    return CityInForce(catalogue, writer.install_catalogue(catalogue, now_us), faults)


def _ingest_faults(catalogue: Catalogue) -> tuple[Fault, ...]:
    """Ingest rules that this version cannot follow."""
    places = {(d.station, d.property, d.unit): place for place, d in enumerate(catalogue.datastreams)}
    book = AddressBook(catalogue.numbered(places))  # any numbers do: nothing is stored under them
    reasons = []
    for rule in catalogue.city.ingest:
        try:
            make_format(rule, book)
        except CatalogueError as error:
            reasons.append(f"{rule.filter}: {error}")
            continue
        if why := why_unusable(rule.filter):
            reasons.append(f"{rule.filter}: {why}")
    return tuple(Fault("city.toml", 0, "ingest", reason) for reason in reasons)


def _source_faults(catalogue: Catalogue) -> tuple[Fault, ...]:
    """Sources that cannot be listened to as they are written down."""
    reasons = []
    for source in catalogue.city.sources:
        try:
            address = broker_address(source.url)
        except SettingsError as error:
            reasons.append(f"{source.name}: {error}")
            continue
        files = (source.ca_file, source.cert_file, source.key_file, source.server_name)
        if any(files) and not address.tls:
            reasons.append(f"{source.name}: certificates and server_name are for mqtts://, got {address.url}")
        if source.password_env and source.password_file:
            reasons.append(f"{source.name}: expected password_env or password_file, got both")
    return tuple(Fault("city.toml", 0, "sources", reason) for reason in reasons)
