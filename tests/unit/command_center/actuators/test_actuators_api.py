"""`/actuators` without a broker: who may sound what, and what cannot be asked."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sensors.settings import MqttSettings
from tests.unit.command_center.actuators.test_actuator import actuator, city
from tests.unit.command_center.little_city import entry
from tests.unit.command_center.running import Gateway, Running, running

PASSWORD_OF_ALL = "a password for everybody"
NOBODY_THERE = MqttSettings(url="mqtt://127.0.0.1:9")
ROWS = (
    actuator("HORN"),
    actuator("LAMP", kind="lamp", who="operator"),
    actuator("TOY", source="illustrative"),
    actuator("FLOAT", topic_set="-", level="", datastream=""),
)


@pytest.fixture(scope="module")
def center(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder: Path = tmp_path_factory.mktemp("center")
    with running(folder, Gateway(folder, city(*ROWS)), mqtt=NOBODY_THERE) as found:
        found.gateway.append(entry())
        found.wait_ready()
        who = found.log_in()
        for role in ("operator", "supervisor"):
            body = {"name": role, "role": role, "password": PASSWORD_OF_ALL}
            assert found.client.post("/users", json=body, headers=who).status_code < 300
        yield found


def post(center: Running, path: str, by: str = "admin", **body: Any) -> tuple[int, dict[str, Any]]:
    who = center.log_in() if by == "admin" else center.log_in(by, PASSWORD_OF_ALL)
    answer = center.client.post(f"/actuators/{path}", json=body, headers=who)
    return answer.status_code, answer.json()


def test_a_role_may_sound_what_its_row_says(center: Running) -> None:
    said = {"set": "on", "comment": "now"}
    assert post(center, "HORN/set", "operator", **said)[0] == 403
    assert post(center, "HORN/test", "operator")[0] == 403
    assert center.get("/actuators/HORN")["commands"] == []
    assert post(center, "HORN/set", "supervisor", **said)[1]["last"]["by"] == "supervisor"
    assert post(center, "LAMP/set", "operator", **said)[1]["last"]["state"] == "waiting"


@pytest.mark.parametrize(
    ("path", "body", "status", "where"),
    [
        ("NOTHING/set", {"set": "on", "comment": "x"}, 404, "path.name"),
        ("HORN/set", {"set": "loud", "comment": "x"}, 422, "body.set"),
        ("HORN/set", {"set": "on"}, 422, "body.comment"),
        ("TOY/set", {"set": "on", "comment": "x"}, 409, "/api/v1/actuators/TOY/set"),
        ("TOY/test", {}, 409, "/api/v1/actuators/TOY/test"),
        ("FLOAT/set", {"set": "off", "comment": "x"}, 409, "/api/v1/actuators/FLOAT/set"),
    ],
)
def test_what_cannot_be_is_refused_in_words(
    center: Running, path: str, body: dict[str, Any], status: int, where: str
) -> None:
    got, answer = post(center, path, **body)
    assert (got, answer["error"]["where"]) == (status, where)


def test_the_list_says_what_is_unproven(center: Running) -> None:
    unproven = {item["id"]: item["unproven"] for item in center.get("/actuators")["items"]}
    assert unproven == {"HORN": True, "LAMP": True, "TOY": True, "FLOAT": False}
