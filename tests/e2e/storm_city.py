"""A city of forty stations along five rivers, thirteen gauges each, for a storm: every figure is made up here."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from tests.e2e.small_city import write_city

BASINS: Final = ("brantas", "brangkal", "sadar", "pikatan", "lamong")
STATIONS_EACH: Final = 8
GAUGES_EACH: Final = 13
CALM_CM: Final = 100.0
WASPADA_CM: Final = 160.0
SIAGA_CM: Final = 260.0
AWAS_CM: Final = 360.0


def datastreams() -> list[str]:
    """Every gauge as `{station}:{property}`, in an order in which all rivers rise at once."""
    return [
        f"{station(basin, n)}:level-{gauge:02}"
        for gauge in range(1, GAUGES_EACH + 1)
        for n in range(STATIONS_EACH)
        for basin in BASINS
    ]


def station(basin: str, n: int) -> str:
    """The n-th station of a river."""
    return f"{basin.upper()}-{n + 1}"


def write_storm_city(folder: Path) -> Path:
    """Write the city into `folder` and return it."""
    city = write_city(folder)
    with (city / "city.toml").open("a") as toml:
        for name in BASINS:
            toml.write(f'\n[basins.{name}]\nid = "Kali {name.title()}"\nen = "{name.title()} River"\n')
    _add(
        city / "stations.csv",
        (
            f"{station(basin, n)},{basin.title()} {n + 1},river,{-7.40 - 0.02 * n:.3f},{112.38 + 0.03 * row:.3f},"
            f"35.76.01.1001,,BPBD Kota Uji,EWS,{basin},for tests"
            for row, basin in enumerate(BASINS)
            for n in range(STATIONS_EACH)
        ),
    )
    ids = [name.split(":") for name in datastreams()]
    _add(city / "datastreams.csv", (f"{s},{p},river_level,cm,0,1000,600,300,public,for tests" for s, p in ids))
    limits = (("waspada", 1, 150), ("siaga", 2, 250), ("awas", 3, 350))
    _add(
        city / "levels.csv",
        (f"{s},{p},{name},{r},{r + 1},rising,{cm},cm,5,for tests" for s, p in ids for name, r, cm in limits),
    )
    return city


def _add(file: Path, lines: Iterable[str]) -> None:
    with file.open("a") as table:
        table.writelines(f"{line}\n" for line in lines)
