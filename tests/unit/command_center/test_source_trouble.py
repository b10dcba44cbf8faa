"""What /healthz says of a broker."""

import pytest
from msgspec.structs import replace

from command_center.health import trouble
from gateway.status import SourceStatus
from sensors.times import SECOND_US

NOW_US = 1_780_000_000_000_000
GOOD = SourceStatus(
    name="pjt",
    url="mqtt://10.0.0.5:1883",
    connected=True,
    since_us=NOW_US - 3_600 * SECOND_US,
    reconnects=0,
    error="",
    last_message_us=None,
    flows=True,
)
AWAY = replace(GOOD, connected=False, error="connection refused")


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (GOOD, ""),
        (replace(GOOD, flows=None, flow_note="no canary: not authorised"), ""),
        (replace(AWAY, since_us=NOW_US - 5 * SECOND_US), ""),
        (replace(AWAY, since_us=NOW_US - 90 * SECOND_US), "no connection for 90 s: connection refused"),
        (replace(GOOD, flows=False, flow_note="connected, but nothing flows"), "connected, but nothing flows"),
        (replace(AWAY, taken_over="another gateway"), "another gateway"),
        (replace(GOOD, downgraded="QoS 0 instead of 1"), "QoS 0 instead of 1"),
    ],
)
def test_trouble_is_said_in_words(source: SourceStatus, said: str) -> None:
    assert trouble(source, NOW_US) == said
