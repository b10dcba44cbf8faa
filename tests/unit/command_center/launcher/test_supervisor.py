"""The supervisor with small real processes."""

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from command_center.launcher.supervisor import LINE_BYTES, Child, ChildSpec, Supervisor, lines

WAIT_S = 30.0
FOREVER_S = 600  # beyond the time that a test is given
FOREVER = "import time; time.sleep(600)"
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"


def python(name: str, program: str, *arguments: object, **rules: object) -> ChildSpec:
    argv = (sys.executable, "-S", "-c", textwrap.dedent(program), *map(str, arguments))
    return ChildSpec(name, argv, dict(os.environ), back_off_s=0.05, **rules)  # type: ignore[arg-type]


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(WAIT_S):
        while not condition():  # noqa: ASYNC110  (what other processes do sets no Event)
            await asyncio.sleep(0.01)


def alive(pid: int) -> bool:
    """Whether the process runs (one that only waits to be reaped does not)."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state not in "ZX"


@pytest.fixture
def said() -> list[str]:
    return []


def test_output_is_passed_on_with_the_childs_name(said: list[str]) -> None:
    async def story() -> None:
        async with Supervisor(said.append) as supervisor:
            supervisor.start(
                python("one", "import sys; print('to out'); print('to err', file=sys.stderr)", ends_well=True)
            )
            await until(lambda: any("finished" in line for line in said))

    asyncio.run(story())
    assert [line.split(" | ")[1] for line in said] == ["to out", "to err", "has finished"]
    assert all(line.startswith("one ") for line in said)


def test_a_child_that_was_used_wrongly_is_not_started_again(said: list[str]) -> None:
    async def story() -> None:
        async with Supervisor(said.append) as supervisor:
            supervisor.start(python("wrong", "import sys; print('no such scenario'); sys.exit(2)"))
            await until(lambda: len(said) == 2)
            await asyncio.sleep(0.2)

    asyncio.run(story())
    assert "no such scenario" in said[0]
    assert "not started again: exit code 2" in said[1]
    assert len(said) == 2


def test_a_dead_child_is_restarted_and_told_with_its_exit_code(said: list[str], tmp_path: Path) -> None:
    program = """
        import pathlib, sys
        lives = pathlib.Path(sys.argv[1])
        lives.write_text((lives.read_text() if lives.exists() else "") + "x")
        sys.exit(3)
    """

    async def story() -> None:
        async with Supervisor(said.append) as supervisor:
            supervisor.start(python("crashing", program, tmp_path / "lives"))
            await until(lambda: (tmp_path / "lives").exists() and len((tmp_path / "lives").read_text()) >= 3)

    asyncio.run(story())
    assert "exit code 3; starting it again in 0.05 s" in said[0]
    assert "exit code 3; starting it again in 0.1 s" in said[1]


def test_a_killed_child_is_told_by_its_signal_and_gets_a_new_pid(said: list[str]) -> None:
    async def story() -> None:
        async with Supervisor(said.append) as supervisor:
            child = supervisor.start(python("victim", FOREVER))
            await until(lambda: child.pid)
            first = child.pid
            assert first is not None
            os.kill(first, signal.SIGKILL)
            await until(lambda: child.pid not in (None, first))

    asyncio.run(story())
    assert "killed by SIGKILL" in said[0]


def test_leaving_stops_in_reverse_order_and_kills_the_deaf(said: list[str], tmp_path: Path) -> None:
    polite = f"""
        import pathlib, signal, sys, time
        def leave(*_):
            with open({str(tmp_path / "order")!r}, "a") as f: f.write(sys.argv[1])
            sys.exit(0)
        signal.signal(signal.SIGTERM, leave); print("up", flush=True); time.sleep(600)
    """
    pids: list[int] = []

    async def story() -> None:
        async with Supervisor(said.append) as supervisor:
            children = [
                supervisor.start(python("a", polite, "a")),
                supervisor.start(python("deaf", DEAF, stop_s=0.2)),
                supervisor.start(python("idle", DEAF, stop_s=0.0)),
                supervisor.start(python("b", polite, "b")),
            ]
            await until(lambda: len(said) == 4)
            pids.extend(child.pid for child in children if child.pid)

    asyncio.run(story())
    assert (tmp_path / "order").read_text() == "ba"
    assert any("did not stop within 0.2 s: killed" in line for line in said)
    assert sum("idle" in line for line in said) == 1  # that it is up
    assert len(pids) == 4
    assert not any(alive(pid) for pid in pids)


def test_who_dies_after_the_end_of_restarts_stays_dead_without_a_word(said: list[str]) -> None:
    async def story() -> Child:
        async with Supervisor(said.append) as supervisor:
            child = supervisor.start(python("victim", FOREVER))
            await until(lambda: child.pid)
            supervisor.end_restarts()
            child.kill()
            await until(lambda: child.pid is None)
            return child

    assert asyncio.run(story()).pid is None
    assert said == []


def test_kill_all_ends_the_wait_for_a_deaf_child(said: list[str]) -> None:
    async def story() -> None:
        async with Supervisor(said.append) as supervisor:
            supervisor.start(python("deaf", DEAF, stop_s=FOREVER_S))
            await until(lambda: said)
            asyncio.get_running_loop().call_later(0.1, supervisor.kill_all)

    asyncio.run(story())
    assert not any("did not stop within" in line for line in said)


def test_a_forbidden_child_is_not_started_and_the_reason_is_said(said: list[str]) -> None:
    async def story() -> Child:
        async with Supervisor(said.append) as supervisor:
            child = supervisor.start(python("simulator", FOREVER, forbidden=lambda: "live readings here"))
            await until(lambda: said)
            return child

    assert asyncio.run(story()).pid is None
    assert said == ["simulator      | not started: live readings here"]


def test_a_program_that_is_missing_is_said(said: list[str]) -> None:
    async def story() -> None:
        async with Supervisor(said.append) as supervisor:
            supervisor.start(ChildSpec("ghost", ("/nowhere/ghost",), {}))
            await until(lambda: said)

    asyncio.run(story())
    assert "cannot be started: No such file or directory (/nowhere/ghost)" in said[0]


def test_an_error_in_the_body_comes_out_as_it_is_and_no_child_is_left(said: list[str]) -> None:
    pids: list[int] = []

    async def story() -> None:
        async with Supervisor(said.append) as supervisor:
            child = supervisor.start(python("child", FOREVER))
            await until(lambda: child.pid)
            pids.append(child.pid or 0)
            raise ValueError("body")

    with pytest.raises(ValueError, match="body"):
        asyncio.run(story())
    assert not alive(pids[0])


def test_children_die_when_the_supervisor_is_killed() -> None:
    supervising = f"""
        import asyncio, os, sys
        from command_center.launcher.supervisor import ChildSpec, Supervisor
        async def main():
            async with Supervisor(print) as supervisor:
                specs = [ChildSpec(n, (sys.executable, "-S", "-c", {DEAF!r}), dict(os.environ)) for n in "ab"]
                children = [supervisor.start(spec) for spec in specs]
                while not all(child.pid for child in children): await asyncio.sleep(0.01)
                print("pids", *(child.pid for child in children), flush=True)
                await asyncio.Event().wait()
        asyncio.run(main())
    """
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(supervising)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        words = next(line for line in process.stdout if line.startswith("pids")).split()
        process.kill()
    pids = [int(word) for word in words[1:]]
    give_up = time.monotonic() + WAIT_S
    while any(map(alive, pids)):
        assert time.monotonic() < give_up
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("chunks", "expected"),
    [
        ([b"a\nb", b"c\n"], ["a", "bc"]),
        ([b"no end"], ["no end"]),
        ([b"\n\n"], ["", ""]),
        ([b"bad \xff\r\n"], ["bad \\xff"]),
        ([b"x" * (LINE_BYTES + 1) + b"\n"], ["x" * LINE_BYTES, "x"]),
        ([b"x" * (2 * LINE_BYTES), b"x" * 10], ["x" * LINE_BYTES, "x" * LINE_BYTES, "x" * 10]),
    ],
)
def test_lines(chunks: list[bytes], expected: list[str]) -> None:
    async def story() -> list[str]:
        stream = asyncio.StreamReader()
        for chunk in chunks:
            stream.feed_data(chunk)
        stream.feed_eof()
        output: AsyncIterator[str] = lines(stream)
        return [line async for line in output]

    assert asyncio.run(story()) == expected
