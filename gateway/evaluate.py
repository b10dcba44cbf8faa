"""`siaga evaluate`: the detector over recordings, file by file, each from a fresh state."""

import csv
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from gateway.city_in_force import checked
from gateway.errors import GatewayError
from gateway.evaluation.across import derived_moves, derived_reports, wave_reports
from gateway.evaluation.city_derived import lacking
from gateway.evaluation.counterfactual import compare, in_one_line, refuse_nonsense, touched
from gateway.evaluation.datastreams import catalogue_of
from gateway.evaluation.drawing import drawn
from gateway.evaluation.judging import Judged, judge_file
from gateway.evaluation.measures import Truths, series_report, truths_of
from gateway.evaluation.page import Drawn, page
from gateway.evaluation.progress import Progress
from gateway.evaluation.report import Comparison, DerivedReport, Report, SeriesReport, WaveReport, verdict
from gateway.evaluation.thresholds import FILE, Threshold, read_thresholds
from gateway.evaluation.truth import Truth, read_truth
from gateway.recorded_series import RecordedSeries, read_series
from sensors.catalogue import Catalogue
from sensors.detector import DETECTOR_VERSION
from sensors.errors import RecordingError
from sensors.times import rfc3339
from sensors.transition import Kind, Transition

TRANSITIONS: Final = ("file", "station", "level", "kind", "time", "value", "limit")
MAX_SERIES_DRAWN: Final = 40  # a page with more plots than that opens on no machine


class Row(NamedTuple):
    """A line of transitions.csv."""

    file: str
    station: str
    transition: Transition


@dataclass(frozen=True, slots=True)
class Task:
    """What is evaluated, and how.  `others` are the levels of a counterfactual, from the file `others_of`."""

    files: Sequence[Path]
    city: Catalogue
    thresholds: Sequence[Threshold]
    truth: Truth
    plain: bool
    others: Sequence[Threshold] = ()
    others_of: str = ""


@dataclass(slots=True)
class Findings:
    """What has been found so far."""

    rows: list[Row] = field(default_factory=list)
    series: list[SeriesReport] = field(default_factory=list)
    derived: list[DerivedReport] = field(default_factory=list)
    waves: list[WaveReport] = field(default_factory=list)
    not_derived: list[str] = field(default_factory=list)
    drawn: list[Drawn | None] = field(default_factory=list)
    compared: list[Comparison] = field(default_factory=list)
    touched: bool = False
    skipped: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    refused_count: int = 0


def evaluate(recording: Path, city: str, out: Path, *, plain: bool, levels: Path | None = None) -> int:
    """Write `transitions.csv`, `report.json` and `report.html` into `out`; the exit code.

    `levels` is a file like thresholds.csv: the record is judged again with these.  GatewayError where nothing can be
    read, or where such levels make no sense.
    """
    task = _task(recording, city, levels, plain=plain)
    found = Findings()
    progress = Progress(len(task.files), sys.stderr)
    try:
        for file in task.files:
            progress.begin(file.name)
            _take(file, task, found, progress)
    finally:
        progress.end()
    if task.others_of and not found.touched:
        raise GatewayError(f"{task.others_of}: none of its stations and units is in the record")
    report = _report(recording, task, found)
    _write(out, found, report)
    for refused in found.refused:
        progress.say(f"refused: {refused}")
    raised = sum(row.transition.kind is Kind.RAISED for row in found.rows)
    counts = f"{len(found.skipped)} files skipped, {found.refused_count} rows refused"
    print(f"{len(found.series)} series, {raised} levels raised, {counts}: {out}")
    print(report.verdict)
    if task.others_of:
        print(in_one_line(task.others_of, report.counterfactual))
    return 0 if found.series else 1


def _task(recording: Path, city: str, levels: Path | None, *, plain: bool) -> Task:
    files = _files(recording)
    catalogue, _ = checked(city)
    folder = recording if recording.is_dir() else recording.parent
    thresholds, truth = read_thresholds(folder / FILE), read_truth(folder)
    if levels is None:
        return Task(files, catalogue, thresholds, truth, plain)
    if not levels.is_file():
        raise GatewayError(f"--levels {levels}: no such file")
    return Task(files, catalogue, thresholds, truth, plain, read_thresholds(levels), levels.name)


