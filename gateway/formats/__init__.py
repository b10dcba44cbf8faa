"""Payload formats: each a small module that reads one message into `Readings`."""

from collections.abc import Callable
from typing import Final

from gateway.address_book import AddressBook
from gateway.formats import native
from gateway.readings import Readings

# Reads message `index` (topic, payload) of a batch into readings; raises `Refused` for the whole message.
Format = Callable[[int, bytes, bytes, AddressBook, Readings], None]

FORMATS: Final[dict[str, Format]] = {"native": native.read}
