"""The page's files in their folder: each replaced whole, those of areas that are no more taken away."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

INDEX: Final = "warga.html"
AREAS: Final = "warga"
_OURS: Final = re.compile(r"[0-9.]{2,13}\.(html|txt)(\.new)?")


def folder_of(directory: str, port: int, data_dir: Path) -> Path | None:
    """Where the files are; None where there is no public page."""
    if directory:
        return Path(directory)
    return data_dir / "public" if port else None


def write(folder: Path, files: Mapping[str, str]) -> None:
    """Put the files, by their path in the folder, into it.  Raises OSError; what was written before it stays whole."""
    for made in (folder, folder / AREAS):
        if not made.is_dir():
            made.mkdir(parents=True)
            made.chmod(0o755)  # for whoever gives them out: nothing in here is secret
    for name, text in files.items():
        _replace(folder / name, text)
    for path in (folder / AREAS).iterdir():
        if _OURS.fullmatch(path.name) and f"{AREAS}/{path.name}" not in files:
            path.unlink()


def _replace(path: Path, text: str) -> None:
    new = path.with_name(f"{path.name}.new")
    new.write_text(text, encoding="utf-8")
    new.chmod(0o644)
    os.replace(new, path)  # noqa: PTH105 (atomic: a reader has the old one or the new one)
