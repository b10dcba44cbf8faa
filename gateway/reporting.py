"""What the gateway says of itself, gathered for the status frame."""

import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from typing import Final

from gateway.clock import Clock
from gateway.committer import Committer
from gateway.engine import Engine
from gateway.measured import Measured
from gateway.mqtt.session import Session
from gateway.status import (
    MAX_CLIENTS,
    CursorFrame,
    FaultStatus,
    ReaderStatus,
    RefusedStatus,
    SourceStatus,
    StatusFrame,
    StatusServer,
)
from sensors.tables import Fault
from sensors.times import SECOND_US

MAX_FAULTS: Final = 200  # in one frame; the counter tells the rest
MAX_COLUMN: Final = 64  # a frame is one line, and whoever reads it bounds its length
MAX_REASON: Final = 300
MAX_REFUSED: Final = 200  # pairs of source and reason in one frame, the most frequent
MAX_FILTERS: Final = 16  # of one source


class Reporting:
    """Reads the parts; changes nothing."""

    def __init__(
        self, committer: Committer, engine: Engine, clock: Clock, sessions: Iterable[Session], status: StatusServer
    ) -> None:
        self._writer, self._committer, self._engine, self._clock = committer.writer, committer, engine, clock
        self._sessions, self._status = sessions, status
        self.measured = Measured()
        self.limits: dict[str, float] = {}  # bounds of queues, by the name of their gauge
        self.also_counted: Callable[[], Mapping[str, int]] = dict  # by parts that are not asked here
        self._last_message_us: dict[str, int] = {}
        self._since: dict[str, tuple[bool, int]] = {}

    def note_messages(self, sources: Iterable[str], now_us: int) -> None:
        """Remember when each source last brought something."""
        for source in sources:
            self._last_message_us[source] = now_us

    def frame(self, now_us: int) -> StatusFrame:
        """The frame of this second."""
        city, counters = self._engine.city, Counter(self._engine.counters)
        counters.update(self.also_counted())
        counters["clock_steps"] = self._clock.steps
        counters["commits"] = self._committer.commits
        counters["log_held"] = self._committer.held
        figures = self._committer.upkeep.figures
        counters["log_rows_retired"] = figures.rows_retired
        counters["log_rows_retired_unread"] = figures.rows_retired_unread
        counters["status_clients_cut_off"] = self._status.cut_off
        counters["city_faults"] = len(city.faults)
        sources = tuple(self._source(session, now_us) for session in self._sessions)
        for source in sources:
            counters.update(source.counters)
        for name in self._since.keys() - {source.name for source in sources}:  # gone from the city
            del self._since[name]
            self._last_message_us.pop(name, None)
        return StatusFrame(
            now_us=now_us,
            pid=os.getpid(),
            log_id=self._writer.log_id,
            last_seq=self._committer.last_seq,
            catalogue_version=city.version,
            log_writable=not self._committer.error,
            log_error=self._committer.error,
            log_upkeep_error=figures.error,
            log_set_aside=figures.set_aside,
            log_reserve_missing=figures.reserve_missing,
            log_unread_lost_us=figures.unread_lost_us,
            sources=sources,
            counters=dict(counters),
            clock_error=self._clock.error,
            gauges=self._gauges(sources, now_us),
            readers=tuple(self._reader(name, frame) for name, frame in self._status.cursors.items()),
            refused=tuple(
                RefusedStatus(source=source, reason=reason, count=count)
                for (source, reason), count in self.measured.refused.most_common(MAX_REFUSED)
            ),
            histograms=self.measured.histograms(),
            city_faults=tuple(_told(fault) for fault in city.faults[:MAX_FAULTS]),
        )

    def _gauges(self, sources: tuple[SourceStatus, ...], now_us: int) -> dict[str, float]:
        """What goes up and down; bounds of queues stand beside them."""
        figures, (log_bytes, wal_bytes) = self._committer.upkeep.figures, self._writer.sizes
        said = self._clock.disagreement
        return {
            "log_bytes": log_bytes,
            "wal_bytes": wal_bytes,
            "log_used_bytes": figures.log_used_bytes,
            "log_cap_bytes": figures.log_cap_bytes,
            "log_reserve_held": int(figures.reserve_held),
            "log_held_s": self._committer.held_s,
            "commit_last_ms": self._committer.last_commit_s * 1e3,
            "commit_slowest_ms": self._committer.slowest_commit_s * 1e3,
            "disk_free_bytes": figures.disk_free_bytes,
            "wal_held_s": figures.wal_held_s,
            "unacknowledged": sum(source.unacknowledged for source in sources),
            "unacknowledged_bytes": sum(source.unacknowledged_bytes for source in sources),
            "status_clients": self._status.clients,
            "status_clients_limit": MAX_CLIENTS,
            "clock_ahead_s": max(0, self._engine.now_us - now_us) / SECOND_US,
            "clock_disagreement_s": 0.0 if said is None else said.ahead_us / SECOND_US,
            **self.limits,
        }

    def _reader(self, name: str, frame: CursorFrame) -> ReaderStatus:
        is_ours = frame.log_id == self._writer.log_id
        return ReaderStatus(
            name=name,
            log_id=frame.log_id,
            seq=frame.seq,
            lag_rows=max(0, self._committer.last_seq - (frame.seq if is_ours else 0)),
            heard_s=time.monotonic() - self._status.heard_s.get(name, 0.0),
            error=frame.error[:MAX_REASON],
            counters=frame.counters,
        )

    def _source(self, session: Session, now_us: int) -> SourceStatus:
        name, standing = session.broker.name, session.standing
        was, since_us = self._since.get(name, (not standing.connected, now_us))
        if was != standing.connected:
            since_us = now_us
        self._since[name] = (standing.connected, since_us)
        reconnects = max(0, standing.reconnects)
        return SourceStatus(
            name=name,
            url=session.broker.address.url,
            connected=standing.connected,
            since_us=since_us,
            reconnects=reconnects,
            error=standing.error[:MAX_REASON],
            last_message_us=self._last_message_us.get(name),
            protocol=standing.protocol,
            tls=session.broker.address.tls,
            flows=standing.flows,
            flow_note=standing.canary_note[:MAX_REASON],
            canary_ms=standing.canary_ms,
            taken_over=standing.taken_over[:MAX_REASON],
            downgraded=standing.downgraded[:MAX_REASON],
            session_lost=standing.session_lost,
            session_note=standing.session_note[:MAX_REASON],
            filters=tuple(name[:MAX_COLUMN] for name in standing.filters[:MAX_FILTERS]),
            unacknowledged=session.held.messages,
            unacknowledged_bytes=session.held.size,
            counters={
                **asdict(session.held.withheld),
                "reconnects": reconnects,
                "session_lost": standing.session_lost,
                "healed": standing.healed,
                "rival_signs": session.takeovers,
            },
        )


def _told(fault: Fault) -> FaultStatus:
    """A fault as it fits into a frame: what stands in a city's cell may be long."""
    return FaultStatus(fault.file, fault.line, fault.column[:MAX_COLUMN], fault.reason[:MAX_REASON])
