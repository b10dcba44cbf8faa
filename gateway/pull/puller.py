"""One pull source at work: fetch, read, publish what is new, wait; and how it fares.

A page that has not changed, and a reading whose time was in the page before, are not fresh and are not published again,
unless the city has `repeat_s`.
What is published is the value as it stands in the page: ingest converts it, once, like any device's.
"""

import asyncio
import hashlib
import logging
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from gateway.errors import BrokerError, PullError
from gateway.letter_view import printable
from gateway.pull.addresses import Addresses
from gateway.pull.page import Page, Pulled, read_page
from gateway.status import PullStatus
from sensors.pull_source import FETCHED, Pull
from sensors.times import SECOND_US, rfc3339

if TYPE_CHECKING:
    import httpx

    from gateway.pull.fetch import Version

MAX_ELEMENTS: Final = 1_000  # of one message: the hours of a page that tells a whole month
IN_FLIGHT: Final = 64
FIRST_BACKOFF_S: Final = 5.0
LONGEST_BACKOFF_S: Final = 600.0
KEPT_BYTES: Final = 65_536  # of a page that cannot be read
MAX_ERROR: Final = 300  # characters, and the next ones too: a status frame is one line of bounded length
MAX_NAMED: Final = 10  # unknown devices in the status; the count tells the rest
MAX_NAME: Final = 64

_log = logging.getLogger("gateway.pull")

Publish = Callable[[str, bytes], Awaitable[None]]  # topic, payload; BrokerError where it is not acknowledged
Now = Callable[[], int]


