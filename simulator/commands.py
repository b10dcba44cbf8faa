"""`siaga simulate`, `siaga publish`, `siaga replay`.  Light: what a command needs is imported when it runs."""

import asyncio
import math
import sys
import time
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from sensors.command import Command
from sensors.errors import SettingsError
from sensors.settings import SCENARIOS, Settings
from sensors.time_argument import time_or_milliseconds

if TYPE_CHECKING:
    from sensors.broker_access import Role
    from sensors.broker_address import BrokerAddress
    from simulator.recording import Renaming


def _add_mqtt_url(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--mqtt-url", metavar="URL", help="broker, mqtt://[user:password@]host:port (default: mqtt://127.0.0.1:1883)"
    )


def _add_data_dir(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--data-dir", metavar="DIR", help="the gateway's data directory; refused if it holds live readings"
    )


def _add_simulate(parser: ArgumentParser) -> None:
    parser.add_argument("--city", metavar="DIR|NAME", help="a city's folder, or a built-in city")
    _add_mqtt_url(parser)
    _add_data_dir(parser)
    parser.add_argument("--scenario", choices=SCENARIOS, help="what to play (default: storm)")
    parser.add_argument("--speed", type=_positive, metavar="N", help="simulated seconds per second (default: 60)")
    parser.add_argument("--seed", type=_seed, metavar="N", help="same seed, same weather (default: 1)")


def _add_publish(parser: ArgumentParser) -> None:
    parser.add_argument("station", metavar="STATION", type=_identifier)
    parser.add_argument("property", metavar="PROPERTY", type=_identifier, nargs="?")
    parser.add_argument("value", metavar="VALUE", type=_value_or_missing, nargs="?", help="a number, or null: missing")
    parser.add_argument(
        "--payload",
        metavar="JSON|@FILE",
        help="instead of VALUE: a whole native payload, a device's backlog say; without PROPERTY one with `values`",
    )
    parser.add_argument("--unit", type=_unit, metavar="U", help="default: the unit of the datastream")
    parser.add_argument(
        "--ts", type=time_or_milliseconds, metavar="T", help="RFC 3339 with offset, or ms since 1970 (default: now)"
    )
    parser.add_argument(
        "--origin",
        choices=("live", "simulated"),
        default="simulated",
        help="live makes the receiving data directory a live one, for good (default: simulated)",
    )
    _add_mqtt_url(parser)
    parser.add_argument("--data-dir", metavar="DIR", help="of the `siaga run` whose broker is meant (default: data)")
    parser.add_argument("--city", metavar="DIR|NAME", help="whose names are known (default: the data directory's city)")


