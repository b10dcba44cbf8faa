"""Users, roles, sessions, tokens and screens through the API and the command line, beside a running command center."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from command_center.accounts import EXTEND_US, LONGEST_SESSION_US, Accounts
from command_center.api import live
from command_center.api.throttle import FAILURES
from command_center.audit import records_after
from command_center.errors import NotAllowed, UnknownName
from command_center.operations import Operations, reading
from command_center.people import Role, Scope
from command_center.tokens import Tokens
from sensors.times import HOUR_US, MINUTE_US
from tests import plain_http
from tests.unit.command_center.little_city import LEVEL, NOW_US, entry
from tests.unit.command_center.running import PASSWORD, Running, running

ELSEWHERE = {"Host": "siaga.example"}
SARI = "kata sandi Sari"


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def center(data_dir: Path) -> Iterator[Running]:
    with running(data_dir) as started:
        started.gateway.append(entry([(LEVEL, NOW_US, 1.0)]))
        started.wait_ready()
        yield started


@pytest.fixture(scope="module")
def admin(center: Running) -> dict[str, str]:
    return center.log_in()


@pytest.fixture
def operations(tmp_path: Path) -> Iterator[Operations]:
    database = Operations(tmp_path)
    yield database
    database.close()


def siaga(data_dir: Path, *arguments: str, typed: str | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "command_center", *arguments, "--data-dir", str(data_dir)]
    return subprocess.run(command, capture_output=True, text=True, check=False, input=typed)


def acts(data_dir: Path) -> list[tuple[str, str, str]]:
    with reading(data_dir) as connection:
        return [(record.who, record.what, record.detail) for record in records_after(connection, 0)]


def make(center: Running, admin: dict[str, str], name: str, role: str) -> dict[str, str]:
    """A new user's headers."""
    body = {"name": name, "role": role, "password": SARI}
    assert center.client.post("/users", json=body, headers=admin).status_code == 201
    return center.log_in(name, SARI)


def test_a_user_is_made_with_a_password_that_is_shown_once(
    center: Running, admin: dict[str, str], data_dir: Path
) -> None:
    answer = center.client.post("/users", json={"name": "sari", "role": "operator"}, headers=admin)
    assert answer.status_code == 201
    headers = center.log_in("sari", answer.json()["password"])
    me = center.client.get("/me", headers=headers).json()
    assert (me["user"], me["role"]) == ("sari", "operator")
    listed = center.client.get("/users", headers=admin)
    assert [(user["name"], user["role"]) for user in listed.json()["items"]][:2] == [
        ("admin", "admin"),
        ("sari", "operator"),
    ]
    assert answer.json()["password"] not in listed.text
    assert ("admin", "user made", "sari operator") in acts(data_dir)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"name": "SARI2", "role": "chief"}, 422),
        ({"name": "cli:root", "role": "viewer"}, 422),
        ({"name": "sari\n", "role": "viewer"}, 422),
        ({"name": "", "role": "viewer"}, 422),
        ({"name": "x" * 65, "role": "viewer"}, 422),
        ({"name": "short", "role": "viewer", "password": "1234567"}, 422),
        ({"name": "ADMIN", "role": "viewer"}, 409),
        ({"name": "admin", "role": "viewer"}, 409),
    ],
)
def test_what_cannot_be_a_user_is_refused(
    center: Running, admin: dict[str, str], body: dict[str, str], status: int
) -> None:
    answer = center.client.post("/users", json=body, headers=admin)
    assert answer.status_code == status, answer.text
    assert set(answer.json()["error"]) == {"code", "message", "where"}


@pytest.mark.parametrize(
    ("path", "body"), [("role", {"role": "viewer"}), ("password", {"password": SARI + "!"}), ("remove", {})]
)
def test_another_role_or_password_and_a_removal_end_the_sessions(
    center: Running, admin: dict[str, str], path: str, body: dict[str, Any], data_dir: Path
) -> None:
    name = f"budi.{path}"
    headers = make(center, admin, name, "operator")
    assert center.client.post("/alarms/none/note", json={"comment": "x"}, headers=headers).status_code == 404
    assert center.client.post(f"/users/{name}/{path}", json=body, headers=admin).status_code == 200
    assert center.client.post("/alarms/none/note", json={"comment": "x"}, headers=headers).status_code == 401
    assert center.client.post(f"/users/nobody/{path}", json=body, headers=admin).status_code == 404
    assert any(who == "admin" and name in detail for who, what, detail in acts(data_dir) if what != "user made")


