"""The first real device: one command prints all that it needs, and the broker lets it do its own work and no other."""

import os
import shlex
import signal
import subprocess

import pytest

from tests.e2e.processes import Process, free_port, until
from tests.e2e.site import Run, Site
from tests.e2e.small_city import RIVER

pytestmark = pytest.mark.broker
ANYWHERE = "0.0.0.0"  # noqa: S104  (for the seconds of a test, with logins and TLS)


def device(site: Site, *arguments: object, city: bool = True) -> Process:
    where = ("--city", site.city) if city else ()
    process = site.processes.siaga("device", *arguments, "--data-dir", site.data_dir, *where)
    process.wait(30)
    return process


def line(said: str, start: str) -> list[str]:
    """The words of the line to paste that begins so."""
    return shlex.split(next(text for text in said.splitlines() if text.strip().startswith(start)))


def paste(words: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)


def simulated_value(run: Run) -> float | None:
    latest = run.api.get(f"/sensors/{RIVER}")["latest"]
    return latest["value"] if latest and latest["origin"] == "simulated" else None


def test_a_device_is_added_to_a_running_city_and_the_printed_lines_work(site: Site) -> None:
    run = site.start_run()
    greeted = run.process.wait_for_line("  devices ")
    assert "device add STATION" in greeted
    assert "SIAGA_BROKER_HOST" in greeted
    run.broker.publish("telemetry/UDARA-UJI/pm25", {"value": 1.0, "origin": "simulated"})  # nobody has a login yet

    typo = device(site, "add", "sungai-uij")
    assert typo.exit_code == 1
    assert "did you mean SUNGAI-UJI" in typo.output
    said = device(site, "add", "SUNGAI-UJI").output
    assert "The running broker has let it in" in said
    assert f"port       {run.broker.port}" in said

    tried = paste(line(said, "mosquitto_pub"))
    assert tried.returncode == 0, tried.stderr
    until(lambda: simulated_value(run) == 75.0, "the device's reading on the wall")
    with pytest.raises((ConnectionError, RuntimeError)):  # from the first device on
        run.broker.publish("telemetry/UDARA-UJI/pm25", 2.0)
    publish = line(said, "siaga publish")
    own = site.processes.siaga(*publish[1:4], "76", *publish[5:])
    assert own.wait(20) == 0, own.output
    until(lambda: simulated_value(run) == 76.0, "a reading through the way without the device's login")

    foreign = [word.replace("telemetry/SUNGAI-UJI/level", "telemetry/HUJAN-UJI/rain") for word in line(said, "mosq")]
    paste(foreign)
    run.process.wait_for_line('Publish Violation - Subject "telemetry.HUJAN-UJI.rain"')
    assert run.api.get("/sensors/HUJAN-UJI:rain")["latest"] is None

    gateway, connects = run.child(" gateway "), run.process.output.count("connected to broker")
    renewed = device(site, "rotate", "SUNGAI-UJI").output
    assert paste(line(said, "mosquitto_pub")).returncode != 0
    assert paste(line(renewed, "mosquitto_pub")).returncode == 0
    assert device(site, "revoke", "SUNGAI-UJI").exit_code == 0
    until(lambda: paste(line(renewed, "mosquitto_pub")).returncode != 0, "the end of a revoked login")
    assert "SUNGAI-UJI  revoked" in device(site, "list").output
    assert run.child(" gateway ") == gateway
    assert run.process.output.count("connected to broker") == connects  # nobody else was disconnected

    os.kill(run.child("nats-server"), signal.SIGKILL)  # what was decided outlives the broker
    run.process.wait_for_line("starting it again")
    again = device(site, "add", "HUJAN-UJI").output
    assert "The running broker has let it in" in again


def test_beyond_this_machine_everybody_speaks_tls_and_has_a_login(site: Site) -> None:
    run = site.start_run(
        SIAGA_BROKER_HOST=ANYWHERE,
        SIAGA_BROKER_TLS="self-signed",
        SIAGA_BROKER_NAME="127.0.0.1",
    )
    assert "with TLS" in run.process.wait_for_line("  devices ")
    said = device(site, "add", "SUNGAI-UJI").output
    assert "The running broker has let it in" in said
    words = line(said, "mosquitto_pub")
    assert paste(words).returncode == 0
    until(lambda: simulated_value(run) == 75.0, "a reading over TLS on the wall")
    assert paste([word for word in words if word not in ("--cafile", words[words.index("--cafile") + 1])]).returncode
    anonymous = [word for n, word in enumerate(words) if word not in ("-u", "-P") and words[n - 1] not in ("-u", "-P")]
    assert paste(anonymous).returncode
    publish = line(said, "siaga publish")
    own = site.processes.siaga(*publish[1:4], "77", *publish[5:])
    assert own.wait(20) == 0, own.output
    until(lambda: simulated_value(run) == 77.0, "siaga publish over TLS")


def test_it_is_never_opened_with_passwords_in_the_clear_by_accident(site: Site) -> None:
    process = site.processes.siaga(
        *("run", "--data-dir", site.data_dir, "--city", site.city, "--http-port", free_port()),
        environment={"SIAGA_BROKER_HOST": ANYWHERE},
    )
    assert process.wait(20) == 2
    assert len(process.lines) == 1
    for way in ("self-signed", "cert_file", "closed_network"):
        assert way in process.output
