"""Answers: JSON by msgspec, the one error shape, and bodies of requests read with a type."""

import re
from typing import Any, TypeVar

import msgspec
from fastapi import Request, Response
from starlette.exceptions import HTTPException

T = TypeVar("T")


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
        path = re.search(r"at `\$\.?([^`]*)`", str(error))
        where = "body" if path is None or not path[1] else f"body.{path[1]}"
        raise ApiError(422, "invalid", str(error), where) from error


def comment_of(comment: str, what: str) -> str:
    """The comment that `what` needs.  Raises ApiError 422 where there is none."""
    if not comment.strip():
        raise ApiError(422, "invalid", f"{what} needs a comment", "body.comment")
    return comment
