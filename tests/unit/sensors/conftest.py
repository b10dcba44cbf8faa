"""What the tests of cities share."""

from pathlib import Path

import pytest

from tests.unit.sensors.small_city import CityFolder


@pytest.fixture
def city(tmp_path: Path) -> CityFolder:
    """A sound city's folder."""
    return CityFolder(tmp_path / "kota")
