"""Who actually saw it: what screens say they have painted."""

from command_center.alarms import life_cycle, set_aside
from command_center.receipts import MOST_KEPT, Receipts
from tests.unit.command_center.alarms.test_life_cycle import after
from tests.unit.command_center.little_city import minutes, raised

ALARM = after(raised("hijau"))  # called at minute 1
LATE = minutes(1) + 30_000_000


def test_what_no_screen_has_painted_for_half_a_minute_is_unseen() -> None:
    receipts = Receipts()
    assert receipts.unseen([ALARM], LATE - 1) == []
    assert receipts.unseen([ALARM], LATE) == [ALARM]
    receipts.note([f"{ALARM.id}/1"], LATE)
    assert (receipts.unseen([ALARM], LATE), receipts.painted_us(ALARM)) == ([], LATE)


def test_each_annunciation_wants_its_own_eyes() -> None:
    receipts = Receipts()
    receipts.note([f"{ALARM.id}/1"], LATE)
    worse = after(raised("kuning"), alarm=ALARM, seq=2)
    assert receipts.unseen([worse], minutes(3)) == [worse]


def test_what_somebody_has_acknowledged_or_muted_needs_no_screen() -> None:
    known = life_cycle.acknowledge(ALARM, "sari", minutes(2))
    shelved = set_aside.shelve(ALARM, "sari", "bising", minutes(2), minutes(90))
    assert Receipts().unseen([known, shelved], minutes(60)) == []


def test_memory_is_bounded() -> None:
    receipts = Receipts()
    for n in range(0, MOST_KEPT + 1_000, 100):
        receipts.note([f"a/{n + k}" for k in range(100)], n)
    receipts.note([f"{ALARM.id}/1"], LATE)
    assert receipts.unseen([ALARM], LATE) == []
    assert len(receipts._painted_us) == MOST_KEPT
