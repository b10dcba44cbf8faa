"""At which pace the rivers of a data directory are judged: noted by the gateway, for commands that play water there."""

import math
from pathlib import Path
from typing import Final

FILE: Final = "pace"
LIFE: Final = 1.0


def note_pace(data_dir: Path, pace: float) -> None:
    """Write down how many times as fast as life the rivers are taken to move now.  OSError."""
    (data_dir / FILE).write_text(f"{pace:.10g}\n", encoding="utf-8")


def running_pace(data_dir: Path) -> float:
    """The pace that was noted last; that of life where none is, or what stands there is none."""
    try:
        pace = float((data_dir / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return LIFE
    return pace if math.isfinite(pace) and pace > 0 else LIFE
