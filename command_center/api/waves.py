"""`/waves`: what is expected downstream, and whether it came."""

from fastapi import APIRouter, Response

from command_center.api.answers import ApiError, answer
from command_center.api.contract import Page, tells
from command_center.api.parameters import Seeing
from command_center.clock import now_us
from command_center.picture.picture import Picture
from command_center.waves import WaveView


def router(picture: Picture) -> APIRouter:
    """The route."""
    routes = APIRouter(prefix="/waves", tags=["waves"])

    @routes.get("")
    @tells(Page[WaveView])
    async def list_waves(audience: Seeing) -> Response:
        """The newest wave of each reach of the last 24 h, those found last first.

        `state` is expected (between `from` and `until`), on_time or came_late (at `arrived`), or absent (not by
        `until`: a stuck gauge, a closed gate or a breach on the way).
        """
        if picture.directory is None:
            raise ApiError(503, "no_log", "there is no log yet, and so no catalogue to name things by")
        waves = picture.waves.view(picture.directory, now_us())
        seen = [one for one in waves if all(picture.shows(end, audience) for end in (one.upstream, one.downstream))]
        return answer(Page(items=seen))

    return routes
