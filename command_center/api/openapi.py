"""`/openapi.json`: the routes with what they say of themselves (`contract.py`) and who may ask (`rights.py`).

FastAPI knows paths, parameters and texts.  Bodies, answers and errors are told by the types that read and write
them (`msgspec.json.schema_components`), so that no schema is written twice.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute, iter_route_contexts

from command_center.api.contract import JSON, Refusal, Told, told_by
from command_center.api.gate import COOKIE
from command_center.api.rights import RIGHTS, Right

_REF: Final = "#/components/schemas/{name}"
_MEANINGS: Final = {
    200: "Done, or found",
    201: "Made",
    202: "Taken; it is done soon",
    204: "Done; no body",
    304: "The same as the ETag of `If-None-Match`; no body",
    401: "Nobody is logged in, or what was sent opens nothing",
    403: "Known, and may not",
    404: "There is no such thing",
    409: "Not as things stand",
    413: "The body has over 64 KiB",
    416: "`Range` names no part of it",
    422: "The request is not right; `where` says which part",
    429: "Too much within a time; `Retry-After` says for how many seconds to wait",
    503: "It cannot be answered just now: no log yet, or a file that cannot be read or written",
}
_BODILESS: Final = frozenset({204, 304})
_ABOUT: Final = """\
Readings, alarms, actions and warnings of a city's command center.

Reading is open on the command center's own machine; from elsewhere and for every act send
`Authorization: Bearer` with the token of `POST /api/v1/login`, or (reading only) an API token that an admin made.
Lists are `{"items": [...], "next": cursor or null}`; pass `next` back as `after`.
Every error is `{"error": {"code", "message", "where"}}`.  Times are RFC 3339 in UTC.
Fields may be added within v1; none vanishes or changes its meaning.
"""


class _Operation(NamedTuple):
    """A route in the document, and what it says of itself."""

    method: str
    path: str
    entry: dict[str, Any]
    told: Told
    right: Right


class Application(FastAPI):
    """FastAPI with this document as its own."""

    def openapi(self) -> dict[str, Any]:
        """The document, made at the first asking."""
        if self.openapi_schema is None:
            self.openapi_schema = document(self)
        return self.openapi_schema


def operation_id(route: APIRoute) -> str:
    """`alarms-acknowledge`: the tag and the function's name."""
    return f"{route.tags[0] if route.tags else 'siaga'}-{route.name}".replace(" ", "_")


def document(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document of an application.  Raises LookupError where a documented route says nothing of itself."""
    made = get_openapi(title=app.title, version=app.version, routes=app.routes, description=_ABOUT)
    operations = list(_operations(app, made))
    types = [Refusal, *(kind for operation in operations for kind in _types(operation.told))]
    refs, components = msgspec.json.schema_components(types, ref_template=_REF)
    schema_of = dict(zip(map(str, types), refs, strict=True))
    for operation in operations:
        _tell(operation, lambda kind: schema_of[str(kind)])
    made["components"] = {
        "schemas": components,
        "securitySchemes": {
            "token": {"type": "http", "scheme": "bearer"},
            "session": {"type": "apiKey", "in": "cookie", "name": COOKIE},
        },
    }
    return made


def endpoints(app: FastAPI) -> Iterator[tuple[str, str, Callable[..., Any]]]:
    """(method, path, function) of every documented route."""
    for context in iter_route_contexts(app.routes):
        route = context.original_route
        if isinstance(route, APIRoute) and route.include_in_schema and context.path_format is not None:
            for method in sorted(route.methods or ()):
                yield method, context.path_format, route.endpoint


def _operations(app: FastAPI, made: dict[str, Any]) -> Iterator[_Operation]:
    for method, path, endpoint in endpoints(app):
        told = told_by(endpoint)
        if told is None:
            raise LookupError(f"{method} {path}: the route has no @tells(…), and so no place in /openapi.json")
        yield _Operation(method, path, made["paths"][path][method.lower()], told, RIGHTS[method, path])


def _types(told: Told) -> Iterator[Any]:
    if told.gives is not None and told.media == (JSON,):
        yield told.gives
    if told.takes is not None:
        yield type(told.takes)
    yield from told.also.values()


def _tell(operation: _Operation, schema_of: Callable[[Any], dict[str, Any]]) -> None:
    """Complete an operation's entry."""
    entry, told = operation.entry, operation.told
    if told.takes is not None:
        example = msgspec.to_builtins(told.takes)
        content = {JSON: {"schema": schema_of(type(told.takes)), "example": example}}
        required = any(one.required for one in msgspec.structs.fields(type(told.takes)))
        entry["requestBody"] = {"content": content, "required": required}
    refusal = {JSON: {"schema": schema_of(Refusal)}}
    answers = dict.fromkeys(_refusals(operation), refusal)
    answers |= {status: {JSON: {"schema": schema_of(kind)}} for status, kind in told.also.items()}
    if told.gives is None:
        answers[told.status] = {}
    elif told.media == (JSON,):
        answers[told.status] = {JSON: {"schema": schema_of(told.gives)}}
    else:
        answers[told.status] = {media: {"schema": {"type": _kind(media)}} for media in told.media}
    entry["responses"] = {str(status): _answer(status, answers[status]) for status in sorted(answers)}
    entry["security"] = _security(operation.right)


def _answer(status: int, content: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": _MEANINGS[status]}
    if content and status not in _BODILESS:
        answer["content"] = content
    if status == 429:
        answer["headers"] = {"Retry-After": {"schema": {"type": "integer", "minimum": 1}, "required": True}}
    return answer


def _kind(media: str) -> str:
    """What a body is for a program that reads it by its media type: GeoJSON is an object, the rest text or bytes."""
    return "object" if media.endswith("json") else "string"


def _refusals(operation: _Operation) -> set[int]:
    """The statuses of what may be refused."""
    _, _, entry, told, right = operation
    found = {429, *told.refuses}
    if not right.anybody:
        found |= {401, 403, 503}
    if entry.get("parameters") or told.takes is not None:
        found.add(422)
    if operation.method != "GET":
        found |= {403, 413}
    return found


def _security(right: Right) -> list[dict[str, list[str]]]:
    """What opens it: nothing at all (also where nobody in particular may on loopback), a token, a browser's session."""
    known: list[dict[str, list[str]]] = [{"token": []}, {"session": []}]
    if right.anybody:
        return []
    return [{}, *known] if right.loopback else known
