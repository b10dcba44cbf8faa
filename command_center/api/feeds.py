"""`/observations` and `/transitions`: the log in its own order, for whoever keeps a cursor."""

from fastapi import APIRouter, Response

from command_center.api.answers import ApiError, answer
from command_center.api.contract import tells
from command_center.api.log_feed import FeedObservation, FeedPage, FeedTransition, LogFeed
from command_center.api.parameters import After, Limit, Seeing, place_of
from command_center.picture.tail import Tail


def router(feed: LogFeed, tail: Tail) -> APIRouter:
    """The routes."""
    routes = APIRouter(tags=["log order"])

    @routes.get("/observations")
    @tells(FeedPage[FeedObservation])
    async def list_observations(audience: Seeing, after: After = "", limit: Limit = 1_000) -> Response:
        """Observations in the order in which they were stored, each (datastream, time) once; late ones stand last.

        Those that are not shared with you are left out.  `terms` has, by datastream, whom to name beside them and what
        may be done with them.
        """
        if not tail.has_history:
            raise ApiError(503, "not_ready", "what was stored first is still being read: ask again soon")
        page = await feed.observations(place_of(after), tail.seq, limit, audience)
        return answer(page)

    @routes.get("/transitions")
    @tells(FeedPage[FeedTransition])
    async def list_transitions(audience: Seeing, after: After = "", limit: Limit = 1_000) -> Response:
        """Transitions in the order in which they were found.

        `kind` is raised, returned, silent, heard, verify (a fall that is not believed), confirmed, possible (silent,
        and it could have reached the level), wave (`upstream`, `until`) or rebased; `cause` says why.
        """
        page = await feed.transitions(place_of(after), tail.seq, limit, audience)
        return answer(page)

    return routes
