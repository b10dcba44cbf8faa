"""`siaga pull`: a pull source tried out by hand.  Light: what it needs is imported when it runs."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from sensors.command import Command
from sensors.settings import Settings


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--once", metavar="NAME", help="the pull of city.toml to try; without it all are listed")
    parser.add_argument("--dry-run", action="store_true", help="show what would be published; publish nothing")
    parser.add_argument("--file", type=Path, metavar="FILE", help="a page saved before, instead of fetching one")
    parser.add_argument("--city", metavar="DIR|NAME", help="a city's folder, or a built-in city")


def _pull(arguments: Namespace, settings: Settings) -> int:
    from gateway.pull.trial import list_pulls, try_once

    city = arguments.city or settings.city
    if not arguments.once:
        return list_pulls(city)
    if not arguments.dry_run:
        print("publishing is the gateway's work, every period; add --dry-run to see what it would publish")
        return 2
    return try_once(city, arguments.once, arguments.file)


PULL = Command("fetch a pull source once and show what would be published", _arguments, _pull)
