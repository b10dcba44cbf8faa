"""An incident and a handover on paper: everything is there, nothing runs, and what people wrote stays text."""

import io
import re
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from pypdf import PdfReader

from command_center.clock import now_us
from command_center.paper.html import as_html
from command_center.paper.pdf import MOST_ROWS, NotWanted, as_pdf
from command_center.paper.plot import Hydrograph, Lane, LevelLine, draw
from command_center.paper.sheet import Figure, Sheet, Table, cell
from sensors.catalogue import Catalogue
from sensors.times import HOUR_US, MINUTE_US
from tests.unit.command_center.little_city import LEVEL, entry, little_city, raised, returned
from tests.unit.command_center.running import Gateway, Running, running, until

WORD = "kata sandi sif"
HOSTILE = '<script>alert("x")</script>&amp;'


def hostile_city() -> Catalogue:
    city = little_city()
    rolak, *rest = city.stations
    return replace(city, stations=(replace(rolak, name=f"Rolak {HOSTILE}"), *rest))


@pytest.fixture(scope="module")
def center(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """An incident of the river that rose, was acknowledged and fell, with a gap in its readings."""
    folder, now = tmp_path_factory.mktemp("data"), now_us()
    with running(folder, Gateway(folder, hostile_city())) as started:
        began = now - 50 * MINUTE_US
        rise = [(LEVEL, began + n * MINUTE_US, 480.0 + 4 * n) for n in range(20)]
        fall = [(LEVEL, began + n * MINUTE_US, 620.0 - 4 * n) for n in range(30, 45)]
        started.gateway.append(entry(rise, raised("hijau", time_us=now, at_us=now, value=500.0), now_us=now))
        started.wait_ready()
        started.wait_applied()
        # Drafted by rule within a second of the alarm; what is over by then needs no warning.
        until(lambda: bool(started.get("/alerts")["items"]), timeout_s=60)
        admin = started.log_in()
        body = {"name": "sari", "role": "operator", "password": WORD}
        assert started.client.post("/users", json=body, headers=admin).status_code == 201
        [alarm] = started.get("/alarms")["items"]
        said = {"comment": f"kamera {HOSTILE}"}
        sari = started.log_in("sari", WORD)
        assert started.client.post(f"/alarms/{alarm['id']}/acknowledge", json=said, headers=sari).status_code == 200
        later = now_us()
        started.gateway.append(entry(fall, returned("hijau", time_us=later, at_us=later, value=440.0), now_us=later))
        started.wait_applied()
        yield started


def incident(center: Running) -> str:
    return str(center.get("/alarms")["items"][0]["incident"])


def page(center: Running, path: str, **parameters: str) -> str:
    answer = center.client.get(path, params=parameters, headers=center.log_in("sari", WORD))
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    return str(answer.text)


def page_and_story(center: Running, language: str) -> tuple[str, int]:
    """A timeline's page and how much it tells, both of one moment: rules go on drafting and taking back."""
    path = f"/incidents/{incident(center)}/timeline"
    told, text = -1, ""
    while told != len(center.get(f"{path}.json")["told"]):
        told = len(center.get(f"{path}.json")["told"])
        text = page(center, f"{path}.html", language=language)
    return text, told


def test_the_timeline_as_json_tells_readings_breaches_and_acts(center: Running) -> None:
    told = center.get(f"/incidents/{incident(center)}/timeline.json")
    kinds = [(one["kind"], one["what"]["en"].split(":")[0], one["by"]) for one in told["told"]]
    assert [one for one in kinds if "warning" not in one[1] and "draft" not in one[1]] == [
        ("breach", "Green alert reached", ""),
        ("act", "alarm acknowledged", "sari"),
        ("breach", "back to normal, last Green alert", ""),
    ]
    assert ("act", "warning drafted [Exercise]", "") in kinds  # by rule, and in this city never Actual
    [readings] = told["readings"]
    assert (readings["datastream"], len(readings["items"])) == ("ROLAK:level", 35)
    assert told["open"] is False


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("id", ("Urutan kejadian", "alarm diakui", "Siaga Hijau tercapai", "Temuan")),
        ("en", ("Timeline", "acknowledged")),
    ],
)
def test_the_page_is_well_formed_and_names_stay_text(center: Running, language: str, words: tuple[str, ...]) -> None:
    text, told = page_and_story(center, language)
    root = ET.fromstring(text.replace("<!DOCTYPE html>", ""))  # noqa: S314 (our own page)
    assert {node.tag for node in root.iter()} & {"script", "link", "img", "iframe", "object"} == set()
    assert not re.search(r"\bon\w+=|https?://", text.replace("http://www.w3.org", ""))
    said = " ".join(root.itertext())
    assert all(word in said for word in words)
    assert said.count(HOSTILE) >= 3  # the station in title and table, and what was said
    traces = [node for node in root.iter("polyline") if node.get("class") == "trace"]
    assert len(traces) == 2  # the gap is not bridged
    marks = [node for node in root.iter("polyline") if node.get("class") == "mark"]
    assert len(marks) == told


