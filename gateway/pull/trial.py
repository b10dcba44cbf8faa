"""A pull source tried out by hand: what stands in the page, what would be published, and what the catalogue lacks."""

import asyncio
import sys
import time
from pathlib import Path

import msgspec

from gateway.errors import PullError
from gateway.letter_view import printable
from gateway.pull.addresses import Addresses, addresses_of
from gateway.pull.fetch import Version, client, fetch
from gateway.pull.page import Page, read_page
from gateway.pull.puller import Puller
from sensors.catalogue import Catalogue
from sensors.city import city_folder, load_city
from sensors.pull_source import Pull
from sensors.times import rfc3339

MAX_SHOWN = 50


def list_pulls(city: str) -> int:
    """Print the pull sources of a city; 0."""
    catalogue, faults = load_city(city)
    for fault in faults:
        if fault.column == "pulls":
            print(fault, file=sys.stderr)
    for pull in catalogue.city.pulls:
        print(f"{pull.name}  {pull.format}  every {pull.period_s:g} s  {pull.shown_url}")
    if not catalogue.city.pulls:
        print(f"{catalogue.city.code} has no [[pulls]] in city.toml (docs/pull-sources.md)")
    return 0


def try_once(city: str, name: str, file: Path | None) -> int:
    """Fetch a pull source's page, or read it from a file, and print what would be published; 0 where something would.

    PullError says what is wrong with the page, and where.
    """
    catalogue, faults = load_city(city)
    pull = next((pull for pull in catalogue.city.pulls if pull.name.casefold() == name.casefold()), None)
    if pull is None:
        known = ", ".join(pull.name for pull in catalogue.city.pulls) or "none"
        reasons = "".join(f"; {fault}" for fault in faults if fault.column == "pulls")
        raise PullError(f"no pull {name!r} in {catalogue.city.code}, known are {known}{reasons}")
    body, charset = _page_of(pull, city_folder(city), file)
    page = read_page(pull, body, charset, addresses := addresses_of(catalogue))
    _print_readings(pull, page)
    _print_rest(pull, page, catalogue, addresses)
    return 0 if page.pulled else 1


def _page_of(pull: Pull, folder: Path, file: Path | None) -> tuple[bytes, str]:
    if file is not None:
        try:
            return file.read_bytes(), ""
        except OSError as error:
            raise PullError(f"{file}: {error.strerror}") from error

    async def work() -> tuple[bytes, str]:
        async with client(pull, folder) as http:
            fetched = await fetch(http, pull, folder, Version())
            return fetched.body or b"", fetched.charset

    return asyncio.run(work())


def _print_readings(pull: Pull, page: Page) -> None:
    now_us = time.time_ns() // 1000
    puller = Puller(pull, Path(), Path(), _nowhere, lambda: now_us)  # never run: it knows how readings are written
    for pulled in page.pulled[:MAX_SHOWN]:
        payload = msgspec.json.encode(puller.element(pulled, rfc3339(now_us))).decode()
        print(printable(f"telemetry/{pulled.target} {payload}"))
    if len(page.pulled) > MAX_SHOWN:
        print(f"… and {len(page.pulled) - MAX_SHOWN} more")


def _print_rest(pull: Pull, page: Page, catalogue: Catalogue, addresses: Addresses) -> None:
    print(
        f"{page.records} records, {len(page.pulled)} readings of {len({p.target for p in page.pulled})} datastreams,"
        f" {page.without_time} values without a time"
    )
    if page.without_time:
        print(f'where a record has no time, `time = "fetched"` takes the moment of the fetch; now it is {pull.time!r}')
    if page.unknown:
        print(f"devices that no row of {catalogue.city.code} names (columns device and field of datastreams.csv):")
    for name, fields in list(page.unknown.items())[:MAX_SHOWN]:
        print(printable(f"  {name}: {', '.join(fields)[:200]}"))
    fields_of_pull = {path for fields in addresses.values() for path in fields}
    if not page.pulled and not page.unknown:
        print(f"no record has a device at {pull.device!r}; fields in use: {', '.join(sorted(fields_of_pull))[:200]}")


async def _nowhere(_topic: str, _payload: bytes) -> None:
    raise PullError("a trial publishes nothing")
