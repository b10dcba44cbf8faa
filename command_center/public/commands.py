"""`siaga public-page`: gives out the public page that the command center writes."""

import asyncio
from argparse import ArgumentParser, Namespace
from pathlib import Path

from msgspec.structs import replace

from sensors.command import Command
from sensors.errors import SettingsError
from sensors.settings import Settings


def _add(parser: ArgumentParser) -> None:
    parser.add_argument("--data-dir", metavar="DIR", help="the command center's data directory (default: data)")
    parser.add_argument("--host", metavar="ADDRESS", help="the address to listen on (default: 127.0.0.1)")
    parser.add_argument("--port", metavar="PORT", type=int, help="the port to listen on ([public] port)")


def _run(arguments: Namespace, settings: Settings) -> int:
    from command_center.public.folder import folder_of
    from command_center.public.serving import serve

    given = {name: value for name in ("host", "port") if (value := getattr(arguments, name)) is not None}
    public = replace(settings.public, **given)
    into = folder_of(public.directory, public.port, Path(arguments.data_dir or settings.data_dir))
    if into is None or not public.port:
        raise SettingsError("public.port: expected the port to listen on (--port, or SIAGA_PUBLIC_PORT), got none")
    asyncio.run(serve(public, into))
    return 0


PUBLIC_PAGE = Command("give out the public page, and nothing else, on a listener of its own", _add, _run)
