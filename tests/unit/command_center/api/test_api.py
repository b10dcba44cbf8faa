"""The API of a running command center over a real log."""

import base64
import contextlib
import hashlib
import math
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from command_center.api.body_limit import MAX_BYTES
from gateway.log.rows import DeadLetter
from sensors.origin import Origin
from sensors.times import rfc3339
from sensors.transition import Kind
from tests import plain_http
from tests.unit.command_center.little_city import (
    DISCHARGE,
    LEVEL,
    NOW_US,
    RAIN,
    entry,
    minutes,
    raised,
    returned,
    transition,
)
from tests.unit.command_center.running import PASSWORD, Running, running, until

HEIGHTS = [(LEVEL, minutes(-n), float(n % 97)) for n in range(300, 0, -1)]


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def center(tmp_path_factory: pytest.TempPathFactory, data_dir: Path) -> Iterator[Running]:
    """300 readings of `ROLAK:level`, one of them late, one twice, one with two values; two alarms; two dead letters."""
    folder = tmp_path_factory.mktemp("city")
    (folder / "city.toml").write_text("")
    (folder / "river.geojson").write_text('{"type": "FeatureCollection", "features": []}')
    (folder.parent / "secret.geojson").write_text("not for you")
    with running(data_dir, city=str(folder)) as center:
        center.gateway.append(
            entry([*HEIGHTS[:100], *HEIGHTS[101:]]),
            entry([HEIGHTS[100], HEIGHTS[5], (LEVEL, HEIGHTS[6][1], 4711.0)], origin=Origin.SIMULATED),
            entry([(RAIN, NOW_US, math.nan)], raised("hijau"), raised("kuning")),
            entry(None, transition(Kind.SILENT, datastream=RAIN, severity=1)),
            entry(dead_letters=(dead_letter(b"\xff\x00{"), dead_letter(b"{}"))),
        )
        center.wait_ready()
        center.wait_applied()
        yield center


def dead_letter(payload: bytes) -> DeadLetter:
    return DeadLetter(
        received_us=NOW_US, source="main", topic="telemetry/x", reason="not_json", detail="byte 0",
        payload=payload, length=len(payload), sha256=hashlib.sha256(payload).hexdigest(),
    )  # fmt: skip


def test_sensors_are_datastreams_with_place_levels_and_newest_observation(center: Running) -> None:
    level, discharge, rain = center.get("/sensors")["items"]
    assert (level["id"], level["agency"], level["dimension"]) == ("ROLAK:level", "BPBD", "environment")
    assert (level["area_name"], level["jurisdiction"]) == ("Gedongan", "Kota Mojokerto")
    assert [one["name"] for one in level["levels"]] == ["hijau", "kuning", "merah"]
    assert level["levels_reached"] == ["hijau", "kuning"]
    assert level["latest"] | {"age_s": 0} == level["latest_sound"] | {"age_s": 0} == {
        "time": rfc3339(minutes(-1)), "value": 1.0, "quality": 1, "origin": "live", "age_s": 0,
    }  # fmt: skip
    assert level["conflicts"] == 1
    assert (discharge["latest"], discharge["silent"]) == (None, False)
    assert (rain["latest"]["value"], rain["latest_sound"], rain["silent"]) == (None, None, True)
    assert center.get("/sensors/ROLAK:level")["id"] == "ROLAK:level"


def test_observations_are_one_per_time_the_first_stored(center: Running) -> None:
    items = center.get("/sensors/ROLAK:level/observations", points=0)["items"]
    assert [(item["time"], item["value"]) for item in items] == [(rfc3339(t), value) for _, t, value in HEIGHTS]
    assert [item["origin"] for item in items].count("simulated") == 1


