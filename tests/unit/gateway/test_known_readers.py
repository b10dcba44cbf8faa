"""Readers as the log remembers them, and a note that damage made unreadable."""

from pathlib import Path

import pytest

from gateway.log.known_readers import KnownReader, known, noted
from gateway.log.upkeep import LogUpkeep
from gateway.log.writer import LogWriter
from sensors.settings import LogSettings
from tests.unit.gateway.log_entries import DETECTOR

READERS = {"center": KnownReader(seq=7, compacted_seq=3, heard_us=1), "sink": KnownReader(seq=9, heard_us=2)}


def test_readers_are_noted_and_known_again() -> None:
    assert known(noted(READERS) | {"log_id": "x"}) == READERS


@pytest.mark.parametrize("damaged", ["", "{", '{"seq": "7"}', '{"seq": 7, "heard_us"', "null"])
def test_a_damaged_note_is_said_and_costs_the_others_nothing(damaged: str, caplog: pytest.LogCaptureFixture) -> None:
    assert known(noted(READERS) | {"cursor:center": damaged}) == {"sink": READERS["sink"]}
    assert "cursor:center cannot be read" in caplog.text


def test_the_upkeep_of_a_log_with_a_damaged_note_goes_on(tmp_path: Path) -> None:
    settings = LogSettings(reserve_mib=0, min_free_mib=0)
    with LogWriter(tmp_path, settings, DETECTOR) as writer:
        writer.connection.execute("INSERT INTO meta VALUES ('cursor:center', '{')")
        upkeep = LogUpkeep(writer, settings)
        upkeep.step({}, 1_760_000_000_000_000)
        assert (upkeep.figures.error, upkeep.figures.readers) == ("", 0)
