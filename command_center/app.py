"""The command center: all wiring, once.

log.db ──tail──> alarm desk ──> operations.db        gateway.sock ──> link (status, doorbell; cursor back)
             │   desk ──> alert watch ──> alert office (CAP) ──> operations.db
             │       └─ outbox, in the same transaction ──> a worker per chat or number ──> people
             ├─> history keeper (closed hours) ──> history/*.parquet ──> charts and exports
             └─> picture ──> live view ──> wall       HTTP ──> gate ──> routes over all of these
                         └─> survey ──> the public page's files ──> `siaga public-page`
"""

import asyncio
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from command_center.accounts import ADMIN, Accounts
from command_center.actions.acts import ActionActs
from command_center.actions.duties import DutyBoard
from command_center.actions.report_desk import ReportDesk
from command_center.actuators.desk import ActuatorDesk
from command_center.actuators.link import ActuatorLinks
from command_center.alarms.desk import AlarmDesk
from command_center.alarms.release_watch import ReleaseWatch
from command_center.alarms.silence_watch import SilenceWatch
from command_center.alarms.viewer import AlarmViewer
from command_center.alerts.listening import Listening
from command_center.alerts.office import AlertOffice
from command_center.alerts.publishing import AlertFeed
from command_center.alerts.watch import AlertWatch
from command_center.alerts.writer import Writer
from command_center.api.application import Parts, build
from command_center.api.dead_letters import LetterReading
from command_center.api.rate_limit import RateLimit
from command_center.api.streamed import Streams
from command_center.bell import Bell
from command_center.clock import now_us
from command_center.errors import OperationsError
from command_center.gateway_link import GatewayLink
from command_center.health import Health
from command_center.history.keeper import HistoryKeeper
from command_center.history.record import Record
from command_center.listener import Server, listen, server
from command_center.live import LiveView
from command_center.metrics import HttpParts, MeansParts, Metrics, OutParts, WarningParts
from command_center.mqtt_out.alarms import AlarmFeed
from command_center.mqtt_out.feed import Feed
from command_center.mqtt_out.observations import ObservationFeed
from command_center.mqtt_out.service import MqttOut
from command_center.notify.answering import Answering
from command_center.notify.desk_link import DeskLink
from command_center.notify.links import Links
from command_center.notify.outbox import Outbox
from command_center.notify.service import Notifier
from command_center.notify.telegram_answers import TelegramAnswers
from command_center.operations import Operations
from command_center.picture.log_thread import LogThread
from command_center.picture.picture import Picture
from command_center.picture.tail import Tail
from command_center.public.folder import folder_of
from command_center.public.survey import Survey
from command_center.public.writer import PublicPage
from command_center.receipts import Receipts
from command_center.sensor_view import SensorBook
from command_center.tokens import Tokens
from command_center.troubles.desk import TroubleDesk
from command_center.troubles.unseen import Unseen
from command_center.wall_status import StatusBoard
from sensors.settings import Settings
from sensors.sharing import Audience

BEAT_S: Final = 1.0
AUDIT_HEAD_S: Final = 86_400.0

_log = logging.getLogger("command_center")