def test_observations_of_a_range_begin_at_from_and_end_before_to(center: Running) -> None:
    answer = center.get(
        "/sensors/ROLAK:level/observations", **{"from": rfc3339(minutes(-10)), "to": rfc3339(minutes(-7)), "points": 0}
    )
    assert [item["value"] for item in answer["items"]] == [10.0, 9.0, 8.0]
    assert answer["next"] is None
    url = f"{center.url}/api/v1/sensors/ROLAK:level/observations?points=0&from=2025-11-22T21:58:00+07:00"
    assert [item["value"] for item in plain_http.get(url).json()["items"]] == [2.0, 1.0]


def test_thinned_observations_keep_the_extremes(center: Running) -> None:
    items = center.get("/sensors/ROLAK:level/observations", points=20)["items"]
    assert len(items) <= 20
    assert {0.0, 96.0} <= {item["value"] for item in items}


def pages(center: Running, path: str, **parameters: Any) -> list[list[dict[str, Any]]]:
    """All pages, to the one that is empty."""
    found: list[list[dict[str, Any]]] = []
    after: str | None = ""
    while after is not None:
        page = center.get(path, after=after, **parameters)
        found.append(page["items"])
        assert (page["next"] is None) == (not page["items"])
        after = page["next"]
    return found


@pytest.mark.parametrize("limit", [1_000, 13])
def test_the_observation_feed_gives_each_time_once_in_log_order(center: Running, limit: int) -> None:
    found = pages(center, "/observations", limit=limit)
    assert all(len(page) <= limit for page in found)
    items = [item for page in found for item in page]
    stored = [*HEIGHTS[:100], *HEIGHTS[101:], HEIGHTS[100]]
    assert [(item["datastream"], item["time"]) for item in items] == [
        *(("ROLAK:level", rfc3339(time_us)) for _, time_us, _ in stored),
        ("POS:rain", rfc3339(NOW_US)),
    ]


def test_the_transition_feed_names_the_alarm(center: Running) -> None:
    items = [item for page in pages(center, "/transitions", limit=2) for item in page]
    assert [(item["datastream"], item["kind"], item["level"]) for item in items] == [
        ("ROLAK:level", "raised", "hijau"),
        ("ROLAK:level", "raised", "kuning"),
        ("POS:rain", "silent", ""),
    ]
    assert items[0]["id"] == center.get("/alarms")["items"][0]["id"]


def test_a_cursor_of_another_log_starts_at_the_oldest_and_says_so(center: Running) -> None:
    page = center.get("/transitions", after="00c0ffee00c0ffee:99:0")
    assert (len(page["items"]), page["gap"]["reason"]) == (3, "another log")


def test_alarms_by_state_and_in_order(center: Running) -> None:
    items = center.get("/alarms", state="open")["items"]
    assert [(item["datastream"], item["level"]) for item in items] == [
        ("ROLAK:level", "kuning"),
        ("POS:rain", "silent"),
    ]
    assert [item["id"] for page in pages(center, "/alarms", limit=1) for item in page] == [item["id"] for item in items]
    for state in ("normal,shelved", "shelved", "suppressed", "out_of_service"):
        assert center.get("/alarms", state=state) == {"items": [], "next": None}
    assert items[0]["text"]["id"].startswith("Rolak Songo muka air 600")


def test_an_alarm_is_acknowledged_noted_and_closed_by_name(tmp_path: Path) -> None:
    with running(tmp_path) as center:
        center.gateway.append(entry([(LEVEL, NOW_US, 512.0)], raised("hijau")))
        center.wait_ready()
        headers = center.log_in()
        [alarm] = center.get("/alarms")["items"]
        at = f"/alarms/{alarm['id']}"

        assert center.client.post(f"{at}/close", headers=headers).status_code == 409
        body = {"comment": "petugas dihubungi", "user": "mallory"}
        acknowledged = center.client.post(f"{at}/acknowledge", json=body, headers=headers).json()
        assert (acknowledged["state"], acknowledged["acknowledged_by"]) == ("acknowledged", "admin")
        assert center.client.post(f"{at}/acknowledge", headers=headers).json() == acknowledged
        assert center.client.post(f"{at}/note", json={"comment": " "}, headers=headers).status_code == 422
        assert center.client.post(f"{at}/note", json={"comment": "pintu dibuka"}, headers=headers).status_code == 200
        center.gateway.append(entry(None, returned("hijau")))
        center.wait_applied()
        assert center.client.post(f"{at}/close", headers=headers).json()["state"] == "normal"

        told = [(event["event"], event["by"], event["comment"]) for event in center.get(at)["events"]]
        assert told == [
            ("raised", "", ""),
            ("acknowledged", "admin", "petugas dihubungi"),
            ("note", "admin", "pintu dibuka"),
            ("returned", "", ""),
        ]


