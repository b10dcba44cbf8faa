"""What the screens tell of what the server says: its refusals in words, its figures where they mean something."""

import re
from collections.abc import Iterator
from functools import partial

import pytest
from playwright.sync_api import Page, Route

from tests.unit.gateway import test_address_book
from tests.unit.gateway.formats import test_chirpstack
from tests.unit.gateway.test_ingest import read
from tests.unit.module_page import runner, worded_page
from tests.unit.test_display_modules import HERE, Run

pytestmark = pytest.mark.browser

AT = "2026-05-29T05:00:00Z"
IN_BOTH = f"""
    const text = await import('{HERE}text.js');
    const all = (code) => {{ text.setLanguage(code); return a.map((one) => told(...one)); }};
    const said = ["id", "en"].map(all);
    text.setLanguage("id");
    return said"""


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    """A page with the texts loaded."""
    with worded_page() as page:
        page.evaluate(f"import('{HERE}format.js').then((format) => format.setZone('Asia/Jakarta', 'WIB'))")
        yield page


@pytest.fixture
def run(page: Page) -> Run:
    """Runs JavaScript with one module as `m` and the arguments as `a`."""
    return runner(page)


def why(run: Run, *refusals: tuple[str, str]) -> list[list[str]]:
    """What is told of refusals, in Indonesian and in English."""
    found: list[list[str]] = run("why.js", f"const told = m.whyText; {IN_BOTH}", *refusals)
    return found


def test_a_time_that_cannot_be_is_told_with_its_day_and_the_bound_that_it_breaks(run: Run) -> None:
    form = "time: expected one from 2000-01-01T00:00:00Z to now, 2026-05-29T07:00:00Z, got {}"
    tomorrow, long_ago = form.format("2026-05-29T22:00:00Z"), form.format("1926-05-29T07:00:00Z")
    indonesian, english = why(run, ("invalid", tomorrow), ("invalid", long_ago))
    assert indonesian == [
        "waktu: paling lambat sekarang, Jum, 29 Mei 2026, 14:00:00 WIB; yang diketik Sab, 30 Mei 2026, 05:00:00 WIB",
        "waktu: paling awal Sab, 1 Jan 2000, 07:00:00 WIB; yang diketik Sab, 29 Mei 1926, 14:20:00 WIB",
    ]
    assert english[0].startswith("time: now at the latest, Fri, 29 May 2026, 14:00:00 WIB; got Sat, 30 May 2026")
    assert english[1].startswith("time: Sat, 1 Jan 2000, 07:00:00 WIB at the earliest; got Sat, 29 May 1926")


def test_a_bound_that_is_none_keeps_its_sign_and_what_is_no_number_is_called_so(run: Run) -> None:
    form = "value: expected {} to {} cm, got {}: was it heard or typed wrong?"
    (open_both, no_number), _ = why(
        run, ("invalid", form.format("-inf", "inf", "-inf")), ("invalid", form.format("-5.5", "inf", "nan"))
    )
    assert open_both.startswith("nilai: yang mungkin di sini -∞ sampai ∞ cm, yang diketik -∞:")
    assert no_number.startswith("nilai: yang mungkin di sini -5,5 sampai ∞ cm, yang diketik bukan bilangan:")


def test_what_nobody_has_words_for_stays_as_the_server_said_it(run: Run) -> None:
    assert why(run, ("invalid", "nobody's word"), ("new_code", "another")) == [["nobody's word", "another"]] * 2


@pytest.mark.parametrize(
    ("code", "said", "said_in_english"),
    [
        ("not_stored", "tidak dapat ditulis ke disk: tidak ada yang terjadi", "it could not be written to the disk"),
        (
            "operations_unreadable",
            "yang disimpan pusat komando tidak dapat dibaca",
            "what the command center has stored cannot be read",
        ),
        ("history_unreadable", "data tersimpan tidak dapat dibaca", "the stored data cannot be read"),
        ("log_unreadable", "data tersimpan tidak dapat dibaca", "the stored data cannot be read"),
    ],
)
def test_of_what_cannot_be_stored_or_read_the_server_s_own_reason_stands_behind_the_words(
    run: Run, code: str, said: str, said_in_english: str
) -> None:
    reason = "data/operations.db: database or disk is full"
    [indonesian], [english] = why(run, (code, reason))
    assert indonesian == f"{said} ({reason})"
    assert english.startswith(said_in_english)
    assert english.endswith(f" ({reason})")