def _files(recording: Path) -> list[Path]:
    if recording.is_dir():
        files = sorted(path for path in recording.iterdir() if path.suffix.lower() == ".csv" and path.name != FILE)
        if not files:
            raise GatewayError(f"{recording}: expected CSV files, found none")
        return files
    if not recording.is_file():
        raise GatewayError(f"{recording}: no such file or folder")
    return [recording]


def _take(file: Path, task: Task, found: Findings, progress: Progress) -> None:
    """Judge one file, or say why it is none."""
    try:
        if not file.is_file():  # a pipe would keep us waiting
            raise RecordingError(f"{file}: expected a file")
        read = read_series(file)
    except RecordingError as error:
        found.skipped.append(str(error).replace(str(file), file.name))
        progress.say(f"skipped: {error}")
        return
    found.refused += read.refused
    found.refused_count += read.refused_count
    if not read.series:
        found.skipped.append(f"{read.file}: no observations")
        progress.say(f"skipped: {file}: no observations")
        return
    _judge(read, task, found)


def _judge(read: RecordedSeries, task: Task, found: Findings) -> None:
    bare = catalogue_of(read.series, task.city, task.thresholds, plain=True)
    by_plain_rule = judge_file(read.series, bare, plain=True).series
    judged = by_plain_rule if task.plain else _judge_by_city(read, task, found)
    truths = truths_of(read.file, judged, by_plain_rule, task.truth)
    for one, plain, truth in zip(judged, by_plain_rule, truths, strict=True):
        found.rows += [Row(read.file, one.series.station, t) for t in one.level_transitions]
        found.series.append(series_report(read.file, one, plain, truth, task.city))
        found.drawn.append(drawn(one, truth) if len(found.drawn) < MAX_SERIES_DRAWN else None)
    if task.others:
        _judge_otherwise(read, bare, task, found, list(zip(judged, truths, strict=True)))


def _judge_by_city(read: RecordedSeries, task: Task, found: Findings) -> list[Judged]:
    """The series, and what the city says across them."""
    catalogue = catalogue_of(read.series, task.city, task.thresholds)
    judged = judge_file(read.series, catalogue, plain=False)
    moves = derived_moves(judged, catalogue, task.city)
    found.rows += [Row(read.file, d.station, transition) for d, transition in moves]
    found.derived += derived_reports(read.file, judged, catalogue, task.city, moves)
    found.waves += wave_reports(read.file, judged, catalogue)
    found.not_derived += [f"{read.file}: {words}" for words in lacking(catalogue, task.city)]
    return judged.series


def _judge_otherwise(
    read: RecordedSeries, catalogue: Catalogue, task: Task, found: Findings, judged: Sequence[tuple[Judged, Truths]]
) -> None:
    """The same file with the other levels, beside what was found with its own."""
    refuse_nonsense(task.others_of, task.others, catalogue)
    with_others = catalogue_of(read.series, task.city, task.others, plain=True)
    others = judge_file(read.series, with_others, plain=task.plain).series
    for (one, truth), other in zip(judged, others, strict=True):
        if touched(task.others, one):
            found.touched = True
            spans = {level: spans for level, (_, spans) in truth.items()}
            found.compared += compare(read.file, one, other, spans)


def _report(recording: Path, task: Task, found: Findings) -> Report:
    return Report(
        recording=recording.resolve().name,
        plain=task.plain,
        detector=DETECTOR_VERSION,
        verdict=verdict(found.series),
        series=found.series,
        derived=found.derived,
        waves=found.waves,
        not_derived=found.not_derived,
        counterfactual=found.compared,
        counterfactual_of=task.others_of,
        skipped=found.skipped,
        refused_rows=found.refused,
        refused_row_count=found.refused_count,
    )


def _write(out: Path, found: Findings, report: Report) -> None:
    """GatewayError where the folder or a file cannot be written."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        _write_transitions(out / "transitions.csv", found.rows)
        (out / "report.json").write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")
        (out / "report.html").write_text(page(report, found.drawn), encoding="utf-8")
    except OSError as error:
        raise GatewayError(f"--out {out}: {error.strerror}") from error


def _write_transitions(path: Path, rows: Sequence[Row]) -> None:
    """By file, time and rank."""
    with path.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines, lineterminator="\n")
        writer.writerow(TRANSITIONS)
        for file, station, t in sorted(rows, key=lambda row: (row.file, row.transition.time_us, row.transition.rank)):
            writer.writerow((file, station, t.level, str(t.kind), rfc3339(t.time_us), t.value, t.limit))