def _add_replay(parser: ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE.csv", type=Path, help="columns time, station, variable, value, unit")
    parser.add_argument(
        "--station",
        metavar="OLD=NEW",
        type=_pair,
        action="append",
        default=[],
        help="replay a station as another; repeatable",
    )
    parser.add_argument(
        "--property",
        metavar="[OLD=]NEW",
        action="append",
        default=[],
        help="replay a variable as this property; repeatable with OLD=",
    )
    parser.add_argument("--shift-to-now", action="store_true", help="shift all times so that the last sample is now")
    _add_mqtt_url(parser)
    _add_data_dir(parser)


def _simulate(arguments: Namespace, settings: Settings) -> int:
    from sensors.city import load_city
    from simulator import scenario as scenarios
    from simulator.city import CityPlan
    from simulator.run import Run, simulate

    chosen = settings.simulator
    scenario = arguments.scenario or chosen.scenario
    speed = arguments.speed if arguments.speed is not None else chosen.speed
    if not 0.0 < speed < math.inf:
        raise SettingsError(f"simulator speed {speed}: expected more than 0 simulated seconds per second")
    seed = arguments.seed if arguments.seed is not None else chosen.seed
    if seed < 0:
        raise SettingsError(f"simulator seed {seed}: expected 0 or more")

    async def work() -> int:
        catalogue, _faults = load_city(arguments.city or settings.city)  # `siaga check` and the gateway name the faults
        plan = CityPlan(catalogue.observed, scenarios.SCENARIOS[scenario], seed, speed)
        await simulate(Run(plan, _address(arguments, settings, "simulator"), _data_dir(arguments, settings)))
        return 0

    return asyncio.run(work())


def _publish(arguments: Namespace, settings: Settings) -> int:
    from sensors.running_city import running_city
    from simulator.errors import BrokerUnreachable, LiveDataDirectory, SimulatorError
    from simulator.live_guard import refuse_live_readings
    from simulator.publish import publish_one

    data_dir = _data_dir(arguments, settings)
    payload = _payload(arguments)

    async def work() -> int:
        address = _address(arguments, settings, "publish")
        _warn_if_not_taken(
            arguments.station, arguments.property, arguments.city or running_city(data_dir, settings.city)
        )
        message = await publish_one(address, arguments.station, arguments.property or "", payload)
        print(f"{message.topic} {message.payload.decode()}\nthe broker {address.url} has it")
        return 0

    try:
        if arguments.origin == "simulated":
            refuse_live_readings(data_dir)
        return asyncio.run(work())
    except LiveDataDirectory as error:
        raise SimulatorError(f"{error}; --origin live publishes a real reading") from error
    except BrokerUnreachable as error:
        if arguments.mqtt_url or arguments.data_dir:
            raise
        raise SimulatorError(f"{error}; --data-dir names the directory of a `siaga run` elsewhere") from error


def _replay(arguments: Namespace, settings: Settings) -> int:
    from simulator.live_guard import refuse_live_readings
    from simulator.replay import Replay, replay

    async def work() -> int:
        refuse_live_readings(_data_dir(arguments, settings))
        _warn_of_another_pace(_data_dir(arguments, settings))
        started_s = time.monotonic()
        now_us = time.time_ns() // 1000 if arguments.shift_to_now else None
        tally = await replay(
            Replay(arguments.file, _address(arguments, settings, "publish"), _renaming(arguments), now_us)
        )
        took_s = max(time.monotonic() - started_s, 1e-6)
        print("\n".join(tally.lines()))
        print(f"took {took_s:.1f} s, {tally.published / took_s:.0f} a second")
        return 0 if tally.published else 1

    return asyncio.run(work())


def _payload(arguments: Namespace) -> bytes:
    """What is published; SettingsError where the arguments do not fit together."""
    from simulator.devices import Reading, encode_reading
    from simulator.payload import marked

    if arguments.payload is None:
        if arguments.property is None or arguments.value is None:
            raise SettingsError("publish: expected PROPERTY and VALUE, or --payload JSON|@FILE")
        ts_us = arguments.ts if arguments.ts is not None else time.time_ns() // 1000
        value = None if math.isnan(arguments.value) else arguments.value
        return encode_reading(Reading(ts_us // 1000, value, arguments.unit or "", arguments.origin))
    beside = {"VALUE": arguments.value, "--unit": arguments.unit, "--ts": arguments.ts}
    if given := [name for name, value in beside.items() if value is not None]:
        raise SettingsError(f"publish: expected --payload without {', '.join(given)}: the payload says so itself")
    text = arguments.payload
    raw = _read(Path(text[1:])) if text.startswith("@") else text.encode()
    return marked(raw, arguments.origin, whole_station=arguments.property is None)


def _read(path: Path) -> bytes:
    from simulator.errors import BadPayload
    from simulator.payload import MAX_BYTES

    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise BadPayload(f"--payload @{path}: {error.strerror or error}") from error
    if len(content) > MAX_BYTES:
        raise BadPayload(f"--payload @{path}: expected at most {MAX_BYTES} bytes, got more")
    return content


def _warn_if_not_taken(station: str, name: str | None, city: str) -> None:
    """Say so where the city has no such datastream, or computes it: another city's gateway may still take it."""
    from sensors.city import load_city

    catalogue = load_city(city)[0]
    here = [d for d in catalogue.datastreams if d.station == station]
    observed = ", ".join(d.property for d in here if d.derivation is None)
    computed = next((d.derivation for d in here if d.property == name and d.derivation is not None), None)
    hint = f"its properties are {observed}" if here else f"no such station in {city}"
    if computed is not None:
        why = f"is computed from {', '.join(computed.inputs)} ({computed.method}) and is not published; {hint}"
    elif not here or (name is not None and all(d.property != name for d in here)):
        why = f"is not in the city {city} ({hint})"
    else:
        return
    named = station if name is None else f"{station}:{name}"
    print(f"siaga: {named} {why}: a dead letter there", file=sys.stderr)


def _warn_of_another_pace(data_dir: Path) -> None:
    """Say so where rivers are judged as an exercise's that is played faster: a recording moves as in life."""
    from sensors.running_pace import LIFE, running_pace

    pace = running_pace(data_dir)
    if pace != LIFE:
        print(
            f"siaga: {data_dir}: its rivers are judged as if they moved {pace:g} times as fast as life, a recording"
            " moves as in life: its rates, waves and delays come out wrong.  Restart it with `siaga run"
            " --no-simulator`, or its gateway with SIAGA_INGEST_PACE=1",
            file=sys.stderr,
        )


def _address(arguments: Namespace, settings: Settings, role: "Role") -> "BrokerAddress":
    """The broker that was named, else the embedded one; at the embedded one of our data directory we have a login."""
    from sensors.broker_access import embedded_access
    from sensors.broker_address import broker_address

    url = arguments.mqtt_url or settings.mqtt.url
    access = embedded_access(_data_dir(arguments, settings), role, url)
    return access.address if access is not None else broker_address(url or f"mqtt://127.0.0.1:{settings.mqtt.port}")


def _data_dir(arguments: Namespace, settings: Settings) -> Path:
    return Path(arguments.data_dir or settings.data_dir)


def _renaming(arguments: Namespace) -> "Renaming":
    from simulator.recording import Renaming

    pairs = [text.partition("=") for text in arguments.property]
    return Renaming(
        stations=dict(arguments.station),
        variables={old: new for old, separator, new in pairs if separator},
        all_variables=next((old for old, separator, _ in pairs if not separator), ""),
    )


def _identifier(text: str) -> str:
    from sensors.tables import IDENTIFIER

    if not IDENTIFIER.fullmatch(text):
        raise ArgumentTypeError(f"expected letters, digits, _ and -, at most 64, got {text!r}")
    return text


def _pair(text: str) -> tuple[str, str]:
    old, separator, new = text.partition("=")
    if not separator or not old:
        raise ArgumentTypeError(f"expected OLD=NEW, got {text!r}")
    return old, _identifier(new)


def _value(text: str) -> float | None:
    if text == "null":
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ArgumentTypeError(f"expected a number with a decimal point, or null, got {text!r}")
    return value


def _value_or_missing(text: str) -> float:
    """NaN = missing: None is a value that is not given."""
    value = _value(text)
    return math.nan if value is None else value


def _unit(text: str) -> str:
    from sensors.units import KNOWN, canonical

    unit = canonical(text)
    if unit is None:
        raise ArgumentTypeError(f"expected one of {', '.join(KNOWN)}, got {text!r}")
    return unit


def _positive(text: str) -> float:
    value = _value(text)
    if value is None or value <= 0.0:
        raise ArgumentTypeError(f"expected a number over 0, got {text!r}")
    return value


def _seed(text: str) -> int:
    if not text.isdigit():
        raise ArgumentTypeError(f"expected a whole number, 0 or more, got {text!r}")
    return int(text)


SIMULATE = Command("publish a virtual city with storms, traffic and air over MQTT", _add_simulate, _simulate)
PUBLISH = Command("publish one reading over MQTT", _add_publish, _publish)
REPLAY = Command("publish a recording over MQTT", _add_replay, _replay)
