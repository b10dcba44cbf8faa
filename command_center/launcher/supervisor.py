"""Children of `siaga run`: started, restarted when they die, stopped in reverse order, never left behind."""

import asyncio
import contextlib
import ctypes
import os
import signal
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

FIRST_BACK_OFF_S: Final = 0.5
LAST_BACK_OFF_S: Final = 10.0
PROVEN_S: Final = 30.0  # a child that lived so long starts again at the first back-off
LAST_WORDS_S: Final = 0.5  # how long a dead child's output is still read
WRONG_USAGE: Final = "exit code 2"  # of `siaga` and of argparse: starting again cannot help
LINE_BYTES: Final = 8_192  # longer lines of a child are cut into pieces
PR_SET_PDEATHSIG: Final = 1  # <linux/prctl.h>

_prctl = ctypes.CDLL(None, use_errno=True).prctl  # looked up here: between fork and exec nothing may be loaded


def everything(_line: str) -> bool:
    """Show every line of a child."""
    return True


def allowed() -> str:
    """No reason against starting a child."""
    return ""


@dataclass(frozen=True, slots=True)
class ChildSpec:
    """What to start.  `ends_well`: exit code 0 is its work's end, not a fault.  `shows`: which lines are passed on."""

    name: str
    argv: tuple[str, ...]
    environment: Mapping[str, str]
    stop_s: float = 1.5  # from SIGTERM to SIGKILL; 0 = it has nothing to finish, and is killed at once
    back_off_s: float = FIRST_BACK_OFF_S  # from death to new life; doubles up to 10 s, until it lives for 30 s
    ends_well: bool = False
    shows: Callable[[str], bool] = everything
    forbidden: Callable[[], str] = allowed  # why it must not be started now; "" = it may


class Child:
    """One supervised process through all its lives."""

    def __init__(self, spec: ChildSpec, say: Callable[[str], None]) -> None:
        self.spec = spec
        self._say = say
        self._process: asyncio.subprocess.Process | None = None
        self._stopping = asyncio.Event()

    @property
    def pid(self) -> int | None:
        """The process's id while it lives."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def run(self) -> None:
        """Start, pass the output on, and start again after each death, until `stop`."""
        back_off_s = self.spec.back_off_s
        while not self._stopping.is_set():
            if why := self.spec.forbidden():
                self._say(f"not started: {why}")
                return
            born = time.monotonic()
            end = await self._live()
            lived_s = time.monotonic() - born
            if self._stopping.is_set():
                return
            if self.spec.ends_well and end == "exit code 0":
                self._say("has finished")
                return
            if end == WRONG_USAGE:
                self._say(f"not started again: {end}, its line above says which option or setting is wrong")
                return
            if lived_s >= PROVEN_S:
                back_off_s = self.spec.back_off_s
            self._say(f"died after {lived_s:.1f} s: {end}; starting it again in {back_off_s:g} s")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), back_off_s)
            back_off_s = min(2 * back_off_s, LAST_BACK_OFF_S)

    def end_restarts(self) -> None:
        """This life, if there is one, is the last."""
        self._stopping.set()

    async def stop(self) -> None:
        """SIGTERM, `stop_s` of patience, SIGKILL; returns when the process is gone.  It is not started again."""
        self.end_restarts()
        await self.end_life()

    async def end_life(self) -> None:
        """End this life only, as `stop` does; unless stopped, the child is started again."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        if not self.spec.stop_s:
            self.kill()
            await process.wait()
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), self.spec.stop_s)
        except TimeoutError:
            self._say(f"did not stop within {self.spec.stop_s:g} s: killed")
            self.kill()
            await process.wait()

    def kill(self) -> None:
        """SIGKILL to the process and its group, at once."""
        if (pid := self.pid) is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)

    def send(self, signal_number: int) -> None:
        """Pass a signal on to the process, if it lives."""
        if self.pid is not None and self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(signal_number)

    async def _live(self) -> str:
        """One life, to its end; how it ended, in words."""
        try:
            process = await _spawn(self.spec)
        except OSError as error:
            return f"cannot be started: {error.strerror} ({self.spec.argv[0]})"
        self._process = process
        if self._stopping.is_set():  # asked to while the process was being made
            self.kill()
        assert process.stdout is not None  # noqa: S101  (a pipe was asked for)
        output = asyncio.create_task(self._pass_on(process.stdout), name=f"supervisor.{self.spec.name}.output")
        try:
            code = await process.wait()
            await asyncio.wait([output], timeout=LAST_WORDS_S)  # a grandchild may hold the pipe open for ever
        finally:
            self.kill()  # where the supervisor itself is cancelled
            await process.wait()
            output.cancel()
        return f"exit code {code}" if code >= 0 else f"killed by {signal.Signals(-code).name}"

    async def _pass_on(self, stream: asyncio.StreamReader) -> None:
        async for line in lines(stream):
            if self.spec.shows(line):
                self._say(line)


class Supervisor:
    """The children in their order.  Leaving the context stops them in reverse order."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._children: list[Child] = []
        self._tasks = asyncio.TaskGroup()

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            for child in reversed(self._children):
                await child.stop()
        finally:
            self.kill_all()
            await self._tasks.__aexit__(None, None, None)  # the body's own error goes on as it is

    def start(self, spec: ChildSpec) -> Child:
        """Start a child and keep it running."""
        width = max(len(spec.name), 14)
        child = Child(spec, lambda line: self._say(f"{spec.name:<{width}} | {line}"))
        self._children.append(child)
        self._tasks.create_task(child.run(), name=f"supervisor.{spec.name}")
        return child

    def send(self, name: str, signal_number: int) -> None:
        """Pass a signal on to the child of that name."""
        for child in self._children:
            if child.spec.name == name:
                child.send(signal_number)

    def end_restarts(self) -> None:
        """Whoever dies from now on stays dead: a service manager may send SIGTERM to all of us at once."""
        for child in self._children:
            child.end_restarts()

    def kill_all(self) -> None:
        """SIGKILL to every child at once."""
        for child in self._children:
            child.kill()


async def lines(stream: asyncio.StreamReader) -> AsyncIterator[str]:
    """Lines of a child's output, without line ends; over-long ones in pieces, the last one even without its end."""
    rest = b""
    while chunk := await stream.read(65_536):
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            for piece in _pieces(line):
                yield piece
        while len(rest) > LINE_BYTES:
            yield _text(rest[:LINE_BYTES])
            rest = rest[LINE_BYTES:]
    if rest:
        yield _text(rest)


def _pieces(line: bytes) -> list[str]:
    return [_text(line[start : start + LINE_BYTES]) for start in range(0, len(line), LINE_BYTES)] or [""]


def _text(line: bytes) -> str:
    return line.decode("utf-8", "backslashreplace").rstrip("\r")


async def _spawn(spec: ChildSpec) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *spec.argv,
        env=dict(spec.environment),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        process_group=0,  # the terminal's Ctrl-C goes to the supervisor alone; a group can be killed as one
        preexec_fn=dies_with(os.getpid()),
    )


def dies_with(parent_pid: int) -> Callable[[], None]:
    """What a child does between fork and exec, so that the kernel kills it when its parent dies, however that dies."""

    def in_child() -> None:
        _prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent_pid:  # it died before the kernel was told
            os._exit(1)

    return in_child
