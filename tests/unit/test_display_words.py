"""What the wall says of what comes: how fast it rises, when it reaches the next level, what is on its way."""

import re
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest
from playwright.sync_api import Page

from command_center.rate import rate_lasts_s
from tests.unit.gateway.test_ingest import read
from tests.unit.module_page import runner, worded_page
from tests.unit.test_display_modules import HERE, STATIC, delta, snapshot

pytestmark = pytest.mark.browser

Run = Callable[..., Any]


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    """A page with the texts loaded."""
    with worded_page() as page:
        yield page


@pytest.fixture
def run(page: Page) -> Run:
    """Runs JavaScript with one module as `m` and the arguments as `a`."""
    return runner(page)


TREND = """
    const read_ms = Date.parse(a[3] ?? a[0].rate?.time ?? a[1]);
    const sensors = [{ interval_s: a[4] ?? 60 }];
    const store = { beside: [a[0]], sensors, sound_ms: [read_ms], isStale: () => a[2] ?? false };
    return m.trendOf({ levels: {} }, store, 0, Date.parse(a[1]))"""
AT = "2026-01-01T00:00:00Z"
RISING = {"value": 34.2, "unit": "cm/h", "low": 20.0, "high": 50.0, "time": AT, "lasts_s": 300.0}
NEXT = {"level": "siaga", "earliest_min": 25.0, "middle_min": 30.0, "latest_min": 40.0, "time": AT}


@pytest.mark.parametrize(
    ("rate", "direction", "known"),
    [
        ({}, "up", True),
        ({"low": -1.0}, "", True),
        ({"turned": True}, "", True),
        ({"low": None, "high": None}, "up", True),
        ({"value": -34.0, "low": -50.0, "high": -20.0}, "down", True),
        ({"value": -1.0, "low": -5.0, "high": 2.0}, "", True),
        ({"time": "2025-12-31T23:40:00Z"}, "", False),
    ],
)
def test_a_value_rises_or_falls_only_where_its_bounds_agree_and_the_rate_is_of_now(
    run: Run, rate: dict[str, object], direction: str, known: bool
) -> None:
    beside = {"rate": {**RISING, **rate}, "eta": None}
    found, stale = run("trend.js", TREND, beside, AT), run("trend.js", TREND, beside, AT, True)
    assert (found["direction"], found["known"]) == (direction, known)
    assert (stale["direction"], stale["known"]) == ("", False)


@pytest.mark.parametrize(
    ("minutes_later", "value_minute", "interval_s", "rate", "short"),
    [
        (1, 1, 60, "34 cm/jam", "34/jam"),
        (5, 0, 60, "34 cm/jam", "34/jam"),  # as old as the value beside it, whose age is told
        (5, 4, 60, "34 cm/jam (5 mnt lalu)", "(34/jam)"),
        (6, 6, 60, "", ""),
        (25, 10, 600, "34 cm/jam", "34/jam"),
        (25, 20, 600, "34 cm/jam (25 mnt lalu)", "(34/jam)"),
        (31, 31, 600, "", ""),
    ],
)
def test_a_rate_ages_like_its_value_and_says_its_own_age_where_it_is_behind(
    run: Run, minutes_later: int, value_minute: int, interval_s: int, rate: str, short: str
) -> None:
    at, value = (f"2026-01-01T00:{minute:02}:00Z" for minute in (minutes_later, value_minute))
    lasting = {**RISING, "lasts_s": rate_lasts_s(interval_s, 3600.0, 1.0)}
    found = run("trend.js", TREND, {"rate": lasting, "eta": NEXT}, at, False, value, interval_s)
    assert (found["rate"], found["short"], found["ahead"] is not None) == (rate, short, rate != "")


def test_without_a_rate_nothing_is_said_to_be_steady(run: Run) -> None:
    assert run("trend.js", TREND, {"rate": None, "eta": None}, AT)["known"] is False


def test_a_count_has_no_decimals_and_an_unknown_one_is_no_zero(run: Run) -> None:
    script = 'return a.map(x => m.valueText({ kind: "basin_count", method: "count", unit: "1", levels: [] }, x ?? NaN))'
    assert run("properties.js", script, 3.0, 0.0, None) == ["3", "0", "–"]


