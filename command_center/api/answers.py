"""Answers: JSON by msgspec, the one error shape, and bodies of requests read with a type."""

import re
from typing import Annotated, Any, Final, TypeVar

import msgspec
from fastapi import Request, Response
from starlette.exceptions import HTTPException

from sensors.times import parse_rfc3339

T = TypeVar("T")
NOT_BLANK: Final = r"\S"
Remark = Annotated[str, msgspec.Meta(max_length=4_000)]
Comment = Annotated[str, msgspec.Meta(min_length=1, max_length=4_000, pattern=NOT_BLANK)]  # what an act must not lack


class ApiError(HTTPException):
    """A refusal: `code` for programs, `message` for people, `where` = which part of the request."""

    def __init__(self, status: int, code: str, message: str, where: str = "") -> None:
        super().__init__(status, message)
        self.code, self.where = code, where


def answer(value: Any, status: int = 200) -> Response:
    """`value` as JSON; NaN becomes null."""
    return Response(msgspec.json.encode(value), status, media_type="application/json")


def error_answer(status: int, code: str, message: str, where: str) -> Response:
    """The one error shape."""
    response = answer({"error": {"code": code, "message": message, "where": where}}, status)
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


async def body_of(request: Request, kind: type[T]) -> T:
    """The request's JSON body as `kind`, an absent one as an empty object.  Raises ApiError 422."""
    body = await request.body() or b"{}"
    try:
        return msgspec.json.decode(body, type=kind)
    except UnicodeDecodeError as error:
        raise ApiError(422, "invalid", f"the body is not UTF-8: {error.reason}", "body") from error
    except msgspec.DecodeError as error:
        raise _refused(error) from error


def _refused(error: msgspec.DecodeError) -> ApiError:
    """Which part is not right, and what is wrong with it."""
    text = str(error)
    path, missing = re.search(r"at `\$\.?([^`]*)`", text), re.match(r"Object missing required field `(\w+)`", text)
    parts = ["body", "" if path is None else path[1], "" if missing is None else missing[1]]
    where = ".".join(part for part in parts if part)
    if NOT_BLANK in text:
        text = f"{where} must not be blank: say in words what and why"
    return ApiError(422, "invalid", text, where)


def body_time_of(text: str, name: str) -> int:
    """Microseconds UTC of an RFC 3339 time with its offset, the field `name` of a body.  Raises ApiError 422."""
    try:
        time_us = parse_rfc3339(text)
    except ValueError as error:
        raise ApiError(422, "invalid", f"{name}: {error}", f"body.{name}") from error
    if time_us is None:
        raise ApiError(
            422, "invalid", f"{name}: expected one with its offset (Z, +07:00), got {text!r}", f"body.{name}"
        )
    return time_us
