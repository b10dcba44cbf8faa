"""A bell: rung by whoever has news, heard by one waiter; many rings before the next wait count as one."""

import asyncio


class Bell:
    """Needs no loop to be made."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """There is news."""
        self._rung.set()

    async def wait(self, timeout_s: float | None) -> bool:
        """Until the bell rings or `timeout_s` pass (None: for ever); whether it rang.  The ring is used up."""
        if timeout_s is None:
            await self._rung.wait()
            self._rung.clear()
            return True
        try:
            async with asyncio.timeout(timeout_s):
                await self._rung.wait()
        except TimeoutError:
            return False
        self._rung.clear()
        return True
