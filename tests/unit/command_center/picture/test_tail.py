"""The tail over a real log: restarts, gaps, other logs, damage, and no log at all."""

import logging
import sqlite3
from pathlib import Path

import pytest

from command_center.clock import now_us as now
from command_center.history import folder as history_folder
from command_center.picture import backfill
from gateway.log.schema import FILE
from gateway.log.set_aside import replace_log
from sensors.settings import HistorySettings
from sensors.times import MINUTE_US, rfc3339
from tests import plain_http
from tests.unit.command_center.little_city import (
    DISCHARGE,
    LEVEL,
    NOW_US,
    entry,
    little_city,
    minutes,
    raised,
    returned,
)
from tests.unit.command_center.running import Gateway, Running, running, until


def memory_alone(data_dir: Path) -> Path:
    """The directory, in which no history can be kept: only memory answers."""
    (data_dir / history_folder.NAME).write_text("a file stands where the folder should be")
    return data_dir


def waits_for(center: Running) -> list[str]:
    answer = plain_http.get(f"{center.url}/readyz")
    assert answer.status_code == (503 if answer.json()["waits_for"] else 200)
    return list(answer.json()["waits_for"])


def values(center: Running, sensor: str = "ROLAK:level") -> list[float]:
    return [item["value"] for item in center.get(f"/sensors/{sensor}/observations", points=0)["items"]]


def test_without_a_log_it_lives_waits_and_says_so(tmp_path: Path) -> None:
    with running(tmp_path) as center:
        until(lambda: waits_for(center) == ["log: there is no log yet: is the gateway running?"])
        assert center.get("/sensors") == {"items": [], "next": None}
        answer = center.client.get("/city")
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "no_log")
        for path in ("/observations", "/sensors/ROLAK:level"):
            assert center.client.get(path).status_code == 503
        center.gateway.append(entry([(LEVEL, NOW_US, 1.0)]))
        center.wait_ready()
        assert values(center) == [1.0]


def test_without_a_gateway_it_is_not_ready_but_the_log_is_followed(tmp_path: Path) -> None:
    gateway = Gateway(tmp_path)
    gateway.append(entry([(LEVEL, NOW_US, 1.0)]))
    with running(tmp_path, gateway, serves=False) as center:
        until(lambda: waits_for(center) == ["gateway: no link"])
        gateway.append(entry([(LEVEL, minutes(1), 2.0)]))  # nobody rings
        until(lambda: values(center) == [1.0, 2.0])
        health = plain_http.get(f"{center.url}/healthz")
        assert (health.status_code, health.json()["faults"]) == (503, ["the gateway was never heard"])


def test_a_restart_gives_the_same_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backfill, "ROWS_AT_ONCE", 3)
    shown = []
    with running(tmp_path) as center:
        for n in range(10):
            center.gateway.append(
                entry([(LEVEL, minutes(n % 7), float(n))], *([raised("hijau")] * (n == 4)), now_us=now())
            )
        center.wait_ready()
        center.wait_applied()
        shown.append((values(center), picture(center), center.get("/observations")))
    with running(tmp_path) as center:
        center.wait_ready()
        shown.append((values(center), picture(center), center.get("/observations")))
    assert shown[0][0] == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    assert shown[0] == shown[1]


def picture(center: Running) -> list[object]:
    """Sensors and alarms, without their ages and texts that tell days."""
    sensors = center.get("/sensors")["items"]
    for sensor in sensors:
        for newest in filter(None, (sensor["latest"], sensor["latest_sound"])):
            newest.pop("age_s")
    return [sensors, center.get("/alarms")]


def test_a_restart_goes_back_the_days_that_are_set(tmp_path: Path) -> None:
    gateway = Gateway(memory_alone(tmp_path))
    gateway.append(entry([(LEVEL, minutes(1), 1.0)], now_us=now() - 120 * MINUTE_US))
    gateway.append(entry([(LEVEL, minutes(2), 2.0)], now_us=now()))
    with running(tmp_path, gateway) as center:
        center.wait_ready()
        assert values(center) == [1.0, 2.0]  # the cursor was at the beginning: everything is new
    with running(tmp_path, history=HistorySettings(days=1 / 24)) as center:
        center.wait_ready()
        assert values(center) == [2.0]
        assert [item["value"] for item in center.get("/observations")["items"]] == [1.0, 2.0]  # the log has it still


