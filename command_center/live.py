"""The live view: a snapshot for every viewer, then what changed, every 80 ms at most and once a second at least.

Every viewer has one slot.  What changed is encoded once for all; a viewer who has not taken the last frame when the
next one comes loses both and gets a fresh snapshot instead: nobody's slowness is queued, or felt by others.  One
snapshot a second at most is made, for all who need one by then: many slow ones cost no more than one.
"""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Iterable
from typing import Final, Protocol

import msgspec

from command_center.actions.duties import Duties, DutyBoard
from command_center.alarms.alarm import Alarm
from command_center.alarms.desk import AlarmDesk
from command_center.alarms.view import AlarmView
from command_center.alarms.viewer import AlarmViewer
from command_center.bell import Bell
from command_center.clock import now_us
from command_center.incidents.view import IncidentView, incident_views
from command_center.live_columns import NewestColumns, SoundColumns, columns
from command_center.picture.picture import Picture
from command_center.screens import Screens
from command_center.sensor_view import BesideOf, Sensor, SensorBook
from command_center.wall_status import StatusBoard, WallStatus
from command_center.waves import WaveView
from sensors.times import SECOND_US

MAX_VIEWERS: Final = 1_000
TICK_S: Final = 0.08  # with what a frame takes, within the 100 ms that fan-out may take
SNAPSHOT_EVERY_S: Final = 1.0  # that of 5,000 sensors takes a fifth of a second to make
HEARTBEAT_S: Final = 0.8  # of quiet; with the tick: a frame at least every second


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """Everything."""

    now_ms: int
    sensors: list[Sensor]
    alarms: list[AlarmView]  # open ones, and those closed last
    incidents: list[IncidentView]  # of the open alarms, the worst first
    waves: list[WaveView]
    duties: Duties
    status: WallStatus


class Delta(msgspec.Struct, frozen=True, kw_only=True):
    """What changed since the frame before."""

    now_ms: int
    observations: NewestColumns
    sound: SoundColumns
    beside: list[BesideOf]  # what stands beside values now, where it may have changed
    alarms: list[AlarmView]
    incidents: list[IncidentView] | msgspec.UnsetType  # all of them, where an alarm has changed
    waves: list[WaveView] | msgspec.UnsetType  # all of them, where any has changed
    duties: Duties | msgspec.UnsetType  # all of them, where any has changed
    status: WallStatus | msgspec.UnsetType


class Whole(Protocol):
    """Where a viewer gets everything from."""

    async def snapshot(self) -> str:
        """Everything as it is on return, as a JSON object."""


class Viewer:
    """One client of the live view."""

    def __init__(self, whole: Whole) -> None:
        self._whole = whole
        self._slot: str | None = None
        self._needs_snapshot = True
        self._bell = Bell()

    def offer(self, body: str) -> bool:
        """The next delta; where the last one still waits, both make room for a snapshot: True where it fell behind."""
        if self._needs_snapshot:
            return False  # it will be in that
        if self._slot is not None:
            self.needs_snapshot()
            return True
        self._slot = body
        self._bell.ring()
        return False

    def needs_snapshot(self) -> None:
        """Forget the slot: the next frame is a snapshot."""
        self._slot, self._needs_snapshot = None, True
        self._bell.ring()

    async def frames(self) -> AsyncIterator[str]:
        """The frames to send, numbered from 0 without a gap."""
        sequence = 0
        while True:
            if self._needs_snapshot:
                kind, body = "snapshot", await self._whole.snapshot()
                self._needs_snapshot = False
            elif self._slot is not None:
                kind, body, self._slot = "delta", self._slot, None
            else:
                await self._bell.wait(None)
                continue
            yield _frame(kind, sequence, body)
            sequence += 1


