"""Reading `visits.csv`: who was at a station, when, and until when its sensors are calibrated."""

from collections.abc import Collection
from datetime import date
from pathlib import Path

from sensors.catalogue import Visit
from sensors.errors import RowError
from sensors.tables import Fault, Line, read_table, unknown


def read_visits(folder: Path, stations: Collection[str], faults: list[Fault]) -> list[Visit]:
    """The usable rows, the oldest first; the table may be absent."""

    def check(line: Line[Visit]) -> Visit:
        visit = line.row
        if visit.station not in stations:
            raise RowError("station", unknown("station", visit.station, stations))
        _check_date("visited", visit.visited)
        if visit.calibration_due:
            _check_date("calibration_due", visit.calibration_due)
        return visit

    rows = read_table(folder / "visits.csv", Visit, check, faults, required=False)
    return sorted(rows, key=lambda visit: visit.visited)


def _check_date(column: str, text: str) -> None:
    try:
        is_date = date.fromisoformat(text).isoformat() == text
    except ValueError:
        is_date = False
    if not is_date:
        raise RowError(column, f"expected a date such as 2026-08-17, got {text!r}")
