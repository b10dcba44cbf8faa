"""`/dead-letters`: what arrived and could not become observations, and why."""

import base64
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from command_center.api.answers import answer
from command_center.api.parameters import After, number_of
from command_center.picture.log_thread import LogThread
from gateway.log.rows import DeadLetter, DeadLetterCount
from sensors.times import rfc3339


def router(log: LogThread) -> APIRouter:
    """The route."""
    routes = APIRouter(tags=["dead letters"])

    @routes.get("/dead-letters")
    async def list_dead_letters(
        after: After = "",
        limit: Annotated[int, Query(ge=1, le=500, description="items on a page")] = 100,
        reason: Annotated[str, Query(description="only of this reason")] = "",
    ) -> Response:
        """Dead letters that are kept, the newest first, and how many there ever were."""
        before = number_of(after)
        letters = await log.ask(lambda reader: reader.dead_letters(before, limit, reason or None))
        counts = await log.ask(lambda reader: reader.dead_letter_counts())
        items = [_letter(letter) for letter in letters]
        following = str(letters[-1].id) if len(letters) == limit else None
        return answer({"items": items, "next": following, "counts": [_count(count) for count in counts]})

    return routes


def _letter(letter: DeadLetter) -> dict[str, Any]:
    return {
        "id": letter.id,
        "received_at": rfc3339(letter.received_us),
        "source": letter.source,
        "topic": letter.topic,
        "reason": letter.reason,
        "detail": letter.detail,
        "element": letter.element,
        "retained": letter.retained,
        "payload": letter.payload.decode("utf-8", "replace"),
        "payload_base64": base64.b64encode(letter.payload).decode(),
        "length": letter.length,
        "sha256": letter.sha256,
    }


def _count(count: DeadLetterCount) -> dict[str, Any]:
    return {
        "source": count.source,
        "reason": count.reason,
        "count": count.count,
        "kept": count.kept,
        "first_at": rfc3339(count.first_us),
        "last_at": rfc3339(count.last_us),
    }
