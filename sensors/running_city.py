"""Which city a data directory is run with: noted by `siaga run`, for the commands that are told the directory alone."""

from pathlib import Path
from typing import Final

from sensors.city import city_folder
from sensors.errors import CatalogueError

FILE: Final = "city"


def note_city(data_dir: Path, name: str) -> None:
    """Write down the city (a built-in name or a folder) that runs on `data_dir`.  OSError, CatalogueError."""
    (data_dir / FILE).write_text(f"{city_folder(name).absolute()}\n", encoding="utf-8")


def running_city(data_dir: Path, otherwise: str) -> str:
    """The folder of the city that ran on `data_dir` last; `otherwise` where none is noted or it is not there now."""
    try:
        return str(city_folder((data_dir / FILE).read_text(encoding="utf-8").strip()))
    except (OSError, ValueError, CatalogueError):
        return otherwise
