"""What a worker asks of the rest: alarms as they are now, contacts and addresses, links that acknowledge, the time."""

import asyncio
import contextlib
import os
from collections.abc import Callable
from pathlib import Path

from command_center.errors import OperationsError
from command_center.notify.address import NoAddress, read_address, way_to
from command_center.notify.answering import Answering, Story
from command_center.notify.links import Links
from command_center.notify.notice import Notice
from command_center.notify.outbox import Outbox
from command_center.notify.way import Way
from sensors.catalogue import Catalogue
from sensors.city import city_folder
from sensors.contacts import Contact
from sensors.errors import CatalogueError


class DeskLink:
    """The same for all workers."""

    def __init__(self, answering: Answering, outbox: Outbox, links: Links, city: str, clock: Callable[[], int]) -> None:
        self._answering, self._outbox, self._links, self._city = answering, outbox, links, city
        self.now_us = clock
        self._ways: dict[str, tuple[str, Way]] = {}  # by target: its address, which may change, and the way to it

    async def story(self, notice: Notice) -> Story | None:
        """The notice's alarm or trouble as it is now; None for a test, and where operations.db cannot say."""
        if not notice.alarm_id:
            return None
        with contextlib.suppress(OperationsError):  # the message says what the notice knows
            return await self._answering.find(notice.alarm_id)
        return None

    def catalogue(self) -> Catalogue:
        """The one in force; a worker has notices only once there is one."""
        book = self._outbox.book
        assert book is not None, "a notice without a catalogue"  # noqa: S101 - a mistake of ours, not of the data
        return book.catalogue

    def contact(self, name: str, target: str) -> Contact | None:
        """The contact of that name if it still has the target, else another that has it."""
        contacts = self.catalogue().contacts
        having = [contact for contact in contacts if target in contact.urls]
        return next((contact for contact in having if contact.contact == name), having[0] if having else None)

    async def addresses(self) -> dict[str, str]:
        """The addresses of all contacts that can be read, by target; none before there is a catalogue."""
        return (await asyncio.to_thread(self._read_all, self._targets()))[0]

    async def without_address(self) -> dict[str, str]:
        """Why the addresses of contacts that cannot be read cannot, by target."""
        return (await asyncio.to_thread(self._read_all, self._targets()))[1]

    def _targets(self) -> list[str]:
        book = self._outbox.book
        return [] if book is None else [url for contact in book.catalogue.contacts for url in contact.urls]

    def _read_all(self, targets: list[str]) -> tuple[dict[str, str], dict[str, str]]:
        found: dict[str, str] = {}
        faults: dict[str, str] = {}
        for target in targets:
            try:
                found[target] = self._read(target)
            except NoAddress as error:
                faults[target] = str(error)
        return found, faults

    def link(self, notice: Notice) -> str:
        """A link that acknowledges; empty where there is none to be had."""
        return self._links.link(notice, self.now_us()) if notice.alarm_id else ""

    def token(self, notice: Notice) -> str:
        """What a button sends back; at most 64 bytes."""
        return self._links.button(notice)

    async def way(self, target: str) -> Way | NoAddress:
        """The way out to a target, made anew where its address changed; or why there is none."""
        try:
            address = await asyncio.to_thread(self._read, target)
            known = self._ways.get(target)
            if known is None or known[0] != address:
                if known is not None:
                    await known[1].close()
                known = self._ways[target] = (address, await asyncio.to_thread(way_to, target, address))
        except NoAddress as error:
            return error
        return known[1]

    async def close(self) -> None:
        """Let go of every way."""
        for _, way in self._ways.values():
            await way.close()
        self._ways.clear()

    def _read(self, target: str) -> str:
        try:
            folder = city_folder(self._city)
        except CatalogueError:
            folder = Path()
        return read_address(target, folder, os.environ)
