"""The list of devices: secrets that are kept nowhere, changes that are whole, files for their owner alone."""

import multiprocessing
import stat
from pathlib import Path

import bcrypt
import pytest

from gateway.devices.registry import SECRET_LENGTH, Registry, new_secret
from gateway.errors import BrokerError

NOW_US = 1_780_000_000_000_000


def matches(registry: Registry, station: str, secret: str) -> bool:
    hashed = registry.devices()[station].secret_hash
    return bool(hashed) and bcrypt.checkpw(secret.encode(), hashed.encode())


def test_a_device_is_added_rotated_and_revoked(tmp_path: Path) -> None:
    registry = Registry(tmp_path)
    assert not registry.exists()
    assert registry.devices() == {}
    first = registry.add("S1", NOW_US, ("application/#",))
    assert matches(registry, "S1", first)
    assert registry.devices()["S1"].also == ("application/#",)
    second = registry.rotate("S1", NOW_US)
    assert (matches(registry, "S1", first), matches(registry, "S1", second)) == (False, True)
    registry.revoke("S1", NOW_US)
    assert registry.devices()["S1"].is_revoked
    assert registry.exists()  # nobody is anonymous again because the last device left
    assert matches(registry, "S1", registry.add("S1", NOW_US))


def test_secrets_are_random_and_stored_nowhere(tmp_path: Path) -> None:
    secret = Registry(tmp_path).add("S1", NOW_US)
    assert len(secret) == SECRET_LENGTH
    assert secret != new_secret()
    for file in tmp_path.rglob("*"):
        if file.is_file():
            assert secret.encode() not in file.read_bytes()
            assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_what_cannot_be_done_is_said_with_what_can(tmp_path: Path) -> None:
    registry = Registry(tmp_path)
    with pytest.raises(BrokerError, match="S1 has no login; `siaga device add S1`"):
        registry.revoke("S1", NOW_US)
    registry.add("S1", NOW_US)
    with pytest.raises(BrokerError, match="`siaga device rotate S1`"):
        registry.add("S1", NOW_US)


def test_a_damaged_list_is_named_and_left_alone(tmp_path: Path) -> None:
    registry = Registry(tmp_path)
    registry.add("S1", NOW_US)
    registry.file.write_text('{"devices": {"S1"', encoding="utf-8")
    with pytest.raises(BrokerError, match=r"devices\.json is damaged"):
        registry.add("S2", NOW_US)
    assert registry.file.read_text(encoding="utf-8") == '{"devices": {"S1"'


def add_some(data_dir: Path, word: str) -> None:
    for number in range(10):
        Registry(data_dir).add(f"{word}{number}", NOW_US)


def test_two_who_add_at_the_same_time_lose_nothing(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    both = [context.Process(target=add_some, args=(tmp_path, word)) for word in "AB"]
    for process in both:
        process.start()
    for process in both:
        process.join(20)
    assert len(Registry(tmp_path).devices()) == 20