@pytest.mark.parametrize(
    ("eta", "minutes_later", "indonesian"),
    [
        ({}, 0, "siaga dalam 25–40 mnt"),
        ({}, 5, "siaga dalam 20–35 mnt"),
        ({"time": "2025-12-31T23:50:00Z"}, 0, ""),
        ({"latest_min": None}, 0, "siaga paling cepat 25 mnt lagi"),
        ({"earliest_min": None, "latest_min": None}, 0, "siaga sekitar 30 mnt lagi"),
        ({"earliest_min": 180.0, "latest_min": None}, 0, "siaga paling cepat 3 jam lagi"),
        ({"earliest_min": 89.0, "latest_min": 146.0}, 0, "siaga dalam 89–146 mnt"),
        ({"latest_min": 600.0}, 0, "siaga dalam 25 mnt – 10 jam"),
        ({"earliest_min": 180.0, "latest_min": 420.0}, 0, "siaga dalam 3–7 jam"),
        ({"earliest_min": 2.0, "latest_min": 2.2}, 0, "siaga dalam 2 mnt"),
        ({"earliest_min": 2.0, "latest_min": 9.0}, 5, "siaga dalam 0–4 mnt"),
        ({"earliest_min": 0.1, "latest_min": 0.4}, 0, "siaga dalam < 1 mnt"),
    ],
)
def test_the_time_to_the_next_level_is_a_range_that_runs_down(
    run: Run, eta: dict[str, object], minutes_later: int, indonesian: str
) -> None:
    at = f"2026-01-01T00:{minutes_later:02}:00Z"
    assert run("trend.js", TREND, {"rate": RISING, "eta": {**NEXT, **eta}}, at)["next"] == indonesian


def test_a_wave_is_told_at_its_river_and_an_old_one_no_more(run: Run) -> None:
    body = """const host = document.createElement("ul");
        const river = { stations: new Set(["B"]), held: () => "" };
        m.drawWaves(host, { stations: [], pace: a[2] }, a[0], river, Date.parse(a[1]));
        return [...host.children].map((line) => line.textContent)"""
    window = {"from": AT, "until": "2026-01-01T00:40:00Z"}
    wave = {"upstream_station": "A", "downstream_station": "B", "verify": False, **window}
    told = [
        {**wave, "state": "expected", "arrived": None, "found": AT},
        {**wave, "state": "came_late", "arrived": "2026-01-01T00:50:00Z", "found": "2026-01-01T00:50:00Z"},
        {**wave, "state": "absent", "arrived": None, "found": "2026-01-01T00:40:00Z"},
        {**wave, "state": "unseen", "arrived": None, "found": "2026-01-01T00:40:00Z", "verify": True},
        {**wave, "state": "early", "arrived": "2025-12-31T23:50:00Z", "found": "2026-01-01T00:40:00Z"},
        {**wave, "state": "on_time", "arrived": AT, "found": "2025-12-31T20:00:00Z"},
        {**wave, "state": "expected", "arrived": None, "found": AT, "downstream_station": "C"},
    ]
    expected = "Gelombang dari A diperkirakan di B 00:00–00:40"
    # Three hours of a river that moves 60 times as fast as life are three minutes.
    assert run("waves.js", body, told, "2026-01-01T01:00:00Z", 60) == [expected]
    assert run("waves.js", body, told, "2026-01-01T01:00:00Z", 1) == [
        expected,
        "Gelombang dari A tiba di B 00:50, terlambat",
        "Gelombang dari A TIDAK TIBA di B sampai 00:40: periksa alat, pintu air, tanggul",
        "Gelombang dari A di B TIDAK TERLIHAT sampai 00:40: alat diam · periksa asalnya: pembacaan A diragukan",
        "Gelombang dari A sudah tiba di B 23:50, sebelum perkiraan 00:00–00:40",
    ]


