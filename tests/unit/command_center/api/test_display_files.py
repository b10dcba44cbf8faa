"""The wall's files over HTTP: compressed for who takes that, never an old version, a part of a file as it is."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from command_center.api.display_files import Display

Get = Callable[..., httpx.Response]
FIRST, SECOND = b"// first\n" * 400, b"// second\n" * 400


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "main.js").write_bytes(FIRST)
    (tmp_path / "letters.woff2").write_bytes(b"\0" * 4_000)
    return tmp_path


@pytest.fixture
def get(folder: Path) -> Get:
    """Asks one and the same server for a path, with headers."""
    server = httpx.ASGITransport(Display(directory=folder))

    async def asked(path: str, headers: dict[str, str]) -> httpx.Response:
        async with httpx.AsyncClient(transport=server, base_url="http://wall") as client:
            return await client.get(path, headers=headers)

    return lambda path, **headers: asyncio.run(asked(path, {k.replace("_", "-"): v for k, v in headers.items()}))


@pytest.mark.parametrize(
    ("accepted", "coded"),
    [
        ("gzip, deflate, br", True),
        ("br;q=1.0, gzip;q=0.5", True),
        ("identity", False),
        ("gzip;q=0", False),
        ("", False),
    ],
)
def test_a_text_is_compressed_for_who_takes_it(get: Get, accepted: str, coded: bool) -> None:
    answer = get("/main.js", Accept_Encoding=accepted)
    assert answer.content == FIRST  # as the client decoded it
    assert answer.headers.get("content-encoding") == ("gzip" if coded else None)
    assert (int(answer.headers["content-length"]) < len(FIRST) / 10) is coded
    assert (answer.headers["vary"], answer.headers["cache-control"]) == ("Accept-Encoding", "no-cache")


def test_a_changed_file_is_sent_as_it_is_now_and_an_unchanged_one_not_again(get: Get, folder: Path) -> None:
    tag = get("/main.js").headers["etag"]
    assert tag.startswith("W/")
    known = get("/main.js", If_None_Match=tag)
    assert (known.status_code, known.content, known.headers["vary"]) == (304, b"", "Accept-Encoding")
    (folder / "main.js").write_bytes(SECOND)
    os.utime(folder / "main.js", (1, 1))
    changed = get("/main.js", If_None_Match=tag)
    assert (changed.status_code, changed.content, changed.headers["content-encoding"]) == (200, SECOND, "gzip")


def test_what_is_compressed_already_and_a_part_of_a_file_go_out_as_they_are(get: Get) -> None:
    font = get("/letters.woff2")
    assert ("content-encoding" in font.headers, len(font.content)) == (False, 4_000)
    part = get("/main.js", Range="bytes=3-7")
    assert (part.status_code, part.content, "content-encoding" in part.headers) == (206, b"first", False)
