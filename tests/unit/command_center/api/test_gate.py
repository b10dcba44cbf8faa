"""The gate, seen from other machines and from hostile pages; the password's first day; the throttle."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from command_center.accounts import Accounts
from command_center.api.gate import Gate
from command_center.api.rate_limit import RateLimit
from command_center.api.throttle import FAILURES, MAX_KEYS, Throttle
from command_center.operations import Operations
from command_center.people import Caller
from command_center.tokens import Tokens
from sensors.settings import HttpSettings
from sensors.times import HOUR_US
from tests.unit.command_center.little_city import NOW_US


@pytest.fixture
def operations(tmp_path: Path) -> Iterator[Operations]:
    database = Operations(tmp_path)
    yield database
    database.close()


@pytest.fixture
def accounts(operations: Operations) -> Accounts:
    return Accounts(operations, session_hours=10**6)


def status(accounts: Accounts, client: str, path: str = "/api/v1/sensors", **headers: str) -> int:
    """Of a GET by `client` through the gate; 200 is what lies behind it."""
    app = FastAPI(openapi_url=None)
    app.add_middleware(Gate, accounts=accounts, tokens=Tokens(accounts._operations), limit=RateLimit(HttpSettings()))
    app.add_api_route("/{path:path}", lambda path: {"path": path})

    async def ask() -> int:
        transport = httpx.ASGITransport(app=app, client=(client, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as browser:
            return (await browser.get(path, headers=headers)).status_code

    return asyncio.run(ask())


def name(caller: Caller | None) -> str | None:
    return None if caller is None else caller.name


@pytest.mark.parametrize("client", ["127.0.0.1", "127.0.0.9", "::1", "::ffff:127.0.0.1"])
def test_reading_on_loopback_needs_no_login(accounts: Accounts, client: str) -> None:
    assert status(accounts, client) == 200


@pytest.mark.parametrize("client", ["10.0.0.5", "192.168.1.2", "2001:db8::1", "::ffff:10.0.0.5", "testclient"])
def test_reading_from_elsewhere_needs_a_login(accounts: Accounts, client: str) -> None:
    accounts.ensure_admin("secret", NOW_US)
    session = accounts.log_in("admin", "secret", NOW_US)
    assert session is not None
    assert status(accounts, client) == 401
    assert status(accounts, client, "/metrics") == 401
    assert status(accounts, client, Authorization="Bearer nonsense") == 401
    assert status(accounts, client, Authorization=f"Bearer {session.token}") == 200
    assert status(accounts, client, Cookie=f"siaga_session={session.token}") == 200


def test_the_wall_s_files_hold_no_data_and_are_open(accounts: Accounts) -> None:
    assert status(accounts, "10.0.0.5", "/") == 200
    assert status(accounts, "10.0.0.5", "/maintenance") == 200
    assert status(accounts, "10.0.0.5", "/console") == 200
    assert status(accounts, "10.0.0.5", "/static/main.js") == 200
    assert status(accounts, "10.0.0.5", "/api/v1/maintenance") == 401


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost:8000", 200),
        ("127.0.0.1", 200),
        ("[::1]:8000", 200),
        ("wall.localhost", 200),
        ("evil.example:8000", 401),
    ],
)
def test_a_name_that_points_at_this_machine_is_not_this_machine(accounts: Accounts, host: str, expected: int) -> None:
    assert status(accounts, "127.0.0.1", Host=host) == expected


def test_the_first_password_is_made_once_and_kept_nowhere_in_clear(operations: Operations, accounts: Accounts) -> None:
    made = accounts.ensure_admin("", NOW_US)
    assert made is not None
    assert accounts.ensure_admin("", NOW_US) is None
    session = accounts.log_in("admin", made, NOW_US)
    assert session is not None
    dump = "\n".join(operations._connection.iterdump())
    assert made not in dump
    assert session.token not in dump


def test_a_password_in_the_settings_wins_and_ends_the_sessions(operations: Operations, accounts: Accounts) -> None:
    assert accounts.ensure_admin("old", NOW_US) is None
    session = accounts.log_in("admin", "old", NOW_US)
    assert session is not None
    accounts.ensure_admin("old", NOW_US)
    assert name(accounts.who(session.token, NOW_US)) == "admin"
    accounts.ensure_admin("new", NOW_US)
    assert accounts.who(session.token, NOW_US) is None
    assert accounts.log_in("admin", "old", NOW_US) is None
    assert accounts.log_in("admin", "new", NOW_US) is not None
    assert ("password set by the settings",) in operations.read("SELECT what FROM audit")


def test_a_session_ends_with_its_hours(operations: Operations) -> None:
    accounts = Accounts(operations, session_hours=12)
    accounts.ensure_admin("secret", NOW_US)
    session = accounts.log_in("admin", "secret", NOW_US)
    assert session is not None
    assert accounts.who(session.token, NOW_US + 12 * HOUR_US) is None
    assert name(accounts.who(session.token, NOW_US + 12 * HOUR_US - 1)) == "admin"


def test_an_unknown_user_is_as_wrong_as_a_wrong_password(accounts: Accounts) -> None:
    accounts.ensure_admin("secret", NOW_US)
    assert accounts.log_in("nobody", "secret", NOW_US) is None


def test_the_throttle_counts_failures_of_a_minute_per_user_and_address() -> None:
    throttle = Throttle()
    assert all(throttle.begin("admin", "a", float(n)) for n in range(FAILURES))
    assert not throttle.begin("admin", "a", 10.0)
    assert throttle.begin("admin", "b", 10.0)
    assert throttle.begin("sari", "a", 10.0)
    assert throttle.begin("admin", "a", 61.0)


def test_a_right_password_clears_the_throttle() -> None:
    throttle = Throttle()
    for n in range(FAILURES - 1):
        throttle.begin("admin", "a", float(n))
    assert throttle.begin("admin", "a", 9.0)
    throttle.succeeded("admin", "a")
    assert throttle.begin("admin", "a", 9.0)


def test_the_throttle_is_bounded() -> None:
    throttle = Throttle()
    for n in range(MAX_KEYS + 5):
        throttle.begin(str(n), "a", 0.0)
    assert len(throttle._attempts) == MAX_KEYS
