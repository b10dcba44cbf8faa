"""Listening to the warnings of others: each `[[cap_feeds]]` has a task of its own, and says when it fails."""

import asyncio
import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import httpx
import msgspec

from command_center.alerts.incoming import IncomingView, Key, is_usable, kept, key_of, links_of, views
from command_center.alerts.message import Alert
from command_center.alerts.read import MAX_BYTES, from_xml
from command_center.alerts.writer import Writer
from command_center.clock import now_us
from command_center.errors import CapError
from gateway.errors import PullError
from gateway.pull.fetch import Version, client, fetch
from sensors.city import city_folder
from sensors.errors import CatalogueError
from sensors.pull_source import FETCHED, Pull
from sensors.times import rfc3339
from sensors.warning_rules import CapFeed

MAX_FETCHES: Final = 30  # messages fetched in one round; the rest comes in the next
MAX_FILES: Final = 100
LOOK_S: Final = 1.0  # how often the catalogue is asked which feeds there are
_COMPLAIN_EVERY: Final = 20

_log = logging.getLogger("command_center.alerts")


class FeedState(msgspec.Struct, frozen=True, kw_only=True):
    """How a feed fares."""

    name: str
    source: str  # its address without a query, or its file
    credit: str
    last_success: str | None
    failures: int  # in a row
    error: str  # of the newest round; "" = it was read whole
    messages: int
    refused: int  # that were no CAP message, ever
    left_out: int  # links of the newest round that were not followed


class IncomingList(msgspec.Struct, frozen=True, kw_only=True):
    """The messages of all feeds, and how each feed fares."""

    items: list[IncomingView]
    next: str | None
    feeds: list[FeedState]


class FeedReader:
    """One feed: what it said last, and how it fares."""

    def __init__(self, feed: CapFeed, folder: Path) -> None:
        self.feed, self._folder = feed, folder
        self._alerts: dict[Key, Alert] = {}
        self._known: set[str] = set()  # links that are read, or refused
        self._version = Version()
        self._links: list[str] = []
        self._last_success_us: int | None = None
        self._failures = self._refused = self._left_out = 0
        self._error = ""

    def state(self) -> FeedState:
        """How it fares."""
        return FeedState(
            name=self.feed.name,
            source=self.feed.url.partition("?")[0] or self.feed.file,
            credit=self.feed.credit,
            last_success=None if self._last_success_us is None else rfc3339(self._last_success_us),
            failures=self._failures,
            error=self._error,
            messages=len(self._alerts),
            refused=self._refused,
            left_out=self._left_out,
        )

    def shown(self, at_us: int) -> list[IncomingView]:
        """Its messages, the newest first."""
        return views(self.feed.name, self._alerts.values(), at_us)

    async def run(self) -> None:
        """Read for ever."""
        while True:
            wait_s = await self.read(now_us())
            await asyncio.sleep(max(wait_s, self.feed.every_s))

    async def read(self, at_us: int) -> float:
        """Read once; for how many seconds the server wants to be left alone."""
        wait_s = 0.0
        try:
            if self.feed.file:
                self._keep(await asyncio.to_thread(self._from_files), at_us)
            else:
                await self._from_page(at_us)
        except (PullError, CapError, OSError) as error:
            wait_s = (error.retry_after_s or 0.0) if isinstance(error, PullError) else 0.0
            if self._failures % _COMPLAIN_EVERY == 0:
                _log.warning("CAP feed %s: %s", self.feed.name, error)
            self._failures, self._error = self._failures + 1, str(error)
        else:
            self._failures, self._error, self._last_success_us = 0, "", at_us
        return wait_s

    def _from_files(self) -> list[Alert]:
        path = self._folder / self.feed.file
        files = [path]
        if path.is_dir():
            found = sorted(one for one in path.iterdir() if one.suffix in (".xml", ".cap"))
            files, self._left_out = found[:MAX_FILES], max(0, len(found) - MAX_FILES)
        marks = {file: f"{file} {file.stat().st_mtime_ns}" for file in files}
        self._known &= {*marks.values()}
        alerts = []
        for file, mark in marks.items():
            with file.open("rb") as opened:
                alert = self._parsed(opened.read(MAX_BYTES + 1), file.name, mark)
            alerts += [] if alert is None else [alert]
        return alerts

    async def _from_page(self, at_us: int) -> None:
        pull = self._pull(self.feed.url)
        async with client(pull, self._folder) as http:
            page = await fetch(http, pull, self._folder, self._version)
            if page.body is not None:
                body = page.body
                if b"urn:oasis:names:tc:emergency:cap" in body[:2_000] and b"<alert" in body[:2_000]:
                    alert = await asyncio.to_thread(from_xml, body)
                    self._keep([alert], at_us)
                else:
                    found = await asyncio.to_thread(links_of, body, page.charset, self.feed.url)
                    self._links, self._left_out = found
                self._version = page.version
            await self._follow(http, at_us)

    async def _follow(self, http: httpx.AsyncClient, at_us: int) -> None:
        """Fetch the messages that are not known yet."""
        self._known &= {*self._links}
        new = [link for link in self._links if link not in self._known]
        failed = ""
        for link in new[:MAX_FETCHES]:
            pull = self._pull(link)
            try:
                page = await fetch(http, pull, self._folder, Version())
            except PullError as error:
                if error.retry_after_s is not None:
                    raise
                failed = f"{pull.shown_url}: {error}"
                continue
            alert = await asyncio.to_thread(self._parsed, page.body or b"", pull.shown_url, link)
            self._known.add(link)
            self._keep([] if alert is None else [alert], at_us)
        if failed:
            raise PullError(failed)

    def _parsed(self, body: bytes, where: str, mark: str) -> Alert | None:
        """The message; None, counted once, where it is none."""
        try:
            alert = from_xml(body)
            if is_usable(alert):
                return alert
            error: CapError | str = "it breaks the schema's rules: see `siaga cap check`"
        except CapError as refusal:
            error = refusal
        if mark not in self._known:
            self._known.add(mark)
            self._refused += 1
            _log.warning("CAP feed %s: %s is refused: %s", self.feed.name, where, error)
        return None

    def _keep(self, alerts: Iterable[Alert], at_us: int) -> None:
        known = self._alerts | {key_of(alert): alert for alert in alerts}
        self._alerts = {key_of(alert): alert for alert in kept(known.values(), at_us)}

    def _pull(self, url: str) -> Pull:
        """The page as the gateway's fetcher wants it told."""
        return Pull(
            name=self.feed.name, url=url, format="xml", device_name="cap", time=FETCHED, max_kib=MAX_BYTES // 1024
        )


