"""The wall's files: revalidated each time, and sent compressed to who takes that."""

import gzip
from pathlib import Path
from typing import Any, Final

import anyio.to_thread
from starlette.datastructures import Headers
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

_TEXTS: Final = frozenset({".js", ".mjs", ".css", ".json", ".svg"})  # a font is compressed already
_LEVEL: Final = 9  # once for each file, not for each request
_OF_THE_FILE: Final = frozenset({"content-length", "accept-ranges"})  # headers that are not so of what is compressed


class Display(StaticFiles):
    """The wall's files; a browser asks each time whether they are still the same."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        # By path, the ETag and its bytes, compressed: one version of each text in the folder, some 0.6 MB in all.
        self._compressed: dict[str, tuple[str, bytes]] = {}

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, to be revalidated; compressed where it is text and the browser takes gzip.

        A part of a file (Range) is a part of what lies on the disk, and never compressed.
        """
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "no-cache"
        if Path(path).suffix not in _TEXTS:
            return response
        response.headers["Vary"] = "Accept-Encoding"
        asked = Headers(scope=scope)
        if "range" in asked or not _takes_gzip(asked.get("accept-encoding", "")):
            return response
        etag = response.headers["etag"]
        response.headers["etag"] = f"W/{etag}"  # weak: the same text, other bytes
        if not isinstance(response, FileResponse):
            return response  # 304: who has it has it as it is sent here
        headers = {name: value for name, value in response.headers.items() if name not in _OF_THE_FILE}
        return Response(await self._gzip_of(str(response.path), etag), headers=headers | {"content-encoding": "gzip"})

    async def _gzip_of(self, path: str, etag: str) -> bytes:
        known, body = self._compressed.get(path, ("", b""))
        if known != etag:
            body = await anyio.to_thread.run_sync(lambda: gzip.compress(Path(path).read_bytes(), _LEVEL, mtime=0))
            self._compressed[path] = (etag, body)
        return body


def _takes_gzip(accepted: str) -> bool:
    """Whether an `Accept-Encoding` names gzip, and not in order to refuse it (RFC 9110, 12.5.3)."""
    offers = [offer.replace(" ", "").partition(";") for offer in accepted.lower().split(",")]
    return any(coding == "gzip" and weight.rstrip("0.") != "q=" for coding, _, weight in offers)
