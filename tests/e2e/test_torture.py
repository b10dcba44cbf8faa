"""`make torture` in short: a few faults of each kind; the long one is run by hand."""

import random
from pathlib import Path

import pytest

from tests.torture.strikes import torture

pytestmark = [pytest.mark.broker, pytest.mark.timeout(240)]


@pytest.mark.parametrize(("scene", "faults"), [("nats", 5), ("mosquitto", 4), ("run", 6)])
def test_what_the_broker_acknowledged_is_in_the_log_whatever_was_killed(
    scene: str, faults: int, tmp_path: Path
) -> None:
    verdict = torture(scene, faults, 400.0, random.Random(7), 0.3, tmp_path)
    assert verdict.acknowledged > 400
    assert not verdict.missing
    assert not verdict.wrong
