"""`siaga run` and `siaga command-center`.  Light: what a command needs is imported when it runs."""

import asyncio
from argparse import ArgumentParser, Namespace

from msgspec.structs import replace

from sensors.command import Command
from sensors.lasting import lasting
from sensors.settings import SCENARIOS, Settings


def _add_common(parser: ArgumentParser) -> None:
    parser.add_argument("--data-dir", metavar="DIR", help="where everything is stored; made if missing (default: data)")
    parser.add_argument("--http-port", metavar="PORT", type=int, help="port of the wall and the API (default: 8000)")


def _add_run(parser: ArgumentParser) -> None:
    parser.add_argument("--city", metavar="DIR|NAME", help="a city's folder, or a built-in city (default: mojokerto)")
    _add_common(parser)
    parser.add_argument("--mqtt-port", metavar="PORT", type=int, help="port of the embedded broker (default: 1883)")
    simulation = parser.add_mutually_exclusive_group()
    simulation.add_argument("--scenario", choices=SCENARIOS, help="what the simulator plays (default: storm)")
    simulation.add_argument("--no-simulator", action="store_true", help="real devices only, no simulated readings")


def _run(arguments: Namespace, settings: Settings) -> int:
    with lasting():
        from command_center.launcher.run import run

    own_broker = not settings.mqtt.url
    # Simulated readings go to somebody else's broker only where they were asked for by name.
    simulate = not arguments.no_simulator and (own_broker or arguments.scenario is not None)
    return run(with_options(settings, arguments), config=arguments.config or "", simulate=simulate)


def _command_center(arguments: Namespace, settings: Settings) -> int:
    with lasting():
        from command_center.app import serve

    asyncio.run(serve(with_options(settings, arguments)))
    return 0


def with_options(settings: Settings, arguments: Namespace) -> Settings:
    """The settings with the options of the command line over them; an option that was not given changes nothing."""
    given = {name: value for name, value in vars(arguments).items() if value is not None}
    if "city" in given:
        settings = replace(settings, city=given["city"])
    if "data_dir" in given:
        settings = replace(settings, data_dir=given["data_dir"])
    if "http_port" in given:
        settings = replace(settings, http=replace(settings.http, port=given["http_port"]))
    if "mqtt_port" in given:
        settings = replace(settings, mqtt=replace(settings.mqtt, port=given["mqtt_port"]))
    if "scenario" in given:
        settings = replace(settings, simulator=replace(settings.simulator, scenario=given["scenario"]))
    return settings


RUN = Command("run everything on this machine: broker, gateway, command center, simulator", _add_run, _run)
COMMAND_CENTER = Command("serve the wall and the API, and run the alarms", _add_common, _command_center)
