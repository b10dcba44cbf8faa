"""How far downstream each station lies, in the time that water takes."""

from collections.abc import Mapping

from sensors.catalogue import Catalogue


def minutes_downstream(catalogue: Catalogue) -> Mapping[str, float]:
    """Minutes from the most upstream station of its river, by station; 0 where nothing flows into it.

    The longest way counts where several meet.  A circle (a fault of the table) is walked once around and no further.
    """
    reaches = catalogue.reaches
    minutes = {station.station: 0.0 for station in catalogue.stations}
    for _ in minutes:
        moved = False
        for reach in reaches:
            if reach.upstream not in minutes or reach.downstream not in minutes:
                continue
            later = minutes[reach.upstream] + reach.travel_min
            if later > minutes[reach.downstream]:
                minutes[reach.downstream], moved = later, True
        if not moved:
            break
    return minutes