def test_nobody_takes_away_the_last_admin(center: Running, admin: dict[str, str]) -> None:
    for path, body in (("role", {"role": "operator"}), ("remove", {})):
        answer = center.client.post(f"/users/admin/{path}", json=body, headers=admin)
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "not_allowed")
    assert center.client.get("/users", headers=admin).status_code == 200


def test_one_s_own_password(center: Running, admin: dict[str, str]) -> None:
    headers = make(center, admin, "dewi", "viewer")
    other = center.log_in("dewi", SARI)
    wrong = center.client.post("/me/password", json={"old": "guess", "new": SARI + "?"}, headers=headers)
    assert (wrong.status_code, wrong.json()["error"]["where"]) == (403, "body.old")
    short = center.client.post("/me/password", json={"old": SARI, "new": "short"}, headers=headers)
    assert (short.status_code, short.json()["error"]["where"]) == (422, "body.new")
    changed = center.client.post("/me/password", json={"old": SARI, "new": SARI + "?"}, headers=headers)
    assert changed.status_code == 200
    assert [center.client.post("/logout", headers=old).status_code for old in (headers, other)] == [401, 401]
    new = {"Authorization": f"Bearer {changed.json()['token']}"}
    assert center.client.get("/me", headers=new).json()["user"] == "dewi"
    center.client.cookies.clear()
    guesses = [
        center.client.post("/me/password", json={"old": "guess", "new": SARI}, headers=new).status_code
        for _ in range(FAILURES + 1)
    ]
    assert guesses[-1] == 429


def test_users_by_the_command_line_beside_the_running_center(center: Running, data_dir: Path) -> None:
    added = siaga(data_dir, "user", "add", "rina", "--role", "operator")
    assert added.returncode == 0, added.stderr
    password = added.stdout.split("password: ")[1].split()[0]
    headers = center.log_in("rina", password)
    assert siaga(data_dir, "user", "role", "rina", "supervisor").returncode == 0
    assert center.client.post("/logout", headers=headers).status_code == 401
    assert "rina\tsupervisor" in siaga(data_dir, "user", "list").stdout
    assert siaga(data_dir, "user", "password", "rina", "--ask", typed=f"{SARI}\n").stdout == (
        "rina has another password\n"
    )
    assert center.client.get("/me", headers=center.log_in("rina", SARI)).json()["role"] == "supervisor"
    assert siaga(data_dir, "user", "remove", "rina").returncode == 0
    assert center.client.post("/login", json={"user": "rina", "password": SARI}).status_code == 401
    wrong = siaga(data_dir, "user", "remove", "rina")
    assert (wrong.returncode, wrong.stderr) == (1, "siaga: there is no user 'rina'\n")
    short = siaga(data_dir, "user", "add", "rina", "--role", "viewer", "--ask", typed="short\n")
    assert (short.returncode, "8 to 1000 characters" in short.stderr) == (1, True)
    assert any(who.startswith("cli:") and (what, about) == ("user removed", "rina supervisor")
               for who, what, about in acts(data_dir))  # fmt: skip


def test_a_wrong_folder_gets_no_new_file(tmp_path: Path) -> None:
    run = siaga(tmp_path, "user", "add", "sari", "--role", "viewer")
    assert (run.returncode, "is not there" in run.stderr) == (1, True)
    assert list(tmp_path.iterdir()) == []


def test_a_token_reads_what_its_scope_says_until_it_is_revoked(
    center: Running, admin: dict[str, str], data_dir: Path
) -> None:
    body = {"name": "dinas-pu", "scopes": ["export"]}
    secret = center.client.post("/tokens", json=body, headers=admin).json()["token"]
    headers = {"Authorization": f"Bearer {secret}", **ELSEWHERE}
    assert center.client.get("/observations", headers=headers).status_code == 200
    refused = center.client.get("/dead-letters", headers=headers)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "forbidden")
    assert center.client.get("/me", headers=headers).json()["token"] == "dinas-pu"
    assert center.client.post("/alarms/none/note", json={"comment": "x"}, headers=headers).status_code == 403
    [token] = [one for one in center.client.get("/tokens", headers=admin).json()["items"] if one["name"] == "dinas-pu"]
    assert (token["scopes"], token["made_by"], token["used_at"] is not None) == (["export"], "admin", True)
    assert center.client.post("/tokens", json=body, headers=admin).status_code == 409
    assert center.client.post("/tokens/dinas-pu/revoke", headers=admin).status_code == 200
    assert center.client.get("/observations", headers=headers).status_code == 401
    assert center.client.post("/tokens/dinas-pu/revoke", headers=admin).status_code == 404
    with reading(data_dir) as connection:
        assert secret not in "\n".join(connection.iterdump())