class Puller:
    """Fetches one page again and again; `run` goes on until cancelled."""

    def __init__(self, pull: Pull, folder: Path, kept_file: Path, publish: Publish, now_us: Now) -> None:
        self.pull = pull
        self.addresses: Addresses = {}
        self._folder, self._kept_file, self._publish, self._now_us = folder, kept_file, publish, now_us
        self._version: Version | None = None
        self._body_hash = b""
        self._seen: dict[str, dict[str, float | str | None]] = {}  # target → the last page's values by their times
        self._page = Page()  # the newest, where its values may be repeated
        self._published_us: dict[str, int] = {}  # target → when, where its value may be repeated
        self._counts: Counter[str] = Counter()
        self._unknown: tuple[str, ...] = ()
        self._failures = 0
        self._error = ""
        self._success_us: int | None = None
        self._fresh_us: int | None = None
        self._next_us = 0

    def follow(self, addresses: Addresses) -> None:
        """Other datastreams are in force: the page counts as a changed one, what was published stays known."""
        self.addresses = addresses
        self._version, self._body_hash = None, b""

    async def run(self) -> None:
        """Fetch every period; after a failure sooner, then ever later, as the server asks or with jitter."""
        from gateway.pull.fetch import client

        http: httpx.AsyncClient | None = None
        try:
            while True:
                began_s = time.monotonic()
                try:
                    http = http or client(self.pull, self._folder)
                    await self._fetch_and_publish(http)
                except (PullError, BrokerError) as error:
                    wait_s = self._note_failure(error)
                except Exception as error:  # noqa: BLE001 (a stranger's page did it: the next one may be well)
                    _log.exception("pull %s: a fault of ours", self.pull.name)
                    wait_s = self._note_failure(PullError(f"a fault of ours: {type(error).__name__}: {error}"))
                else:
                    self._failures, self._error, self._success_us = 0, "", self._now_us()
                    wait_s = self.pull.period_s - (time.monotonic() - began_s)
                self._counts["fetches"] += 1
                self._next_us = self._now_us() + round(max(0.0, wait_s) * SECOND_US)
                await asyncio.sleep(max(0.0, wait_s))
        finally:
            if http is not None:
                await http.aclose()

    def status(self) -> PullStatus:
        """How it fares."""
        return PullStatus(
            name=self.pull.name,
            url=self.pull.shown_url,
            period_s=self.pull.period_s,
            last_success_us=self._success_us,
            last_fresh_us=self._fresh_us,
            next_us=self._next_us,
            failures=self._failures,
            error=self._error,
            counts=dict(self._counts),
            unknown_devices=self._unknown,
        )

    async def _fetch_and_publish(self, http: "httpx.AsyncClient") -> None:
        from gateway.pull.fetch import Version, fetch

        fetched = await fetch(http, self.pull, self._folder, self._version or Version())
        body_hash = self._body_hash if fetched.body is None else hashlib.sha256(fetched.body).digest()
        if fetched.body is None or body_hash == self._body_hash:
            self._counts["unchanged"] += 1
            self._version = fetched.version
            await self._publish_fresh(self._page)  # what is to be repeated
            return
        addresses = self.addresses
        try:
            page = await asyncio.to_thread(read_page, self.pull, fetched.body, fetched.charset, addresses)
        except PullError:
            self._counts["unreadable_pages"] += 1
            await asyncio.to_thread(self._keep, fetched.body[:KEPT_BYTES])
            raise
        await self._publish_fresh(page)
        if self.pull.repeat_s:
            self._page = page
        if addresses is self.addresses:  # else the page is wanted again, for the others
            self._version, self._body_hash = fetched.version, body_hash
        self._note_page(page)

    async def _publish_fresh(self, page: Page) -> None:
        """Publish what the page before did not have; the page counts as known only when the broker has all of it."""
        now = rfc3339(self._now_us())
        fresh: dict[str, list[Pulled]] = {}
        values: dict[str, dict[str, float | str | None]] = {}
        for pulled in page.pulled:
            before = self._seen.get(pulled.target, {})
            changed = pulled.ts in before and before[pulled.ts] != pulled.value
            if pulled.ts not in before or (self.pull.time == FETCHED and changed) or self._is_due_again(pulled.target):
                fresh.setdefault(pulled.target, []).append(pulled)
            elif changed:
                self._counts["revised"] += 1
            values.setdefault(pulled.target, {})[pulled.ts] = before.get(pulled.ts, pulled.value)
            if self.pull.time == FETCHED:
                values[pulled.target][pulled.ts] = pulled.value
        messages = [message for target, found in fresh.items() for message in self._messages(target, found, now)]
        for start in range(0, len(messages), IN_FLIGHT):
            await _all(self._publish(topic, payload) for topic, payload, _ in messages[start : start + IN_FLIGHT])
            self._counts["readings"] += sum(count for _, _, count in messages[start : start + IN_FLIGHT])
            self._fresh_us = self._now_us()
        self._seen.update(values)
        if self.pull.repeat_s:
            self._published_us.update(dict.fromkeys(fresh, self._now_us()))

    def _is_due_again(self, target: str) -> bool:
        """Whether a value counts though it has not changed: the city says that it is measured anew."""
        since_us = self._now_us() - self._published_us.get(target, self._now_us())
        is_long = since_us >= self.pull.repeat_s * SECOND_US or since_us < 0  # our clock was set back
        return bool(self.pull.repeat_s) and is_long

    def _messages(self, target: str, found: list[Pulled], now: str) -> list[tuple[str, bytes, int]]:
        """(topic, payload, readings in it), in order of time."""
        found.sort(key=lambda pulled: pulled.time_us)
        topic = f"telemetry/{target}"
        messages = []
        for start in range(0, len(found), MAX_ELEMENTS):
            elements = [self.element(pulled, now) for pulled in found[start : start + MAX_ELEMENTS]]
            payload = msgspec.json.encode(elements[0] if len(elements) == 1 else elements)
            messages.append((topic, payload, len(elements)))
        return messages

    def element(self, pulled: Pulled, now: str) -> dict[str, Any]:
        """A reading in the native format."""
        unit = {"unit": self.pull.unit} if self.pull.unit else {}
        return {"ts": pulled.ts or now, "value": pulled.value, "origin": "pulled", **unit}

    def _note_page(self, page: Page) -> None:
        self._counts["pages"] += 1
        self._counts["records"] += page.records
        self._counts["without_time"] += page.without_time
        self._counts["unknown_devices"] += len(page.unknown)
        self._unknown = tuple(name[:MAX_NAME] for name in list(page.unknown)[:MAX_NAMED])
        if page.records and not page.pulled:
            _log.warning("pull %s: none of its %d records is of a known device", self.pull.name, page.records)

    def _note_failure(self, error: Exception) -> float:
        """Say so, seldom; how long to wait."""
        self._failures += 1
        self._counts["failures"] += 1
        self._error = printable(" ".join(str(error).split()))[:MAX_ERROR]  # a page's own words may stand in it
        if self._failures % 10 == 1:
            _log.warning("pull %s (%s): %s", self.pull.name, self.pull.shown_url, self._error)
        wait_s = backoff_s(self._failures, self.pull.period_s)
        asked_s = error.retry_after_s if isinstance(error, PullError) else None
        return max(wait_s, asked_s or 0.0)

    def _keep(self, body: bytes) -> None:
        """The page that could not be read, for whoever mends the rule."""
        try:
            self._kept_file.parent.mkdir(mode=0o700, exist_ok=True)
            self._kept_file.write_bytes(body)
        except OSError as error:
            _log.warning("pull %s: the unreadable page cannot be kept: %s", self.pull.name, error)


def backoff_s(failures: int, period_s: float) -> float:
    """With jitter, from the shorter of 5 s and the period to the longer of 10 min and the period."""
    first_s, longest_s = min(FIRST_BACKOFF_S, period_s), max(LONGEST_BACKOFF_S, period_s)
    return random.uniform(0.5, 1.0) * min(longest_s, first_s * 2.0 ** min(failures - 1, 20))  # noqa: S311 (no secret)


async def _all(publishing: Any) -> None:
    """Wait for all; BrokerError of the first that failed."""
    results = await asyncio.gather(*publishing, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
