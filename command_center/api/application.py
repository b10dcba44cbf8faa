"""The ASGI application: routes, gate, body limit, errors, and the wall's own files."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fastapi import FastAPI, Request, Response
from fastapi.responses import FileResponse
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware

from command_center.accounts import Accounts
from command_center.actions.acts import ActionActs
from command_center.actions.report_desk import ReportDesk
from command_center.actuators.desk import ActuatorDesk
from command_center.alarms.desk import AlarmDesk
from command_center.alarms.viewer import AlarmViewer
from command_center.alerts.listening import Listening
from command_center.alerts.office import AlertOffice
from command_center.api import (
    actions,
    actuators,
    alarm_acts,
    alarms,
    alerts,
    audit,
    catalogue,
    city,
    counterfactual,
    dead_letters,
    docs,
    errors,
    export,
    feeds,
    health,
    heard,
    incidents,
    kpis,
    link_page,
    live,
    login,
    maintenance,
    notifications,
    paper,
    people,
    pulse,
    reports,
    sensors,
    service_orders,
    shift,
    stations,
    troubles,
    waves,
)
from command_center.api.body_limit import BodyLimit
from command_center.api.conditional import unless_known
from command_center.api.dead_letters import LetterReading
from command_center.api.display_files import Display
from command_center.api.framing import Framing
from command_center.api.gate import Gate
from command_center.api.head import HeadAsGet
from command_center.api.log_feed import LogFeed
from command_center.api.openapi import Application, operation_id
from command_center.gateway_link import GatewayLink
from command_center.health import Health
from command_center.history.counterfactual import Counterfactual
from command_center.history.export import ParquetExport
from command_center.history.folder import EXPORTS
from command_center.history.record import Record
from command_center.live import LiveView
from command_center.metrics import HttpParts, Metrics
from command_center.notify.answering import Answering
from command_center.notify.links import Links
from command_center.notify.service import Notifier
from command_center.operations import Operations
from command_center.picture.log_thread import LogThread
from command_center.picture.picture import Picture
from command_center.picture.tail import Tail
from command_center.sensor_view import SensorBook
from command_center.shift_book import ShiftBook
from command_center.tokens import Tokens
from command_center.troubles.desk import TroubleDesk

DISPLAY: Final = Path(__file__).parents[1] / "display"
PREFIX: Final = "/api/v1"
GZIP_FROM_BYTES: Final = 1_400  # what one packet holds is not worth it; from 128 KiB on a thread does it
NOT_GZIPPED: Final = (
    *DEFAULT_EXCLUDED_CONTENT_TYPES,
    export.PARQUET,
    "application/pdf",
)  # compressed by themselves, of a known length
GZIP_LEVEL: Final = 1  # JSON shrinks to a fifth already; more costs the loop more than the network saves
HASHES_AT_ONCE: Final = 2  # passwords; each takes 64 MiB


@dataclass(frozen=True, slots=True)
class Parts:
    """What the routes answer from."""

    city: str
    operations: Operations
    accounts: Accounts
    tokens: Tokens
    log: LogThread
    letters: LetterReading
    tail: Tail
    picture: Picture
    record: Record
    desk: AlarmDesk
    actions: ActionActs
    reports: ReportDesk
    office: AlertOffice
    listening: Listening
    actuators: ActuatorDesk
    troubles: TroubleDesk
    answering: Answering
    book: SensorBook
    viewer: AlarmViewer
    live: LiveView
    health: Health
    link: GatewayLink
    metrics: Metrics
    notifier: Notifier
    links: Links
    http: HttpParts
    embed_origins: tuple[str, ...]  # whose pages may frame the wall


def build(parts: Parts) -> FastAPI:
    """The application over its parts."""
    app = Application(
        title="Siaga",
        version="1",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=operation_id,
    )
    errors.install(app)
    _wrap(app, parts)
    hashing = asyncio.Semaphore(HASHES_AT_ONCE)
    for router in (
        login.router(parts.accounts, hashing),
        people.router(parts.accounts, hashing),
        people.token_router(parts.tokens),
        audit.router(parts.operations),
        shift.router(ShiftBook(parts.operations), parts.desk, parts.picture),
        sensors.router(parts.book, parts.picture, parts.record, parts.http.streams),
        stations.router(parts.picture),
        counterfactual.router(parts.book, parts.picture, Counterfactual(parts.record)),
        heard.router(parts.letters.data_dir, parts.operations),
        export.router(
            parts.picture,
            parts.record,
            ParquetExport(parts.record, parts.record.store, parts.record.store.folder.path / EXPORTS),
            parts.http.streams,
        ),
        feeds.router(LogFeed(parts.log, parts.picture), parts.tail),
        alarms.router(parts.desk, parts.operations, parts.picture, parts.viewer, parts.live.receipts),
        alarm_acts.router(parts.desk, parts.viewer),
        actions.router(parts.actions, parts.operations, parts.picture),
        reports.router(parts.reports, parts.operations, parts.picture),
        actuators.router(parts.actuators, parts.operations),
        troubles.router(parts.troubles, parts.operations),
        incidents.router(parts.desk, parts.operations, parts.picture, parts.viewer),
        paper.router(parts.desk, parts.operations, parts.picture, parts.record),
        kpis.router(parts.desk, parts.operations, parts.picture),
        service_orders.router(parts.desk, parts.operations, parts.picture),
        alerts.router(parts.office, parts.listening),
        waves.router(parts.picture),
        dead_letters.router(parts.letters, parts.operations),
        dead_letters.unknown_router(parts.letters, parts.picture),
        maintenance.router(parts.picture, parts.letters),
        pulse.router(parts.link),
        notifications.router(parts.notifier, parts.operations),
        city.router(parts.picture, parts.city),
        catalogue.router(parts.link, parts.operations),
        live.router(parts.live),
    ):
        app.include_router(router, prefix=PREFIX)
    app.include_router(alerts.published_router(parts.office))
    app.include_router(health.router(parts.health, parts.metrics))
    app.include_router(link_page.router(parts.links, parts.answering, parts.picture, parts.notifier))
    app.include_router(docs.router(app))
    for path, page in (("/", _wall), ("/maintenance", _maintenance), ("/console", _console)):
        app.add_api_route(path, page, include_in_schema=False)
    app.mount("/static", Display(directory=DISPLAY / "static", check_dir=False))
    return app


def _wrap(app: FastAPI, parts: Parts) -> None:
    """What every request goes through; the last one added is the first to see it."""
    app.add_middleware(
        Gate, accounts=parts.accounts, tokens=parts.tokens, limit=parts.http.limit, embeddable=bool(parts.embed_origins)
    )
    app.add_middleware(BodyLimit)
    app.add_middleware(Framing, origins=parts.embed_origins)
    app.add_middleware(HeadAsGet)
    app.add_middleware(
        GZipMiddleware, minimum_size=GZIP_FROM_BYTES, compresslevel=GZIP_LEVEL, exclude_content_types=NOT_GZIPPED
    )


async def _maintenance(request: Request) -> Response:
    return _page(request, "maintenance.html")


async def _console(request: Request) -> Response:
    return _page(request, "console.html")


async def _wall(request: Request) -> Response:
    return _page(request, "index.html")


def _page(request: Request, name: str) -> Response:
    path = DISPLAY / name
    return unless_known(request, FileResponse(path, stat_result=path.stat(), headers={"Cache-Control": "no-cache"}))
