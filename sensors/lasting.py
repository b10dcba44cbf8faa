"""What lasts as long as the process is no garbage."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def lasting() -> Iterator[None]:
    """What is made within, such as imported modules, stays: it is not looked through for garbage, now or later.

    Half of what the imports of a command center cost beside the modules themselves is looking for garbage among them.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
