"""`/waves`: what is expected downstream, and whether it came."""

from fastapi import APIRouter, Response

from command_center.api.answers import ApiError, answer
from command_center.api.contract import Page, tells
from command_center.clock import now_us
from command_center.picture.picture import Picture
from command_center.waves import WaveView


def router(picture: Picture) -> APIRouter:
    """The route."""
    routes = APIRouter(prefix="/waves", tags=["waves"])

    @routes.get("")
    @tells(Page[WaveView])
    async def list_waves() -> Response:
        """The newest wave of each reach of the last 24 h, those found last first.

        `state` is expected (between `from` and `until`), on_time or came_late (at `arrived`), or absent (not by
        `until`: a stuck gauge, a closed gate or a breach on the way).
        """
        if picture.directory is None:
            raise ApiError(503, "no_log", "there is no log yet, and so no catalogue to name things by")
        return answer(Page(items=picture.waves.view(picture.directory, now_us())))

    return routes
