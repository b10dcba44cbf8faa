"""Output through a pipe that is read, that is full, and that is gone."""

import os
from collections.abc import Iterator

import pytest

from command_center.launcher.printer import Printer

PIPE_BYTES = 65_536


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reader, writer = os.pipe()
    yield reader, writer
    for fd in (reader, writer):
        try:
            os.close(fd)
        except OSError:
            continue


def test_lines_come_out_in_order(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    with Printer(writer) as printer:
        for number in range(100):
            printer.say(f"line {number}")
    assert os.read(reader, PIPE_BYTES).decode().splitlines() == [f"line {number}" for number in range(100)]


def test_a_reader_that_stopped_costs_lines_not_time_and_the_loss_is_told(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    line = "x" * 999
    with Printer(writer, queue_lines=10) as printer:
        for _ in range(500):  # one that waited for the pipe would wait for ever
            printer.say(line)
        lost = printer.dropped
        assert lost > 300
        received = b""
        while received.count(b"\n") < 500 - lost:
            received += os.read(reader, PIPE_BYTES)
        printer.say("again")
    received += os.read(reader, PIPE_BYTES)
    *_, notice, last = received.decode().splitlines()
    assert f"{lost} lines were not shown" in notice
    assert last == "again"


def test_a_reader_that_never_comes_back_does_not_hold_up_the_end(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    with Printer(writer, queue_lines=10) as printer:
        for _ in range(200):
            printer.say("x" * 999)
    os.close(reader)  # the thread's write ends with EPIPE, and it takes the rest off the queue
    assert printer.dropped > 0


def test_a_reader_that_has_gone_is_no_error(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    os.close(reader)
    with Printer(writer) as printer:
        printer.say("to nobody")
    assert printer.dropped == 0
