"""Each refusal and each act on record, as the server's own code says it, in the words of both languages."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.unit.module_page import worded_page
from tests.unit.refusals import Story, story
from tests.unit.test_display_modules import HERE, STATIC, Run

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Story:
    folder: Path = tmp_path_factory.mktemp("story")
    for name in ("center", "small", "derived"):
        (folder / name).mkdir()
    return story(folder)


@pytest.fixture(scope="module")
def page(told: Story) -> Iterator[Page]:
    """A page with the texts loaded; after the story, which has event loops of its own."""
    assert told.refusals
    with worded_page() as page:
        page.evaluate(f"import('{HERE}format.js').then((format) => format.setZone('Asia/Jakarta', 'WIB'))")
        yield page


@pytest.fixture
def run(page: Page) -> Run:
    """Runs JavaScript in both languages: `m` is the module, `a` the arguments."""

    def run_in_page(module: str, body: str, *arguments: object) -> Any:
        both = f"""async a => {{
            const [m, text] = [await import('{HERE}{module}'), await import('{HERE}text.js')];
            const said = [];
            const told = async () => {{ {body} }};
            for (const code of ["en", "id"]) {{ text.setLanguage(code); said.push(await told()); }}
            return said.reverse() }}"""
        return page.evaluate(both, list(arguments))

    return run_in_page


WHY: dict[str, tuple[str, str]] = {
    "blank": ("tulis dengan kata-kata apa dan mengapa", "say in words what and why"),
    "station": ("tidak ada pos NOWHERE", "there is no station NOWHERE"),
    "to oneself": ("sif diserahkan kepada orang lain", "a shift is handed over to somebody else"),
    "to nobody": ("tidak ada pengguna rina", "there is no user rina"),
    "to a viewer": (
        "tamu bukan operator dan tidak dapat menerima sif",
        "tamu is no operator and cannot take a shift",
    ),
    "another's handover": (
        "serah terima ini untuk budi: hanya ia yang dapat menerimanya",
        "the handover goes to budi: only they can accept it",
    ),
    "role": ("ini perlu peran penyelia atau di atasnya", "this takes the role supervisor or above"),
    "a twin": ("sudah ada pengguna Sari", "there is a user Sari already"),
    "a token's twin": ("sudah ada token dinas: cabut dulu", "there is a token dinas already: revoke it first"),
    "a name": (
        "nama: 1 sampai 64 huruf, angka, atau . _ @ -, yang diketik a b",
        "name: 1 to 64 letters, digits or . _ @ -, got a b",
    ),
    "a password": ("kata sandi: 8 sampai 1000 karakter, yang diketik 5", "password: 8 to 1000 characters, got 5"),
    "siren's role": ("ini perlu peran penyelia atau di atasnya", "this takes the role supervisor or above"),
    "made up": ("TOY hanya contoh: tidak ada yang dikirim ke sana", "TOY is made up: nothing is sent to it"),
    "own switch": (
        "FLOAT berbunyi dengan sakelarnya sendiri: tidak dapat diperintah",
        "FLOAT sounds by a switch of its own: it cannot be told anything",
    ),
    "simulated level": (
        "yang berlaku sekarang simulasi atau contoh: hanya latihan yang dapat diterbitkan",
        "what holds now is simulated or made up: only an exercise can be issued",
    ),
    "simulated": (
        "yang berlaku sekarang simulasi atau contoh: hanya latihan yang dapat diterbitkan",
        "what holds now is simulated or made up: only an exercise can be issued",
    ),
    "one's own yes": (
        "sudah disetujui oleh admin: orang lain yang harus menerbitkan",
        "admin has authorised it: another person must issue it",
    ),
    "over": (
        "yang diperingatkan tidak berlaku lagi: batalkan peringatannya",
        "what it warns of holds no longer: cancel it instead",
    ),
    "made real": (
        "yang diperingatkan tidak berlaku lagi: batalkan peringatannya",
        "what it warns of holds no longer: cancel it instead",
    ),
    "normal": ("alat ini normal: tidak ada yang ditunda", "it is normal: there is nothing to shelve"),
    "highest": (
        "tingkat tertinggi tidak pernah ditunda: alarm dapat dibantah",
        "the highest level is never shelved: it can be refuted",
    ),
    "returned": (
        "alarm sudah kembali: tidak ada yang dibantah",
        "it has returned: there is nothing to refute",
    ),
    "refuted": (
        "sudah dibantah oleh budi: alat harus berbicara lagi lebih dulu",
        "budi has refuted it already: the gauge must speak again first",
    ),
    "no doubt": (
        "alat ini tidak diragukan dan bukan tingkat tertinggi: tunda saja",
        "it is in no doubt and not of the highest level: shelve it instead",
    ),
    "taken": ("sudah dipegang budi: nyatakan bahwa Anda mengambil alih", "budi has it: say that you take it over"),
    "taken back": (
        "sudah ditarik oleh budi: tidak ada lagi yang perlu dilakukan",
        "budi took it back: nothing is left to do",
    ),
    "bounds": (
        "nilai: yang mungkin di sini 0 sampai 1.000 cm, yang diketik 1.262,5: salah dengar atau salah ketik?",
        "value: 0 to 1,000 cm is possible here, got 1,262.5: was it heard or typed wrong?",
    ),
    "tomorrow": (
        "waktu: paling lambat sekarang, Jum, 29 Mei 2026, 03:26:43 WIB; yang diketik Sab, 30 Mei 2026, 03:26:43 WIB",
        "time: now at the latest, Fri, 29 May 2026, 03:26:43 WIB; got Sat, 30 May 2026, 03:26:43 WIB",
    ),
    "long ago": (
        "waktu: paling awal Sab, 1 Jan 2000, 07:00:00 WIB; yang diketik Sel, 20 Sep 1994, 01:40:04 WIB",
        "time: Sat, 1 Jan 2000, 07:00:00 WIB at the earliest; got Tue, 20 Sept 1994, 01:40:04 WIB",
    ),
    "already": (
        "waktu: sudah ada pembacaan dari Jum, 29 Mei 2026, 03:26:41 WIB, yaitu 50, dan itu tetap: beri detik yang lain",
        "time: there is a reading of Fri, 29 May 2026, 03:26:41 WIB already, 50, and it stays: give another second",
    ),
    "unit": (
        "satuan: seharusnya cm atau yang dapat diubah ke sana, yang datang kg",
        "unit: cm or what converts to it is expected, got kg",
    ),
    "sensor": ("tidak ada alat ukur S9:level", "there is no gauge S9:level"),
    "computed": (
        "ROLAK:level_rate_low dihitung dari alat lain: ketik pembacaan alat asalnya",
        "ROLAK:level_rate_low is computed from others: type in what it is computed from",
    ),
}
AUDIT: list[tuple[str, str, str]] = [
    (
        "alarm acknowledged",
        "Rolak Songo, tinggi air, Siaga Kuning",
        "Rolak Songo, water level, Yellow alert",
    ),
    (
        "action taken",
        "road: Rolak Songo, tinggi air, Siaga Kuning",
        "road: Rolak Songo, water level, Yellow alert",
    ),
    ("suppressed until", "Pos <Hujan>", "Pos <Hujan>"),
    ("out_of_service until", "Rolak Songo, debit", "Rolak Songo, discharge"),
    (
        "reading typed in",
        "Rolak Songo, tinggi air: 312,5 cm pukul 22 Nov 22:00:00 WIB, dari Pak Slamet, radio",
        "Rolak Songo, water level: 312.5 cm at 22 Nov 22:00:00 WIB, heard from Pak Slamet, radio",
    ),
    ("handed over", "serah terima 1 kepada budi", "handover 1 to budi"),
    ("handover accepted", "serah terima 1 dari sari", "handover 1 from sari"),
    ("journal", "catatan 1", "note 1"),
    ("alert issued", "revisi 1", "revision 1"),
    ("alert authorised", "revisi 1; oleh admin (login sendiri)", "revision 1; by admin (own login)"),
    (
        "alert authorised",
        "revisi 1; oleh Budi Santoso (telepon); setuju",
        "revision 1; by Budi Santoso (phone); setuju",
    ),
    ("user made", "tamu: pemantau", "tamu: viewer"),
    ("role set", "tamu: pemantau → operator", "tamu: viewer → operator"),
    ("user removed", "tamu: operator", "tamu: operator"),
    ("dead letters retried", "0 pesan yang ditolak", "0 refused messages"),
]


def forms_in(module: str, form: str) -> list[Any]:
    """The regular expressions in a module's table, whose rows are one line each."""
    source = (STATIC / module).read_text()
    found = re.findall(rf"^  \[{form}", source, re.MULTILINE)
    assert len(found) == len(re.findall(r"^  \[/", source, re.MULTILINE)) > 10
    return found


