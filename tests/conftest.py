"""What holds for all tests."""

import gc
from collections.abc import Generator

import pytest
from hypothesis import settings

collect_ignore = ["contract/api_hooks.py"]  # Schemathesis loads it, in a process of its own

# No test asserts on time: a crowded machine is no fault of the code.
settings.register_profile("siaga", deadline=None)
settings.load_profile("siaga")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes a minute begins first, so that at the end nobody waits for one test."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Thousands of tests are no garbage: it is not looked for among them, neither now nor each time one runs."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()
