"""What a sub-command of `siaga` is; each package offers its own through the entry points `siaga.commands`."""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import dataclass

from sensors.settings import Settings


@dataclass(frozen=True, slots=True)
class Command:
    """A sub-command: `run` gets the parsed arguments and the settings and returns the exit code.

    Exit codes: 0 ok, 1 failed, 2 usage.
    """

    help: str
    add_arguments: Callable[[ArgumentParser], None]
    run: Callable[[Namespace, Settings], int]
