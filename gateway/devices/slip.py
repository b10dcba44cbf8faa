"""The slip of paper that goes with a device into the field: all that somebody has to type into it."""

import difflib
import shlex
import shutil
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from gateway.devices.registry import new_secret
from sensors.broker_access import Door
from sensors.catalogue import Datastream

MAX_SIMILAR = 5


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
            ("protocol", "MQTT 3.1.1, QoS 1, not retained"),
            *(("topic", f"telemetry/{d.station}/{d.property}   in {d.unit}") for d in self.datastreams),
            ("payload", f"{self._payload(with_time=True)}   or the number alone"),
            ("", "ts: milliseconds since 1970 (UTC) or RFC 3339; leave it out where the device has no clock"),
        ]
        if door.ca_file:
            facts.insert(2, ("trust", f"{door.ca_file}   copy this file to the device"))
        lines = [f"{self.station} may connect:", "", *(f"  {name:<10} {text}".rstrip() for name, text in facts), ""]
        if self.datastreams:
            lines += ["Try the login, as the device would:", f"  {shlex.join(self.mosquitto_pub())}"]
            lines += ["(others on this machine can read the password while that runs: on a shared one leave -P out and"]
            lines += ["put the line `--pw PASSWORD` into ~/.config/mosquitto_pub, readable by you alone)"]
            lines += ["Try the way to the wall, without it:", f"  {shlex.join(self._siaga_publish())}"]
        return [*lines, *self._warnings()]

    def mosquitto_pub(self) -> list[str]:
        """A command line that publishes one reading as the device."""
        door = self.door
        trust = ["--cafile", door.ca_file] if door.ca_file else ["--tls-use-os-certs"] if door.tls else []
        topic = f"telemetry/{self.station}/{self.datastreams[0].property}" if self.datastreams else "telemetry/…"
        return [
            *("mosquitto_pub", "-h", door.device_host, "-p", str(door.port), *trust),
            *("-u", self.station, "-P", self.secret, "-i", f"{self.client_id}-try", "-q", "1"),
            *("-t", topic, "-m", self._payload(with_time=False)),
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
        if not self.datastreams:
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
