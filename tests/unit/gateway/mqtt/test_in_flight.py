"""The broker's window is learned, and unlearned where it was a coincidence."""

from gateway.mqtt.in_flight import InFlightWindow


def test_what_was_announced_counts_until_something_smaller_shows() -> None:
    window = InFlightWindow(1_000)
    assert (window.is_full(999), window.is_full(1_000)) == (False, True)
    window.note_dry(20)
    assert not window.is_full(20)
    window.note_dry(20)
    assert window.size == 20
    assert (window.is_full(19), window.is_full(20)) == (False, True)


def test_a_coincidence_is_forgotten_and_asks_for_more_evidence_the_next_time() -> None:
    window = InFlightWindow(1_000)
    window.note_dry(250)
    window.note_dry(250)
    assert window.is_full(250)
    assert not window.is_full(251)
    window.note_dry(250)
    window.note_dry(250)
    assert window.size == 1_000
    window.note_dry(250)
    window.note_dry(250)
    assert window.size == 250


def test_a_lone_message_proves_nothing() -> None:
    window = InFlightWindow(1_000)
    for _ in range(100):
        window.note_dry(1)
    assert window.size == 1_000
