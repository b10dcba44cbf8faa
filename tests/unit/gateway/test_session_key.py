"""What brokers know a log's gateway by must not follow from anything that Siaga tells."""

import re
import sqlite3
from pathlib import Path

import pytest

from gateway.log.salvage import salvage
from gateway.log.set_aside import open_log
from gateway.log.writer import LogWriter
from gateway.mqtt.heartbeat import canary_topic
from gateway.session_key import client_id
from sensors.settings import LogSettings
from tests.unit.gateway.small_city import small_catalogue

SETTINGS = LogSettings(max_mib=0, reserve_mib=0)


def key_of(data_dir: Path) -> tuple[str, str]:
    with LogWriter(data_dir, SETTINGS, 1) as log:
        return log.log_id, log.session_key


def test_the_client_id_does_not_follow_from_the_log_id_and_stays(tmp_path: Path) -> None:
    log_id, key = key_of(tmp_path)
    name = client_id(key, "pjt")
    assert re.fullmatch(r"siaga[0-9a-f]{18}", name)
    assert log_id[:10] not in key + name
    assert name not in canary_topic(name)
    assert client_id(key_of(tmp_path)[1], "pjt") == name
    assert client_id(key, "other") != name


def test_a_log_made_before_there_was_a_secret_keeps_its_id(tmp_path: Path) -> None:
    log_id, _ = key_of(tmp_path)
    with sqlite3.connect(tmp_path / "log.db") as connection:
        connection.execute("DELETE FROM meta WHERE key = 'session_key'")
    connection.close()
    assert client_id(key_of(tmp_path)[1], "broker") == f"siaga{log_id[:10]}f6aaf03b"


@pytest.mark.parametrize("readable", [True, False])
def test_a_log_set_aside_hands_it_on(tmp_path: Path, *, readable: bool) -> None:
    with LogWriter(tmp_path, SETTINGS, 1) as log:
        log.install_catalogue(small_catalogue(), 1)
        key = log.session_key
    file = tmp_path / "log.db"
    content = file.read_bytes()
    file.write_bytes(b"X" * 100 + content[100:] if readable else b"no database" * 1000)
    with open_log(tmp_path, SETTINGS, 1, 1_780_000_000_000_000) as new:
        found = new.session_key
    assert (found == key) == readable
    assert key_of(tmp_path)[1] == found  # and the next start knows the same


@pytest.mark.parametrize("has_secret", [True, False])
def test_a_salvaged_log_is_known_to_the_brokers_as_before(tmp_path: Path, *, has_secret: bool) -> None:
    log_id, key = key_of(tmp_path)
    if not has_secret:
        with sqlite3.connect(tmp_path / "log.db") as connection:
            connection.execute("PRAGMA secure_delete = ON")  # as in a log that never had one
            connection.execute("DELETE FROM meta WHERE key = 'session_key'")
        connection.close()
    (tmp_path / "new").mkdir()
    salvage(tmp_path / "log.db", tmp_path / "new" / "log.db")
    assert key_of(tmp_path / "new") == (log_id, key if has_secret else log_id)
