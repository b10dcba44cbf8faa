"""What a route takes and gives, said once beside it: the OpenAPI document is made of it (`openapi.py`).

    @routes.post("/{action_id}/take")
    @tells(ActionView, takes=Taking(comment="Regu 2 berangkat"), refuses=(404, 409))
    async def take(request: Request, action_id: ActionId) -> Response:
        said = await body_of(request, Taking)

`takes` is an example of the body, and its type is what the route reads: a test holds both to be one.  What every route
may answer (401, 403, 413, 422, 429, 503) follows from its right, its parameters and its body, and is not said again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

import msgspec

JSON: Final = "application/json"
CSV: Final = "text/csv; charset=utf-8"

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")


class Page(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """A list.  `next` goes on behind it as `after`; null: there is nothing behind it now."""

    items: list[T]
    next: str | None = None


class Items(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """What was acted on."""

    items: list[T]


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """Why it was refused."""

    code: str  # for programs
    message: str  # for people
    where: (
        str  # which part of the request: `body.comment`, `query.after`, `path.alarm_id`, …; empty: none in particular
    )


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """The one shape of every error."""

    error: Fault


@dataclass(frozen=True, slots=True)
class Told:
    """What one route says of itself; `gives` None is an answer without a body."""

    gives: Any
    status: int
    takes: msgspec.Struct | None
    refuses: tuple[int, ...]
    media: tuple[str, ...]
    also: Mapping[int, Any] = field(default_factory=dict)


def tells(
    gives: Any,
    *,
    status: int = 200,
    takes: msgspec.Struct | None = None,
    refuses: tuple[int, ...] = (),
    media: tuple[str, ...] = (JSON,),
    also: Mapping[int, Any] | None = None,
) -> Callable[[F], F]:
    """Say of a route what it takes and gives.

    Parameters
    ----------
    gives : type of the answer; `str` or `bytes` where that is no JSON, None where there is no body
    status : of the answer
    takes : a realistic body; its type is the one that the route reads with `body_of`
    refuses : statuses of refusals that do not follow from right, parameters and body: 304, 404, 409, …
    media : media types of the answer, one of them at a time
    also : other statuses with a JSON body of their own, by type
    """

    def mark(route: F) -> F:
        route.__dict__["told"] = Told(gives, status, takes, refuses, media, also or {})
        return route

    return mark


def told_by(route: Callable[..., Any]) -> Told | None:
    """What a route says of itself; None where it says nothing."""
    found = route.__dict__.get("told")
    return found if isinstance(found, Told) else None
