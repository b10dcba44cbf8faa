"""A sheet as PDF on A4, by fpdf2; only this file imports it, and only who asks for a PDF pays for it.

The font is DejaVu Sans, which matplotlib brings along: a letter that it has not is shown as an empty box, never lost
in silence from the record's text layer.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import matplotlib as mpl
from fpdf import FPDF
from fpdf.enums import MethodReturnValue, TableBordersLayout
from fpdf.fonts import FontFace, TTFFont

from command_center.alarms.text import Language
from command_center.paper.plot import Drawing, Stroke
from command_center.paper.sheet import Figure, Sheet, Table

MARGIN_MM: Final = 14.0
SHORT: Final = 40  # letters: a cell that cannot be high, however wide they are
LINES_IN_A_ROW: Final = 25  # a page has 60
MOST_ROWS: Final = 1_500  # of a table; the page (HTML) has them all
_PT_TO_MM: Final = 25.4 / 72
_FONT: Final = "DejaVu"
_INK, _SOFT, _GRID, _BLUE = (17, 17, 17), (68, 68, 68), (221, 221, 221), (0, 102, 204)
_WIDTH_PT: Final = {"axis": 0.7, "grid": 0.5, "trace": 1.4, "level": 1.1, "mark": 1.3}
_MORE: Final[dict[Language, str]] = {
    "id": "{} baris lagi tidak dicetak dalam PDF: lihat halamannya (HTML).",
    "en": "{} more rows are not in the PDF: the page (HTML) has them.",
}
_COLOUR: Final = {"grid": _GRID, "trace": _BLUE}


class _Paper(FPDF):
    """A4 with a foot on every page."""

    def __init__(self, sheet: Sheet, is_wanted: Callable[[], bool]) -> None:
        super().__init__(orientation="portrait", unit="mm", format="A4")
        self._foot, self._is_wanted = sheet.foot, is_wanted
        fonts = Path(mpl.get_data_path()) / "fonts" / "ttf"
        self.add_font(_FONT, "", fonts / "DejaVuSans.ttf")
        self.add_font(_FONT, "B", fonts / "DejaVuSans-Bold.ttf")
        self.set_margin(MARGIN_MM)
        self.set_auto_page_break(auto=True, margin=MARGIN_MM + 4)
        self.set_title(sheet.title)
        self.set_lang(sheet.language)
        self.set_creator("Siaga")

    def footer(self) -> None:
        """The foot: what the sheet says, and which page of how many.  Raises NotWanted."""
        if not self._is_wanted():
            raise NotWanted
        self.set_y(-MARGIN_MM)
        self.set_font(_FONT, "", 7)
        self.set_text_color(*_SOFT)
        self.cell(w=self.epw - 20, h=4, text=self._foot)
        self.cell(w=20, h=4, text=f"{self.page_no()} / {{nb}}", align="R")


class NotWanted(Exception):
    """Whoever asked for the document is gone, or everything stops."""


def _always() -> bool:
    return True


def as_pdf(sheet: Sheet, made_us: int, is_wanted: Callable[[], bool] = _always) -> bytes:
    """The document, the same bytes for the same sheet; `made_us` (µs UTC) is its date of creation.

    A row takes 5 ms: beyond MOST_ROWS of a table it says how many are not in it.  Raises NotWanted, within a page,
    once `is_wanted` says no.
    """
    paper = _Paper(sheet, is_wanted)
    try:
        _fill(paper, sheet, made_us)
    except NotWanted:
        for font in paper.fonts.values():
            if isinstance(font, TTFFont):
                font.close()  # `output` does it otherwise
        raise
    return bytes(paper.output())


def _fill(paper: FPDF, sheet: Sheet, made_us: int) -> None:
    paper.set_creation_date(datetime.fromtimestamp(made_us // 1_000_000, UTC))
    paper.add_page()
    if sheet.band:
        paper.set_font(_FONT, "B", 12)
        paper.set_line_width(1.0)
        paper.multi_cell(w=0, h=9, text=sheet.band, border=1, align="C", new_x="LMARGIN", new_y="NEXT")
        paper.ln(3)
    paper.set_text_color(*_INK)
    paper.set_font(_FONT, "B", 15)
    paper.multi_cell(w=0, h=7, text=sheet.title, align="L", new_x="LMARGIN", new_y="NEXT")
    paper.ln(1)
    _rows(paper, sheet.facts, (1.0, 3.0), ())
    for part in sheet.parts:
        if isinstance(part, Table):
            _table(paper, part, sheet.language)
        else:
            _figure(paper, part)


def _heading(paper: FPDF, title: str, below_mm: float) -> None:
    """A heading that does not stand alone at the foot of a page."""
    if paper.will_page_break(below_mm + 14):
        paper.add_page()
    paper.ln(5)
    paper.set_text_color(*_INK)
    paper.set_font(_FONT, "B", 11)
    paper.multi_cell(w=0, h=6, text=title, align="L", new_x="LMARGIN", new_y="NEXT")
    paper.ln(1)


def _note(paper: FPDF, note: str) -> None:
    if note:
        paper.set_text_color(*_SOFT)
        paper.set_font(_FONT, "", 8)
        paper.multi_cell(w=0, h=4.2, text=note, align="L", new_x="LMARGIN", new_y="NEXT")


def _table(paper: FPDF, table: Table, language: Language) -> None:
    _heading(paper, table.title, 12)
    shown = table.rows[:MOST_ROWS]
    if shown:
        _rows(paper, shown, table.widths, table.head)
    more = len(table.rows) - len(shown)
    _note(paper, " ".join(filter(None, (table.note, _MORE[language].format(more) if more else ""))))


def _rows(paper: FPDF, rows: tuple[tuple[str, ...], ...], widths: tuple[float, ...], head: tuple[str, ...]) -> None:
    paper.set_text_color(*_INK)
    paper.set_font(_FONT, "", 8)
    paper.set_draw_color(187, 187, 187)
    paper.set_line_width(0.2)
    layout = TableBordersLayout.HORIZONTAL_LINES if head else TableBordersLayout.NONE
    with paper.table(
        col_widths=widths,
        line_height=4.2,
        borders_layout=layout,
        headings_style=FontFace(emphasis="BOLD"),
        first_row_as_headings=bool(head),
        text_align="LEFT",
        v_align="T",
        padding=(0.8, 1.5, 0.8, 0),
    ) as drawn:
        for row in (head, *rows) if head else rows:
            for piece in _pieces(paper, row, widths):
                drawn.row(piece)


def _pieces(paper: FPDF, row: tuple[str, ...], widths: tuple[float, ...]) -> Iterator[tuple[str, ...]]:
    """The row; one too high for a page (a comment may have 4,000 letters of any width, or lines) in several."""
    if all(len(cell) < SHORT for cell in row):
        yield row
        return
    unit_mm = paper.epw / sum(widths)
    columns = [_lines(paper, cell, max(8.0, width * unit_mm - 3.0)) for cell, width in zip(row, widths, strict=True)]
    for start in range(0, max(len(lines) for lines in columns), LINES_IN_A_ROW):
        yield tuple("\n".join(lines[start : start + LINES_IN_A_ROW]) for lines in columns)


def _lines(paper: FPDF, text: str, width_mm: float) -> list[str]:
    """The text as it is broken into lines of that width."""
    found = paper.multi_cell(w=width_mm, text=text, dry_run=True, output=MethodReturnValue.LINES)
    return [str(line) for line in found] if isinstance(found, list) else [text]


def _figure(paper: FPDF, figure: Figure) -> None:
    scale = paper.epw / figure.drawing.width
    height_mm = figure.drawing.height * scale
    _heading(paper, figure.title, height_mm)
    _paint(paper, figure.drawing, paper.l_margin, paper.get_y(), scale)
    paper.set_y(paper.get_y() + height_mm)
    _note(paper, figure.note)


def _paint(paper: FPDF, drawing: Drawing, left: float, top: float, scale: float) -> None:
    for stroke in drawing.strokes:
        paper.set_draw_color(*_colour(stroke))
        paper.set_line_width(_WIDTH_PT.get(stroke.role, 0.7) * _PT_TO_MM)
        if stroke.role == "level":
            paper.set_dash_pattern(dash=1.8, gap=0.8)
        paper.polyline([(left + x * scale, top + y * scale) for x, y in stroke.points])
        paper.set_dash_pattern()
    paper.set_font(_FONT, "", 6.5)
    for label in drawing.labels:
        paper.set_text_color(*(_SOFT if label.role == "number" else _INK))
        width = paper.get_string_width(label.text)
        shift = {"start": 0.0, "middle": width / 2, "end": width}[label.anchor]
        paper.text(left + label.x * scale - shift, top + label.y * scale, label.text)


def _colour(stroke: Stroke) -> tuple[int, int, int]:
    if stroke.colour:
        red, green, blue = bytes.fromhex(stroke.colour.removeprefix("#"))
        return red, green, blue
    return _COLOUR.get(stroke.role, _INK)
