"""Small recordings of our own making, and what `evaluate` makes of them."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from gateway.evaluate import evaluate
from gateway.evaluation.report import Report
from sensors.times import MINUTE_US, parse_rfc3339, rfc3339

START_US = parse_rfc3339("2026-01-05T00:00:00Z") or 0
HEADER = "time,station,variable,value,unit\n"
TRUTH = "file,station,level,start,first_below_after\n"
LEVELS = "station,level,rank,value,unit\n"


def at(minute: float) -> str:
    """The time so many minutes after the start of every small recording."""
    return rfc3339(START_US + round(minute * MINUTE_US))


def series(
    values: Iterable[float | None],
    *,
    station: str = "G-1",
    step_min: float = 10,
    variable: str = "level",
    unit: str = "cm",
) -> str:
    """Rows of a recording, one value a step; None is missing."""
    lines = (
        f"{at(place * step_min)},{station},{variable},{'' if value is None else value},{unit}\n"
        for place, value in enumerate(values)
    )
    return "".join(lines)


def thresholds(**limits: float) -> str:
    """thresholds.csv of G-1 in cm, the ranks in the order of the names."""
    return LEVELS + "".join(f"G-1,{name},{rank},{value},cm\n" for rank, (name, value) in enumerate(limits.items(), 1))


def write(folder: Path, files: Mapping[str, str]) -> Path:
    """The folder with these files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def run(recording: Path, out: Path, *, plain: bool = False, levels: Path | None = None, code: int = 0) -> Report:
    """Evaluate with the built-in city, whose stations have other names; the report."""
    assert evaluate(recording, "mojokerto", out, plain=plain, levels=levels) == code
    return msgspec.json.decode((out / "report.json").read_bytes(), type=Report)


def transitions(out: Path) -> list[tuple[str, str, str, str]]:
    """station, level, kind and time of transitions.csv, in its order."""
    with (out / "transitions.csv").open(encoding="utf-8", newline="") as lines:
        return [(r["station"], r["level"], r["kind"], r["time"]) for r in csv.DictReader(lines)]


def moves(out: Path, *, level: str) -> Sequence[tuple[str, str]]:
    """Kind and time of a level's transitions."""
    return [(kind, time) for _, name, kind, time in transitions(out) if name == level]
