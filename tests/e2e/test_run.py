"""`siaga run`: one command starts everything, one Ctrl-C stops it, and nothing is ever left behind."""

import json
import os
import signal
import time
from collections.abc import Iterator

import pytest
import websockets.sync.client

from tests import plain_http
from tests.e2e.conftest import SITE
from tests.e2e.processes import children_of, free_port, is_alive, until
from tests.e2e.site import Run, Site, shared_site
from tests.e2e.small_city import RIVER, SIAGA_CM

STOP_LIMIT_S = 5.0
pytestmark = pytest.mark.broker


@pytest.fixture(scope="module")
def steady_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with shared_site(tmp_path_factory.mktemp("steady")) as site:
        yield site


@pytest.fixture(scope="module")
def steady_run(steady_site: Site) -> Run:
    """One for all stories after which everything runs again."""
    return steady_site.start_run()


@pytest.fixture
def steady(steady_run: Run, steady_site: Site, request: pytest.FixtureRequest) -> Run:
    """The same; a story that fails shows what its processes said."""
    request.node.stash[SITE] = steady_site
    return steady_run


def family(run: Run) -> list[int]:
    """The supervisor and its children, each of which must be there."""
    return [run.process.pid, *(run.child(name) for name in ("nats-server", " gateway ", " command-center "))]


def test_it_greets_with_addresses_that_answer_and_a_reading_that_can_be_sent(steady: Run) -> None:
    run = steady
    assert plain_http.get(run.api.url + "/").headers["content-type"].startswith("text/html")
    said = run.process.output
    assert f"mqtt://127.0.0.1:{run.broker.port}" in said
    assert "user admin" in said
    station, value = RIVER.split(":")[0], "357"
    assert f"publish {station} level {value}" in said  # 2 % over the worst level of the small city
    run.broker.observe(RIVER, SIAGA_CM)
    run.api.wait_for_value(RIVER, SIAGA_CM)


@pytest.mark.alone
def test_one_interrupt_stops_everything_in_time(site: Site) -> None:
    run = site.start_run()
    pids = family(run)
    began = time.monotonic()
    run.interrupt()
    assert run.process.wait() == 0
    assert time.monotonic() - began < STOP_LIMIT_S
    assert not [pid for pid in pids if is_alive(pid)]
    assert "killed" not in run.process.output.replace("(once more: killed)", "")


@pytest.mark.alone
def test_children_that_hang_do_not_hold_up_the_stop(site: Site) -> None:
    run = site.start_run()
    pids = family(run)
    for pid in pids[1:]:
        os.kill(pid, signal.SIGSTOP)
    began = time.monotonic()
    run.interrupt()
    assert run.process.wait() == 0
    assert time.monotonic() - began < STOP_LIMIT_S
    assert not [pid for pid in pids if is_alive(pid)]


@pytest.mark.alone
def test_a_second_interrupt_kills_at_once(site: Site) -> None:
    run = site.start_run()
    pids = family(run)
    os.kill(run.child(" command-center "), signal.SIGSTOP)
    run.interrupt()
    run.process.wait_for_line("stopping")
    time.sleep(0.5)  # the same signal delivered twice is one; this is another
    began = time.monotonic()
    run.interrupt()
    assert run.process.wait() == 1
    assert time.monotonic() - began < 1
    assert not [pid for pid in pids if is_alive(pid)]


def test_sigterm_stops_as_well_even_while_starting(site: Site) -> None:
    process = site.processes.siaga(
        *("run", "--data-dir", site.data_dir, "--city", site.city, "--no-simulator"),
        *("--http-port", free_port(), "--mqtt-port", free_port()),
    )
    pids = until(lambda: list(children_of(process.pid)), "the first child")
    assert process.stop() == 0
    assert not [pid for pid in pids if is_alive(pid)]


def test_kill_9_leaves_no_process_and_the_next_start_works_on_the_same_data(site: Site) -> None:
    run = site.start_run()
    run.broker.observe(RIVER, 123.0)
    run.api.wait_for_value(RIVER, 123.0)
    pids = family(run)
    run.process.kill()
    until(lambda: not any(map(is_alive, pids)), "the end of every child")

    again = site.start_run()
    assert [o["value"] for o in again.api.observations(RIVER)] == [123.0]
    again.broker.observe(RIVER, 124.0)
    again.api.wait_for_value(RIVER, 124.0)


