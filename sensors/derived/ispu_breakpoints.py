"""Breakpoints of ISPU, Indonesia's air pollution standard index.

Source: Permen LHK P.14/MENLHK/SETJEN/KUM.1/7/2020, annex, as transcribed by others; **not confirmed by us** against the
official text (peraturan.bpk.go.id/Details/163466 was not readable).  The rows 50, 100 and 200 of all but HC agree in
several transcriptions; HC, and the rows 300 and 500 of all but PM, rest on fewer.  0 at the lower end and 500 as the
upper end are convention.  A city overrides a column by a curve of the pollutant's name in curves.csv.
"""

import re
from typing import Final

INDEX: Final = (0.0, 50.0, 100.0, 200.0, 300.0, 500.0)
MEAN_UG_M3: Final = {  # 24-hour mean at each index, µg/m³
    "pm25": (0.0, 15.5, 55.4, 150.4, 250.4, 500.0),
    "pm10": (0.0, 50.0, 150.0, 350.0, 420.0, 500.0),
    "so2": (0.0, 52.0, 180.0, 400.0, 800.0, 1200.0),
    "co": (0.0, 4000.0, 8000.0, 15000.0, 30000.0, 45000.0),
    "o3": (0.0, 120.0, 235.0, 400.0, 800.0, 1000.0),
    "no2": (0.0, 80.0, 200.0, 1130.0, 2260.0, 3000.0),
    "hc": (0.0, 45.0, 100.0, 215.0, 432.0, 648.0),
}


def pollutant_of(property_name: str) -> str:
    """The pollutant that a property measures (`pm25-24h`, `PM25_roof`); empty for one that has no index.

    >>> pollutant_of("pm25-24h"), pollutant_of("noise")
    ('pm25', '')
    """
    name = re.split(r"[-_]", property_name.casefold())[0]
    return name if name in MEAN_UG_M3 else ""
