"""Whether what the wall shows can be believed: the gateway, the quiet sensors, and whether this is an exercise."""

from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from command_center.alarms.desk import AlarmDesk
from command_center.gateway_link import GatewayLink
from command_center.launcher.data_directory import SIMULATOR_REFUSED
from command_center.log_trouble import LogTrouble, history_troubles, log_troubles
from command_center.picture.picture import Picture
from command_center.picture.tail import Tail
from command_center.receipts import Receipts
from gateway.status import PullStatus, SourceStatus
from sensors.times import MINUTE_US, NEVER

EXERCISE_LASTS_US: Final = 10 * MINUTE_US  # after the last simulated or replayed reading


class PullState(msgspec.Struct, frozen=True, kw_only=True):
    """A pull source as the wall needs it."""

    name: str
    last_success_us: int | None
    failures: int  # in a row
    error: str


class GatewayState(msgspec.Struct, frozen=True, kw_only=True):
    """The gateway, as it said itself."""

    connected: bool
    last_frame_ms: int | None
    log_writable: bool
    log_error: str  # why not
    logs_set_aside: int  # damaged, and nobody has seen to them
    log_troubles: tuple[LogTrouble, ...]  # around a log that can be written
    clock_error: str  # what is wrong with our own clock; "" = nothing
    city_faults: int  # rows of the city's files that cannot be used as they are
    sources: tuple[SourceStatus, ...]
    pulls: tuple[PullState, ...] = ()


class SensorCounts(msgspec.Struct, frozen=True, kw_only=True):
    """How many sensors speak, of those that measure.  A sensor never heard is not counted as silent."""

    total: int
    silent: int
    never_heard: int


class LoadState(msgspec.Struct, frozen=True, kw_only=True):
    """How many alarms were annunciated in the last ten minutes, and whether that is a flood (ISA-18.2)."""

    calls_10_min: int
    flood: bool
    unseen: int  # annunciations that no screen has painted for 30 s


class WallStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The status on the wall."""

    gateway: GatewayState
    sensors: SensorCounts
    dead_letters: int
    load: LoadState
    exercise: bool
    simulator_refused: bool
    refreshed_ms: int | None  # when the picture was last known to be whole: log read to its end, gateway heard


class StatusBoard:
    """Puts the status together."""

    def __init__(
        self,
        data_dir: Path,
        picture: Picture,
        desk: AlarmDesk,
        tail: Tail,
        link: GatewayLink,
        receipts: Receipts,
    ) -> None:
        self._refusal = data_dir / SIMULATOR_REFUSED
        self._picture, self._desk, self._tail, self._link = picture, desk, tail, link
        self.receipts, self._keeper = receipts, link.keeper

    def status(self, now_us: int) -> WallStatus:
        """The status now."""
        frame = self._link.frame
        return WallStatus(
            gateway=GatewayState(
                connected=self._link.connected,
                last_frame_ms=_ms(self._link.heard_us),
                log_writable=frame is not None and frame.log_writable,
                log_error="" if frame is None else frame.log_error,
                logs_set_aside=0 if frame is None else len(frame.log_set_aside),
                log_troubles=(*(() if frame is None else log_troubles(frame)), *history_troubles(self._keeper.trouble)),
                clock_error="" if frame is None else frame.clock_error,
                city_faults=0 if frame is None else frame.counters.get("city_faults", 0),
                sources=() if frame is None else frame.sources,
                pulls=() if frame is None else tuple(_pull(pull) for pull in frame.pulls),
            ),
            sensors=self.counts(),
            dead_letters=self._tail.dead_letters,
            load=self._load(now_us),
            exercise=self._picture.exercise_us > now_us - EXERCISE_LASTS_US,
            simulator_refused=self._refusal.exists(),
            refreshed_ms=_ms(min(self._tail.at_end_us, self._link.heard_us)),
        )

    def _load(self, now_us: int) -> LoadState:
        calls = self._desk.load.at(now_us)
        unseen = self.receipts.unseen(self._desk.open_alarms(), now_us)
        return LoadState(calls_10_min=calls, flood=self._desk.load.is_flood, unseen=len(unseen))

    def counts(self) -> SensorCounts:
        """How many sensors there are and speak."""
        directory = self._picture.directory
        ids = {} if directory is None else directory.watched_ids
        silent = {alarm.datastream for alarm in self._desk.open_alarms() if alarm.silence is not None} & ids.keys()
        numbers = np.fromiter(ids.values(), np.int64, len(ids))
        never_heard = numbers[~self._picture.latest.are_heard(numbers)].tolist()
        quiet = {ids[datastream] for datastream in silent}  # also those that have never said anything
        return SensorCounts(
            total=len(ids), silent=len(silent), never_heard=sum(1 for number in never_heard if number not in quiet)
        )


def _pull(pull: PullStatus) -> PullState:
    return PullState(name=pull.name, last_success_us=pull.last_success_us, failures=pull.failures, error=pull.error)


def _ms(time_us: int) -> int | None:
    return None if time_us == NEVER else time_us // 1000