def test_each_refusal_that_has_words_is_told_in_both_languages(run: Run, told: Story) -> None:
    assert set(WHY) == set(told.refusals)
    indonesian, english = run("why.js", "return a.map((one) => m.whyText(...one))", *told.refusals.values())
    said = dict(zip(told.refusals, zip(indonesian, english, strict=True), strict=True))
    assert said == WHY


def test_every_form_of_a_refusal_is_one_of_these(page: Page, told: Story) -> None:
    """Words that nothing here is told in would go stale unseen."""
    forms = forms_in("why.js", r"/(.+?)/s?, \(")
    messages = [message for _, message in told.refusals.values()]
    body = "([forms, said]) => forms.filter((form) => !said.some((one) => new RegExp(form, 's').test(one)))"
    assert page.evaluate(body, [forms, messages]) == []


def test_each_act_on_record_that_has_words_is_told_in_both_languages(run: Run, told: Story) -> None:
    body = f"""const {{ Store }} = await import('{HERE}store.js');
        const [store, [city, frame, audit]] = [new Store(() => {{}}), a];
        store.apply(frame);
        const context = {{ city: () => city, store, now: () => Date.parse("2026-05-29T05:00:00Z") }};
        const tell = ({{ what, detail }}) => m.auditDetail(context, what, detail);
        const record = (node) => node.querySelector("small")?.textContent;
        return audit.map(tell).map((node) => [node.firstChild?.textContent, record(node)])"""
    both = run("console/audit_detail.js", body, told.city, told.frame, told.audit)
    said = [(act["what"], *words) for act, *words in zip(told.audit, *both, strict=True)]
    for act, *words in AUDIT:
        known = [tuple(text for text, _ in pair) for what, *pair in said if what.startswith(act)]
        assert tuple(words) in known, (act, known)
    assert all(
        record in (None, act["detail"]) for act, pair in zip(told.audit, both[0], strict=True) for record in pair[1:]
    )


def test_every_form_of_an_act_on_record_is_one_of_these(page: Page, told: Story) -> None:
    forms = forms_in("console/audit_detail.js", r"/(.+?)/, /(.+?)/s?, \(")
    said = [(act["what"], act["detail"]) for act in told.audit]
    body = """([forms, said]) => forms.filter(([act, form]) =>
        !said.some(([what, detail]) => new RegExp(act).test(what) && new RegExp(form, "s").test(detail)))"""
    assert page.evaluate(body, [forms, said]) == []
