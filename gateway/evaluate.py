"""`siaga evaluate`: the detector over recordings, file by file, each from a fresh state."""

import csv
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from gateway.city_in_force import checked
from gateway.errors import GatewayError
from gateway.recorded_series import RecordedSeries, Series, Threshold, read_series, read_thresholds
from sensors import units
from sensors.batch import Batch
from sensors.catalogue import Catalogue, Datastream, Level
from sensors.detector import step
from sensors.errors import RecordingError
from sensors.origin import Origin
from sensors.quality import Quality
from sensors.rules import compile_rules, levels_in_force
from sensors.state import fresh_state
from sensors.times import rfc3339
from sensors.transition import Kind, Transition

TRANSITIONS: Final = ("file", "station", "level", "kind", "time", "value", "limit")


class SeriesReport(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one series."""

    file: str
    station: str
    variable: str
    unit: str
    observations: int
    missing: int
    first: str
    last: str
    levels: dict[str, float]  # limits that applied
    raised: dict[str, int]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """report.json."""

    plain: bool
    series: list[SeriesReport]
    skipped: list[str]
    refused_rows: list[str]
    refused_row_count: int


def evaluate(recording: Path, city: str, out: Path, *, plain: bool) -> int:
    """Write `transitions.csv` and `report.json` into `out`; the exit code.  GatewayError where nothing can be read."""
    files = _files(recording)
    catalogue, _ = checked(city)
    thresholds = read_thresholds(recording if recording.is_dir() else recording.parent)
    rows: list[tuple[str, int, int, Transition, Datastream]] = []
    report = Report(plain=plain, series=[], skipped=[], refused_rows=[], refused_row_count=0)
    for file in files:
        try:
            read = read_series(file)
        except RecordingError as error:
            report.skipped.append(str(error))
            print(f"skipped: {error}", file=sys.stderr)
            continue
        report = _with_refused(report, read)
        for series, datastream, transitions in _judged(read, catalogue, thresholds, plain=plain):
            report.series.append(_series_report(read.file, series, datastream, transitions))
            rows += [(read.file, t.time_us, t.rank, t, datastream) for t in transitions]
    rows.sort(key=lambda row: row[:3])
    try:
        out.mkdir(parents=True, exist_ok=True)
        _write_transitions(out / "transitions.csv", rows)
        (out / "report.json").write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")
    except OSError as error:
        raise GatewayError(f"--out {out}: {error.strerror}") from error
    raised = sum(t.kind is Kind.RAISED for _, _, _, t, _ in rows)
    for refused in report.refused_rows:
        print(f"refused: {refused}", file=sys.stderr)
    counts = f"{len(report.skipped)} files skipped, {report.refused_row_count} rows refused"
    print(f"{len(report.series)} series, {raised} levels raised, {counts}: {out}")
    return 0 if report.series else 1


def _files(recording: Path) -> list[Path]:
    if recording.is_dir():
        files = sorted(
            path for path in recording.iterdir() if path.suffix.lower() == ".csv" and path.name != "thresholds.csv"
        )
        if not files:
            raise GatewayError(f"{recording}: expected CSV files, found none")
        return files
    if not recording.is_file():
        raise GatewayError(f"{recording}: no such file or folder")
    return [recording]


def _with_refused(report: Report, read: RecordedSeries) -> Report:
    return msgspec.structs.replace(
        report,
        refused_rows=report.refused_rows + read.refused,
        refused_row_count=report.refused_row_count + read.refused_count,
    )


def _judged(
    read: RecordedSeries, catalogue: Catalogue, thresholds: list[Threshold], *, plain: bool
) -> Iterator[tuple[Series, Datastream, list[Transition]]]:
    """Each series of a file with its datastream and its level transitions."""
    batch = _batch(read.series)
    if not len(batch):
        return
    first_us = int(batch.time_us.min())
    datastreams = [_datastream(i, s, catalogue, thresholds, first_us) for i, s in enumerate(read.series)]
    whole = msgspec.structs.replace(catalogue, datastreams=tuple(datastreams))
    state = fresh_state(compile_rules(whole, first_us, plain=plain), first_us)
    _, transitions = step(state, batch, int(batch.receive_us.max()))
    of: dict[int, list[Transition]] = {number: [] for number in range(len(datastreams))}
    for transition in transitions:
        if transition.kind in (Kind.RAISED, Kind.RETURNED):
            of[transition.datastream].append(transition)
    for number, (series, datastream) in enumerate(zip(read.series, datastreams, strict=True)):
        yield series, datastream, of[number]


def _datastream(
    number: int, series: Series, catalogue: Catalogue, thresholds: list[Threshold], first_us: int
) -> Datastream:
    """The series as a datastream: levels of thresholds.csv for its station and unit, else the city's at `first_us`."""
    unit = units.canonical(series.unit) or series.unit
    known = catalogue.datastream_by_id.get(f"{series.station}:{series.variable}")
    levels = tuple(
        Level(level=t.level, rank=t.rank, severity=min(t.rank, 4), direction="rising", value=t.value)
        for t in sorted(thresholds, key=lambda t: t.rank)
        if t.station == series.station and (units.canonical(t.unit) or t.unit) == unit
    )
    if not levels and known is not None and known.unit == unit:
        levels = levels_in_force(known, first_us)
    interval_s = known.interval_calm_s if known is not None else 3600.0
    return Datastream(
        number=number,
        station=series.station,
        property=series.variable,
        kind=known.kind if known is not None else "recorded",
        unit=unit,
        interval_calm_s=interval_s,
        levels=levels,
    )


def _batch(series: list[Series]) -> Batch:
    """All series of a file as they would have come: in time order, each row received when it was measured."""
    time_us = np.array([t for s in series for t in s.time_us], np.int64)
    value = np.array([v for s in series for v in s.value], np.float64)
    number = np.repeat(np.arange(len(series), dtype=np.int32), [len(s.time_us) for s in series])
    order = np.argsort(time_us, kind="stable")
    time_us, value, number = time_us[order], value[order], number[order]
    quality = np.where(np.isnan(value), Quality.MISSING, Quality.NOT_EVALUATED).astype(np.uint8)
    return Batch(
        datastream=number,
        time_us=time_us,
        value=value,
        receive_us=time_us,
        device_us=time_us,
        origin=np.full(len(time_us), Origin.REPLAYED, np.uint8),
        quality=quality,
        reasons=np.zeros(len(time_us), np.uint16),
    )


def _series_report(file: str, series: Series, datastream: Datastream, transitions: list[Transition]) -> SeriesReport:
    raised = {level.level: 0 for level in datastream.levels}
    for transition in transitions:
        raised[transition.level] += transition.kind is Kind.RAISED
    return SeriesReport(
        file=file,
        station=series.station,
        variable=series.variable,
        unit=datastream.unit,
        observations=len(series.value),
        missing=int(np.isnan(series.value).sum()),
        first=rfc3339(min(series.time_us)),
        last=rfc3339(max(series.time_us)),
        levels={level.level: level.value for level in datastream.levels},
        raised=raised,
    )


def _write_transitions(path: Path, rows: list[tuple[str, int, int, Transition, Datastream]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines, lineterminator="\n")
        writer.writerow(TRANSITIONS)
        for file, time_us, _, transition, datastream in rows:
            level, kind = transition.level, str(transition.kind)
            when = rfc3339(time_us)
            writer.writerow((file, datastream.station, level, kind, when, transition.value, transition.limit))
