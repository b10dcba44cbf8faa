"""The brokers' configurations in deploy/ are taken by the brokers."""

import re
import subprocess
from pathlib import Path

import pytest

from gateway.embedded_broker import find_program
from tests.e2e.broker import MOSQUITTO
from tests.e2e.processes import accepts, free_port, until
from tests.e2e.site import Site

DEPLOY = Path(__file__).parents[2] / "deploy"

pytestmark = pytest.mark.broker


def test_mosquitto_takes_its_configuration(site: Site) -> None:
    assert MOSQUITTO is not None
    port, file = free_port(), site.folder / "mosquitto.conf"
    text = (DEPLOY / "mosquitto.conf").read_text(encoding="utf-8")
    text = text.replace("/var/lib/mosquitto/", f"{site.folder}/").replace("\nlistener 1883", f"\nlistener {port}")
    file.write_text(text + "user root\n", encoding="utf-8")
    process = site.processes.start("mosquitto", [MOSQUITTO, "-c", str(file)])
    until(lambda: accepts(port) or process.exit_code is not None, "Mosquitto's port")
    assert process.exit_code is None
    assert "Error" not in process.output


def test_nats_takes_its_configuration(tmp_path: Path) -> None:
    file = tmp_path / "nats.conf"
    text = (DEPLOY / "nats.conf").read_text(encoding="utf-8")
    file.write_text(re.sub("/var/lib/nats", str(tmp_path / "store"), text), encoding="utf-8")
    checked = subprocess.run(
        [find_program(), "-t", "-c", file], capture_output=True, text=True, timeout=60, check=False
    )
    assert checked.returncode == 0, checked.stderr
