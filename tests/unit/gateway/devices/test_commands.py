"""What a device may be given besides its own topic: nothing that would close the broker or open another's."""

import pytest

from gateway.devices.commands import _filters
from sensors.errors import SettingsError


def test_filters_for_other_formats_are_taken_as_they_are() -> None:
    assert _filters(["application/+/device/#", "v3/x"]) == ("application/+/device/#", "v3/x")


@pytest.mark.parametrize(
    "name",
    ["", "/", "a/", "/a", "a//b", "a b", 'a"b', "a\\b", "a/*", "a/>", "#", "+/x", "siaga/x", "telemetry/S2", "$JS",
     "a#", "a/#/b", "a/b+"],
)  # fmt: skip
def test_others_are_refused(name: str) -> None:
    with pytest.raises(SettingsError, match="--also"):
        _filters([name])
