"""Writes the public page: when what it says has changed, and twice a minute in any case, so that its time runs on.

While it cannot, the files of before stay, and turn to DATA LAMA by themselves.
"""

import asyncio
import logging
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from command_center.clock import now_us
from command_center.errors import OperationsError
from command_center.picture.picture import Picture
from command_center.public import folder
from command_center.public.facts import CityFacts
from command_center.public.page import Pages
from command_center.public.survey import Survey
from sensors.catalogue import Catalogue
from sensors.times import NEVER, SECOND_US

AT_LEAST_US: Final = 30 * SECOND_US
_log = logging.getLogger("command_center.public")


class PublicPage:
    """`run` lives; the figures are for `/metrics`."""

    def __init__(self, survey: Survey, picture: Picture, into: Path | None, every_s: float) -> None:
        self._survey, self._picture, self._into, self._every_s = survey, picture, into, every_s
        self._said: CityFacts | None = None
        self.written_us = NEVER  # when everything was written last
        self.failures = 0  # ever
        self.error = ""  # why the last round failed; empty: it did not

    @property
    def is_on(self) -> bool:
        """Whether there is a public page."""
        return self._into is not None

    async def run(self) -> None:
        """Go round for ever; at once returning where there is no public page."""
        if self._into is None:
            return
        while True:
            try:
                await self._round(self._into, now_us())
                self._succeeded()
            except (OSError, OperationsError) as error:
                self._failed(str(error))
            await asyncio.sleep(self._every_s)

    async def _round(self, into: Path, at_us: int) -> None:
        facts = await self._survey.take(at_us)
        directory = self._picture.directory
        if facts is None or directory is None:
            return
        # Of what has not changed, only the time does: it is written anew before long.
        is_news = self._said is None or replace(facts, as_of_us=None) != replace(self._said, as_of_us=None)
        if is_news or at_us - self.written_us >= AT_LEAST_US:
            await asyncio.to_thread(write, into, facts, directory.catalogue, at_us)
            self._said, self.written_us = facts, at_us

    def _succeeded(self) -> None:
        if self.error:
            _log.info("the public page is written again")
        self.error = ""

    def _failed(self, reason: str) -> None:
        self.failures += 1
        if reason != self.error:
            _log.error("the public page cannot be written, what was there ages: %s", reason)
        self.error = reason


def write(into: Path, facts: CityFacts, catalogue: Catalogue, at_us: int) -> None:
    """Render everything and put it into the folder.  Raises OSError."""
    pages = Pages(facts, catalogue, at_us)
    files = {folder.INDEX: pages.index()}
    for area in facts.areas:
        files[f"{folder.AREAS}/{area.code}.html"] = pages.area(area)
        files[f"{folder.AREAS}/{area.code}.txt"] = pages.text(area)
    folder.write(into, files)
