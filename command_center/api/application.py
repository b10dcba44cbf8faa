"""The ASGI application: routes, gate, body limit, errors, and the wall's own files."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fastapi import FastAPI, Response
from fastapi.responses import FileResponse
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from command_center.accounts import Accounts
from command_center.alarms.desk import AlarmDesk
from command_center.api import (
    alarm_acts,
    alarms,
    city,
    dead_letters,
    docs,
    errors,
    feeds,
    health,
    link_page,
    live,
    login,
    maintenance,
    notifications,
    reports,
    sensors,
    waves,
)
from command_center.api.body_limit import BodyLimit
from command_center.api.dead_letters import LetterReading
from command_center.api.gate import Gate
from command_center.api.head import HeadAsGet
from command_center.api.log_feed import LogFeed
from command_center.health import Health
from command_center.live import LiveView
from command_center.metrics import Metrics
from command_center.notify.links import Links
from command_center.notify.service import Notifier
from command_center.operations import Operations
from command_center.picture.log_thread import LogThread
from command_center.picture.picture import Picture
from command_center.picture.tail import Tail
from command_center.sensor_view import SensorBook

DISPLAY: Final = Path(__file__).parents[1] / "display"
PREFIX: Final = "/api/v1"


@dataclass(frozen=True, slots=True)
class Parts:
    """What the routes answer from."""

    city: str
    operations: Operations
    accounts: Accounts
    log: LogThread
    letters: LetterReading
    tail: Tail
    picture: Picture
    desk: AlarmDesk
    book: SensorBook
    live: LiveView
    health: Health
    metrics: Metrics
    notifier: Notifier
    links: Links


class Display(StaticFiles):
    """The wall's files; a browser asks each time whether they are still the same."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, to be revalidated."""
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "no-cache"
        return response


def build(parts: Parts) -> FastAPI:
    """The application over its parts."""
    app = FastAPI(title="Siaga", version="1", docs_url=None, redoc_url=None)
    errors.install(app)
    app.add_middleware(Gate, accounts=parts.accounts)
    app.add_middleware(BodyLimit)
    app.add_middleware(HeadAsGet)
    for router in (
        login.router(parts.accounts),
        sensors.router(parts.book, parts.picture),
        reports.router(parts.book, parts.picture),
        feeds.router(LogFeed(parts.log, parts.picture), parts.tail),
        alarms.router(parts.desk, parts.operations, parts.picture),
        alarm_acts.router(parts.desk, parts.picture),
        waves.router(parts.picture),
        dead_letters.router(parts.letters, parts.operations),
        dead_letters.unknown_router(parts.letters, parts.picture),
        maintenance.router(parts.picture, parts.letters),
        notifications.router(parts.notifier, parts.operations),
        city.router(parts.picture, parts.city),
        live.router(parts.live),
    ):
        app.include_router(router, prefix=PREFIX)
    app.include_router(health.router(parts.health, parts.metrics))
    app.include_router(link_page.router(parts.links, parts.desk, parts.picture, parts.notifier))
    app.include_router(docs.router(app))
    app.add_api_route("/", _wall, include_in_schema=False)
    app.add_api_route("/maintenance", _maintenance, include_in_schema=False)
    app.mount("/static", Display(directory=DISPLAY / "static", check_dir=False))
    return app


async def _maintenance() -> Response:
    return FileResponse(DISPLAY / "maintenance.html", headers={"Cache-Control": "no-cache"})


async def _wall() -> Response:
    return FileResponse(DISPLAY / "index.html", headers={"Cache-Control": "no-cache"})