def test_the_waves_to_one_station_are_one_line_and_one_that_has_risen_is_told_as_such(run: Run) -> None:
    body = """const host = document.createElement("ul");
        const held = (datastream) => (datastream === "B:level" ? a[1] : "");
        const city = { stations: [], levels: {}, pace: 1 };
        m.drawWaves(host, city, a[0], { stations: new Set(["B"]), held }, Date.parse(a[2]));
        return [...host.children].map((line) => line.textContent)"""
    wave = {
        "downstream": "B:level",
        "downstream_station": "B",
        "verify": False,
        "state": "expected",
        "arrived": None,
        "found": AT,
    }
    expected = [
        {**wave, "upstream_station": "C", "from": "2026-01-01T00:30:00Z", "until": "2026-01-01T00:50:00Z"},
        {**wave, "upstream_station": "A", "from": "2026-01-01T00:20:00Z", "until": "2026-01-01T00:40:00Z"},
    ]
    assert run("waves.js", body, expected, "", AT) == ["Gelombang dari A +1 diperkirakan di B 00:20–00:50"]
    assert run("waves.js", body, expected, "siaga", AT) == ["B sudah naik (siaga); gelombang dari A +1 00:20–00:50"]
    doubtful = [expected[0], {**expected[1], "verify": True}]
    assert run("waves.js", body, doubtful, "", AT)[0].endswith("periksa asalnya: pembacaan A diragukan")


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ([], []),
        ([("unacknowledged", None)], ["1 alarm masih berlaku"]),
        (
            [("acknowledged", None), ("shelved", None), ("returned_unacknowledged", AT), ("normal", AT)],
            ["2 alarm masih berlaku", "1 kembali, belum diakui"],
        ),
        ([("returned_unacknowledged", AT)] * 2, ["2 kembali, belum diakui"]),
    ],
)
def test_the_headline_s_counts_add_up_to_the_list_s(
    run: Run, states: list[tuple[str, str | None]], expected: list[str]
) -> None:
    alarms = [
        {"id": str(k), "state": state, "returned_at": returned, "historical": False}
        for k, (state, returned) in enumerate(states)
    ]
    body = "return m.counts({ alarms: new Map(a[0].map((alarm) => [alarm.id, alarm])) })"
    assert run("headline.js", body, alarms) == expected


def test_a_property_is_called_as_the_city_says_else_as_we_do_and_a_computed_sum_is_told_from_a_sent_one(
    run: Run,
) -> None:
    body = """m.setPropertyNames(a[0]);
        const names = ["rain_1h", "rain-sum-1h", "ispu-pm25", "tinggi-kolam"].map((name) => m.propertyName(name));
        m.setPropertyNames({});
        return names"""
    assert run("properties.js", body, {}) == ["1 jam", "1 jam, dihitung", "ISPU PM2.5", "tinggi kolam"]
    own = {"tinggi-kolam": {"id": "muka kolam", "en": "pond"}, "rain_1h": {"id": "hujan sejam", "en": "hourly rain"}}
    assert run("properties.js", body, own) == ["hujan sejam", "1 jam, dihitung", "ISPU PM2.5", "muka kolam"]


def test_what_is_derived_of_less_than_its_window_is_marked_until_it_is_whole(run: Run) -> None:
    body = "const s = new m.Store(() => {}); for (const f of a) s.apply(f); return s.incomplete[0]"
    partly = delta(1767225620000, 4)
    partly["observations"] = {**cast("dict[str, object]", partly["observations"]), "incomplete": [0]}
    assert run("store.js", body, snapshot(reasons=["incomplete"])) == 1
    assert run("store.js", body, snapshot(), partly) == 1
    assert run("store.js", body, snapshot(), partly, delta(1767225630000, 5)) == 0


def test_the_last_value_that_did_not_fail_stays_with_its_own_age_and_the_failure_is_told(run: Run) -> None:
    body = f"""
        const {{ Store }} = await import('{HERE}store.js');
        const s = new Store(() => {{}});
        for (const f of a) s.apply(f);
        const now = 1767225640000;
        return [m.soundText(s, 0), m.soundAge(s, 0, now), m.failedText(s, 0, now)]"""
    said = delta(1767225620000, -9999, quality=4)
    assert run("reading.js", body, snapshot(), said) == ["100", "30 dtk", "gagal uji (-9.999), 20 dtk lalu"]
    missing = delta(1767225620000, None, quality=9)
    assert run("reading.js", body, snapshot(), missing) == ["100", "30 dtk", "tanpa nilai, 20 dtk lalu"]
    passed_by = {**said, "sound": {"i": [0], "time_ms": [1767225615000], "value": [107]}}
    assert run("reading.js", body, snapshot(), passed_by)[:2] == ["107", "20 dtk"]  # 25, in steps of ten
    assert run("reading.js", body, snapshot(), said, delta(1767225630000, 90)) == ["90", "10 dtk", ""]
    never = {**snapshot(value=-9999, quality=4)}
    never["sensors"][0]["latest_sound"] = None
    assert run("reading.js", body, never) == ["–", "", "gagal uji (-9.999), 30 dtk lalu"]


@pytest.mark.parametrize(
    ("ms", "said"), [(0, "baru"), (9_999, "baru"), (10_000, "10 dtk"), (59_999, "50 dtk"), (61_000, "1 mnt")]
)
def test_ages_that_stand_together_run_in_steps(run: Run, ms: int, said: str) -> None:
    assert run("format.js", "return m.calmAge(a[0])", ms) == said


