"""Every route that is read, every kind of caller: no reading leaves to whom it is not shared with."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from msgspec.structs import replace

from command_center.api.rights import RIGHTS, SOCKET
from command_center.clock import now_us
from command_center.people import Caller, Role, Scope, audience_of
from sensors.sharing import Audience, Sharing, may_see
from sensors.transition import Kind
from tests.unit.command_center.little_city import DISCHARGE, LEVEL, RAIN, entry, little_city, raised, transition
from tests.unit.command_center.running import Gateway, Running, running

ELSEWHERE = {"Host": "siaga.example"}
# A datastream of each sharing: its number, its id, and a value that nothing else has.
SHARED: dict[Sharing, tuple[int, str, float]] = {
    "public": (LEVEL, "ROLAK:level", 511.25),
    "agency": (DISCHARGE, "ROLAK:discharge", 522.25),
    "internal": (RAIN, "POS:rain", 533.25),
}
# Routes that must show what is shared: the test would pass on empty answers otherwise.
TELLING = (
    "/api/v1/sensors",
    "/api/v1/sensors/{sensor_id}",
    "/api/v1/sensors/{sensor_id}/observations",
    "/api/v1/stations/{station}",
    "/api/v1/observations",
    "/api/v1/transitions",
    "/api/v1/alarms",
    "/api/v1/alarms/{alarm_id}",
    "/api/v1/incidents/{incident_id}",
)
# What is open to anybody holds no data: tests/unit/command_center/api/test_rights.py sees to that.
READ_ROUTES = sorted(path for (method, path), right in RIGHTS.items() if method == "GET" and not right.anybody)
TOKENS = {
    "agency": [Scope.READ],
    "export": [Scope.EXPORT],
    "metrics": [Scope.METRICS],
    "wall": [Scope.WALL],
    "own program": [Scope.WALL, Scope.READ, Scope.EXPORT],
}
AUDIENCES = {
    "agency": Audience.AGENCY,
    "export": Audience.AGENCY,
    "metrics": Audience.PUBLIC,
    "wall": Audience.INTERNAL,
    "own program": Audience.INTERNAL,
    "viewer": Audience.INTERNAL,
    "this machine": Audience.INTERNAL,
    "nobody": Audience.PUBLIC,
}


@pytest.fixture(scope="module")
def center(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    data_dir: Path = tmp_path_factory.mktemp("data")
    city = little_city()
    sharing = {number: how for how, (number, _, _) in SHARED.items()}
    told = tuple(replace(d, sharing=sharing[d.number], licence="CC-BY-4.0") for d in city.datastreams)
    gateway = Gateway(data_dir, replace(city, datastreams=told))
    now = now_us()
    transitions = [
        raised("hijau", datastream=number, value=value, time_us=now, at_us=now) for number, _, value in SHARED.values()
    ]
    wave = transition(
        Kind.WAVE, "hijau", datastream=LEVEL, other=RAIN, value=533.25, time_us=now, at_us=now, until_us=now + 1
    )
    rows = [(number, now, value) for number, _, value in SHARED.values()]
    gateway.append(entry(rows, *transitions, wave, now_us=now))
    with running(data_dir, gateway) as started:
        started.wait_ready()
        started.wait_applied()
        yield started


@pytest.fixture(scope="module")
def callers(center: Running) -> dict[str, dict[str, str]]:
    """Headers by who asks."""
    admin = center.log_in()
    viewer = {"name": "sari", "role": "viewer", "password": "a password of sari"}
    assert center.client.post("/users", json=viewer, headers=admin).status_code == 201
    found = {"viewer": center.log_in("sari", viewer["password"]) | ELSEWHERE, "this machine": {}, "nobody": ELSEWHERE}
    for name, scopes in TOKENS.items():
        asked = {"name": name.replace(" ", "-"), "scopes": scopes}
        token = center.client.post("/tokens", json=asked, headers=admin).json()["token"]
        found[name] = {"Authorization": f"Bearer {token}", **ELSEWHERE}
    return found


@pytest.fixture(scope="module")
def ids_of(center: Running) -> list[dict[str, str]]:
    """What stands in paths, for each of the three datastreams."""
    alarms = {alarm["datastream"]: alarm for alarm in center.get("/alarms")["items"]}
    return [
        {
            "sensor_id": name,
            "station": name.split(":")[0],
            "alarm_id": alarms[name]["id"],
            "incident_id": alarms[name]["incident"],
        }
        for _, name, _ in SHARED.values()
    ]


def paths_of(ids_of: list[dict[str, str]], template: str) -> list[str]:
    """The route's paths for each of the three datastreams, or its only one."""
    return list(dict.fromkeys(_filled(template, ids) for ids in ids_of))


