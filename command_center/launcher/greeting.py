"""What `siaga run` says when everything is up: where to look, what to try, how to stop."""

import os
import re
import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from sensors.catalogue import Catalogue, Datastream, Level
from sensors.settings import Settings

DEFAULT_BROKER = "mqtt://127.0.0.1:1883"  # where `siaga publish` goes without being told
NUDGE = 0.02  # the reading to try lies this share of the limit above it


@dataclass(frozen=True, slots=True)
class Example:
    """A reading to try, and the level that it reaches."""

    datastream: Datastream
    level: Level
    value: float


def example(catalogue: Catalogue, today: str) -> Example | None:
    """A reading that reaches the worst rising level of a datastream, real ones before illustrative ones.

    `today` (YYYY-MM-DD) tells which levels are in force.  None where the city has no rising level.
    """
    candidates = [
        Example(datastream, level, _above(datastream, level))
        for datastream in catalogue.observed.datastreams
        for level in datastream.levels
        if level.direction == "rising" and level.effective_from <= today
    ]
    return min(candidates, key=lambda e: (-e.level.severity, e.level.is_illustrative, -e.level.rank), default=None)


def _above(datastream: Datastream, level: Level) -> float:
    value = float(f"{level.value + NUDGE * abs(level.value):.6g}")
    return level.value if datastream.valid_max is not None and value > datastream.valid_max else value


def greeting(
    settings: Settings, broker_url: str, password: str, tried: Example | None, start_s: float, *, simulate: bool = True
) -> list[str]:
    """The lines, in order.  `password` says where to find it; `tried` is None where nothing should be tried."""
    lines = [
        f"ready after {start_s:.1f} s",
        f"  wall    http://{_visible(settings.http.host)}:{settings.http.port}/",
        f"  broker  {without_password(broker_url)}",
        f"  log in  user admin, password {password}",
    ]
    if settings.public.port:
        lines.append(f"  public  http://{_visible(settings.public.host)}:{settings.public.port}/warga")
    if tried is not None:
        datastream = tried.datastream
        where = where_stored(settings)  # there stand the embedded broker's address, and a login
        if settings.mqtt.url or not (where or broker_url == DEFAULT_BROKER):
            where += f" --mqtt-url {shlex.quote(without_password(broker_url))}"
        lines.append(
            f"  try     {program()} publish {datastream.station} {datastream.property} {tried.value:g}{where}"
            f"   ({tried.level.level} is reached at {tried.level.value:g} {datastream.unit})"
        )
    if tried is not None and not simulate:
        lines.append(
            "          marked as simulated; a real reading: --origin live, which makes the data directory a live one"
        )
    return [*lines, "  stop    Ctrl-C (a second one kills)"]


def unused_brokers(catalogue: Catalogue) -> list[str]:
    """A line where the city names brokers of its own, which are not listened to beside an embedded one."""
    n = len(catalogue.city.sources)
    if not n:
        return []
    brokers = "1 broker" if n == 1 else f"{n} brokers"
    theirs = "`siaga gateway` or SIAGA_MQTT_URL for " + ("its own" if n == 1 else "theirs")
    return [f"the city names {brokers}, siaga run uses its own embedded one; {theirs}"]


def without_password(url: str) -> str:
    """The address without what must not stand on a screen.

    >>> without_password("mqtt://gateway:secret@10.0.0.5:1883")
    'mqtt://gateway:***@10.0.0.5:1883'
    """
    return re.sub(r"(//[^:@/]*):[^@/]*@", r"\1:***@", url)


def where_stored(settings: Settings) -> str:
    """The option that names the data directory; empty where it is the default one."""
    return "" if settings.data_dir == Settings().data_dir else f" --data-dir {shlex.quote(settings.data_dir)}"


def _visible(host: str) -> str:
    """The address that a browser on this machine can use."""
    return {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)  # noqa: S104  (compared, not listened on)


def program() -> str:
    """How to type `siaga` from here: its bare name where the shell finds this very one, else the shortest path."""
    here = Path(sys.executable).parent / "siaga"
    if shutil.which("siaga") == str(here):
        return "siaga"
    relative = os.path.relpath(here)
    return str(here) if relative.startswith("..") else relative
