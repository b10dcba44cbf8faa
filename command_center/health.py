"""Whether the whole works (`/healthz`) and whether it is ready to be used (`/readyz`).

`/healthz` speaks for the city, not for this process: 503 when operations.db takes no writes, when a siren did not do
what it was told, when the gateway was not heard for 10 s, cannot write its log, set a damaged one aside or has a wrong
clock, when the log is in the trouble that `log_trouble` names, when closed hours do not come into the history, when a
way out to people fails, when the broker that alarms are published to is away, and when a screen with a name cannot play
sound.  Whoever restarts processes watches the processes.
"""

from typing import Final, Literal

import msgspec

from command_center.actuators.desk import ActuatorDesk
from command_center.alarms.desk import AlarmDesk
from command_center.gateway_link import GatewayLink
from command_center.live import LiveView
from command_center.log_trouble import log_troubles
from command_center.mqtt_out.service import MqttOut
from command_center.notify.service import Notifier
from command_center.operations import Operations
from command_center.picture.picture import Picture
from command_center.picture.tail import Tail
from command_center.public.writer import PublicPage
from command_center.screens import Screen
from gateway.status import SourceStatus, StatusFrame
from sensors.times import NEVER, SECOND_US, rfc3339

GATEWAY_SILENT_S: Final = 10.0
SOURCE_AWAY_S: Final = 10.0
BEHIND_S: Final = 5.0  # the tail was not at the log's end for so long


def trouble(source: SourceStatus, now_us: int) -> str:
    """What is wrong with a source just now, in words; "" where nothing is.  A broker may be away for a moment."""
    if source.taken_over:
        return source.taken_over
    if source.flows is False:
        return source.flow_note
    away_s = 0.0 if source.connected else (now_us - source.since_us) / SECOND_US
    return f"no connection for {away_s:.0f} s: {source.error}" if away_s > SOURCE_AWAY_S else source.downgraded


class OperationsReport(msgspec.Struct, frozen=True, kw_only=True):
    """operations.db."""

    writable: bool
    pending_alarm_events: int  # that wait to be stored


class LogReport(msgspec.Struct, frozen=True, kw_only=True):
    """The log, as far as it is read."""

    error: str
    applied_seq: int
    last_seq: int | None
    at_end: str | None  # when it was last read to its end
    rows_missing: int
    rows_damaged: int


class HistoryReport(msgspec.Struct, frozen=True, kw_only=True):
    """The history on disk."""

    error: str  # why it is not kept just now; empty = it is
    compacted_seq: int | None  # everything up to this row of the log is in it
    compacted_to: str | None  # when that row was written
    files: int
    bytes: int
    observations_from: str | None  # older ones went, to stay within bounds; null: none did
    minutes_from: str | None  # older rollups went, too


class LiveReport(msgspec.Struct, frozen=True, kw_only=True):
    """The live view."""

    viewers: int
    screens: list[Screen]  # that said how their sound is, named ones first
    unseen_alarms: int  # that no screen has painted


class GatewayReport(msgspec.Struct, frozen=True, kw_only=True):
    """The gateway, and what it said of itself last."""

    connected: bool
    heard: str | None
    status: StatusFrame | None


class HealthReport(msgspec.Struct, frozen=True, kw_only=True):
    """Every part; `faults` in words."""

    status: Literal["ok", "failing"]
    faults: list[str]
    time: str
    operations: OperationsReport
    log: LogReport
    history: HistoryReport
    live: LiveReport
    gateway: GatewayReport