def test_one_is_not_told_as_several(run: Run) -> None:
    body = """
        m.setLanguage("en");
        const said = ["1", "2", "1.234"].map((n) => m.t("incident.size", { alarms: n, stations: "1" }));
        m.setLanguage("id");
        return [...said, m.t("incident.size", { alarms: "1", stations: "2" })]"""
    assert run("text.js", body) == [
        "1 alarm · 1 station",
        "2 alarms · 1 station",
        "1.234 alarms · 1 station",
        "1 alarm · 2 pos",
    ]


@pytest.mark.parametrize(
    ("topic", "payload", "said", "said_in_english"),
    [
        (
            "S1/level",
            '{"value": "12,5"}',
            "pada value: seharusnya bilangan atau null, yang datang teks",
            "at value: a number or null is expected, text came",
        ),
        (
            "S1/level",
            "ERR:TIMEOUT",
            "bukan JSON yang sah: karakter yang tidak sah di posisi 1",
            "no valid JSON: an invalid character at position 1",
        ),
        (
            "S1/level",
            "{",
            "bukan JSON yang sah: terputus di tengah",
            "no valid JSON: it ends in the middle",
        ),
        (
            "S1/level",
            '{"ts": 1}',
            "isian value tidak ada",
            "the field value is missing",
        ),
        (
            "S1/level",
            '"x"',
            "seharusnya bilangan, objek atau daftar, yang datang teks",
            "a number, an object or a list is expected, text came",
        ),
        (
            "S1/level",
            "",
            "seharusnya bilangan, objek atau daftar, yang datang pesan kosong",
            "a number, an object or a list is expected, nothing came",
        ),
        (
            "S1/level",
            '{"value": 1, "unit": "kg"}',
            "seharusnya satuan yang dapat diubah ke cm, yang datang “kg”",
            "a unit that converts to cm is expected, “kg” came",
        ),
        (
            "S1/colour",
            "1",
            "tidak ada besaran colour di pos S1; yang dikenal: level, rain",
            "no property colour at station S1; known: level, rain",
        ),
        (
            "it's/level",
            "1",
            "pos it's tidak ada di tabel kota",
            "station it's is not in the city's tables",
        ),
        (
            "S9/level",
            "1",
            "pos S9 tidak ada di tabel kota",
            "station S9 is not in the city's tables",
        ),
    ],
)
def test_what_the_gateway_refuses_is_told_in_both_languages(
    run: Run, topic: str, payload: str, said: str, said_in_english: str
) -> None:
    """The sentences are the gateway's own, of messages that it reads here: a new wording there fails here."""
    (letter,) = read((f"telemetry/{topic}", payload.encode())).dead_letters
    body = f"""
        const text = await import('{HERE}text.js');
        return ["id", "en"].map((code) => {{ text.setLanguage(code); return m.refusalDetail(a[0]); }})"""
    words = run("refusal_detail.js", body, letter.detail)
    run("text.js", "m.setLanguage('id')")
    assert words == [said, said_in_english]


SENTENCE = re.compile(r"^  \[/(.+?)/s?, \(", re.MULTILINE)
TOKENS = re.compile(r"\\[Swdt]\+?|\.[*+]\??|\[[^\]]*\][*+]?\??|\(\?:|[()|^$?]|: ")
MSGSPEC_S_OWN = (
    "Object missing required field",
    "Input data was truncated",
    "JSON is malformed",
    "Number out of range",
)


def test_the_sentences_that_are_told_are_those_that_the_server_writes() -> None:
    """What is constant in each form stands in the server's source: a wording changed there fails here."""
    root = STATIC.parents[2]
    files = [path for name in ("gateway", "command_center") for path in (root / name).rglob("*.py")]
    source = re.sub(r'"\s*\n\s*f?"', "", "".join(path.read_text() for path in files))
    forms = SENTENCE.findall((STATIC / "refusal_detail.js").read_text())
    assert len(forms) > 10
    for form in forms:
        if any(own in form for own in MSGSPEC_S_OWN):
            continue
        plain = form.replace(r"\(", "\0").replace(r"\)", "\1").replace(r"\?", "\2")
        for part in TOKENS.split(plain):
            text = part.replace("\0", "(").replace("\1", ")").replace("\2", "?").strip("' ;:,.`")
            assert len(text) < 8 or text in source, f"{text!r} of {form}"