@pytest.mark.parametrize(("name", "value"), [(" gateway ", 200.0), (" command-center ", 201.0), ("nats-server", 202.0)])
def test_a_killed_child_is_said_and_started_again(steady: Run, name: str, value: float) -> None:
    run, first, said = steady, steady.child(name), len(steady.process.lines)
    os.kill(first, signal.SIGKILL)
    until(lambda: says(run, said, "killed by SIGKILL; starting it again in 0.5 s"), "that it is said")
    until(lambda: run.child(name) != first, "a new process")
    until(run.api.is_ready, "/readyz")
    until(lambda: sends(run, value), "a reading through the new process")
    run.api.wait_for_value(RIVER, value)


def says(run: Run, since: int, text: str) -> bool:
    """Whether it has said this after so many lines."""
    return any(text in line for line in run.process.lines[since:])


def sends(run: Run, value: float) -> bool:
    """Whether the broker takes a reading now."""
    try:
        run.broker.observe(RIVER, value)
    except OSError:
        return False
    return True


def test_a_broker_that_hangs_is_restarted(steady: Run) -> None:
    run, first, said = steady, steady.child("nats-server"), len(steady.process.lines)
    os.kill(first, signal.SIGSTOP)
    until(lambda: says(run, said, "the broker does not do its work any more"), "that it is said", within_s=60)
    until(lambda: run.child("nats-server") != first, "a new broker")
    until(lambda: sends(run, 203.0), "a reading through the new broker")
    run.api.wait_for_value(RIVER, 203.0)


def test_a_second_start_on_the_same_data_names_directory_and_pid(steady: Run, steady_site: Site) -> None:
    run, site = steady, steady_site
    second = site.processes.siaga(
        *(
            "run",
            "--data-dir",
            site.data_dir,
            "--city",
            site.city,
            "--http-port",
            free_port(),
            "--mqtt-port",
            free_port(),
        )
    )
    assert second.wait() == 1
    assert len(second.lines) == 1
    assert str(site.data_dir) in second.output
    assert f"pid {run.process.pid}" in second.output
    assert run.api.is_ready()


@pytest.mark.parametrize("option", ["--http-port", "--mqtt-port"])
def test_a_busy_port_is_named_with_its_option(site: Site, option: str) -> None:
    busy = site.start_nats(free_port()).port
    ports = {"--http-port": free_port(), "--mqtt-port": free_port(), option: busy}
    process = site.processes.siaga(
        *("run", "--data-dir", site.folder / "other", "--city", site.city),
        *(word for pair in ports.items() for word in pair),
    )
    assert process.wait() == 1
    assert len(process.lines) == 1
    assert f"port {busy}" in process.output
    assert option in process.output


def test_out_of_the_box_a_simulated_city_comes_alive(site: Site) -> None:
    run = site.start_run("--scenario", "storm", city="mojokerto")

    def simulated() -> list[str]:
        return [
            s["id"] for s in run.api.get("/sensors")["items"] if s["latest"] and s["latest"]["origin"] == "simulated"
        ]

    until(simulated, "a simulated reading in the API")
    assert not (site.data_dir / "holds-live-readings").exists()


def test_the_simulator_keeps_out_of_a_directory_with_live_readings(site: Site) -> None:
    site.data_dir.mkdir()
    (site.data_dir / "holds-live-readings").touch()
    run = site.start_run("--scenario", "storm")
    run.process.wait_for_line("HOLDS LIVE READINGS")
    assert not [line for line in children_of(run.process.pid).values() if " simulate " in line]
    run.broker.observe(RIVER, 99.0)
    run.api.wait_for_value(RIVER, 99.0)
    with websockets.sync.client.connect(run.api.url.replace("http", "ws") + "/api/v1/live") as live:
        assert json.loads(live.recv(timeout=30))["status"]["simulator_refused"] is True