def test_alarms_that_cannot_be_stored_are_listed_all_the_same(tmp_path: Path) -> None:
    with running(tmp_path) as center:
        center.gateway.append(entry([(LEVEL, NOW_US, 512.0)], raised("hijau")))
        center.wait_ready()
        fault = sqlite3.connect(tmp_path / "operations.db", isolation_level=None)
        fault.execute("CREATE TRIGGER full BEFORE INSERT ON alarm_event BEGIN SELECT RAISE(ABORT, 'disk is full'); END")
        center.gateway.append(
            entry(None, raised("kuning", datastream=DISCHARGE), raised("kuning", datastream=RAIN), returned("hijau"))
        )
        until(lambda: len(center.get("/alarms")["items"]) == 3)
        assert [(item["datastream"], item["state"]) for page in pages(center, "/alarms", limit=1) for item in page] == [
            ("ROLAK:level", "returned_unacknowledged"),
            ("ROLAK:discharge", "unacknowledged"),
            ("POS:rain", "unacknowledged"),
        ]
        assert len(center.get("/alarms", state="returned_unacknowledged")["items"]) == 1
        assert len(center.get("/alarms", state="unacknowledged")["items"]) == 2
        fault.execute("DROP TRIGGER full")
        fault.close()
        until(lambda: plain_http.get(f"{center.url}/healthz").json()["operations"]["pending_alarm_events"] == 0)
        assert len(center.get("/alarms", state="open")["items"]) == 3


def test_dead_letters_show_their_bytes_and_their_counts(center: Running) -> None:
    answer = center.get("/dead-letters", limit=1)
    [newest] = answer["items"]
    assert (newest["payload"], newest["reason"], newest["received_at"]) == ("{}", "not_json", rfc3339(NOW_US))
    [older] = center.get("/dead-letters", after=answer["next"])["items"]
    assert older["payload"] == "�\x00{"
    assert base64.b64decode(older["payload_base64"]) == b"\xff\x00{"
    assert [(count["reason"], count["count"]) for count in answer["counts"]] == [("not_json", 2)]


def test_dead_letters_by_group_text_and_id(center: Running) -> None:
    [group] = center.get("/dead-letters/groups", reason="not_json")["items"]
    assert (group["count"], group["kept"], group["topic"], group["detail"]) == (2, 2, "telemetry/x", "byte #")
    assert center.get("/dead-letters/groups", search="nowhere")["items"] == []
    assert len(center.get("/dead-letters", group=group["id"], source="main")["items"]) == 2
    [found] = center.get("/dead-letters", search="{}")["items"]
    assert center.get(f"/dead-letters/{found['id']}") == found
    for stranger, code in ((4711, "not_found"), (2**63, "invalid"), (2**70, "invalid")):
        assert center.client.get(f"/dead-letters/{stranger}").json()["error"]["code"] == code
    assert center.client.get(f"/dead-letters?group={2**63}").status_code == 422


def test_a_retry_needs_a_name_and_a_clear_wish_and_is_on_record(center: Running, data_dir: Path) -> None:
    assert center.client.post("/dead-letters/retry", json={"all": True}).status_code == 401
    headers = center.log_in()
    for wish in ({}, {"all": True, "ids": [1]}, {"ids": [1], "reason": "x"}, {"every": 1}, {"ids": ["x"]}):
        assert center.client.post("/dead-letters/retry", json=wish, headers=headers).status_code == 422
    nothing = center.client.post("/dead-letters/retry", json={"reason": "no_such_reason"}, headers=headers)
    assert nothing.json() == {"observed": 0, "observations": 0, "failed": 0, "cut": 0}
    with contextlib.closing(sqlite3.connect(data_dir / "operations.db")) as operations:
        [(who, detail)] = operations.execute("SELECT who, detail FROM audit WHERE what = 'dead letters retried'")
    assert who == "admin"
    assert "no_such_reason" in detail


