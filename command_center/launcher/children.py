"""The processes of `siaga run`: their command lines, environments and rules."""

import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from command_center.launcher.data_directory import HOLDS_LIVE_READINGS, SIMULATOR_REFUSED, holds_live_readings
from command_center.launcher.supervisor import ChildSpec, everything
from gateway import embedded_broker
from gateway.devices.opening import Opening
from sensors.settings import Settings


@dataclass(frozen=True, slots=True)
class Plan:
    """What to start.  `settings` has the command line's options in it; `broker_url` is the broker in use."""

    settings: Settings
    data_dir: Path
    config: str  # the settings' file, "" = none
    simulate: bool
    broker_url: str
    opening: Opening | None  # of the broker that is a child of ours; None where it is somebody else's

    @property
    def embedded(self) -> bool:
        """Whether the broker is a child of ours."""
        return self.opening is not None


def broker(plan: Plan) -> ChildSpec:
    """The embedded broker; its configuration is written on the way."""
    return ChildSpec(
        name="broker",
        argv=embedded_broker.command(plan.data_dir, plan.settings.mqtt.port, plan.opening),
        environment=dict(os.environ),
        stop_s=1.0,
        shows=everything if plan.settings.log_level == "debug" else embedded_broker.News(time.monotonic),
    )


def gateway(plan: Plan) -> ChildSpec:
    """The gateway; at the embedded broker it has a login of its own, which it finds by the data directory."""
    spec = _siaga(plan, "gateway")
    more = {}
    if plan.simulate:  # rivers that rise and fall within minutes are judged within minutes
        more["SIAGA_INGEST_PACE"] = str(plan.settings.simulator.speed)
    if plan.opening is not None:  # all that NATS speaks; trying 5 first would put an error on the screen at each start
        more["SIAGA_MQTT_PROTOCOL"] = "3.1.1"
    return replace(spec, environment={**spec.environment, **more})


def command_center(plan: Plan) -> ChildSpec:
    """The command center."""
    return _siaga(plan, "command-center")


def sink(plan: Plan) -> ChildSpec:
    """What hands observations on to InfluxDB; little patience at the end, what it has under way is sent again."""
    return replace(_siaga(plan, "sink"), stop_s=0.3)


def public_page(plan: Plan) -> ChildSpec:
    """What gives the public page out; it has nothing to finish."""
    return replace(_siaga(plan, "public-page"), stop_s=0.0)


def simulator(plan: Plan) -> ChildSpec:
    """The simulator; refused, for good, once the data directory holds readings of the real city."""
    marker = plan.data_dir / SIMULATOR_REFUSED

    def refusal() -> str:
        if not holds_live_readings(plan.data_dir):
            return ""
        marker.touch()
        return (
            f"{plan.data_dir} HOLDS LIVE READINGS ({HOLDS_LIVE_READINGS}), and simulated ones never mix with them. "
            "Everything else runs; for an exercise choose another --data-dir"
        )

    return replace(_siaga(plan, "simulate"), name="simulator", stop_s=0.5, ends_well=True, forbidden=refusal)


def clear_refusal(data_dir: Path) -> None:
    """Forget an earlier run's refusal of the simulator."""
    (data_dir / SIMULATOR_REFUSED).unlink(missing_ok=True)


def _siaga(plan: Plan, command: str) -> ChildSpec:
    argv = (sys.executable, "-m", "command_center", command, "--data-dir", str(plan.data_dir))
    return ChildSpec(command, argv, environment(plan, os.environ))


def environment(plan: Plan, inherited: Mapping[str, str]) -> dict[str, str]:
    """The children's environment: what `siaga run` was told reaches each of them as settings."""
    ours = {
        "SIAGA_CITY": plan.settings.city,
        "SIAGA_DATA_DIR": str(plan.data_dir),
        "SIAGA_MQTT_URL": plan.broker_url,
        "SIAGA_HTTP_PORT": str(plan.settings.http.port),
        "SIAGA_SIMULATOR_SCENARIO": plan.settings.simulator.scenario,
        "PYTHONUNBUFFERED": "1",  # a password shown once must not wait in a buffer
    }
    if plan.config:
        ours["SIAGA_CONFIG"] = str(Path(plan.config).absolute())
    return {**inherited, **ours}
