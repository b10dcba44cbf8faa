"""`siaga sink`."""

import asyncio
from argparse import ArgumentParser, Namespace

from msgspec.structs import replace

from sensors.command import Command
from sensors.settings import Settings


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--data-dir", metavar="DIR", help="where the log is kept")
    parser.add_argument("--influx-url", metavar="URL", help="http://host:port of the server (default: [influx] url)")


def _run(arguments: Namespace, settings: Settings) -> int:
    from gateway.sinks.app import serve

    if arguments.data_dir is not None:
        settings = replace(settings, data_dir=arguments.data_dir)
    if arguments.influx_url is not None:
        settings = replace(settings, influx=replace(settings.influx, url=arguments.influx_url))
    asyncio.run(serve(settings))
    return 0


SINK = Command("hand every observation of the log on to InfluxDB", _add_arguments, _run)
