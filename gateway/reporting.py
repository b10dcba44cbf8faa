"""What the gateway says of itself, gathered for the status frame."""

import os
from collections import Counter
from dataclasses import asdict
from typing import Final

from gateway.clock import Clock
from gateway.committer import Committer
from gateway.engine import Engine
from gateway.ingest import Arrivals
from gateway.mqtt.session import Session
from gateway.status import FaultStatus, SourceStatus, StatusFrame, StatusServer
from sensors.tables import Fault
from sensors.times import SECOND_US

MAX_FAULTS: Final = 200  # in one frame; the counter tells the rest
MAX_COLUMN: Final = 64  # a frame is one line, and whoever reads it bounds its length
MAX_REASON: Final = 300


class Reporting:
    """Reads the parts; changes nothing."""

    def __init__(
        self, committer: Committer, engine: Engine, clock: Clock, sessions: list[Session], status: StatusServer
    ) -> None:
        self._writer, self._committer, self._engine, self._clock = committer.writer, committer, engine, clock
        self._sessions, self._status = sessions, status
        self._last_message_us: dict[str, int] = {}
        self._since: dict[str, tuple[bool, int]] = {}

    def note_messages(self, arrivals: list[Arrivals], now_us: int) -> None:
        """Remember when each source last brought something."""
        for arrival in arrivals:
            self._last_message_us[arrival.source] = now_us

    def frame(self, now_us: int) -> StatusFrame:
        """The frame of this second."""
        city, counters = self._engine.city, Counter(self._engine.counters)
        counters["clock_steps"] = self._clock.steps
        counters["commits"] = self._committer.commits
        counters["status_clients_cut_off"] = self._status.cut_off
        counters["city_faults"] = len(city.faults)
        counters["reconnects"] = sum(max(0, s.reconnects) for s in self._sessions)
        for session in self._sessions:
            counters.update(asdict(session.withheld))
        log_bytes, wal_bytes = self._writer.sizes
        unacknowledged = sum(s.unacknowledged for s in self._sessions)
        cursors = {f"cursor_seq_{name}": float(frame.seq) for name, frame in self._status.cursors.items()}
        return StatusFrame(
            now_us=now_us,
            pid=os.getpid(),
            log_id=self._writer.log_id,
            last_seq=self._committer.last_seq,
            catalogue_version=city.version,
            log_writable=not self._committer.error,
            log_error=self._committer.error,
            sources=tuple(self._source(session, now_us) for session in self._sessions),
            counters=dict(counters),
            clock_error=self._clock.error,
            gauges={
                "log_bytes": log_bytes,
                "wal_bytes": wal_bytes,
                "unacknowledged": unacknowledged,
                "clock_ahead_s": max(0, self._engine.now_us - now_us) / SECOND_US,
                **cursors,
            },
            city_faults=tuple(_told(fault) for fault in city.faults[:MAX_FAULTS]),
        )

    def _source(self, session: Session, now_us: int) -> SourceStatus:
        name = session.broker.name
        was, since_us = self._since.get(name, (not session.connected, now_us))
        if was != session.connected:
            since_us = now_us
            self._since[name] = (session.connected, since_us)
        return SourceStatus(
            name=name,
            url=session.broker.address.url,
            connected=session.connected,
            since_us=since_us,
            reconnects=max(0, session.reconnects),
            error=session.error,
            last_message_us=self._last_message_us.get(name),
        )


def _told(fault: Fault) -> FaultStatus:
    """A fault as it fits into a frame: what stands in a city's cell may be long."""
    return FaultStatus(fault.file, fault.line, fault.column[:MAX_COLUMN], fault.reason[:MAX_REASON])