class LiveView:
    """Owns the viewers; `run` lives."""

    def __init__(
        self,
        picture: Picture,
        desk: AlarmDesk,
        sensors: SensorBook,
        viewer: AlarmViewer,
        board: StatusBoard,
        duties: DutyBoard,
        news: Bell,
    ) -> None:
        self._picture, self._desk, self._sensors, self._board = picture, desk, sensors, board
        self._viewer, self._duties, self._news = viewer, duties, news
        self.receipts = board.receipts
        self.screens = Screens(board.receipts)
        self._viewers: set[Viewer] = set()
        self._snapshot: str | None = None  # of the present tick
        self._made_s = -math.inf  # when the last one was
        self._status_us = 0
        self.snapshots = 0  # made, each for any number of viewers
        self.fallen_behind = 0  # times that a viewer was too slow and gets a snapshot for what was dropped

    @property
    def viewers(self) -> int:
        """How many look."""
        return len(self._viewers)

    @property
    def has_picture(self) -> bool:
        """Whether there is anything to look at: a catalogue, from a log."""
        return self._picture.directory is not None

    def join(self) -> Viewer | None:
        """A place for one more viewer; None where all are taken."""
        if len(self._viewers) >= MAX_VIEWERS:
            return None
        viewer = Viewer(self)
        self._viewers.add(viewer)
        return viewer

    def leave(self, viewer: Viewer) -> None:
        """Give the place back."""
        self._viewers.discard(viewer)
        self.screens.leave(viewer)

    async def run(self) -> None:
        """Tick for ever: at once after quiet, then at most every 80 ms."""
        while True:
            await self._news.wait(HEARTBEAT_S)
            self._tick(now_us())
            await asyncio.sleep(TICK_S)

    async def snapshot(self) -> str:
        """Everything as of the last tick or later, made for all who ask within a second."""
        while self._snapshot is None:
            wait_s = self._made_s + SNAPSHOT_EVERY_S - time.monotonic()
            if wait_s > 0:
                await asyncio.sleep(wait_s)
                continue
            self._snapshot = self._everything(now_us())
            self.snapshots += 1
            self._made_s = time.monotonic()
        return self._snapshot

    def _tick(self, at_us: int) -> None:
        self._snapshot = None
        if self._picture.redrawn:
            self._picture.redrawn = False
            self._picture.drain_changed()
            self._desk.drain_changed()
            for viewer in self._viewers:
                viewer.needs_snapshot()
            return
        if not self._viewers:
            self._picture.drain_changed()
            self._desk.drain_changed()
            return
        body = msgspec.json.encode(self._delta(at_us)).decode()
        for viewer in self._viewers:
            self.fallen_behind += viewer.offer(body)

    def _delta(self, at_us: int) -> Delta:
        changed = self._picture.drain_changed()
        alarms = self._alarms(changed, at_us)
        newest, sound = columns(changed, self._picture.directory, self._picture.latest)
        return Delta(
            now_ms=at_us // 1000,
            observations=newest,
            sound=sound,
            beside=self._sensors.beside(changed, at_us),
            alarms=alarms,
            incidents=self._incidents() if alarms else msgspec.UNSET,
            waves=self._changed_waves(at_us),
            duties=self._duties.changed(at_us),
            status=self._status(at_us),
        )

    def _alarms(self, numbers: list[int], at_us: int) -> list[AlarmView]:
        """Alarms that changed, and those in doubt of which there is a new observation: it may end the doubt."""
        alarms, directory = {alarm.id: alarm for alarm in self._desk.drain_changed()}, self._picture.directory
        if directory is None:
            return []
        doubtful = {alarm.datastream: alarm for alarm in self._desk.open_alarms() if alarm.doubt is not None}
        if doubtful:
            heard = {directory.name(number).id for number in numbers if number in directory.index}
            alarms |= {alarm.id: alarm for datastream, alarm in doubtful.items() if datastream in heard}
        return self._views(alarms.values(), at_us)

    def _views(self, alarms: Iterable[Alarm], at_us: int) -> list[AlarmView]:
        views = (self._viewer.view(alarm, at_us) for alarm in alarms)
        return [view for view in views if view is not None]

    def _incidents(self) -> list[IncidentView]:
        directory = self._picture.directory
        return [] if directory is None else incident_views(self._desk.open_alarms(), directory.catalogue)

    def _changed_waves(self, at_us: int) -> list[WaveView] | msgspec.UnsetType:
        waves = self._picture.waves
        if not waves.changed:
            return msgspec.UNSET
        waves.changed = False
        return self._waves(at_us)

    def _waves(self, at_us: int) -> list[WaveView]:
        directory = self._picture.directory
        return [] if directory is None else self._picture.waves.view(directory, at_us)

    def _status(self, at_us: int) -> WallStatus | msgspec.UnsetType:
        """The status once a second; it changes with every frame of the gateway."""
        if at_us - self._status_us < SECOND_US * HEARTBEAT_S:
            return msgspec.UNSET
        self._status_us = at_us
        return self._board.status(at_us)

    def _everything(self, at_us: int) -> str:
        alarms = [*self._desk.open_alarms(), *self._desk.closed_alarms()]
        snapshot = Snapshot(
            now_ms=at_us // 1000,
            sensors=self._sensors.on_wall(at_us),
            alarms=self._views(alarms, at_us),
            incidents=self._incidents(),
            waves=self._waves(at_us),
            duties=self._duties.all(at_us),
            status=self._board.status(at_us),
        )
        return msgspec.json.encode(snapshot).decode()


def _frame(kind: str, sequence: int, body: str) -> str:
    """A frame of an object encoded before: its type and number go in front."""
    return f'{{"type":"{kind}","sequence":{sequence},{body[1:]}'
