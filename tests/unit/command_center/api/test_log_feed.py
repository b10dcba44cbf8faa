"""The log in its own order, where log and picture do not agree about its end."""

import asyncio
from pathlib import Path

from command_center.api.log_feed import FeedObservation, FeedPage, LogFeed
from command_center.api.place import Place
from command_center.picture.log_thread import LogThread
from command_center.picture.picture import Picture
from gateway.log.writer import LogWriter
from sensors.settings import HistorySettings, LogSettings
from sensors.sharing import Audience
from tests.unit.command_center.little_city import LEVEL, NOW_US, entry, little_city


def test_a_log_that_ends_before_the_picture_does_ends_the_page(tmp_path: Path) -> None:
    writer = LogWriter(tmp_path, LogSettings(), 1)
    writer.install_catalogue(little_city(), NOW_US)
    for n in range(2):
        writer.append(entry([(LEVEL, NOW_US + n, 1.0)]))

    async def read(after: Place) -> FeedPage[FeedObservation]:
        log, picture = LogThread(tmp_path), Picture(HistorySettings())
        await log.open()
        picture.take(await log.ask(lambda reader: reader.read_after(0)))
        try:
            feed = LogFeed(log, picture)
            return await asyncio.wait_for(feed.observations(after, 99, 10, Audience.INTERNAL), 5)
        finally:
            await log.close()

    page = asyncio.run(read(Place(writer.log_id, 0, 0)))
    assert (len(page.items), page.next) == (2, str(Place(writer.log_id, 2, 1)))
    for seq in (2, 50):
        assert asyncio.run(read(Place(writer.log_id, seq, 1))).items == []
    writer.close()