class Health:
    """Asks every part."""

    def __init__(
        self,
        operations: Operations,
        desk: AlarmDesk,
        picture: Picture,
        tail: Tail,
        link: GatewayLink,
        live: LiveView,
        notifier: Notifier,
        actuators: ActuatorDesk,
        out: MqttOut,
        public: PublicPage,
    ) -> None:
        self._operations, self._desk, self._picture = operations, desk, picture
        self._tail, self._link, self._live = tail, link, live
        self._notifier, self._actuators, self._out, self._public = notifier, actuators, out, public
        self._keeper = link.keeper

    def faults(self, now_us: int) -> list[str]:
        """What does not work, in words."""
        frame, silent_s = self._link.frame, self._link.silent_s(now_us)
        faults = []
        if self._operations.error:
            faults.append(f"operations.db takes no writes: {self._operations.error}")
        if silent_s > GATEWAY_SILENT_S:
            faults.append(
                "the gateway was never heard" if frame is None else f"no word of the gateway for {silent_s:.0f} s"
            )
        elif frame is not None and not frame.log_writable:
            faults.append(f"the gateway cannot write its log: {frame.log_error}")
        if frame is not None and frame.log_upkeep_error:
            faults.append(f"the gateway cannot keep its log in order: {frame.log_upkeep_error}")
        if frame is not None and frame.log_set_aside:
            faults.append(
                f"the log was damaged and set aside: {', '.join(frame.log_set_aside)};"
                " see `siaga log salvage` and `siaga log acknowledge`"
            )
        if frame is not None and silent_s <= GATEWAY_SILENT_S:
            faults += [trouble.text for trouble in log_troubles(frame)]
            faults += [f"source {source.name}: {why}" for source in frame.sources if (why := trouble(source, now_us))]
        faults += [trouble.text.en for trouble in self._actuators.troubles(now_us)]
        if frame is not None and frame.reload_error:
            faults.append(f"the city's files are not reloaded yet: {frame.reload_error}")
        if frame is not None and frame.clock_error:
            faults.append(f"our own clock: {frame.clock_error}")
        if self._public.error:
            faults.append(f"the public page cannot be written: {self._public.error}")
        screens = self._live.screens.faults()
        return [*faults, *self._keeper.faults(), *self._out.faults(now_us), *screens, *self._notifier.faults()]

    def waits_for(self, now_us: int) -> list[str]:
        """What is missing until it can be used; nothing = ready."""
        missing = []
        if self._tail.error:
            missing.append(f"log: {self._tail.error}")
        elif self._tail.at_end_us < now_us - BEHIND_S * SECOND_US:
            missing.append(f"log: applied up to row {self._tail.seq}, not at its end")
        elif not self._tail.has_history:
            missing.append("history: still being read")
        if not self._keeper.is_opened:
            missing.append("history on disk: not opened yet")
        if not self._link.connected:
            missing.append("gateway: no link")
        return missing

    def report(self, now_us: int) -> HealthReport:
        """Every part, for people and for `siaga check`."""
        faults, frame = self.faults(now_us), self._link.frame
        return HealthReport(
            status="failing" if faults else "ok",
            faults=faults,
            time=rfc3339(now_us),
            operations=OperationsReport(writable=not self._operations.error, pending_alarm_events=self._desk.pending),
            log=LogReport(
                error=self._tail.error,
                applied_seq=self._tail.seq,
                last_seq=None if frame is None else frame.last_seq,
                at_end=None if self._tail.at_end_us == NEVER else rfc3339(self._tail.at_end_us),
                rows_missing=self._tail.rows_missing,
                rows_damaged=self._picture.damaged_rows,
            ),
            history=self._history(),
            live=LiveReport(
                viewers=self._live.viewers,
                screens=self._live.screens.open(),
                unseen_alarms=len(self._live.receipts.unseen(self._desk.open_alarms(), now_us)),
            ),
            gateway=GatewayReport(
                connected=self._link.connected,
                heard=None if self._link.heard_us == NEVER else rfc3339(self._link.heard_us),
                status=frame,
            ),
        )

    def _history(self) -> HistoryReport:
        present, place = self._keeper.folder.present, self._keeper.folder.present.place
        return HistoryReport(
            error=self._keeper.error,
            compacted_seq=None if place is None else place.seq,
            compacted_to=rfc3339(place.at_us) if place is not None and place.at_us else None,
            files=len(present.files),
            bytes=sum(file.bytes for file in present.files),
            observations_from=None if present.raw_from_us == NEVER else rfc3339(present.raw_from_us),
            minutes_from=None if present.minutes_from_us == NEVER else rfc3339(present.minutes_from_us),
        )
