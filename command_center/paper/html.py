"""A sheet as one HTML page: nothing but itself is needed to show or print it, and no script is in it.

It is well-formed XML, too, so that a test can hold it against a strict parser.

Every text is escaped: names and comments come from people and files.
"""

from html import escape
from typing import Final

from command_center.paper.plot import Drawing, Label, Stroke
from command_center.paper.sheet import Figure, Sheet, Table

# What the page may do: its own styles, and nothing else, whatever is written in it.
POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
_STYLE: Final = """
@page { size: A4; margin: 14mm 14mm 16mm; }
* { box-sizing: border-box; }
body { font: 10.5pt/1.4 "DejaVu Sans", system-ui, sans-serif; color: #111; background: #fff; max-width: 182mm;
  margin: 8mm auto; padding: 0 4mm; overflow-wrap: anywhere; }
h1 { font-size: 16pt; line-height: 1.2; margin: 0 0 3mm; }
h2 { font-size: 12pt; margin: 7mm 0 2mm; break-after: avoid; }
.band { border: 1.2mm solid #111; padding: 2mm 3mm; font-weight: 700; font-size: 13pt; text-align: center;
  margin: 0 0 4mm; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.6mm 5mm; margin: 0; }
dt { color: #444; } dd { margin: 0; }
table { border-collapse: collapse; width: 100%; table-layout: fixed; font-size: 9pt; }
th, td { text-align: left; vertical-align: top; padding: 1mm 2mm 1mm 0; border-bottom: 0.2mm solid #bbb; }
th { border-bottom: 0.4mm solid #111; }
thead { display: table-header-group; } tr, figure { break-inside: avoid; }
figure { margin: 0; } svg { width: 100%; height: auto; display: block; }
.note, footer { color: #444; font-size: 9pt; }
footer { margin-top: 8mm; border-top: 0.2mm solid #bbb; padding-top: 2mm; }
polyline { fill: none; stroke: #111; stroke-width: 0.7; }
.grid { stroke: #ddd; stroke-width: 0.5; } .trace { stroke: #06c; stroke-width: 1.4; }
.level { stroke-dasharray: 5 2; stroke-width: 1.1; } .mark { stroke-width: 1.3; }
text { font-size: 7.5px; fill: #111; } .number { fill: #444; font-variant-numeric: tabular-nums; }
@media print { body { margin: 0; padding: 0; max-width: none; } }
"""


def as_html(sheet: Sheet) -> str:
    """The page."""
    facts = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in sheet.facts)
    band = f'<p class="band">{escape(sheet.band)}</p>' if sheet.band else ""
    parts = "".join(_table(part) if isinstance(part, Table) else _figure(part) for part in sheet.parts)
    title = escape(sheet.title)
    return (
        f'<!DOCTYPE html>\n<html lang="{sheet.language}">\n<head>\n<meta charset="utf-8"/>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1"/>\n'
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n{band}<h1>{title}</h1>\n<dl>{facts}</dl>\n"
        f"{parts}\n<footer>{escape(sheet.foot)}</footer>\n</body>\n</html>\n"
    )


def _table(table: Table) -> str:
    note = f'<p class="note">{escape(table.note)}</p>' if table.note else ""
    if not table.rows:
        return f"<section><h2>{escape(table.title)}</h2>{note}</section>\n"
    widths = "".join(f'<col style="width:{100 * share / sum(table.widths):.1f}%"/>' for share in table.widths)
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in table.head)
    rows = "".join(f"<tr>{''.join(f'<td>{escape(text)}</td>' for text in row)}</tr>\n" for row in table.rows)
    return (
        f"<section><h2>{escape(table.title)}</h2><table><colgroup>{widths}</colgroup>"
        f"<thead><tr>{head}</tr></thead>\n<tbody>{rows}</tbody></table>{note}</section>\n"
    )


def _figure(figure: Figure) -> str:
    note = f'<figcaption class="note">{escape(figure.note)}</figcaption>' if figure.note else ""
    drawn = _svg(figure.drawing, figure.title)
    return f"<section><h2>{escape(figure.title)}</h2><figure>{drawn}{note}</figure></section>\n"


def _svg(drawing: Drawing, title: str) -> str:
    strokes = "".join(map(_stroke, drawing.strokes))
    labels = "".join(map(_label, drawing.labels))
    box = f"0 0 {drawing.width:g} {drawing.height:g}"
    return f'<svg viewBox="{box}" role="img" aria-label="{escape(title)}">{strokes}{labels}</svg>'


def _stroke(stroke: Stroke) -> str:
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in stroke.points)
    colour = f' style="stroke:{escape(stroke.colour)}"' if stroke.colour else ""
    return f'<polyline class="{stroke.role}" points="{points}"{colour}/>'


def _label(label: Label) -> str:
    return (
        f'<text class="{label.role}" x="{label.x:.1f}" y="{label.y:.1f}" text-anchor="{label.anchor}">'
        f"{escape(label.text)}</text>"
    )
