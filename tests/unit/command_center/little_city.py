"""A city of three datastreams, rows of its log, and transitions, for tests."""

from typing import Any

import numpy as np

from gateway.log.rows import Entry
from sensors.batch import Batch
from sensors.catalogue import (
    Area,
    Catalogue,
    City,
    Datastream,
    Layer,
    Level,
    LevelStyle,
    MapView,
    Programme,
    Station,
    Text,
)
from sensors.origin import Origin
from sensors.times import MINUTE_US, NEVER
from sensors.transition import Cause, Kind, Transition

NOW_US = 1_763_823_600_000_000  # 2025-11-22T15:00:00Z, 22:00 WIB
LEVEL, DISCHARGE, RAIN = 0, 1, 2  # datastream numbers
LEVEL_ID = "ROLAK:level"


def little_city() -> Catalogue:
    """Two stations; `ROLAK:level` has three levels, the worst of them made up."""
    levels = tuple(
        Level(level=name, rank=rank, severity=rank + 1, direction="rising", value=value, hysteresis=5.0, source=source)
        for name, rank, value, source in (
            ("hijau", 1, 500.0, "SK 1/2024"),
            ("kuning", 2, 600.0, "SK 1/2024"),
            ("merah", 3, 700.0, "illustrative"),
        )
    )
    return Catalogue(
        city=City(
            code="little",
            name=Text("Kota Kecil", "Little City"),
            time_zone="Asia/Jakarta",
            zone_label="WIB",
            map=MapView(lon=112.4, lat=-7.4, zoom=10),
            layers=(
                Layer(file="river.geojson", kind="river", name=Text("Sungai", "River")),
                Layer(file="../secret.geojson", kind="river", name=Text("Rahasia", "Secret")),
            ),
            levels={
                "hijau": LevelStyle(name=Text("Siaga Hijau", "Green alert"), colour="#00aa00"),
                "kuning": LevelStyle(name=Text("Siaga Kuning", "Yellow alert"), colour="#ffcc00"),
            },
        ),
        areas=(
            Area(code="35.76", name="Kota Mojokerto", kind="kota"),
            Area(code="35.76.01.1001", name="Gedongan", kind="kelurahan", parent="35.76"),
        ),
        programmes=(Programme(code="EWS", name="Peringatan dini", dimension="environment", opd="BPBD"),),
        stations=(
            _station("ROLAK", "Rolak Songo"),
            _station("POS", "Pos <Hujan>"),
        ),
        datastreams=(
            Datastream(
                number=LEVEL, station="ROLAK", property="level", kind="river_level", unit="cm", interval_calm_s=60,
                levels=levels, source="SK 1/2024",
            ),
            Datastream(
                number=DISCHARGE, station="ROLAK", property="discharge", kind="discharge", unit="m3/s",
                interval_calm_s=60,
            ),
            Datastream(number=RAIN, station="POS", property="rain", kind="rain", unit="mm", interval_calm_s=600),
        ),
    )  # fmt: skip


def _station(station: str, name: str) -> Station:
    return Station(
        station=station,
        name=name,
        kind="river",
        lat=-7.4,
        lon=112.4,
        area="35.76.01.1001",
        agency="BPBD",
        programme="EWS",
    )


def batch(rows: list[tuple[int, int, float]], origin: Origin = Origin.LIVE) -> Batch:
    """(datastream, time_us, value) as a batch, received at their times."""
    n = len(rows)
    time_us = np.array([row[1] for row in rows], np.int64)
    return Batch(
        datastream=np.array([row[0] for row in rows], np.int32),
        time_us=time_us,
        value=np.array([row[2] for row in rows], np.float64),
        receive_us=time_us.copy(),
        device_us=np.full(n, NEVER, np.int64),
        origin=np.full(n, origin, np.uint8),
        quality=np.full(n, 1, np.uint8),
        reasons=np.zeros(n, np.uint16),
    )


CAUSES = {
    Kind.SILENT: Cause.OVERDUE,
    Kind.HEARD: Cause.SPOKE,
    Kind.VERIFY: Cause.AFTER_GAP,
    Kind.POSSIBLE: Cause.UNSEEN,
    Kind.WAVE: Cause.EXPECTED,
    Kind.REBASED: Cause.CLOCK,
}
LIMITS = {"hijau": (1, 500.0), "kuning": (2, 600.0), "merah": (3, 700.0)}


def transition(kind: Kind, level: str = "", **fields: Any) -> Transition:
    """A transition of `ROLAK:level`."""
    rank, limit = LIMITS.get(level, (0, None))
    defaults: dict[str, Any] = {
        "datastream": LEVEL,
        "cause": CAUSES.get(kind, Cause.CROSSED),
        "severity": rank + 1,
        "time_us": NOW_US,
        "at_us": NOW_US,
        "value": limit,
        "quality": 1,
        "origin": Origin.LIVE,
    }
    return Transition(kind=kind, level=level, rank=rank, limit=limit, **(defaults | fields))


def raised(level: str, **fields: Any) -> Transition:
    """A level was reached."""
    return transition(Kind.RAISED, level, **fields)


def returned(level: str, **fields: Any) -> Transition:
    """A level was left."""
    return transition(Kind.RETURNED, level, **fields)


def entry(
    rows: list[tuple[int, int, float]] | None = None,
    *transitions: Transition,
    now_us: int = NOW_US,
    origin: Origin = Origin.LIVE,
    **fields: Any,
) -> Entry:
    """A row of the log under catalogue 1; what it holds was received at its `now`, or its own time if that is later."""
    defaults: dict[str, Any] = {"now_us": now_us, "event": "observations", "catalogue_version": 1}
    observed = batch(rows or [], origin)
    np.maximum(observed.receive_us, now_us, out=observed.receive_us)
    return Entry(batch=observed, transitions=transitions, **(defaults | fields))


def minutes(n: float) -> int:
    """`NOW_US` and `n` minutes."""
    return NOW_US + round(n * MINUTE_US)
