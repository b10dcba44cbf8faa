"""What lasts as long as the process is no garbage."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def lasting() -> Iterator[None]:
    """What is made within, such as imported modules, stays: it is not looked through for garbage, now or later.

    For a process that begins: what is garbage by then stays for good.

    Half of what the imports of a command center cost beside the modules themselves is looking for garbage among them.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_enabled:
            gc.enable()
