"""The shift journal and the handover, through the API of a running command center."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from command_center.clock import now_us
from command_center.handover import MAX_LINES, Note, Situation, as_text, digest
from command_center.operations import Operations
from command_center.shift_book import ShiftBook
from tests.unit.command_center.little_city import LEVEL, LEVEL_ID, NOW_US, entry, little_city, raised
from tests.unit.command_center.running import Running, running

WORD = "kata sandi sif"


@pytest.fixture(scope="module")
def center(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("data")) as started:
        now = now_us()
        observed = [(LEVEL, now, 510.0)]
        started.gateway.append(entry(observed, raised("hijau", time_us=now, at_us=now, verify=True), now_us=now))
        started.wait_ready()
        started.wait_applied()
        admin = started.log_in()
        for name, role in (("sari", "operator"), ("budi", "operator"), ("tamu", "viewer")):
            body = {"name": name, "role": role, "password": WORD}
            assert started.client.post("/users", json=body, headers=admin).status_code == 201
        yield started


def post(center: Running, who: str, path: str, status: int, **body: Any) -> Any:
    answer = center.client.post(path, json=body, headers=center.log_in(who, WORD))
    assert answer.status_code == status, answer.text
    return answer.json()


def section(handover: Any, name: str) -> list[dict[str, str]]:
    [found] = [one for one in handover["sections"] if one["name"] == name]
    lines: list[dict[str, str]] = found["lines"]
    return lines


def test_a_shift_is_handed_over_and_accepted_by_name(center: Running) -> None:
    note = post(center, "sari", "/journal", 201, text="Pompa 2 mati\nsejak sore")
    assert (note["by"], note["text"]) == ("sari", "Pompa 2 mati\nsejak sore")
    order = {"aside": "suppressed", "scope": "POS", "minutes": 60, "comment": "ganti baterai"}
    post(center, "sari", "/service-orders", 201, **order)

    first = post(center, "sari", "/handover", 201, to="budi", text="Awasi Rolak")
    assert (first["by"], first["to"], first["text"], first["accepted_at"]) == ("sari", "budi", "Awasi Rolak", None)
    [alarm] = section(first, "open")
    assert alarm["en"].startswith("Rolak Songo water level 500")
    assert alarm["en"].endswith("; NOT acknowledged")
    assert alarm["id"].endswith("; BELUM diakui")
    [told] = section(first, "orders")
    assert told["en"].startswith("POS: maintenance by sari until ")
    assert told["en"].endswith(" WIB: ganti baterai")
    [line] = section(first, "journal")
    assert line["en"].endswith("sari: Pompa 2 mati sejak sore")
    assert "Jurnal sejak serah terima terakhir (1)\n- " in first["digest"]["id"]
    assert section(first, "set_aside") == []

    alarm_id = center.get("/alarms")["items"][0]["id"]
    post(center, "budi", f"/alarms/{alarm_id}/refute", 200, comment="lihat kamera", seen="camera")
    taken = post(center, "budi", f"/handover/{first['number']}/accept", 200)
    assert taken["accepted_at"] is not None
    assert taken["digest"] == first["digest"]  # as it was, whatever happened since
    assert post(center, "budi", f"/handover/{first['number']}/accept", 200) == taken

    second = post(center, "budi", "/handover", 201, to="sari")
    assert (section(second, "journal"), section(second, "open")) == ([], [])
    [refuted] = section(second, "set_aside")
    assert "refuted by budi (camera) until " in refuted["en"]
    assert "dibantah budi (kamera) sampai " in refuted["id"]
    assert second["since"] == first["at"]

    headers = center.log_in("tamu", WORD)
    listed = center.client.get("/handovers", params={"limit": 1}, headers=headers).json()
    assert listed["items"] == [second]
    older = center.client.get("/handovers", params={"before": listed["next"]}, headers=headers).json()
    assert older == {"items": [taken], "next": None}
    admin = center.log_in()
    acts = [(one["who"], one["what"]) for one in center.client.get("/audit", headers=admin).json()["items"]]
    wanted = [("sari", "journal"), ("sari", "handed over"), ("budi", "handover accepted"), ("budi", "handed over")]
    assert [act for act in acts if act in wanted] == wanted


def test_only_the_one_it_goes_to_accepts(center: Running) -> None:
    made = post(center, "sari", "/handover", 201, to="budi")
    refused = post(center, "sari", f"/handover/{made['number']}/accept", 409)
    assert "only they can accept it" in refused["error"]["message"]
    assert post(center, "sari", "/handover/999/accept", 404)["error"]["code"] == "not_found"
    post(center, "sari", f"/handover/{2**70}/accept", 422)


@pytest.mark.parametrize(("to", "status"), [("sari", 409), ("tamu", 409), ("nobody", 404), ("", 422)])
def test_a_handover_goes_to_somebody_else_who_can_take_it(center: Running, to: str, status: int) -> None:
    post(center, "sari", "/handover", status, to=to)


@pytest.mark.parametrize("text", ["", "  \n", "x" * 4_001])
def test_a_note_says_something_and_is_bounded(center: Running, text: str) -> None:
    post(center, "sari", "/journal", 422, text=text)


def test_the_journal_is_read_page_by_page(center: Running) -> None:
    headers = center.log_in("tamu", WORD)
    for n in range(3):
        post(center, "sari", "/journal", 201, text=f"catatan {n}")
    read: list[str] = []
    after = ""
    while True:
        page = center.client.get("/journal", params={"after": after, "limit": 2}, headers=headers).json()
        read += [note["text"] for note in page["items"]]
        if page["next"] is None:
            break
        after = page["next"]
    assert read[-3:] == ["catatan 0", "catatan 1", "catatan 2"]
    assert len(set(read)) == len(read)


def test_a_long_journal_is_cut_and_says_so(tmp_path: Path) -> None:
    operations = Operations(tmp_path)
    with operations.transaction() as connection:
        connection.execute("INSERT INTO user (name, password, role, changed_us) VALUES ('budi', '', 'operator', 1)")
        connection.executemany(
            "INSERT INTO journal (at_us, by, text) VALUES (?, 'sari', ?)",
            [(NOW_US, f"note {n}") for n in range(MAX_LINES + 7)],
        )
    given: list[tuple[list[Note], int]] = []

    def make(notes: list[Note], more: int, since_us: int | None) -> Any:
        given.append((notes, more))
        situation = Situation(alarms=(), orders=(), notes=notes, since_us=since_us, more_notes=more)
        return digest(situation, little_city(), NOW_US)

    book = ShiftBook(operations)
    made = book.hand_over("budi", "", "sari", make, NOW_US)
    [(notes, more)] = given
    assert (len(notes), notes[-1].text, more) == (MAX_LINES, f"note {MAX_LINES + 6}", 7)
    assert as_text(made.digest).en.endswith("- and 7 more")
    assert f"Jurnal sejak serah terima terakhir ({MAX_LINES + 7})" in as_text(made.digest).id
    assert book.hand_over("budi", "", "sari", make, NOW_US + 1).digest.sections[-1].lines == ()
    assert LEVEL_ID not in as_text(made.digest).en
    operations.close()
