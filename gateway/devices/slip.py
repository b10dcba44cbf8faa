"""The slip of paper that goes with a device into the field: all that somebody has to type into it."""

import difflib
import shlex
import shutil
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from gateway.devices.registry import new_secret
from sensors.actuator import Actuator
from sensors.broker_access import Door
from sensors.catalogue import Datastream

MAX_SIMILAR = 5
READS = (  # what a reader hears (docs/mqtt-out.md)
    ("siaga/alarm/#", "open alarms, retained"),
    ("siaga/alert/#", "warnings in force (CAP 1.2), retained"),
    ("siaga/observation/#", "newest observations, where they are switched on"),
    ("siaga/status", "whether the command center lives, retained"),
)


@dataclass(slots=True)
class Slip:
    """A station's login, and where its readings go."""

    station: str
    datastreams: tuple[Datastream, ...]
    door: Door
    data_dir: Path
    holds_live: bool  # readings of the real city are in the data directory: a simulated one would be refused
    secret: str = ""
    client_id: str = ""  # empty: a new one, which nobody guesses
    actuator: Actuator | None = None  # it is a siren or lamp
    is_reader: bool = False  # it is a program that hears what leaves under siaga/

    def __post_init__(self) -> None:
        self.client_id = self.client_id or f"{self.station}-{new_secret()[:8]}"

    def lines(self) -> list[str]:
        """The slip, to be printed."""
        door = self.door
        facts = [
            ("host", door.device_host),
            ("port", f"{door.port}{' (TLS)' if door.tls else ''}"),
            ("user", self.station),
            ("password", f"{self.secret}   shown this once, kept nowhere"),
            ("client id", f"{self.client_id}   tell it to nobody: who uses it cuts this device off"),
            ("protocol", "MQTT 3.1.1, QoS 0" if self.is_reader else "MQTT 3.1.1, QoS 1, not retained"),
            *self._topics(),
        ]
        if door.ca_file:
            facts.insert(2, ("trust", f"{door.ca_file}   copy this file to the device"))
        lines = [f"{self.station} may connect:", "", *(f"  {name:<10} {text}".rstrip() for name, text in facts), ""]
        if self.actuator is not None or self.is_reader:
            what = "hear what leaves" if self.is_reader else "hear what it is told (`/test` of the API sounds it)"
            return [*lines, f"Try to {what}:", f"  {shlex.join(self.trial())}", *self._warnings()]
        if self.datastreams:
            lines += ["Try the login, as the device would:", f"  {shlex.join(self.mosquitto_pub())}"]
            lines += ["(others on this machine can read the password while that runs: on a shared one leave -P out and"]
            lines += ["put the line `--pw PASSWORD` into ~/.config/mosquitto_pub, readable by you alone)"]
            lines += ["Try the way to the wall, without it:", f"  {shlex.join(self._siaga_publish())}"]
        return [*lines, *self._warnings()]

    def _topics(self) -> list[tuple[str, str]]:
        """What it says and hears, and where."""
        if self.is_reader:
            return [("hears", f"{topic}   {what}") for topic, what in READS]
        own = self.actuator
        if own is None:
            return [
                *(("topic", f"telemetry/{d.station}/{d.property}   in {d.unit}") for d in self.datastreams),
                ("payload", f"{self._payload(with_time=True)}   or the number alone"),
                ("", "ts: milliseconds since 1970 (UTC) or RFC 3339; leave it out where the device has no clock"),
            ]
        heard = [("hears", own.set_topic), ("on", own.payload_on), ("off", own.payload_off)]
        said = [("says", f"{own.state_topic}   within {own.confirm_s:g} s"), ("", f"{own.state_on} or {own.state_off}")]
        return [*([] if own.is_autonomous else heard), *(said if own.tells else [])]

    def trial(self) -> list[str]:
        """A command line that tries the login."""
        if self.is_reader:
            return [
                *self._client("mosquitto_sub", qos=0),
                "-v",
                *(word for topic, _ in READS for word in ("-t", topic)),
            ]
        own = self.actuator
        if own is None:
            return self.mosquitto_pub()
        if own.is_autonomous:
            return [*self._client("mosquitto_pub"), "-t", own.state_topic, "-m", own.state_off.rpartition("=")[2]]
        return [*self._client("mosquitto_sub", qos=0), "-v", "-t", own.set_topic]

    def mosquitto_pub(self) -> list[str]:
        """A command line that publishes one reading as the device."""
        topic = f"telemetry/{self.station}/{self.datastreams[0].property}" if self.datastreams else "telemetry/…"
        return [*self._client("mosquitto_pub"), "-t", topic, "-m", self._payload(with_time=False)]

    def _client(self, program_name: str, qos: int = 1) -> list[str]:
        door = self.door
        trust = ["--cafile", door.ca_file] if door.ca_file else ["--tls-use-os-certs"] if door.tls else []
        return [
            *(program_name, "-h", door.device_host, "-p", str(door.port), *trust),
            *("-u", self.station, "-P", self.secret, "-i", f"{self.client_id}-try", "-q", str(qos)),
        ]

    def _siaga_publish(self) -> list[str]:
        first = self.datastreams[0]
        origin = ["--origin", "live"] if self.holds_live else []
        return [program(), "publish", self.station, first.property, f"{harmless(first):g}", *origin, *self._where()]

    def _where(self) -> list[str]:
        return ["--data-dir", str(self.data_dir)] if str(self.data_dir) != "data" else []

    def _payload(self, *, with_time: bool) -> str:
        """A reading to try; where no reading of the real city is stored yet, one that does not count as such."""
        value = f"{harmless(self.datastreams[0]):g}" if self.datastreams else "0"
        if with_time:
            return f'{{"ts": 1780000000000, "value": {value}}}'
        return f'{{"value": {value}}}' if self.holds_live else f'{{"value": {value}, "origin": "simulated"}}'

    def _warnings(self) -> list[str]:
        lines = []
        if not self.datastreams and self.actuator is None and not self.is_reader:
            lines.append(f"{self.station} has no row in datastreams.csv: what it sends will be a dead letter.")
        if self.door.device_host in ("127.0.0.1", "::1", "localhost"):
            run = shlex.join([program(), "run", *self._where()])
            lines += [
                "",
                "The broker listens on this machine only: no device elsewhere reaches it.  To open it, start with",
                f"  SIAGA_BROKER_HOST=0.0.0.0 SIAGA_BROKER_TLS=self-signed {run}     (docs/devices.md)",
            ]
        return lines


