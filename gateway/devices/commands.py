"""`siaga device add|list|rotate|revoke`: logins of stations at the embedded broker.  Light: imports when it runs."""

import os
import shlex
import sys
import time
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from sensors.command import Command
from sensors.errors import CatalogueError, SettingsError
from sensors.settings import Settings

if TYPE_CHECKING:
    from gateway.devices.registry import Registry
    from gateway.devices.slip import Slip
    from sensors.actuator import Actuator
    from sensors.broker_access import Door
    from sensors.catalogue import Catalogue, Datastream


def _arguments(parser: ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    add = actions.add_parser("add", help="give a station a login and print what its device needs")
    add.add_argument("station", metavar="STATION")
    add.add_argument(
        "--property",
        metavar="PROPERTY",
        action="append",
        default=[],
        help="what it measures (default: all); repeatable",
    )
    add.add_argument(
        "--also",
        metavar="FILTER",
        action="append",
        default=[],
        help="a topic filter that it may publish under besides telemetry/STATION, for other formats; repeatable",
    )
    add.add_argument(
        "--reader",
        action="store_true",
        help="no station: a program of another agency, which hears siaga/alarm, alert, observation and status",
    )
    for name, text in (("rotate", "a new secret; the old one stops working"), ("revoke", "end a login at once")):
        actions.add_parser(name, help=text).add_argument("station", metavar="STATION")
    actions.add_parser("list", help="who has a login")
    for action in actions.choices.values():
        action.add_argument("--data-dir", metavar="DIR", help="of the `siaga run` whose broker it is (default: data)")
        action.add_argument("--city", metavar="DIR|NAME", help="a city's folder, or a built-in city")


def _device(arguments: Namespace, settings: Settings) -> int:
    from gateway.devices.registry import Registry

    os.umask(0o077)
    data_dir = Path(arguments.data_dir or settings.data_dir)
    registry = Registry(data_dir)
    if arguments.action == "list":
        return _list(registry)
    if settings.mqtt.url:
        raise SettingsError(
            "mqtt.url: devices of another broker than the embedded one get their logins there (docs/devices.md)"
        )
    now_us = time.time_ns() // 1000
    if arguments.action == "revoke":
        registry.revoke(arguments.station, now_us)
        print(f"{arguments.station} has no login any more; a running broker cuts it off within a second")
        return 0
    slip = _slip_without_secret(arguments, settings, data_dir)
    is_first = not registry.exists()
    if arguments.action == "add":
        also, hears = _topics(slip.actuator, arguments.also)
        slip.secret = registry.add(slip.station, now_us, also, hears, reads=slip.is_reader)
    else:
        slip.secret = registry.rotate(slip.station, now_us)
    print("\n".join(slip.lines()))
    if is_first:
        print("\nThis was the first device: from now on the broker lets nobody in without a login.")
    print(f"\n{_in_force(slip)}")
    return 0


def _slip_without_secret(arguments: Namespace, settings: Settings, data_dir: Path) -> "Slip":
    from gateway.devices.slip import Slip
    from sensors.city import load_city
    from sensors.origin import LIVE_MARKER
    from sensors.running_city import running_city

    city = arguments.city or running_city(data_dir, settings.city)
    catalogue, _faults = load_city(city)  # `siaga check` names the faults
    name, is_reader = arguments.station, _is_reader(arguments, catalogue, data_dir)
    return Slip(
        station=name,
        datastreams=() if is_reader else _datastreams(catalogue, name, getattr(arguments, "property", [])),
        actuator=next((one for one in catalogue.actuators if one.actuator == name), None),
        is_reader=is_reader,
        door=_door(settings, data_dir),
        data_dir=data_dir,
        holds_live=(data_dir / LIVE_MARKER).exists(),
    )


def _is_reader(arguments: Namespace, catalogue: "Catalogue", data_dir: Path) -> bool:
    """Whether it is about a reader's login.  SettingsError where its name is none, or a station's or siren's."""
    from gateway.devices.registry import Registry
    from sensors.tables import IDENTIFIER

    name = arguments.station
    if not getattr(arguments, "reader", False):
        known = Registry(data_dir).devices().get(name)
        return arguments.action == "rotate" and known is not None and known.reads
    if not IDENTIFIER.fullmatch(name):
        raise SettingsError(f"--reader: expected letters, digits, _ and -, at most 64, got {name!r}")
    if name in catalogue.station_by_id or any(one.actuator == name for one in catalogue.actuators):
        raise SettingsError(f"--reader: {name} is a station or siren of {catalogue.city.code}: choose another name")
    if arguments.also or arguments.property:
        raise SettingsError("--reader: it publishes nothing: neither --also nor --property goes with it")
    return True


def _topics(actuator: "Actuator | None", also: list[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What a login may publish under, and hear, besides its own topics: a siren's are those of its row."""
    if actuator is None:
        return _filters(also), ()
    own = f"siaga/actuator/{actuator.actuator}"
    says = [actuator.state_topic] if actuator.tells and actuator.state_topic != f"{own}/state" else []
    hears = [] if actuator.is_autonomous or actuator.set_topic == f"{own}/set" else [actuator.set_topic]
    return (*_filters(says, "topic_state"), *_filters(also)), _filters(hears, "topic_set")


def _datastreams(catalogue: "Catalogue", station: str, wanted: list[str]) -> "tuple[Datastream, ...]":
    """The station's datastreams, or those that are wanted; a siren has none.  CatalogueError names what is there."""
    from gateway.devices.slip import similar

    sirens = {one.actuator for one in catalogue.actuators}
    if station not in catalogue.station_by_id and station not in sirens:
        like = similar(station, {*catalogue.station_by_id, *sirens})
        hint = f"did you mean {', '.join(like)}?" if like else "`siaga check` lists what the city has"
        raise CatalogueError(f"no station {station!r} in {catalogue.city.code}; {hint}")
    found = {d.property: d for d in catalogue.observed.datastreams if d.station == station}
    for name in wanted:
        if name not in found:
            raise CatalogueError(f"no property {name!r} at {station}; known are {', '.join(found) or 'none'}")
    return tuple(d for name, d in found.items() if not wanted or name in wanted)


def _door(settings: Settings, data_dir: Path) -> "Door":
    """Where the broker is: as `siaga run` opened it last, else as the settings would have it opened."""
    from gateway.devices.opening import opening
    from sensors.broker_access import read_door

    return read_door(data_dir) or opening(settings.broker, settings.mqtt.port, data_dir).door


def _filters(filters: list[str], of: str = "--also") -> tuple[str, ...]:
    """Topic filters that may go into the server's configuration; SettingsError for what is none, or is not theirs."""
    for name in filters:
        levels = name.split("/")
        if not name or not all(letter.isprintable() and letter not in '"\\ *>' for letter in name):
            raise SettingsError(f"{of}: expected a topic filter without spaces, quotes, * and >, got {name!r}")
        if "" in levels:  # no subject of the server's configuration: it would not start any more
            raise SettingsError(f"{of}: expected no empty level, got {name!r}")
        if "#" in name and (name.count("#") > 1 or levels[-1] != "#"):
            raise SettingsError(f"{of}: expected # as the last level only, got {name!r}")
        if any("+" in level and level != "+" for level in levels):
            raise SettingsError(f"{of}: expected + as a whole level, got {name!r}")
        if levels[0] in ("#", "+", "siaga", "telemetry") or name.startswith("$"):
            raise SettingsError(f"{of}: {name!r} would open what belongs to Siaga or to other stations")
    return tuple(filters)


def _list(registry: "Registry") -> int:
    devices = registry.devices()
    if not devices:
        print("no device has a login: whoever is on this machine may publish (`siaga device add STATION`)")
    width = max((len(name) for name in devices), default=0)
    for name, device in sorted(devices.items()):
        state = "revoked" if device.is_revoked else "may connect"
        also = f"  also {' '.join(device.also)}" if device.also else ""
        also += "  reads only" if device.reads else ""
        print(f"{name:<{width}}  {state:<11}  added {device.added_at[:16]}  changed {device.changed_at[:16]}{also}")
    return 0


def _in_force(slip: "Slip") -> str:
    """Try the new secret at the running broker; what came of it."""
    from gateway.devices.trial import Outcome, try_login

    if not _is_run(slip.data_dir):
        return (
            f"No `siaga run` uses the data directory {slip.data_dir} now: the login counts from its next start."
            "  (--data-dir names the one of a `siaga run` that runs.)"
        )
    outcome = try_login(slip.door, slip.station, slip.secret)
    if outcome is Outcome.ACCEPTED:
        return "The running broker has let it in: ready."
    if outcome is Outcome.REFUSED:
        print("siaga: the broker does not know the new secret yet; what does `siaga run` say?", file=sys.stderr)
        return f"Try again: {shlex.join(slip.trial())}"
    return "No broker answers there now; `siaga run` will know the device when it starts."


def _is_run(data_dir: Path) -> bool:
    """Whether a `siaga run` holds the data directory (command_center/launcher/data_directory.py)."""
    import fcntl

    try:
        with (data_dir / "lock").open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # not there: never run
        return False
    return False


DEVICE = Command("logins of devices at the embedded broker: add, list, rotate, revoke", _arguments, _device)
