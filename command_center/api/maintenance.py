"""`/maintenance` and `/maintenance.csv`: which station to visit next, and why."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Response

from command_center.api.answers import ApiError, answer
from command_center.api.contract import CSV, Page, tells
from command_center.api.dead_letters import LetterReading
from command_center.clock import now_us
from command_center.maintenance import Upkeep, as_csv, upkeep
from command_center.picture.directory import Directory
from command_center.picture.picture import Picture
from command_center.wall_status import EXERCISE_LASTS_US
from sensors.times import SECOND_US, rfc3339

KEPT_S: Final = 15.0  # an answer is good for everybody who asks so soon again


class UpkeepList(Page[Upkeep], frozen=True, kw_only=True):
    """The stations, the most urgent first; `exercise`: readings of the last minutes were simulated or replayed."""

    made_at: str
    exercise: bool


class Workshop:
    """Makes the list at most every KEPT_S seconds, whoever asks."""

    def __init__(self, picture: Picture, letters: LetterReading) -> None:
        self._picture, self._letters = picture, letters
        self._making = asyncio.Lock()  # who asks meanwhile waits for the same list
        self._made: tuple[float, int, list[Upkeep]] | None = None

    async def items(self) -> tuple[int, list[Upkeep]]:
        """When the list was made (µs UTC), and the list.  Raises ApiError 503 while there is no log."""
        directory = self._picture.directory
        if directory is None:
            raise ApiError(503, "no_log", "there is no log yet: the stations come with it")
        async with self._making:
            if self._made is None or time.monotonic() - self._made[0] >= KEPT_S:
                self._made = await self._make(directory)
            return self._made[1], self._made[2]

    async def _make(self, directory: Directory) -> tuple[float, int, list[Upkeep]]:
        groups = await self._letters.ask(lambda book: book.groups())
        at_us = now_us()
        zone = ZoneInfo(directory.catalogue.city.time_zone)
        today = datetime.fromtimestamp(at_us / SECOND_US, UTC).astimezone(zone).date().isoformat()
        items = await upkeep(self._picture, groups, at_us, today)
        return time.monotonic(), at_us, items


def router(picture: Picture, letters: LetterReading) -> APIRouter:
    """The routes."""
    routes = APIRouter(tags=["maintenance"])
    workshop = Workshop(picture, letters)

    @routes.get("/maintenance")
    @tells(UpkeepList)
    async def list_maintenance() -> Response:
        """Every station, the most urgent first: score = weight ÷ days left, each with the facts behind it."""
        at_us, items = await workshop.items()
        exercise = picture.exercise_us > at_us - EXERCISE_LASTS_US
        return answer(UpkeepList(items=items, made_at=rfc3339(at_us), exercise=exercise))

    @routes.get("/maintenance.csv")
    @tells(str, media=(CSV,))
    async def maintenance_table() -> Response:
        """The same for a spreadsheet."""
        _, items = await workshop.items()
        headers = {"Content-Disposition": 'attachment; filename="maintenance.csv"'}
        return Response(as_csv(items), media_type=CSV, headers=headers)

    return routes
