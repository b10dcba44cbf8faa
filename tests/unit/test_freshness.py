"""How long a page waits for a frame before it says that its data are lost, against how often the server sends one."""

import re

from command_center import live
from tests.unit.test_display_modules import STATIC


def test_a_beat_may_fail_before_the_wall_calls_its_data_lost() -> None:
    source = (STATIC / "freshness.js").read_text()
    told = {name: int(ms) for name, ms in re.findall(r"^(?:export )?const (\w+_MS) = (\d+);", source, re.MULTILINE)}
    beat_ms = 1000 * (live.HEARTBEAT_S + live.TICK_S)
    assert 2 * beat_ms + told["CHECK_EVERY_MS"] <= told["LOST_AFTER_MS"]
    assert told["LOST_AFTER_MS"] + told["CHECK_EVERY_MS"] < 3000 == told["GATEWAY_LOST_AFTER_MS"]
