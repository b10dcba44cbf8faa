"""The `siaga` command: global options, then the sub-commands that the installed packages offer."""

import logging
import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from importlib.metadata import entry_points, version
from pathlib import Path

from sensors.command import Command
from sensors.errors import SettingsError, SiagaError
from sensors.lasting import lasting
from sensors.settings import load_settings

ENTRY_POINTS = "siaga.commands"
CONFIG_VARIABLE = "SIAGA_CONFIG"
LOG_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
OK, FAILED, USAGE = 0, 1, 2  # 2 is argparse's own, too


def main(argv: Sequence[str] | None = None) -> int:
    """Run one sub-command and return its exit code: 0 ok, 1 failed, 2 usage, a wrong setting too."""
    with lasting():
        commands = discover()
    arguments = parser(commands).parse_args(argv)
    try:
        settings = load_settings(config_file(arguments, os.environ), os.environ)
        set_up_logging(settings.log_level)
        return commands[arguments.command].run(arguments, settings)
    except SettingsError as error:
        complain(error)
        return USAGE
    except SiagaError as error:
        complain(error)
    except KeyboardInterrupt:
        complain("interrupted")
    except BrokenPipeError:
        close_standard_output()
    return FAILED


def discover() -> dict[str, Command]:
    """The sub-commands by name, from the entry points of every installed package."""
    return {point.name: point.load() for point in sorted(entry_points(group=ENTRY_POINTS), key=lambda p: p.name)}


def parser(commands: Mapping[str, Command]) -> ArgumentParser:
    """The whole command line; `arguments.command` names the sub-command, `arguments.config` the settings' file."""
    top = ArgumentParser(
        prog="siaga",
        description="Siaga, the telemetry gateway of a city command center.",
        epilog="`siaga COMMAND --help` explains a command.  Settings: config.example.toml.",
    )
    top.add_argument("--version", action="version", version=f"siaga {version('siaga')}")
    top.add_argument("--config", metavar="FILE", help=f"settings in TOML (else {CONFIG_VARIABLE}, else the defaults)")
    subparsers = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, command in commands.items():
        command.add_arguments(subparsers.add_parser(name, help=command.help, description=command.help))
    return top


def config_file(arguments: Namespace, environ: Mapping[str, str]) -> Path | None:
    """The settings' file that was asked for, by option or else by environment; None when by neither."""
    named = arguments.config or environ.get(CONFIG_VARIABLE, "")
    return Path(named) if named else None


def set_up_logging(level: str) -> None:
    """Log to standard error from `level` on; called once a process.  SettingsError names an unknown level."""
    if level not in LOG_LEVELS:
        raise SettingsError(f"log_level: {level!r} is no level; known are {', '.join(LOG_LEVELS)}")
    logging.basicConfig(
        level=LOG_LEVELS[level],
        stream=sys.stderr,
        format="%(asctime)s.%(msecs)03d %(levelname)s %(name)s: %(message)s",
        datefmt="%Y-%m-%d %H:%M:%S",
    )


def complain(what: object) -> None:
    """One line on standard error, whatever the message looks like: a stranger's page may be quoted in it."""
    line = " ".join(str(what).split())
    sys.stderr.write(f"siaga: {''.join(c if c.isprintable() else '?' for c in line)}\n")


def close_standard_output() -> None:
    """Whoever read our output has gone (`siaga … | head`): drop the pipe, so that the interpreter exits quietly."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
