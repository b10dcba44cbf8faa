"""What holds for all tests."""

import gc
from collections.abc import Generator, Iterator
from functools import partial

import pytest
from argon2 import PasswordHasher
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


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords() -> Iterator[None]:
    """The passwords of command centers in the tests' own process: argon2 without what makes it dear.

    A third of a second of CPU for each start, user and login is there for who guesses passwords, and nobody does here.
    What runs as a process of its own, as in most end-to-end tests, hashes as it does for everybody.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "command_center.accounts.PasswordHasher",
            partial(PasswordHasher, time_cost=1, memory_cost=8, parallelism=1),
        )
        yield
