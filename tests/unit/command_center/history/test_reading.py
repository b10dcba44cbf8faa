"""The API over memory and disk: the same answers whichever of them holds an observation."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from command_center.history import record
from gateway.log.rows import Entry
from sensors.catalogue import Catalogue
from sensors.quality import Quality, Reason
from sensors.settings import HistorySettings
from sensors.times import rfc3339
from tests import plain_http
from tests.unit.command_center.history.keeping import keep, write
from tests.unit.command_center.little_city import LEVEL, RAIN, entry, little_city, minutes, raised, returned
from tests.unit.command_center.running import Running, running, until

HOURS = 78
MEMORY = HistorySettings(days=30)
DISK = HistorySettings(days=2 / 24)  # memory has the open hour, and little more


def story() -> list[Entry]:
    """Three days of a river, thrice in every third hour: a peak, a spike told one later, failures, what came late."""
    found = []
    for k in range(HOURS):
        t = minutes(180 * (k // 3) + 20 * (k % 3) + 1)
        value = 100.0 + k % 17 + (900.0 if k == 40 else 0.0)
        one = entry([(LEVEL, t, value if k % 31 else float("nan")), (RAIN, t, float(k % 3))], now_us=t)
        one.batch.quality[0] = (Quality.FAIL if k % 41 == 0 else Quality.PASS) if k % 31 else Quality.MISSING
        one.batch.reasons[0] = Reason.SPIKE_BEFORE if k % 23 == 5 else Reason.NONE
        found.append(one)
        if k % 19 == 3:
            found.append(entry([(LEVEL, t - 600_000_000 * (k % 7) - 1, 1.0 + k), (LEVEL, t, 5.0)], now_us=t + 1))
    return found


ASKED: list[dict[str, Any]] = [
    {"points": 0},
    {"points": 0, "from": rfc3339(minutes(1234)), "to": rfc3339(minutes(4321))},
    {"from": rfc3339(minutes(60 * 38)), "to": rfc3339(minutes(60 * 44))},
    {"from": rfc3339(minutes(200)), "to": rfc3339(minutes(2800)), "points": 40},
    {"from": rfc3339(minutes(-900)), "to": rfc3339(minutes(-800))},
]


def answers(center: Running) -> list[Any]:
    center.wait_ready()
    return [center.get("/sensors/ROLAK:level/observations", **asked) for asked in ASKED]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Any], list[Any], Any]:
    """Answers from memory, the same from disk, and a chart of everything from minutes."""
    data_dir = tmp_path_factory.mktemp("both")
    write(data_dir, story())
    keep(data_dir)
    with running(data_dir, history=MEMORY) as center:
        of_memory = answers(center)
    with running(data_dir, history=DISK) as center:
        of_disk = answers(center)
        chart = center.get("/sensors/ROLAK:level/observations", points=60)
        health = plain_http.get(f"{center.url}/healthz").json()
        assert health["history"]["error"] == ""
        assert health["history"]["compacted_seq"] > 70
        assert "siaga_history_failing 0.0" in plain_http.get(f"{center.url}/metrics").text
    return of_memory, of_disk, chart


def test_disk_and_memory_give_the_same_answers(both: tuple[list[Any], list[Any], Any]) -> None:
    of_memory, of_disk, _ = both
    for one, other in zip(of_memory, of_disk, strict=True):
        assert [a for a in one["items"] if a not in other["items"]] == []
        assert one == other
    assert [answer["held_from"] for answer in of_disk] == [None] * len(ASKED)
    assert len(of_disk[0]["items"]) > HOURS
    assert any("spike" in item.get("reasons", ()) for item in of_disk[0]["items"])
    assert of_disk[-1]["items"] == []


def test_a_chart_of_minutes_keeps_the_peak_the_lowest_and_what_failed(
    both: tuple[list[Any], list[Any], Any],
) -> None:
    of_memory, _, chart = both
    every = of_memory[0]["items"]
    sound = {(i["time"], i["value"]) for i in every if i["value"] is not None and i["quality"] != Quality.FAIL}
    shown = [i for i in chart["items"] if i["value"] is not None and i["quality"] != Quality.FAIL]
    assert chart["detail"] == "minute"
    assert 30 < len(chart["items"]) <= 60
    assert {(i["time"], i["value"]) for i in shown} <= sound
    for pick in (min, max):
        assert pick(i["value"] for i in shown) == pick(value for _, value in sound)
    assert any(i["quality"] == Quality.FAIL for i in chart["items"])


def in_metres(city: Catalogue) -> Catalogue:
    changed = tuple(replace(d, unit="m", number=7, levels=()) if d.number == LEVEL else d for d in city.datastreams)
    return replace(city, datastreams=changed)


def test_a_changed_unit_is_converted(tmp_path: Path) -> None:
    write(tmp_path, [entry([(LEVEL, minutes(60 * h), 230.0 + h)], now_us=minutes(60 * h)) for h in range(3)])
    write(tmp_path, [entry(now_us=minutes(180))])
    keep(tmp_path)
    with running(tmp_path, history=DISK) as center:
        version = center.gateway.writer.install_catalogue(in_metres(little_city()), minutes(190))
        center.gateway.append(entry([(7, minutes(200), 2.5)], now_us=minutes(200), catalogue_version=version))
        center.wait_ready()
        center.wait_applied()
        found = center.get("/sensors/ROLAK:level/observations", points=0)["items"]
    assert [item["value"] for item in found] == [2.3, 2.31, 2.32, 2.5]
    assert [item.get("reasons") for item in found] == [["unit_converted"]] * 3 + [None]


def test_everything_is_streamed_in_bounded_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "PIECE_ROWS", 7)
    write(
        tmp_path, [entry([(LEVEL, minutes(m), m), (RAIN, minutes(m), m)], now_us=minutes(m)) for m in range(0, 200, 3)]
    )
    keep(tmp_path)
    with running(tmp_path, history=DISK) as center:
        center.wait_ready()
        found = center.get("/sensors/ROLAK:level/observations", points=0)["items"]
    assert [item["value"] for item in found] == list(np.arange(0.0, 200.0, 3.0))


def test_a_history_that_cannot_be_kept_is_said_and_hinders_nothing(tmp_path: Path) -> None:
    (tmp_path / "history").write_text("in the way")
    with running(tmp_path) as center:
        center.gateway.append(entry([(LEVEL, minutes(1), 1.0)]))
        center.wait_ready()
        center.wait_applied()
        said: Callable[[], Any] = lambda: plain_http.get(f"{center.url}/healthz").json()["faults"]  # noqa: E731
        assert [fault for fault in said() if "history" in fault and "cannot be made" in fault]
        assert "siaga_history_failing 1.0" in plain_http.get(f"{center.url}/metrics").text
        assert [item["value"] for item in center.get("/sensors/ROLAK:level/observations")["items"]] == [1.0]


def test_a_stations_sheet_has_every_version_of_its_levels(tmp_path: Path) -> None:
    city = little_city()
    lower = replace(city.datastreams[LEVEL].levels[0], value=450.0, effective_from="2025-01-01", author="BPBD")
    levels = (*city.datastreams[LEVEL].levels, lower)
    changed = tuple(replace(d, levels=levels) if d.number == LEVEL else d for d in city.datastreams)
    write(tmp_path, [entry([(LEVEL, minutes(1), 1.0)])], replace(city, datastreams=changed))
    with running(tmp_path) as center:
        center.wait_ready()
        sheet = center.get("/stations/ROLAK")
        assert (sheet["name"], sheet["agency"], sheet["area_name"]) == ("Rolak Songo", "BPBD", "Gedongan")
        level = next(sensor for sensor in sheet["sensors"] if sensor["property"] == "level")
        of_hijau = [(v["value"], v["effective_from"], v["in_force"]) for v in level["levels"] if v["name"] == "hijau"]
        assert of_hijau == [(500.0, "", False), (450.0, "2025-01-01", True)]
        assert center.client.get("/stations/NOWHERE").status_code == 404


def test_an_old_incident_is_drawn_from_the_history(tmp_path: Path) -> None:
    """Its readings have long left memory when it is printed: the hydrograph is whole."""
    rise = [
        entry([(LEVEL, minutes(n), 480.0 + n)], *([found] if n == 20 else []), now_us=minutes(n))
        for n in range(0, 41, 2)
        for found in [raised("hijau", time_us=minutes(n), at_us=minutes(n), value=500.0)]
    ]
    end = minutes(40)
    down = returned("hijau", time_us=end, at_us=end, value=440.0)
    later = [entry([(RAIN, minutes(60 * h), 0.0)], now_us=minutes(60 * h)) for h in range(2, 8)]
    write(tmp_path, [*rise, entry([(LEVEL, end + 1, 440.0)], down, now_us=end + 1), *later])
    keep(tmp_path)
    with running(tmp_path, history=DISK) as center:
        center.wait_ready()
        until(lambda: bool(center.get("/alarms")["items"]))
        [alarm] = center.get("/alarms")["items"]
        [readings] = center.get(f"/incidents/{alarm['incident']}/timeline.json")["readings"]
        page = center.client.get(f"/incidents/{alarm['incident']}/timeline.html", params={"language": "en"}).text
    assert [item["value"] for item in readings["items"]] == [480.0 + n for n in range(0, 41, 2)] + [440.0]
    assert (readings["held_from"], readings["detail"]) == (None, "observation")
    assert 'class="trace"' in page
    assert "NO readings" not in page


def test_a_damaged_file_is_told_once_and_then_the_rest_of_its_range_is_answered(tmp_path: Path) -> None:
    write(tmp_path, [entry([(LEVEL, minutes(60 * h), 1.0)], now_us=minutes(60 * h)) for h in range(6)])
    files = keep(tmp_path).folder
    bad = min((file for file in files.present.files if file.kind == "raw"), key=lambda file: file.last_us)
    with running(tmp_path, history=DISK) as center:
        center.wait_ready()
        path = Path(files.path_of(bad))
        path.write_bytes(bytes(path.stat().st_size))
        url = f"{center.url}/api/v1/sensors/ROLAK:level/observations"
        asked: dict[str, str | int] = {"points": 10, "from": rfc3339(bad.first_us), "to": rfc3339(bad.last_us + 1)}
        assert plain_http.get(url, params=asked).status_code == 503
        while "files_damaged_total 1.0" not in plain_http.get(f"{center.url}/metrics").text:  # ends by time-out
            time.sleep(0.1)
        found = center.get("/sensors/ROLAK:level/observations", points=0)
        assert found["held_from"] == rfc3339(bad.last_us + 1)
        assert found["items"]