def test_the_pdf_opens_and_its_text_can_be_read(center: Running) -> None:
    answer = center.client.get(f"/incidents/{incident(center)}/timeline.pdf", params={"language": "id"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    document = PdfReader(io.BytesIO(answer.content), strict=True)
    text = " ".join(" ".join(page.extract_text().split()) for page in document.pages)
    assert "alarm diakui" in text
    assert "Siaga Hijau" in text
    assert "sari" in text
    assert '<script>alert("x")</script>' in text.replace(" ", "")
    assert document.metadata is not None
    assert str(document.metadata.title).startswith("Urutan kejadian")
    assert "JavaScript" not in str(document.trailer["/Root"])


@pytest.mark.parametrize("kind", ["json", "html", "pdf"])
def test_what_is_not_there_is_said(center: Running, kind: str) -> None:
    answer = center.client.get(f"/incidents/nothing/timeline.{kind}")
    assert (answer.status_code, answer.json()["error"]["where"]) == (404, "path.incident_id")


def test_a_handover_is_printed_as_it_was_with_who_accepted_it(center: Running) -> None:
    admin = center.log_in()
    body = {"to": "sari", "text": f"Awasi {HOSTILE}"}
    made = center.client.post("/handover", json=body, headers=admin).json()
    path = f"/handovers/{made['number']}/digest"
    before = ET.fromstring(page(center, f"{path}.html", language="en").replace("<!DOCTYPE html>", ""))  # noqa: S314
    assert "NOT accepted yet" in " ".join(before.itertext())
    assert f"Awasi {HOSTILE}" in " ".join(before.itertext())
    sari = center.log_in("sari", WORD)
    center.client.post(f"/handover/{made['number']}/accept", headers=sari)
    after = page(center, f"{path}.html")
    assert "BELUM diterima" not in after
    assert "Tindakan tetap yang belum dicabut (0)" in after
    document = PdfReader(io.BytesIO(center.client.get(f"{path}.pdf", headers=sari).content))
    assert "Serah terima sif" in document.pages[0].extract_text()
    assert center.client.get("/handovers/999/digest.html", headers=sari).status_code == 404
    assert center.client.get(f"{path}.html").status_code == 401


def graph(times: list[int], values: list[float], **fields: Any) -> Hydrograph:
    given = Hydrograph(
        times_us=np.array(times, np.int64),
        values=np.array(values, np.float64),
        gap_us=HOUR_US,
        levels=(LevelLine("Awas 3", 3.0, "#d00020"), LevelLine("Siaga 2,9", 2.9, "")),
        lanes=(Lane("Temuan", [0, 10**15]),),
        from_us=0,
        to_us=10 * HOUR_US,
        offset_us=7 * HOUR_US,
        clock=str,
        number=str,
    )
    return given._replace(**fields)


@given(
    st.lists(st.one_of(st.just(float("nan")), st.floats(-1e9, 1e9)), max_size=30),
    st.integers(1, 400 * 24 * HOUR_US),
)
def test_whatever_is_drawn_stays_on_the_paper(values: list[float], span_us: int) -> None:
    times = np.linspace(0, span_us, len(values)).astype(np.int64).tolist()
    drawing = draw(graph(times, values, to_us=span_us))
    points = [point for stroke in drawing.strokes for point in stroke.points]
    assert all(-2 <= x <= drawing.width + 2 and -1 <= y <= drawing.height + 1 for x, y in points)
    assert sum(label.role == "number" for label in drawing.labels) < 40
    good = [v for v in values if v == v]
    drawn = sum(len(stroke.points) for stroke in drawing.strokes if stroke.role == "trace")
    assert drawn >= len(good)


def test_a_missing_reading_and_a_gap_break_the_trace() -> None:
    nan = float("nan")
    times = [0, 600_000_000, 1_200_000_000, 1_800_000_000, 3 * HOUR_US, 3 * HOUR_US + 1]
    traces = [s for s in draw(graph(times, [1, 1, nan, 2, 2, 2])).strokes if s.role == "trace"]
    assert [len(trace.points) for trace in traces] == [2, 2, 2]  # the lonely one is a dash


def test_a_long_sheet_has_its_head_on_every_page_and_a_long_text_says_that_it_is_cut() -> None:
    rows = tuple((str(n), cell("kata " * 12)) for n in range(150))
    table = Table(title="Daftar", head=("Nomor", "Teks"), widths=(1, 5), rows=rows)
    figure = Figure(title="Grafik", drawing=draw(graph([], [])), note="TIDAK ADA pembacaan")
    sheet = Sheet(language="id", title="Uji", band="LATIHAN", facts=(("a", "b"),), parts=(table, figure), foot="kaki")
    pages = PdfReader(io.BytesIO(as_pdf(sheet, 10**15))).pages
    assert len(pages) > 2
    assert all("Nomor" in page.extract_text() for page in pages[:-1])
    assert all("kaki" in page.extract_text() for page in pages)
    assert "LATIHAN" in pages[0].extract_text()
    assert as_pdf(sheet, 10**15) == as_pdf(sheet, 10**15)
    assert "TIDAK ADA pembacaan" in as_html(sheet)
    assert cell("x" * 5_000).endswith(" […]")


@pytest.mark.parametrize("text", ["𝕎" * 1_000, "baris\n" * 400, "W" * 4_000], ids=["wide", "lines", "long"])
def test_a_cell_that_is_higher_than_a_page_goes_on_below(text: str) -> None:
    table = Table(title="Daftar", head=("Nomor", "Teks"), widths=(5, 1), rows=(("1", text), ("2", "akhir")))
    sheet = Sheet(language="id", title="Uji", band="", facts=(("a", text),), parts=(table,), foot="kaki")
    told = "".join(page.extract_text() for page in PdfReader(io.BytesIO(as_pdf(sheet, 10**15))).pages)
    assert "akhir" in told
    if text.startswith(("W", "b")):
        assert told.count(text[0]) >= 2 * text.count(text[0]), "every letter, in the fact and in the table"


def test_a_pdf_is_bounded_and_ends_when_nobody_wants_it_any_more() -> None:
    rows = tuple((str(n), "kata") for n in range(MOST_ROWS + 7))
    table = Table(title="Daftar", head=("Nomor", "Teks"), widths=(1, 5), rows=rows)
    sheet = Sheet(language="en", title="Test", band="", facts=(), parts=(table,), foot="foot")
    asked = iter([True, True, False])
    with pytest.raises(NotWanted):
        as_pdf(sheet, 10**15, lambda: next(asked))
    text = PdfReader(io.BytesIO(as_pdf(sheet, 10**15))).pages[-1].extract_text()
    assert "7 more rows are not in the PDF" in " ".join(text.split())
    assert next(asked, None) is None