class Listening:
    """Every feed of the catalogue in force."""

    def __init__(self, writer: Writer, city: str) -> None:
        self._writer, self._city = writer, city
        self._readers: dict[str, tuple[FeedReader, asyncio.Task[None]]] = {}

    async def run(self) -> None:
        """Listen for ever; what the city says otherwise after a reload is done otherwise."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                self._look(tasks)
                await asyncio.sleep(LOOK_S)

    def answer(self, at_us: int) -> IncomingList:
        """The messages of all feeds, the newest first, and how each feed fares."""
        readers = [reader for reader, _ in self._readers.values()]
        items = [view for reader in readers for view in reader.shown(at_us)]
        items.sort(key=lambda view: view.sent, reverse=True)
        return IncomingList(items=items, next=None, feeds=[reader.state() for reader in readers])

    def states(self) -> list[FeedState]:
        """How each feed fares."""
        return [reader.state() for reader, _ in self._readers.values()]

    def _look(self, tasks: asyncio.TaskGroup) -> None:
        catalogue = self._writer.catalogue
        if catalogue is None:
            return
        feeds = {feed.name: feed for feed in catalogue.city.cap_feeds}
        for name, (reader, task) in list(self._readers.items()):
            if feeds.get(name) != reader.feed:
                task.cancel()
                del self._readers[name]
        for name, feed in feeds.items():
            if name not in self._readers:
                reader = FeedReader(feed, _folder(self._city))
                self._readers[name] = reader, tasks.create_task(reader.run(), name=f"command_center.cap.{name}")


def _folder(city: str) -> Path:
    """The city's folder; where it is gone, files of feeds are looked for here."""
    try:
        return city_folder(city)
    except CatalogueError:
        return Path()
