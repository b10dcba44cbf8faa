"""CSV of a stranger as records: a dict by the header's names for each line."""

import csv
from typing import Final

from gateway.errors import PullError

MAX_COLUMNS: Final = 1_000


def csv_records(body: bytes, charset: str, delimiter: str) -> list[dict[str, str]]:
    """The lines below the header; a cell under no name, and an empty line, are passed over.

    PullError says what is wrong, in which line.
    """
    lines = _text(body, charset).splitlines()
    if not lines:
        raise PullError("CSV: expected a header, got nothing")
    reader = csv.reader(lines, delimiter=delimiter or max(",;\t|", key=lines[0].count), strict=True)
    records: list[dict[str, str]] = []
    try:
        header = [name.strip() for name in next(reader)]
        if len(header) > MAX_COLUMNS:
            raise PullError(f"CSV: expected at most {MAX_COLUMNS} columns, got {len(header)}")
        lines_with_cells = (cells for cells in reader if any(cells))
        records.extend({k: cell for k, cell in zip(header, cells, strict=False) if k} for cells in lines_with_cells)
    except csv.Error as error:
        raise PullError(f"CSV, line {reader.line_num}: {error}") from error
    return records


def _text(body: bytes, charset: str) -> str:
    """Decoded as the server says, else as UTF-8, else as what spreadsheets write here."""
    try:
        return body.decode(charset or "utf-8-sig").replace("\0", "")
    except LookupError as error:
        raise PullError(f"charset {charset!r} is not known") from error
    except UnicodeDecodeError:
        return body.decode("cp1252", errors="replace").replace("\0", "")
