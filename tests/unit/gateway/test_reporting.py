"""The status frame stays within what its readers take in one line, whatever stands in the city's files."""

import asyncio
from pathlib import Path

from gateway.city_in_force import CityInForce
from gateway.clock import Clock
from gateway.committer import Committer
from gateway.engine import Engine
from gateway.log.writer import LogWriter
from gateway.reporting import MAX_FAULTS, Reporting
from gateway.status import MAX_LINE_BYTES, StatusServer, encode
from sensors.settings import LogSettings
from sensors.tables import Fault
from tests.unit.gateway.small_city import small_catalogue

NOW = 1_780_000_000_000_000


def test_a_thousand_long_faults_fit_into_a_frame(tmp_path: Path) -> None:
    async def frame() -> bytes:
        committer = Committer(LogWriter(tmp_path, LogSettings(), 1), tmp_path, LogSettings())
        faults = tuple(Fault("levels.csv", line, "c" * 4_000, "x" * 4_000) for line in range(1_000))
        engine = Engine(CityInForce(small_catalogue(), 1, faults), None, 64)
        try:
            status = Reporting(committer, engine, Clock(), [], StatusServer(tmp_path)).frame(NOW)
        finally:
            committer.close()
        assert len(status.city_faults) == MAX_FAULTS
        assert status.counters["city_faults"] == 1_000
        return encode(status)

    assert len(asyncio.run(frame())) < 4 * MAX_LINE_BYTES  # the limit of `status.connect`
