"""`/stations/{station}`: what stands there."""

from fastapi import APIRouter, Response

from command_center.api.answers import ApiError, answer
from command_center.api.contract import tells
from command_center.api.parameters import Id, Seeing
from command_center.clock import now_us
from command_center.picture.picture import Picture
from command_center.station_view import StationSheet, station_sheet


def router(picture: Picture) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/stations", tags=["sensors"])

    @routes.get("/{station}")
    @tells(StationSheet, refuses=(404,))
    async def one_station(station: Id, audience: Seeing) -> Response:
        """A station's data sheet: the place, its sensors, every version of their levels: by whom, since when.

        Of the sensors those that you may see; a station of which none is shared with you is not there.
        """
        if picture.directory is None:
            raise ApiError(503, "no_log", "there is no log yet: the stations come with it")
        sheet = station_sheet(picture.directory, station, audience, now_us())
        if sheet is None:
            raise ApiError(404, "not_found", f"there is no station {station!r}", "path.station")
        return answer(sheet)

    return routes