def test_the_city_and_its_layers(center: Running) -> None:
    city = center.get("/city")
    assert (city["code"], city["zone_label"], city["name"]["id"]) == ("little", "WIB", "Kota Kecil")
    assert city["stations"][0]["area_name"] == "Gedongan"
    assert center.get("/city/layers/0")["type"] == "FeatureCollection"


@pytest.mark.parametrize("number", ["1", "2", "-1"])
def test_a_layer_outside_the_city_s_folder_is_not_there(center: Running, number: str) -> None:
    assert center.client.get(f"/city/layers/{number}").status_code == (422 if number == "-1" else 404)


def test_health_readiness_and_metrics_include_the_gateway(center: Running) -> None:
    health = plain_http.get(f"{center.url}/healthz")
    assert (health.status_code, health.json()["status"]) == (200, "ok")
    assert health.json()["gateway"]["status"]["sources"][0]["name"] == "main"
    assert plain_http.get(f"{center.url}/readyz").json() == {"ready": True, "waits_for": []}
    metrics = plain_http.get(f"{center.url}/metrics").text
    assert "siaga_gateway_messages_total 7.0" in metrics
    assert 'siaga_alarms{priority="high",state="unacknowledged"} 1.0' in metrics
    assert "siaga_sensors_never_heard 1.0" in metrics
    assert "siaga_conflicts 1.0" in metrics


def test_the_documentation_needs_nothing_from_elsewhere(center: Running) -> None:
    page = plain_http.get(f"{center.url}/docs", timeout=60).text
    assert "/api/v1/alarms/{alarm_id}/acknowledge" in page
    assert "http://" not in page
    assert "https://" not in page


def routes(center: Running) -> list[tuple[str, str]]:
    """(method, path) of every route, with ids that nothing has."""
    paths = plain_http.get(f"{center.url}/openapi.json", timeout=60).json()["paths"]
    return [
        (method.upper(), path.replace("{number}", "99").replace("{sensor_id}", "no:no").replace("{alarm_id}", "none"))
        for path, methods in paths.items()
        for method in methods
    ]


def is_error(answer: httpx.Response) -> bool:
    error = answer.json()["error"]
    return set(error) == {"code", "message", "where"} and all(isinstance(part, str) for part in error.values())


def test_every_post_but_login_needs_a_login(center: Running) -> None:
    posts = [path for method, path in routes(center) if method != "GET" and not path.endswith("/login")]
    assert len(posts) >= 4
    for path in [*posts, "/api/v1/no/such/route"]:
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Cookie": "siaga_session=wrong"}):
            answer = plain_http.post(center.url + path, headers=headers, content=b"not json")
            assert (answer.status_code, is_error(answer)) == (401, True), path
            assert answer.headers["www-authenticate"] == "Bearer"


def test_every_route_has_the_one_error_shape(center: Running) -> None:
    headers = center.log_in()
    for method, path in routes(center):
        wrong_method = plain_http.request("PATCH", center.url + path, headers=headers)
        assert (wrong_method.status_code, is_error(wrong_method)) == (405, True), path
        assert wrong_method.headers["allow"]
        if not path.endswith("/logout"):
            answer = plain_http.request(method, center.url + path, headers=headers, content=b"{")
            assert answer.is_success or is_error(answer), (method, path)
        beyond = plain_http.request(method, f"{center.url}{path}/no/such/route", headers=headers)
        assert (beyond.status_code, is_error(beyond)) == (404, True), path


