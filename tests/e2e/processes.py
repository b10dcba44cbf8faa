"""Real processes in tests: output gathered, waited for by condition, dead at the end, printed when a test fails."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, TypeVar

from command_center.launcher.supervisor import dies_with

START_S: Final = 30.0  # generous: the machine may be busy with other tests
STOP_S: Final = 30.0
PAUSE_S: Final = 0.01
LONGEST_PAUSE_S: Final = 0.2
T = TypeVar("T")


def free_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(condition: Callable[[], T | None], what: str, within_s: float = START_S) -> T:
    """The condition's first true value; fails with `what` when there is none in time."""
    asked = time.monotonic()
    give_up = asked + within_s
    while not (value := condition()):
        answered = time.monotonic()
        assert answered < give_up, f"not within {within_s:g} s: {what}"
        time.sleep(min(max(PAUSE_S, answered - asked), LONGEST_PAUSE_S))  # what is tested needs the machine, too
        asked = time.monotonic()
    return value


def accepts(port: int) -> bool:
    """Whether somebody listens on a loopback port."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that only waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def children_of(pid: int) -> dict[int, str]:
    """Command lines of a process's living children, by their pids."""
    pids = [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return {p: Path(f"/proc/{p}/cmdline").read_text().replace("\0", " ").strip() for p in pids if is_alive(p)}


class Process:
    """A running program.  `lines` grows with what it says on standard output and standard error."""

    def __init__(self, name: str, argv: list[str], environment: Mapping[str, str], cwd: Path) -> None:
        self.name = name
        self.lines: list[str] = []
        self._popen = subprocess.Popen(
            argv,
            env=dict(environment),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="backslashreplace",
            preexec_fn=dies_with(os.getpid()),  # noqa: PLW1509  (pytest may be killed, too; and it takes no lock)
        )
        self._reader = threading.Thread(target=self._read, name=f"output of {name}", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._popen.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; minus the signal's number when a signal ended it."""
        return self._popen.poll()

    @property
    def output(self) -> str:
        """All that it has said."""
        return "\n".join(self.lines)

    def wait_for_line(self, text: str, within_s: float = START_S) -> str:
        """The first line with `text` in it; fails at once when the process ends without it."""

        def found() -> str:
            ended = self.exit_code is not None
            if ended:
                self._reader.join(STOP_S)
            line = next((line for line in self.lines if text in line), "")
            assert line or not ended, (
                f"{self.name} ended ({self.exit_code}) without a line with {text!r}:\n{self.output}"
            )
            return line

        return until(found, f"a line of {self.name} with {text!r}", within_s)

    def wait(self, within_s: float = STOP_S) -> int:
        """The exit code; fails when it still runs after `within_s`."""
        try:
            code = self._popen.wait(within_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} still runs after {within_s:g} s") from None
        self._reader.join(STOP_S)
        return code

    def signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        self._popen.send_signal(number)

    def kill(self) -> None:
        """`kill -9`, and wait until it is gone."""
        self._popen.kill()
        self.wait()

    def stop(self) -> int:
        """SIGTERM and the exit code."""
        self._popen.terminate()
        return self.wait()

    def close(self) -> None:
        """Whatever state it is in: dead, and its pipe closed."""
        if self.exit_code is None:
            self._popen.send_signal(signal.SIGCONT)
            self._popen.terminate()
            try:
                self._popen.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self._popen.kill()
                self._popen.wait()
        self._reader.join(STOP_S)
        if self._popen.stdout is not None:
            self._popen.stdout.close()

    def _read(self) -> None:
        assert self._popen.stdout is not None
        for line in self._popen.stdout:
            self.lines.append(line.rstrip("\n"))


class Processes:
    """All processes of one test."""

    def __init__(self, cwd: Path) -> None:
        self.all: list[Process] = []
        self._cwd = cwd

    def start(self, name: str, argv: list[str], environment: Mapping[str, str] | None = None) -> Process:
        """Start a program.  `environment` goes over this process's own, less its SIAGA_… settings."""
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("SIAGA_")}
        process = Process(name, argv, inherited | dict(environment or {}) | {"PYTHONUNBUFFERED": "1"}, self._cwd)
        self.all.append(process)
        return process

    def siaga(self, *arguments: object, environment: Mapping[str, str] | None = None) -> Process:
        """Start `siaga` with these arguments."""
        words = [str(argument) for argument in arguments]
        return self.start(words[0], [sys.executable, "-m", "command_center", *words], environment)

    def close(self) -> None:
        """End them, the youngest first."""
        for process in reversed(self.all):
            process.close()

    def report(self) -> list[tuple[str, str]]:
        """Name and output of each, for the report of a failed test."""
        return [(f"{p.name}, pid {p.pid}, exit code {p.exit_code}", p.output) for p in self.all]
