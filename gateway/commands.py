"""`siaga gateway`, `siaga check`, `siaga evaluate`."""

import asyncio
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

import msgspec

from gateway.own_login import with_login
from sensors.command import Command
from sensors.errors import CatalogueError
from sensors.lasting import lasting
from sensors.settings import Settings


def _gateway_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--data-dir", metavar="DIR", help="where the log is kept ")
    parser.add_argument("--city", metavar="DIR|NAME", help="a built-in city or a city's folder")
    parser.add_argument("--mqtt-url", metavar="URL", help="mqtt://[user:password@]host:port, not the city's sources")
    parser.add_argument("--mqtt-port", type=int, metavar="PORT", help="port of the embedded broker on this machine")
    parser.add_argument(
        "--forget", metavar="SOURCE", help="have this source's broker drop our session and what waits in it, then end"
    )


def _gateway(arguments: Namespace, settings: Settings) -> int:
    with lasting():
        from gateway.app import serve
        from gateway.forgetting import forget

    top = {name: getattr(arguments, name) for name in ("data_dir", "city") if getattr(arguments, name) is not None}
    mqtt = {"url": arguments.mqtt_url, "port": arguments.mqtt_port}
    mqtt = {name: value for name, value in mqtt.items() if value is not None}
    settings = msgspec.structs.replace(settings, **top, mqtt=msgspec.structs.replace(settings.mqtt, **mqtt))
    settings = with_login(settings, "gateway")
    if arguments.forget is not None:
        print(asyncio.run(forget(settings, arguments.forget)))
        return 0
    asyncio.run(serve(settings))
    return 0


def _check_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("city", nargs="?", metavar="DIR|NAME", help="a built-in city or a city's folder")
    parser.add_argument("--city", dest="city_option", metavar="DIR|NAME", help="the same, as an option")


def _check(arguments: Namespace, settings: Settings) -> int:
    from gateway.broker_limits import limits
    from gateway.city_in_force import checked
    from gateway.pull.steady import steady_warnings

    city = arguments.city_option or arguments.city or settings.city
    try:
        catalogue, faults = checked(city)
    except CatalogueError as error:
        for fault in error.faults:
            print(fault)
        print(f"{city}: {error}", file=sys.stderr)
        return 1
    for fault in faults:
        print(fault)
    for line in (*limits(catalogue.city), *steady_warnings(catalogue)):
        print(line)
    levels = sum(len(d.levels) for d in catalogue.datastreams)
    print(
        f"{catalogue.city.name.id}: {len(catalogue.stations)} stations, {len(catalogue.datastreams)} datastreams,"
        f" {levels} levels, {len(faults)} {'fault' if len(faults) == 1 else 'faults'}"
    )
    return 1 if faults else 0


def _evaluate_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "recording", type=Path, metavar="FILE|DIR", help="CSV with time, station, variable, value, unit"
    )
    parser.add_argument("--city", metavar="DIR|NAME", help="the city whose levels apply where no thresholds.csv stands")
    parser.add_argument("--plain", action="store_true", help="no hysteresis, no delays: exactly the excursions")
    parser.add_argument(
        "--levels", type=Path, metavar="OTHER.csv", help="judge it again with these levels (shape of thresholds.csv)"
    )
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="OUT",
        help="folder for transitions.csv, report.json and report.html",
    )


def _evaluate(arguments: Namespace, settings: Settings) -> int:
    from gateway.evaluate import evaluate

    city, levels = arguments.city or settings.city, arguments.levels
    return evaluate(arguments.recording, city, arguments.out, plain=arguments.plain, levels=levels)


GATEWAY = Command("listen to the brokers and write the log", _gateway_arguments, _gateway)
CHECK = Command("check a city's files and name every fault", _check_arguments, _check)
EVALUATE = Command("run the detector over recordings", _evaluate_arguments, _evaluate)