@pytest.mark.parametrize(
    ("path", "where"),
    [
        ("/sensors/no:no", "path.sensor_id"),
        ("/sensors/no:no/observations", "path.sensor_id"),
        ("/sensors/ROLAK:level/observations?points=1", "query.points"),
        ("/sensors/ROLAK:level/observations?points=many", "query.points"),
        ("/sensors/ROLAK:level/observations?from=yesterday", "query.from"),
        ("/sensors/ROLAK:level/observations?to=2025-11-22T15:00:00", "query.to"),
        ("/sensors/ROLAK:level/observations?from=2025-11-22T15:00:00Z&to=2025-11-22T14:00:00Z", "query.from"),
        ("/observations?after=nonsense", "query.after"),
        ("/transitions?after=a:b:c", "query.after"),
        ("/alarms?after=a:1:٣", "query.after"),
        ("/dead-letters?after=x", "query.after"),
        ("/alarms?state=loud", "query.state"),
        ("/alarms/none", "path.alarm_id"),
        ("/observations?limit=0", "query.limit"),
    ],
)
def test_a_refusal_says_where(center: Running, path: str, where: str) -> None:
    answer = center.client.get(path)
    assert answer.status_code in (404, 422)
    assert is_error(answer)
    assert answer.json()["error"]["where"] == where


def test_bodies_are_bounded_and_typed(center: Running) -> None:
    login = f"{center.url}/api/v1/login"
    for content in (b"x" * (MAX_BYTES + 1), iter([b"x" * 40_000, b"x" * 40_000])):
        answer = plain_http.post(login, content=content)
        assert (answer.status_code, is_error(answer)) == (413, True)
    for body, where in (
        (b"{", "body"),
        (b"[]", "body"),
        (b'{"user": 1, "password": ""}', "body.user"),
        (b"", "body.user"),
    ):
        answer = plain_http.post(login, content=body)
        assert (answer.status_code, answer.json()["error"]["where"]) == (422, where)


def test_a_body_that_is_not_utf8_is_refused_like_any_other(center: Running) -> None:
    answer = center.client.post("/login", content=b'{"user": "a", "password": "\xff"}')
    assert (answer.status_code, answer.json()["error"]["where"]) == (422, "body")


def test_head_is_get_without_its_body(center: Running) -> None:
    for path in ("/", "/healthz", "/metrics", "/api/v1/sensors"):
        head, get = httpx.head(f"{center.url}{path}"), plain_http.get(f"{center.url}{path}")
        assert (head.status_code, head.content) == (get.status_code, b"")
        assert head.headers["content-type"] == get.headers["content-type"]


def test_login_gives_a_cookie_and_a_token_and_logout_ends_both(center: Running) -> None:
    with httpx.Client(verify=plain_http.NO_TLS, base_url=f"{center.url}/api/v1") as browser:
        answer = browser.post("/login", json={"user": "admin", "password": PASSWORD})
        cookie = answer.headers["set-cookie"].lower()
        assert all(word in cookie for word in ("httponly", "samesite=strict", "path=/", "max-age="))
        assert browser.get("/me").json()["user"] == "admin"
        assert browser.post("/alarms/none/note", json={"comment": "x"}).status_code == 404
        assert browser.post("/logout").status_code == 204
        token = answer.json()["token"]
    headers = {"Authorization": f"Bearer {token}"}
    assert plain_http.post(f"{center.url}/api/v1/logout", headers=headers).status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_another_site_s_page_cannot_act_with_a_browser_s_cookie(center: Running, headers: dict[str, str]) -> None:
    with httpx.Client(verify=plain_http.NO_TLS, base_url=f"{center.url}/api/v1") as browser:
        credentials = {"user": "admin", "password": PASSWORD}
        assert browser.post("/login", json=credentials, headers=headers).status_code == 403
        browser.post("/login", json=credentials)
        answer = browser.post("/alarms/none/note", json={"comment": "x"}, headers=headers)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "foreign_origin")
        own = {"Origin": center.url, "Sec-Fetch-Site": "same-origin"}
        assert browser.post("/alarms/none/note", json={"comment": "x"}, headers=own).status_code == 404