def test_what_grows_older_than_the_days_that_are_set_is_forgotten_while_running(tmp_path: Path) -> None:
    with running(memory_alone(tmp_path), history=HistorySettings(days=1 / 24)) as center:
        center.gateway.append(*(entry([(LEVEL, minutes(n), float(n))], now_us=minutes(n)) for n in (1, 2, 30, 65)))
        center.wait_ready()
        center.wait_applied()
        assert values(center) == [30.0, 65.0]
        assert "siaga_history_expired_total 2.0" in plain_http.get(f"{center.url}/metrics").text
        assert [item["value"] for item in center.get("/observations")["items"]] == [1.0, 2.0, 30.0, 65.0]


def test_an_answer_says_where_memory_begins_if_more_was_asked_for(tmp_path: Path) -> None:
    def held_from(center: Running, **parameters: str) -> object:
        return center.get("/sensors/ROLAK:level/observations", **parameters)["held_from"]

    with running(memory_alone(tmp_path), history=HistorySettings(days=1 / 24)) as center:
        center.gateway.append(entry([(LEVEL, minutes(1), 1.0)], now_us=minutes(1)))
        center.wait_ready()
        assert held_from(center) is None  # the log has no more either
        center.gateway.append(*(entry([(LEVEL, minutes(n), 1.0)], now_us=minutes(n)) for n in (30, 65)))
        center.wait_applied()
    for _ in ("running", "after a restart"):
        with running(tmp_path, history=HistorySettings(days=1 / 24)) as center:
            center.wait_ready()
            assert held_from(center) == rfc3339(minutes(30))
            assert held_from(center, **{"from": rfc3339(minutes(29))}) == rfc3339(minutes(30))
            assert held_from(center, **{"from": rfc3339(minutes(30))}) is None


def test_a_restart_leaves_out_what_does_not_fit_and_counts_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backfill, "ROWS_AT_ONCE", 2)
    with running(memory_alone(tmp_path)) as center:
        for n in range(10):
            center.gateway.append(entry([(LEVEL, minutes(n), float(n))], now_us=now()))
        center.wait_ready()
        center.wait_applied()
    with running(tmp_path, history=HistorySettings(max_observations=5)) as center:
        center.wait_ready()
        assert values(center) == [6.0, 7.0, 8.0, 9.0]
        assert "siaga_history_rows_left_out 6.0" in plain_http.get(f"{center.url}/metrics").text


def test_an_alarm_missed_while_down_is_raised_at_the_start(tmp_path: Path) -> None:
    gateway = Gateway(tmp_path)
    gateway.append(entry([(LEVEL, NOW_US, 1.0)]))
    with running(tmp_path, gateway) as center:
        center.wait_ready()
    gateway = Gateway(tmp_path)
    gateway.append(entry([(LEVEL, minutes(1), 512.0)], raised("hijau", value=512.0)))
    with running(tmp_path, gateway) as center:
        center.wait_ready()
        assert [alarm["state"] for alarm in center.get("/alarms")["items"]] == ["unacknowledged"]


def test_the_cursor_is_reported_to_the_gateway(tmp_path: Path) -> None:
    with running(tmp_path) as center:
        center.gateway.append(*(entry([(LEVEL, minutes(n), 1.0)]) for n in range(3)))
        until(lambda: center.gateway.cursor == 3)


def test_rows_that_retention_took_are_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    gateway = Gateway(tmp_path)
    gateway.append(*(entry([(LEVEL, minutes(n), float(n))]) for n in range(3)))
    with running(tmp_path, gateway) as center:
        center.wait_ready()
        center.wait_applied()
    gateway = Gateway(tmp_path)
    gateway.append(*(entry([(LEVEL, minutes(n), float(n))]) for n in range(3, 9)))
    execute(tmp_path, "DELETE FROM batch WHERE seq <= 5")
    caplog.set_level(logging.WARNING)
    with running(tmp_path, gateway) as center:
        center.wait_ready()
        assert values(center) == [5.0, 6.0, 7.0, 8.0]
        assert "siaga_log_rows_missing_total 2.0" in plain_http.get(f"{center.url}/metrics").text
        assert "2 rows after row 3 are no longer in the log" in caplog.text
        page = center.get("/observations", after=f"{gateway.writer.log_id}:3:1")
        assert (page["gap"], len(page["items"])) == ({"reason": "retired", "rows": 2}, 4)


