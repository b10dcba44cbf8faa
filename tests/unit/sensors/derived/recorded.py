"""Recorded data, where they are."""

import csv
import os
from pathlib import Path

import pytest

DEFAULT_DATA = Path(__file__).parents[4].parent / "shared" / "data"


def recorded(*parts: str) -> Path:
    """A file of the recorded data; the test is skipped, and says so, where it is not there."""
    path = Path(os.environ.get("SIAGA_RECORDED_DATA", DEFAULT_DATA)).resolve().joinpath(*parts)
    if not path.is_file():
        pytest.skip(f"SIAGA_RECORDED_DATA: no {path.name} at {path}")
    return path


def table(*parts: str) -> list[dict[str, str]]:
    """The rows of a recorded CSV file."""
    with recorded(*parts).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))
