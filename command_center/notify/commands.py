"""`siaga notify`.  Light: what it needs is imported when it runs."""

import asyncio
import sys
from argparse import ArgumentParser, Namespace

from sensors.command import Command
from sensors.settings import Settings


def _arguments(parser: ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    test = actions.add_parser("test", help="send a contact a message that says that it is a test, by each of its ways")
    test.add_argument("contact", metavar="CONTACT", help="its id in contacts.csv")
    test.add_argument("--city", metavar="DIR|NAME", help="a built-in city or a city's folder")


def _run(arguments: Namespace, settings: Settings) -> int:
    """0: every way took it; 1: one did not, or there is no such contact."""
    from command_center.clock import now_us
    from command_center.notify.trial import try_contact
    from sensors.city import city_folder, load_city

    city = arguments.city or settings.city
    catalogue, _ = load_city(city)
    contact = next((one for one in catalogue.contacts if one.contact == arguments.contact), None)
    if contact is None:
        known = ", ".join(one.contact for one in catalogue.contacts) or "none"
        sys.stderr.write(f"contacts.csv of {city} has no {arguments.contact!r}; known are {known}\n")
        return 1
    tried = asyncio.run(try_contact(contact, catalogue, city_folder(city), now_us()))
    for target, delivery in tried.items():
        sys.stdout.write(f"{target}: {delivery.result} {delivery.detail}".rstrip() + "\n")
    return 0 if all(delivery.result == "sent" for delivery in tried.values()) else 1


NOTIFY = Command("try the ways by which people are told", _arguments, _run)