async def serve(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM; a second one kills.  Raises CommandCenterError where it cannot start."""
    os.umask(0o077)  # alarms, audit and passwords' hashes are for the user who runs Siaga
    loop = asyncio.get_running_loop()
    with listen(settings.http) as listener:
        center = CommandCenter(settings, listener)

        def stop(number: signal.Signals) -> None:
            loop.remove_signal_handler(number)
            center.stop()

        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop, number)
        await center.run()


@dataclass(frozen=True, slots=True)
class Spine:
    """What follows the log, and what follows from it."""

    picture: Picture
    outbox: Outbox
    desk: AlarmDesk
    observations: ObservationFeed
    tail: Tail


@dataclass(frozen=True, slots=True)
class Telling:
    """How people are told, and how they answer."""

    answering: Answering
    links: Links
    notifier: Notifier
    answers: TelegramAnswers


class CommandCenter:
    """One command center on one listener; `run` lives until `stop`."""

    def __init__(self, settings: Settings, listener: socket.socket) -> None:
        self._settings = settings
        self._listener = listener
        self._server: Server | None = None
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Let `run` return: open requests get a second."""
        self._stopping.set()
        if self._server is not None:
            self._server.should_exit = True

    async def run(self) -> None:
        """Run everything; returns when all of it has stopped."""
        data_dir = Path(self._settings.data_dir)
        _make(data_dir)
        operations = Operations(data_dir)
        log = LogThread(data_dir)
        try:
            await self._run(operations, log, data_dir)
        finally:
            await log.close()
            operations.close()

    def _spine(self, operations: Operations, log: LogThread, news: Bell) -> Spine:
        picture = Picture(self._settings.history)
        outbox = Outbox(operations, lambda: None if picture.directory is None else picture.directory.catalogue, now_us)
        desk = AlarmDesk(operations, news, (outbox.follow,))
        outbox.newest = desk.newest
        settings = self._settings.mqtt_out
        observations = ObservationFeed(Audience(settings.readers), settings.observations_per_s)
        followers = (observations.take,) if settings.observations else ()
        return Spine(
            picture=picture,
            outbox=outbox,
            desk=desk,
            observations=observations,
            tail=Tail(log, desk, picture, self._settings.history, news, followers),
        )

    async def _run(self, operations: Operations, log: LogThread, data_dir: Path) -> None:
        spine = self._spine(operations, log, news := Bell())
        picture, desk, tail = spine.picture, spine.desk, spine.tail
        link = GatewayLink(data_dir, desk, tail.doorbell, news, HistoryKeeper(data_dir, self._settings.history))
        board, book = StatusBoard(data_dir, picture, desk, tail, link, Receipts(now_us())), SensorBook(picture, desk)
        actions, viewer = ActionActs(desk, operations, picture, news), AlarmViewer(picture, desk, book)
        reports, http = ReportDesk(desk, operations, picture, book, news), self._http()
        means = self._means(spine, operations, board.receipts, news)
        told = self._telling(spine, operations, means.troubles, data_dir)
        live = LiveView(picture, desk, book, viewer, board, DutyBoard(actions, reports, means.troubles, desk), news)
        page = self._public_page(Survey(operations, picture, desk, board), picture, data_dir)
        warnings = self._warnings(operations, desk, tail, Writer(picture, book, self._settings.city))
        outs, accounts = self._out(spine, AlertFeed(operations)), await self._accounts(operations)
        parts = Parts(
            city=self._settings.city,
            operations=operations,
            accounts=accounts,
            tokens=Tokens(operations),
            log=log,
            letters=LetterReading(data_dir),
            tail=tail,
            picture=picture,
            record=Record(picture, log, link.keeper.store),
            desk=desk,
            actions=actions,
            reports=reports,
            office=warnings.office,
            listening=warnings.listening,
            actuators=means.actuators,
            troubles=means.troubles,
            answering=told.answering,
            book=book,
            viewer=viewer,
            live=live,
            metrics=Metrics(desk, picture, tail, link, live, board, warnings, told.notifier, outs, means, page, http),
            health=Health(operations, desk, picture, tail, link, live, told.notifier, means.actuators, outs.out, page),
            link=link,
            notifier=told.notifier,
            links=told.links,
            http=http,
            embed_origins=tuple(self._settings.http.embed_origins.split()),
        )
        beats = (desk, ReleaseWatch(desk, picture), SilenceWatch(desk, picture), means.actuators, means.troubles)
        jobs: dict[str, Coroutine[Any, Any, None]] = {
            "tail": tail.run(),
            "history": link.keeper.run(),
            "gateway_link": link.run(),
            "beat": _beat(beats, link),
            "live": live.run(),
            "actuators": means.links.run(),
            "audit_head": _tell_audit_head(operations),
            "alerts": warnings.watch.run(),
            "listening": warnings.listening.run(),
            "mqtt_out": outs.out.run(),
            "public": page.run(),
            "notify": told.notifier.run(),
            **({"telegram": told.answers.run()} if self._settings.notify.telegram_buttons else {}),
        }
        await self._serve(parts, jobs)
        await desk.beat(now_us())  # the last word to operations.db

    def _http(self) -> HttpParts:
        return HttpParts(RateLimit(self._settings.http), Streams())

    async def _accounts(self, operations: Operations) -> Accounts:
        accounts = Accounts(operations, self._settings.http.session_hours)
        self._greet(await asyncio.to_thread(accounts.ensure_admin, self._settings.admin.password, now_us()))
        return accounts

    def _public_page(self, survey: Survey, picture: Picture, data_dir: Path) -> PublicPage:
        settings = self._settings.public
        into = folder_of(settings.directory, settings.port, data_dir)
        return PublicPage(survey, picture, into, settings.every_s)

    def _means(self, spine: Spine, operations: Operations, receipts: Receipts, news: Bell) -> MeansParts:
        actuators = ActuatorDesk(spine.desk, operations, spine.picture, news)
        sources = (actuators.conditions, Unseen(receipts, spine.desk, spine.picture))
        troubles = TroubleDesk(operations, sources, spine.outbox.follow_troubles, news, now_us())
        spine.outbox.troubles = troubles.calls
        return MeansParts(actuators, ActuatorLinks(self._settings, actuators), troubles)

    def _telling(self, spine: Spine, operations: Operations, troubles: TroubleDesk, data_dir: Path) -> Telling:
        answering, links = Answering(spine.desk, troubles), Links(data_dir, self._settings.notify)
        desk_link = DeskLink(answering, spine.outbox, links, self._settings.city, now_us)
        return Telling(
            answering=answering,
            links=links,
            notifier=Notifier(operations, spine.desk, spine.outbox, desk_link),
            answers=TelegramAnswers(answering, desk_link, links),
        )

    def _out(self, spine: Spine, alerts: AlertFeed) -> OutParts:
        settings, observations = self._settings.mqtt_out, spine.observations
        alarms = AlarmFeed(spine.desk, spine.picture, spine.tail, Audience(settings.readers))
        feeds: list[Feed] = [*([alarms] if settings.alarms else []), alerts]
        feeds += [observations] if settings.observations else []
        return OutParts(MqttOut(self._settings, spine.picture, feeds), alarms, observations)

    def _warnings(self, operations: Operations, desk: AlarmDesk, tail: Tail, writer: Writer) -> WarningParts:
        office = AlertOffice(operations, desk, writer)
        return WarningParts(
            office=office,
            watch=AlertWatch(office, tail),
            listening=Listening(writer, self._settings.city),
        )

    async def _serve(self, parts: Parts, jobs: Mapping[str, Coroutine[Any, Any, None]]) -> None:
        """Serve HTTP, with everything else running beside it, until somebody stops it."""
        self._server = server(build(parts))
        self._server.should_exit = self._stopping.is_set()
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(job, name=f"command_center.{name}") for name, job in jobs.items()]
            address = self._listener.getsockname()
            _log.info("listening on http://%s:%d", *address[:2])
            await tasks.create_task(self._server.serve([self._listener]), name="command_center.http")
            began = time.monotonic()
            for task in running:
                task.cancel()
        await parts.desk.beat(now_us())  # the last word to operations.db
        _log.info("stopped in %.3f s", time.monotonic() - began)

    def _greet(self, made_password: str | None) -> None:
        """Show a password that was made; once, to whoever started us, and nowhere else."""
        if made_password is not None:
            sys.stdout.write(f"first user: {ADMIN}, password: {made_password}  (shown this once)\n")
            sys.stdout.flush()


class Beating(Protocol):
    """What looks once a second at what falls due."""

    async def beat(self, now_us: int) -> None:
        """Look."""


async def _beat(parts: Sequence[Beating], link: GatewayLink) -> None:
    while True:
        for part in parts:
            await part.beat(now_us())
        link.report()
        await asyncio.sleep(BEAT_S)


async def _tell_audit_head(operations: Operations) -> None:
    """At the start and every day: a copy of the log, kept elsewhere, proves the file (`siaga audit verify --noted`)."""
    while True:
        try:
            head = await asyncio.to_thread(operations.audit_head)
        except OperationsError as error:
            _log.error("the head of the audit chain is not known: %s", error)
        else:
            _log.info("audit: record %d carries %s", head.number, head.sha256)
        await asyncio.sleep(AUDIT_HEAD_S)


def _make(data_dir: Path) -> None:
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OperationsError(f"{data_dir}: cannot be made: {error.strerror}") from error
