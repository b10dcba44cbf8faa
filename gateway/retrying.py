"""Dead letters read again, after the rule that refused them is mended.

A request comes over the gateway's socket, the answer goes back there.  Old messages take the way of new ones: the
formats read them, ingest settles their times (the time of their receipt stays what it was), the detector judges them,
one row of the log holds them; and in the transaction of that row the letters go, or stay with their new reason.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from gateway import status
from gateway.asking import ask
from gateway.engine import Engine
from gateway.errors import GatewayError, LogError
from gateway.ingest import Arrivals, Ingested
from gateway.log.reader import LogReader
from gateway.log.rows import DeadLetter, Entry, Retried
from gateway.mqtt.codec import Publishes
from gateway.status import RetriedFrame, RetryFrame, StatusServer
from sensors.batch import Batch, concatenate
from sensors.times import NEVER

MAX_BYTES: Final = 1024 * 1024  # of payloads in one row; what is beyond is told as left

_log = logging.getLogger("gateway.retry")

_Message = tuple[str, str, str]  # source, topic, SHA-256
_Cell = tuple[int, int]  # datastream and the value's bits


@dataclass(slots=True)
class Letters:
    """What the log holds of the letters asked for, and of the observations that their messages gave already."""

    whole: list[DeadLetter] = field(default_factory=list)  # with the other letters of the same messages
    cut: int = 0  # too long to have been kept whole: these cannot be read again
    left: tuple[int, ...] = ()
    good: list[tuple[DeadLetter, Batch]] = field(default_factory=list)
    log_id: str = ""  # of the log that they are in: their ids mean nothing in another one


def load(data_dir: Path, ids: Sequence[int]) -> Letters:
    """Read the letters, up to MAX_BYTES of payloads, and the rows in which the good parts of their messages are."""
    found = Letters()
    with LogReader(data_dir) as reader:
        found.log_id = reader.log_id
        asked = reader.letters.these(ids)
        size, taken = 0, 0
        for letter in asked:
            size += len(letter.payload)
            if taken and size > MAX_BYTES:
                break
            taken += 1
        found.left = tuple(letter.id for letter in asked[taken:])
        letters = reader.letters.siblings(asked[:taken])
        found.whole = [letter for letter in letters if letter.length == len(letter.payload)]
        found.cut = len(letters) - len(found.whole)
        rows: dict[int, Batch] = {}
        for letter in found.whole:
            for seq in (letter.seq, *map(int, letter.more_seqs.split())):
                if seq not in rows:
                    row = next(iter(reader.read_after(seq - 1, 1)), None)
                    rows[seq] = row.batch if row is not None and row.seq == seq else concatenate([])
                found.good.append((letter, rows[seq]))
    return found


Answer = Callable[[RetriedFrame], None]
Commit = Callable[[Callable[[], Entry | None]], Awaitable[None]]


class Retrying:
    """Serves the requests that wait at the socket, one at a time and between two ticks.

    The letters are read in a thread meanwhile.  `log_id` tells which log is being written.
    """

    def __init__(self, data_dir: Path, engine: Engine, server: StatusServer, log_id: Callable[[], str]) -> None:
        self._data_dir, self._engine, self._server, self._log_id = data_dir, engine, server, log_id
        self._under_way: tuple[str, Answer, asyncio.Task[Letters]] | None = None  # who asks; the letters are being read

    async def serve(self, now_us: Callable[[], Awaitable[int]], commit: Commit, *, holds_live: bool) -> None:
        """Begin with one request, if there is one; go on with it when its letters are read."""
        if self._under_way is None and (request := self._server.next_retry()) is not None:
            frame, answer = request
            loading = asyncio.create_task(asyncio.to_thread(load, self._data_dir, frame.ids), name="gateway.retry")
            self._under_way = frame.by, answer, loading
        if self._under_way is None or not self._under_way[2].done():
            return
        (by, answer, loaded), self._under_way = self._under_way, None
        try:
            letters = loaded.result()
        except LogError as error:
            answer(RetriedFrame(error=str(error)))
            return
        if letters.whole:
            answer(await self._settle(letters, by, now_us, commit, holds_live=holds_live))
        else:
            answer(RetriedFrame(cut=letters.cut, left=letters.left))

    def close(self) -> None:
        """Serve no more: what is being read is dropped."""
        if self._under_way is not None:
            self._under_way[2].cancel()

    async def _settle(
        self, letters: Letters, by: str, now_us: Callable[[], Awaitable[int]], commit: Commit, *, holds_live: bool
    ) -> RetriedFrame:
        """Have the row of these letters written, where their log is still the one that is written."""
        present_us, made = await now_us(), list[Entry]()

        def make() -> Entry | None:
            if self._log_id() == letters.log_id:
                made.append(self._read_again(letters, present_us, by, holds_live=holds_live))
            return made[0] if made else None

        await commit(make)
        if not made or self._log_id() != letters.log_id:
            return RetriedFrame(error="the log was damaged, a new one has begun: the letters are in the one set aside")
        retried = made[0].retried
        if retried is None:
            raise RuntimeError("a retry without its outcome")
        result = RetriedFrame(
            observed=len(retried.observed),
            observations=len(made[0].batch),
            failed=len(retried.failed),
            cut=letters.cut,
            left=letters.left,
        )
        _log.info("%s retried dead letters: %s", by, result)
        return result

    def _read_again(self, letters: Letters, now_us: int, by: str, *, holds_live: bool) -> Entry:
        ingested = self._engine.read_again(_arrivals(letters.whole), now_us, holds_live=holds_live)
        batch = _without_repeats(ingested.batch, letters)
        outcome = _outcome(letters.whole, ingested.dead_letters)
        settled = Ingested(batch, (), ingested.clock_faults)  # what an old message would ask its device for is past
        entry = self._engine.judge(settled, now_us) or self._engine.nothing()
        return replace(entry, retried=replace(outcome, at_us=entry.now_us, by=by, took=len(batch) > 0))


async def retry(data_dir: Path, ids: Sequence[int], by: str) -> RetriedFrame:
    """Ask the running gateway to read these letters again; what came of it, over all pieces.

    Raises GatewayError where no gateway answers, or where it says why it cannot.
    """
    total = RetriedFrame()
    waiting = list(ids)
    while waiting:
        piece, waiting = waiting[: status.MAX_RETRIED], waiting[status.MAX_RETRIED :]
        answer = await ask(data_dir, RetryFrame(ids=tuple(piece), by=by[: status.MAX_BY]), RetriedFrame)
        if answer.error:
            raise GatewayError(answer.error)
        if len(answer.left) >= len(piece):
            raise GatewayError("the gateway takes none of these dead letters")
        waiting = [*answer.left, *waiting]
        total = RetriedFrame(
            observed=total.observed + answer.observed,
            observations=total.observations + answer.observations,
            failed=total.failed + answer.failed,
            cut=total.cut + answer.cut,
        )
    return total


def _arrivals(letters: list[DeadLetter]) -> list[Arrivals]:
    """The messages of the letters, each once, in the order in which they came.

    A message has one letter for each reason; two letters of one message for one reason are two messages alike.
    """
    alike = Counter((_message(letter), letter.received_us, letter.reason) for letter in letters)
    copies: dict[tuple[_Message, int], int] = {}
    first: dict[tuple[_Message, int], DeadLetter] = {}
    for (message, received_us, _), count in alike.items():
        copies[message, received_us] = max(count, copies.get((message, received_us), 0))
    for letter in letters:
        first.setdefault((_message(letter), letter.received_us), letter)
    return [_arrival(letter) for key, letter in first.items() for _ in range(copies[key])]


def _arrival(letter: DeadLetter) -> Arrivals:
    publishes = Publishes([letter.topic.encode()], [letter.payload], [0], [letter.retained])
    return Arrivals(letter.source, publishes, received_us=letter.received_us)


def _message(letter: DeadLetter) -> _Message:
    return letter.source, letter.topic, letter.sha256


def _outcome(letters: list[DeadLetter], refused: Sequence[DeadLetter]) -> Retried:
    """Which letters are settled, and which stay with what reason.

    A letter stays where its message is refused for the same reason again, or for one that no other letter stands for.
    """
    again: dict[_Message, list[DeadLetter]] = {}
    for letter in refused:
        again.setdefault(_message(letter), []).append(letter)
    held: dict[tuple[_Message, int], set[str]] = {}
    for letter in letters:
        held.setdefault((_message(letter), letter.received_us), set()).add(letter.reason)
    observed, failed = [], []
    for letter in letters:
        refusals = again.get(_message(letter), [])
        reasons = held[_message(letter), letter.received_us]
        same = [refusal for refusal in refusals if refusal.reason == letter.reason]
        other = [refusal for refusal in refusals if refusal.reason not in reasons]
        for refusal in (*same, *other)[:1]:
            changed = {"reason": refusal.reason, "detail": refusal.detail, "element": refusal.element}
            failed.append(msgspec.structs.replace(letter, **changed))
            reasons.add(refusal.reason)  # one letter stands for it
        if not same and not other:
            observed.append(letter.id)
    return Retried(0, "", tuple(observed), tuple(failed))


def _without_repeats(batch: Batch, letters: Letters) -> Batch:
    """What is new of the messages: their good elements without a time of their own are in the log already.

    Elements with a time need no care: the same datastream and time twice is one observation everywhere.
    """
    timeless = batch.device_us == NEVER
    if not timeless.any():
        return batch
    present: Counter[_Cell] = Counter()
    for row in {id(row): row for _, row in letters.good}.values():
        received = np.array(sorted({letter.received_us for letter, of in letters.good if of is row}), np.int64)
        mine = (row.device_us == NEVER) & (_since(row.time_us, received) < max(len(row), 1))
        present.update(_cells(row.take(mine)))
    keep = np.ones(len(batch), np.bool_)
    for place, cell in zip(np.flatnonzero(timeless).tolist(), _cells(batch.take(timeless)), strict=True):
        if present[cell]:
            present[cell] -= 1
            keep[place] = False
    return batch.take(keep)


def _since(time_us: np.ndarray, received_us: np.ndarray) -> np.ndarray:
    """Microseconds since the newest receipt before each time; beyond all bounds where there is none."""
    place = np.searchsorted(received_us, time_us, side="right") - 1
    return np.where(place >= 0, time_us - received_us[place], np.iinfo(np.int64).max)


def _cells(batch: Batch) -> list[_Cell]:
    return list(zip(batch.datastream.tolist(), batch.value.view(np.int64).tolist(), strict=True))