def test_tokens_by_the_command_line(center: Running, data_dir: Path) -> None:
    added = siaga(data_dir, "token", "add", "prometheus", "--scope", "metrics")
    secret = added.stdout.split()[1]
    headers = {"Authorization": f"Bearer {secret}", **ELSEWHERE}
    assert plain_http.get(f"{center.url}/metrics", headers=headers).status_code == 200
    assert center.client.get("/sensors", headers=headers).status_code == 403
    assert "prometheus\tmetrics\tmade" in siaga(data_dir, "token", "list").stdout
    assert siaga(data_dir, "token", "revoke", "prometheus").returncode == 0
    assert plain_http.get(f"{center.url}/metrics", headers=headers).status_code == 401


@pytest.fixture
def screen(center: Running, admin: dict[str, str]) -> Iterator[str]:
    """A wall's token."""
    body = {"name": "wall-1", "scopes": ["wall", "export"]}
    yield center.client.post("/tokens", json=body, headers=admin).json()["token"]
    center.client.post("/tokens/wall-1/revoke", headers=admin)


def test_a_screen_brings_its_token_once_and_then_has_a_cookie(
    center: Running, screen: str, caplog: pytest.LogCaptureFixture
) -> None:
    with httpx.Client(verify=plain_http.NO_TLS, base_url=center.url, headers=ELSEWHERE) as browser:
        first = browser.get("/", params={"token": screen})
        assert (first.status_code, first.headers["location"]) == (303, "/")
        cookie = first.headers["set-cookie"].lower()
        assert all(word in cookie for word in ("siaga_screen=", "httponly", "samesite=strict", "max-age="))
        assert first.headers["referrer-policy"] == "no-referrer"
        options = browser.get("/", params={"theme": "dark", "token": screen, "screen": "ruang utama"})
        assert options.headers["location"] == "/?theme=dark&screen=ruang+utama"
        jar = {"Cookie": first.headers["set-cookie"].partition(";")[0]}
        assert browser.get("/api/v1/sensors", headers=jar).status_code == 200
        assert browser.get("/api/v1/observations", headers=jar).status_code == 403  # a cookie opens the wall alone
        assert browser.post("/api/v1/alarms/none/note", json={"comment": "x"}, headers=jar).status_code == 403
        assert browser.get("/", params={"token": "siaga_guess"}).status_code == 401
        assert browser.get("/").status_code == 200
    bare = center.client.get("/sensors", params={"token": screen}, headers=ELSEWHERE)
    assert bare.status_code == 401  # an address is no place for a token, but that once
    assert screen not in caplog.text


def test_a_live_view_ends_when_its_token_is_revoked(
    center: Running, admin: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "RECHECK_S", 0.05)
    body = {"name": "wall-2", "scopes": ["wall"]}
    secret = center.client.post("/tokens", json=body, headers=admin).json()["token"]
    headers = {"Authorization": f"Bearer {secret}"}
    port = httpx.URL(center.url).port
    connection = socket.create_connection(("127.0.0.1", port))
    with connect(f"ws://siaga.example:{port}/api/v1/live", sock=connection, additional_headers=headers) as view:
        assert "snapshot" in str(view.recv(5))
        center.client.post("/tokens/wall-2/revoke", headers=admin)
        with pytest.raises(ConnectionClosed) as end:
            read_to_the_end(view)
    assert end.value.rcvd is not None
    assert end.value.rcvd.code == live.POLICY_VIOLATION


def read_to_the_end(view: ClientConnection) -> None:
    for _ in range(100):
        view.recv(5)


