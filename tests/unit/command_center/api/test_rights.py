"""Every route of the application, every kind of caller: what the table says is what the gate does."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import msgspec
import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.routing import Mount

from command_center.api.gate import SCREEN_COOKIE
from command_center.api.rights import OPEN, RIGHTS, SOCKET, Right, Row, row_of
from command_center.people import Role, Scope
from tests import plain_http
from tests.unit.command_center.running import Running, running, until

PASSWORD_OF_ALL = "a password for everybody"
FROM_ELSEWHERE = {"Host": "siaga.example"}  # a name is not this machine: nobody in particular may nothing
UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


@dataclass(frozen=True)
class Asker:
    """Somebody, as a request shows it."""

    label: str
    headers: dict[str, str]
    role: Role | None = None
    scopes: frozenset[Scope] = frozenset()
    is_known: bool = True

    def expected(self, right: Right) -> int:
        """What the table says: 200 for whatever lies behind the gate."""
        local = "Host" not in self.headers
        if right.anybody or (right.loopback and local):
            return 200
        if self.role is not None and list(Role).index(self.role) >= list(Role).index(right.role):
            return 200
        if self.scopes & right.scopes and (Scope.WALL in self.scopes or not right.own):
            return 200
        return 403 if self.is_known else 401


def routes_of(app: FastAPI) -> set[tuple[str, str]]:
    """(method, path template) of everything that the application answers, documented or not."""
    found = set()
    for route in iter_route_contexts(app.routes):
        if isinstance(route.original_route, Mount):
            found.add(("GET", f"{route.original_route.path}/{{path:path}}"))
            continue
        assert route.path is not None
        methods = getattr(route, "methods", None) or {SOCKET}
        found |= {(method, route.path) for method in methods - {"HEAD"}}
    return found


@pytest.fixture(scope="module")
def center(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("data")) as started:
        yield started


@pytest.fixture(scope="module")
def app(center: Running) -> FastAPI:
    until(lambda: center.center._server is not None)
    server = center.center._server
    assert server is not None
    application = server.config.app
    assert isinstance(application, FastAPI)
    return application


@pytest.fixture(scope="module")
def askers(center: Running, app: FastAPI) -> list[Asker]:
    """Everybody: nobody, each role, each scope; from here and from elsewhere."""
    assert app is not None
    admin = center.log_in()
    known = [
        Asker("nobody", {}, is_known=False),
        Asker("a guess", {"Authorization": "Bearer siaga_guess"}, is_known=False),
    ]
    for role in Role:
        new = {"name": role.value + "1", "role": role, "password": PASSWORD_OF_ALL}
        assert center.client.post("/users", json=new, headers=admin).status_code == 201
        known.append(Asker(role, center.log_in(new["name"], PASSWORD_OF_ALL), role=role))
    for scope in Scope:
        new_token = {"name": scope.value, "scopes": [scope]}
        token = center.client.post("/tokens", json=new_token, headers=admin).json()["token"]
        known.append(Asker(f"token {scope}", {"Authorization": f"Bearer {token}"}, scopes=frozenset({scope})))
        if scope in (Scope.WALL, Scope.READ):
            can = frozenset({scope} & {Scope.WALL})
            cookie = {"Cookie": f"{SCREEN_COOKIE}={token}"}
            known.append(Asker(f"screen {scope}", cookie, scopes=can, is_known=bool(can)))
    both = {"name": "ours", "scopes": [Scope.WALL, Scope.READ]}
    token = center.client.post("/tokens", json=both, headers=admin).json()["token"]
    known.append(Asker("our own", {"Authorization": f"Bearer {token}"}, scopes=frozenset({Scope.WALL, Scope.READ})))
    return [
        Asker(f"{one.label}, {where}", {**one.headers, **host}, one.role, one.scopes, one.is_known)
        for one in known
        for where, host in (("here", {}), ("elsewhere", FROM_ELSEWHERE))
    ]


def concrete(template: str) -> str:
    """A path of that template, with names that nothing has."""
    path = template.replace("{path:path}", "none.js").replace("{number}", "99").replace("{letter_id}", "99")
    return re.sub(r"\{\w+\}", "no:no", path)


def asked(center: Running, method: str, path: str, asker: Asker) -> tuple[int, str]:
    """(200 for whatever lies behind the gate, else 401 or 403; the code of the error)."""
    if method == SOCKET:
        request = center.client.build_request("GET", center.url + path, headers=asker.headers | UPGRADE)
    else:
        request = center.client.build_request(method, center.url + path, headers=asker.headers, content=b"no JSON")
    answer = center.client.send(request, stream=True)
    try:
        is_refusal = answer.status_code in (401, 403) and "json" in answer.headers["content-type"]  # the gate's own
        code = msgspec.json.decode(answer.read())["error"]["code"] if is_refusal else ""
    finally:
        answer.close()
    return (answer.status_code if code in ("login_required", "forbidden") else 200), code


def test_every_route_has_a_row_and_every_row_a_route(app: FastAPI) -> None:
    routes = routes_of(app)
    assert len(routes) > 30
    assert routes - set(RIGHTS) == set(), "routes without a row in command_center/api/rights.py"
    assert set(RIGHTS) - routes == set(), "rows of routes that are not there"


@pytest.mark.parametrize(("method", "template"), sorted(RIGHTS), ids=str)
def test_every_route_lets_in_whom_the_table_says(
    center: Running, askers: list[Asker], method: str, template: str
) -> None:
    path, right = concrete(template), RIGHTS[method, template]
    row = row_of(method, path)
    assert row is not None
    assert row.template == template, "another row speaks for this route"
    for asker in askers:
        if template.endswith("/logout") and asker.role is not None:
            headers = center.log_in(f"{asker.role}1", PASSWORD_OF_ALL)  # the others go on with theirs
            asker = Asker(asker.label, {**asker.headers, **headers}, asker.role)  # noqa: PLW2901
        assert asked(center, method, path, asker)[0] == asker.expected(right), asker.label


def test_what_acts_is_for_people(app: FastAPI) -> None:
    acting = {key: right for key, right in RIGHTS.items() if key[0] not in ("GET", SOCKET)}
    links = ("POST", "/a/{token}")  # a signed link is its own login
    assert {key for key, right in acting.items() if right.anybody} == {("POST", "/api/v1/login"), links}
    assert not any(right.scopes or right.loopback for right in acting.values())
    data = [key for key, right in RIGHTS.items() if right is OPEN and key[1].startswith("/api/")]
    assert data == [("POST", "/api/v1/login")]
    assert app is not None


def test_a_route_without_a_row_is_not_there_for_anybody(app: FastAPI, center: Running, askers: list[Asker]) -> None:
    app.add_api_route("/api/v1/forgotten", lambda: {"secret": 1})
    app.add_api_route("/api/v1/alarms/{alarm_id}/forgotten", lambda alarm_id: {"secret": alarm_id}, methods=["POST"])
    assert routes_of(app) - set(RIGHTS) != set()
    for asker in askers:
        get = plain_http.get(f"{center.url}/api/v1/forgotten", headers=asker.headers)
        post = plain_http.post(f"{center.url}/api/v1/alarms/a/forgotten", headers=asker.headers)
        assert {get.status_code, post.status_code} <= {401, 404}, asker.label
        assert "secret" not in get.text + post.text


def test_a_method_that_is_not_there_names_those_that_are(center: Running, askers: list[Asker]) -> None:
    admin = next(asker for asker in askers if asker.role is Role.ADMIN)
    answer = httpx.delete(f"{center.url}/api/v1/users", headers=admin.headers)
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")


def test_the_most_literal_row_speaks() -> None:
    assert isinstance(row_of("POST", "/api/v1/alarms/acknowledge"), Row)
    groups = row_of("GET", "/api/v1/dead-letters/groups")
    assert groups is not None
    assert groups.template == "/api/v1/dead-letters/groups"
    assert row_of("GET", "/api/v1/alarms/a/b/c") is None