@pytest.mark.parametrize(
    ("asked_h", "first", "last", "told"),
    [
        (24, "2026-05-28T00:00:30Z", "2026-05-28T23:59:30Z", "2,00"),
        (24, "2026-05-28T00:20:00Z", "2026-05-28T23:20:00Z", "2,00"),
        (168, "2026-05-22T00:00:00Z", "2026-05-28T23:59:00Z", "2,00"),
        (24, "2026-05-28T00:00:00Z", "2026-05-28T02:00:00Z", "perlu data sehari"),
        (23.5, "2026-05-28T00:00:00Z", "2026-05-28T23:30:00Z", "perlu data sehari"),
    ],
)
def test_a_trial_tells_alarms_a_day_of_a_range_of_a_day_that_observations_fill(
    run: Run, asked_h: float, first: str, last: str, told: str
) -> None:
    nothing = {"n": 0, "min": None, "median": None, "max": None}
    outcome = {"alarms": 2, "alarms_per_day": 2.0, "flaps": 0, "chatter": 0, "peaks": 0, "missed_peaks": 0}
    both = {"now": {**outcome, "lead_min": nothing}, "tried": {**outcome, "lead_min": nothing}}
    range_ = {"asked_ms": asked_h * 3600e3, "first": first, "last": last, "held_from": None, "observations": 1440}
    answer = {"sensor": "A:level", "unit": "cm", "levels": [], "lines": [], **both, **range_}
    body = """const host = document.createElement("div");
        host.append(...m.answerNodes(a[0], { levels: {} }, {}));
        const row = [...host.querySelectorAll("tr")].find((one) => one.textContent.startsWith("Alarm per hari"));
        return [...row.children].map((cell) => cell.textContent)"""
    assert run("console/trial_answer.js", body, answer) == ["Alarm per hari", told, told]


def test_other_refusals_of_the_gateway_are_told_in_both_languages(run: Run) -> None:
    """The sentences are the gateway's own, of messages that it reads here."""
    topic = "telemetry/S1/level"
    results = [
        read((topic, b"[" * 2_000)),
        read((topic, b"[]")),
        read((topic, b'{"value": 1e999}')),
        read((topic, b"5"), retain=True),
        read((topic, b"[" + b",".join([b"1"] * 10_001) + b"]")),
        read((topic, b'{"ts": "x", "value": 1}')),
        test_address_book.read("telemetry/S1/level-rate", b"12"),
        test_chirpstack.reader().read(("application/1/device/2/event/up", b'{"deviceInfo": {"devEui": "0a"}}')),
    ]
    details = [(result.dead_letters[0].detail,) for result in results]
    indonesian, english = run("refusal_detail.js", f"const told = m.refusalDetail; {IN_BOTH}", *details)
    assert indonesian == [
        "bersarang terlalu dalam",
        "tidak ada pembacaan di dalamnya",
        "pada value: bilangan terlalu besar",
        "disimpan broker, dan 1 pembacaannya tanpa waktu",
        "paling banyak 10.000 yang diterima, yang datang 10.001",
        "pada ts: seharusnya waktu dalam milidetik atau RFC 3339, yang datang “x”",
        "level-rate di pos S1 dihitung Siaga sendiri, tidak dikirim alat",
        "alat 0a tidak ada di tabel kota",
    ]
    assert english == [
        "nested too deep",
        "there is no reading in it",
        "at value: the number is too large",
        "kept by the broker, and 1 of its readings has no time",
        "at most 10,000 are taken, 10,001 came",
        "at ts: a time in milliseconds or RFC 3339 is expected, “x” came",
        "level-rate at station S1 is computed by Siaga, no device may send it",
        "device 0a is in no row of the city's tables",
    ]


def notice(number: int, contact: str, target: str, why: str = "first") -> dict[str, object]:
    tries = [{"at": AT, "outcome": "sent", "detail": ""}]
    told = {"number": number, "contact": contact, "target": target, "why": why, "progress": "sent", "reason": ""}
    return {**told, "planned_at": AT, "done_at": AT, "tries": tries}


def test_who_was_told_of_an_alarm_is_called_by_name_and_the_same_twice_is_one_line(page: Page, run: Run) -> None:
    notices = [notice(1, "POSKO", "telegram"), notice(2, "POSKO", "telegram", "repeat"), notice(3, "GONE", "sms")]
    answers = {
        "alarms/a": {"painted_at": None, "events": []},
        "notifications/contacts": {"items": [{"id": "POSKO", "name": "Posko Kabupaten"}]},
        "notifications": {"items": notices},
    }
    for path, answer in answers.items():
        page.route(re.compile(rf"/api/v1/{path}($|\?)"), partial(give, answer))
    body = """const story = new m.AlarmStory({ update: () => {} });
        const alarm = { id: "a", state: "unacknowledged", calls: 1, levels: [], unit: "cm" };
        const draw = () => story.draw({ levels: {} }, alarm, Date.parse(a[0]));
        const lines = () => [...story.node.querySelectorAll(".story-told li")].map((line) => line.textContent);
        for (let n = 0; n < 200 && !lines().join("").includes("Posko"); n += 1) {
          draw();
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
        return lines()"""
    assert run("console/alarm_story.js", body, AT) == [
        "12:00:00 WIBGONE sms · terkirim",
        "12:00:00 WIB2× Posko Kabupaten telegram · terkirim",
    ]


def give(answer: object, route: Route) -> None:
    route.fulfill(json=answer)
