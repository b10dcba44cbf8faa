"""Asking the running gateway for something over its socket, and waiting for the answer."""

import asyncio
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from gateway import status
from gateway.errors import GatewayError
from gateway.status import ObservedFrame, ObserveFrame, RetriedFrame, RetryFrame

ANSWER_S: Final = 60.0  # a full disk may hold the gateway

T = TypeVar("T", RetriedFrame, ObservedFrame)


async def ask(data_dir: Path, frame: RetryFrame | ObserveFrame, kind: type[T]) -> T:
    """The gateway's answer, a frame of `kind`.  Raises GatewayError where none comes."""
    try:
        reader, writer = await status.connect(data_dir)
    except OSError as error:
        raise GatewayError(f"{data_dir}: no gateway is running here ({error.strerror})") from error
    try:
        writer.write(status.encode(frame))
        async with asyncio.timeout(ANSWER_S):
            while line := await reader.readline():
                answer = status.ANSWER_FRAME.decode(line)
                if isinstance(answer, kind):
                    return answer
    except TimeoutError as error:
        raise GatewayError(f"no answer from the gateway within {ANSWER_S:g} s: can it write its log?") from error
    except (OSError, ValueError, msgspec.MsgspecError) as error:
        raise GatewayError(f"the gateway's answer cannot be read: {error}") from error
    finally:
        writer.close()
    raise GatewayError("the gateway went away before it answered")
