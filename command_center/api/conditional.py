"""What changes seldom is sent once: an ETag with it, and 304 for who has it already (RFC 9110, 13.1.2)."""

import hashlib

from fastapi import Request, Response


def unless_known(request: Request, response: Response) -> Response:
    """The answer with its ETag, or 304 where the caller's `If-None-Match` names it.

    A response without an ETag gets one of its body; weak, for what is sent may be compressed on the way.
    """
    etag = response.headers.get("etag")
    if etag is None:
        etag = f'W/"{hashlib.sha256(response.body).hexdigest()[:32]}"'
        response.headers["etag"] = etag
    response.headers.setdefault("cache-control", "no-cache")
    known = {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}
    if known & {etag.removeprefix("W/"), "*"}:
        return Response(status_code=304, headers={"ETag": etag, "Cache-Control": response.headers["cache-control"]})
    return response