def execute(data_dir: Path, statement: str) -> None:
    """Change the log behind everybody's back."""
    connection = sqlite3.connect(data_dir / FILE)
    with connection:
        connection.execute(statement)
    connection.close()


def test_a_damaged_row_costs_its_observations_only(tmp_path: Path) -> None:
    gateway = Gateway(tmp_path)
    gateway.append(entry([(LEVEL, NOW_US, 1.0)], raised("hijau")), entry([(DISCHARGE, NOW_US, 2.0)]))
    execute(tmp_path, "UPDATE batch SET columns = x'00' WHERE seq = 1")
    with running(tmp_path, gateway) as center:
        center.wait_ready()
        assert (values(center), values(center, "ROLAK:discharge")) == ([], [2.0])
        assert len(center.get("/alarms")["items"]) == 1
        assert plain_http.get(f"{center.url}/healthz").json()["log"]["rows_damaged"] == 1


def test_another_log_is_followed_from_its_beginning(tmp_path: Path) -> None:
    with running(tmp_path) as center:
        center.gateway.append(entry([(LEVEL, NOW_US, 512.0)], raised("hijau")))
        center.wait_ready()
        [old] = center.get("/alarms")["items"]
        center.gateway.close()
        for file in tmp_path.glob(f"{FILE}*"):
            file.rename(file.with_name(f"aside-{file.name}"))
        center.gateway.renew()
        center.gateway.append(entry([(LEVEL, minutes(9), 400.0)]))
        until(lambda: center.client.get("/sensors/ROLAK:level").status_code == 200 and values(center) == [400.0])
        until(lambda: center.get("/alarms")["items"][0]["state"] == "returned_unacknowledged")
        center.gateway.append(entry([(LEVEL, minutes(10), 520.0)], raised("hijau", time_us=minutes(10))))
        until(lambda: center.get("/alarms")["items"][0]["state"] == "unacknowledged")
        [again] = center.get("/alarms")["items"]
        assert again["id"] == old["id"]
        assert again["since"] == rfc3339(minutes(10))


def test_what_a_damaged_log_held_unread_is_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    gateway = Gateway(tmp_path)
    gateway.append(*(entry([(LEVEL, minutes(n), float(n))]) for n in range(3)))
    with running(tmp_path, gateway) as center:
        center.wait_ready()
        center.wait_applied()
    gateway = Gateway(tmp_path)
    gateway.append(*(entry([(LEVEL, minutes(n), float(n))]) for n in range(3, 8)))
    replace_log(gateway.writer, "a test says so", little_city(), 1, now())
    gateway.append(entry([(LEVEL, minutes(9), 9.0)]))
    caplog.set_level(logging.WARNING)
    with running(tmp_path, gateway) as center:
        center.wait_ready()
        assert values(center) == [9.0]
        assert "siaga_log_rows_missing_total 5.0" in plain_http.get(f"{center.url}/metrics").text
        assert "5 rows of log" in caplog.text


def test_a_new_catalogue_changes_the_wall_and_its_transitions_keep_their_names(tmp_path: Path) -> None:
    with running(tmp_path) as center:
        center.gateway.append(entry([(LEVEL, NOW_US, 512.0)], raised("hijau")))
        center.wait_ready()
        version = center.gateway.install_without("ROLAK:level")
        center.gateway.append(entry(None, returned("hijau"), event="catalogue", catalogue_version=version))
        until(lambda: len(center.get("/sensors")["items"]) == 2)
        until(lambda: center.get("/alarms")["items"][0]["state"] == "returned_unacknowledged")
        assert center.client.get("/sensors/ROLAK:level").status_code == 404
        assert center.get("/observations")["items"][0]["datastream"] == "ROLAK:level"