@pytest.mark.parametrize("headers", [{"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}])
def test_another_site_s_page_opens_no_live_view(center: Running, screen: str, headers: dict[str, str]) -> None:
    url = center.url.replace("http", "ws") + "/api/v1/live"
    cookie = {"Cookie": f"siaga_screen={screen}"}
    with pytest.raises(InvalidStatus) as refused, connect(url, additional_headers={**cookie, **headers}):
        pass
    assert refused.value.response.status_code == 403
    with connect(url, additional_headers={**cookie, "Origin": center.url}) as view:
        assert view.recv(5)


def test_the_record_is_read_by_supervisors_in_its_order(center: Running, admin: dict[str, str]) -> None:
    headers = make(center, admin, "kepala", "supervisor")
    first = center.client.get("/audit", params={"limit": 2}, headers=headers).json()
    second = center.client.get("/audit", params={"limit": 1, "after": first["next"]}, headers=headers).json()
    assert [one["number"] for one in first["items"] + second["items"]] == [1, 2, 3]
    assert len(first["head"]["sha256"]) == 64
    past = center.client.get("/audit", params={"after": first["head"]["number"] + 999}, headers=headers).json()
    assert (past["items"], past["next"]) == ([], None)
    assert center.client.get("/audit", params={"after": "x"}, headers=headers).status_code == 422


def test_a_session_in_use_is_extended_up_to_its_end(operations: Operations) -> None:
    accounts = Accounts(operations, session_hours=12)
    accounts.ensure_admin(PASSWORD, NOW_US)
    session = accounts.log_in("admin", PASSWORD, NOW_US)
    assert session is not None
    assert session.ends_us == NOW_US + LONGEST_SESSION_US
    early = accounts.who(session.token, NOW_US + MINUTE_US)
    assert early is not None
    assert early.expires_us == session.expires_us  # not worth a write
    for hours in range(1, 16):
        used = accounts.who(session.token, NOW_US + hours * HOUR_US)
        assert used is not None, hours
        assert used.expires_us == min(NOW_US + (hours + 12) * HOUR_US, session.ends_us)
    assert accounts.who(session.token, session.ends_us - 1) is not None
    assert accounts.who(session.token, session.ends_us) is None


def test_a_session_that_nobody_uses_runs_out_and_a_short_one_is_extended_too(operations: Operations) -> None:
    accounts = Accounts(operations, session_hours=0.1)
    accounts.ensure_admin(PASSWORD, NOW_US)
    idle, used = (accounts.log_in("admin", PASSWORD, NOW_US) for _ in range(2))
    assert idle is not None
    assert used is not None
    for minutes in range(1, 60):
        assert accounts.who(used.token, NOW_US + minutes * MINUTE_US) is not None
    assert accounts.who(idle.token, NOW_US + 6 * MINUTE_US) is None
    assert EXTEND_US > 0.1 * HOUR_US / 4  # or the loop above would not tell


def test_a_session_is_as_good_as_the_disk_lets_it_be(operations: Operations) -> None:
    accounts = Accounts(operations, session_hours=12)
    accounts.ensure_admin(PASSWORD, NOW_US)
    secret = Tokens(operations).add("wall", [Scope.WALL], "admin", NOW_US)
    session = accounts.log_in("admin", PASSWORD, NOW_US)
    assert session is not None
    operations._connection.execute("PRAGMA query_only = ON")
    caller = accounts.who(session.token, NOW_US + HOUR_US)
    assert caller is not None
    assert caller.expires_us == session.expires_us
    assert Tokens(operations).who(secret, NOW_US) is not None


def test_a_first_admin_who_was_removed_does_not_come_back(operations: Operations) -> None:
    accounts = Accounts(operations, session_hours=12)
    accounts.ensure_admin(PASSWORD, NOW_US)
    accounts.add("kepala", Role.ADMIN, SARI, "admin", NOW_US)
    accounts.remove("admin", "kepala", NOW_US)
    assert accounts.ensure_admin("", NOW_US) is None
    assert accounts.ensure_admin(PASSWORD, NOW_US) is None
    assert [user.name for user in accounts.users()] == ["kepala"]
    with pytest.raises(NotAllowed, match="last admin"):
        accounts.remove("kepala", "kepala", NOW_US)
    with pytest.raises(UnknownName):
        accounts.set_password("admin", SARI, "kepala", NOW_US)
