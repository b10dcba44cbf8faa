"""What holds for all tests."""

from hypothesis import settings

collect_ignore = ["contract/api_hooks.py"]  # Schemathesis loads it, in a process of its own

# No test asserts on time: a crowded machine is no fault of the code.
settings.register_profile("siaga", deadline=None)
settings.load_profile("siaga")