def _filled(template: str, ids: dict[str, str]) -> str:
    return re.sub(r"\{(\w+)(?::path)?\}", lambda found: ids.get(found[1], "1"), template)


@pytest.mark.parametrize("template", READ_ROUTES)
def test_no_route_gives_a_reading_to_whom_it_is_not_shared_with(
    center: Running, callers: dict[str, dict[str, str]], ids_of: list[dict[str, str]], template: str
) -> None:
    paths = paths_of(ids_of, template)
    for name, headers in callers.items():
        answers = [center.client.get(center.url + path, headers=headers) for path in paths]
        text = "\n".join(answer.text for answer in answers if answer.status_code == 200)
        for sharing, (_, datastream, value) in SHARED.items():
            is_shown = f"{value}" in text or f'"{datastream}"' in text
            if not may_see(sharing, AUDIENCES[name]):
                assert not is_shown, f"{name} sees {datastream}"
            elif template in TELLING and any(answer.status_code == 200 for answer in answers):
                assert is_shown, f"{name} does not see {datastream}"


def test_an_order_and_what_it_kept_quiet_are_told_to_whom_its_gauge_is_shared_with(
    center: Running, callers: dict[str, dict[str, str]]
) -> None:
    order = {"aside": "out_of_service", "scope": "POS:rain", "minutes": 5, "comment": "Ganti aki"}
    begun = center.client.post("/service-orders", json=order, headers=center.log_in())
    assert begun.status_code == 201
    told = {name: center.client.get("/service-orders", headers=callers[name]).json() for name in ("agency", "wall")}
    center.client.post(f"/service-orders/{begun.json()['number']}/end", headers=center.log_in())
    assert [[one["scope"] for one in told[name]["items"]] for name in ("agency", "wall")] == [[], ["POS:rain"]]
    assert center.client.get("/service-orders", headers=callers["agency"]).json()["past"] == []
    assert center.client.get("/troubles", headers=callers["agency"]).status_code == 403


def test_what_is_told_of_a_wave_is_not_told_to_who_may_not_see_where_it_comes_from(
    center: Running, callers: dict[str, dict[str, str]]
) -> None:
    def kinds(caller: str) -> list[str]:
        answer = center.client.get("/transitions", headers=callers[caller])
        return [item["kind"] for item in answer.json()["items"]]

    assert (kinds("viewer").count("wave"), kinds("agency").count("wave")) == (1, 0)


def test_readings_leave_with_their_producer_and_licence(center: Running, callers: dict[str, dict[str, str]]) -> None:
    def asked(path: str) -> httpx.Response:
        return center.client.get(path, headers=callers["agency"])

    terms = {"producer": "BPBD", "licence": "CC-BY-4.0", "sharing": "agency"}
    sensor = asked("/sensors/ROLAK:discharge").json()
    assert {name: sensor[name] for name in terms} == terms
    assert asked("/observations").json()["terms"]["ROLAK:discharge"] == terms
    assert asked("/transitions").json()["terms"]["ROLAK:discharge"] == terms
    history = asked("/sensors/ROLAK:discharge/observations").json()
    assert {name: history[name] for name in terms} == terms


def test_a_cursor_goes_past_what_is_not_seen_and_comes_to_an_end(
    center: Running, callers: dict[str, dict[str, str]]
) -> None:
    after, items = "", []
    for _ in range(10):
        page = center.client.get("/observations", params={"after": after, "limit": 1}, headers=callers["export"]).json()
        items += page["items"]
        if page["next"] is None:
            break
        after = page["next"]
    assert [item["datastream"] for item in items] == ["ROLAK:level", "ROLAK:discharge"]
    assert page["next"] is None


def test_only_what_a_city_says_is_shared_and_only_our_own_look_at_the_live_picture() -> None:
    assert {d.sharing for d in little_city().datastreams} == {"internal"}
    assert RIGHTS[SOCKET, "/api/v1/live"].scopes == {Scope.WALL}
    assert all(audience_of(Caller("a person", role=role)) is Audience.INTERNAL for role in Role)
    assert all(may_see("public", audience) for audience in Audience)