def program() -> str:
    """How `siaga` was called, so that a line to paste works there, too."""
    called = sys.argv[0]
    return called if Path(called).name == "siaga" and shutil.which("siaga") != called else "siaga"


def harmless(datastream: Datastream) -> float:
    """A value that reaches no level: half of the way from the lower end of the valid range to the lowest rising one."""
    low = datastream.valid_min if datastream.valid_min is not None else 0.0
    rising = [level.value for level in datastream.levels if level.direction == "rising"]
    high = min(rising) if rising else datastream.valid_max if datastream.valid_max is not None else low + 1.0
    falling = [level.value for level in datastream.levels if level.direction == "falling" and level.value < high]
    low = max([low, *falling])
    return float(f"{low + (high - low) / 2:.3g}")


def similar(name: str, known: Iterable[str]) -> list[str]:
    """Known names that somebody who typed `name` may have meant, the likeliest first.

    >>> similar("brangkal", ["BRANGKAL", "GEDEG"])
    ['BRANGKAL']
    """
    folded = {other.casefold(): other for other in known}
    close = difflib.get_close_matches(name.casefold(), folded, n=MAX_SIMILAR, cutoff=0.6)
    parts = [other for other in folded if name.casefold() in other or other in name.casefold()]
    return [folded[other] for other in dict.fromkeys([*close, *parts])][:MAX_SIMILAR]
