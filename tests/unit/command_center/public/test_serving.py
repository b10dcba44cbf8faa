"""The listener gives out the page's files and nothing else, small and revalidated; the folder is kept in order."""

import asyncio
import gzip
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from command_center.api.rights import RIGHTS, SOCKET
from command_center.public import folder
from command_center.public.serving import PublicSite

CODE = "35.76.01.1003"
FILES = {"warga.html": "<p>daftar</p>" * 50, f"warga/{CODE}.html": "<p>siaga</p>", f"warga/{CODE}.txt": "siaga\n"}
Asked = Callable[..., Awaitable[httpx.Response]]


def asking(into: Path, story: Callable[[Asked], Awaitable[None]]) -> None:
    """Run a story over the site of a folder."""

    async def run() -> None:
        transport = httpx.ASGITransport(app=PublicSite(into))
        async with httpx.AsyncClient(transport=transport, base_url="http://warga") as client:

            async def asked(path: str, method: str = "GET", **more: Any) -> httpx.Response:
                return await client.request(method, path, **more)

            await story(asked)

    asyncio.run(run())


@pytest.fixture
def into(tmp_path: Path) -> Path:
    (tmp_path / "log.db").write_text("secret")
    (tmp_path / "public").mkdir()
    folder.write(tmp_path / "public", FILES)
    (tmp_path / "public" / "operations.db").write_text("secret")
    return tmp_path / "public"


def test_only_the_pages_are_reachable(into: Path) -> None:
    ours = {"/warga": 200, "/warga.html": 200, f"/warga/{CODE}": 200, f"/warga/{CODE}.html": 200}
    ours |= {f"/warga/{CODE}.txt": 200, "/": 308, "/warga/": 308}
    others = {path.replace("{", "").replace("}", "") for method, path in RIGHTS if method != SOCKET} - {"/"}
    others |= {"/operations.db", "/warga/operations.db", "/warga/../log.db", "/warga/%2e%2e/%2e%2e/log.db", "/warga/35"}
    others |= {f"/warga/{CODE}.json", f"/warga/{CODE}/", "/warga/35.99.01.1001", "/static/main.js", "/docs"}

    async def story(asked: Asked) -> None:
        assert {path: (await asked(path)).status_code for path in ours} == ours
        for path in sorted(others):
            answer = await asked(path)
            assert (answer.status_code, "secret" in answer.text) == (404, False), path
        for method in ("POST", "PUT", "DELETE", "OPTIONS"):
            assert (await asked("/warga", method)).status_code == 405

    asking(into, story)


def test_a_page_is_given_out_small_and_only_when_it_has_changed(into: Path) -> None:
    async def story(asked: Asked) -> None:
        first = await asked("/warga")
        assert (first.text, first.headers["content-encoding"]) == (FILES["warga.html"], "gzip")
        assert int(first.headers["content-length"]) == len(gzip.compress(first.content, 6, mtime=0))
        assert "max-age" in first.headers["cache-control"]
        assert "script-src 'sha256-" in first.headers["content-security-policy"]
        assert "content-encoding" not in (await asked("/warga", headers={"Accept-Encoding": "identity"})).headers
        etag = {"If-None-Match": first.headers["etag"]}
        again = await asked("/warga", headers=etag)
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
        head = await asked("/warga", "HEAD")
        assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", first.headers["etag"])
        folder.write(into, FILES | {"warga.html": "<p>baru</p>"})
        news = await asked("/warga", headers=etag)
        assert (news.status_code, news.text) == (200, "<p>baru</p>")

    asking(into, story)


def test_the_folder_holds_what_there_is_now_and_leaves_strangers_alone(into: Path) -> None:
    stranger = into / "warga" / "catatan.html"
    stranger.write_text("of somebody else")
    folder.write(into, {"warga.html": "x", "warga/35.76.01.1004.html": "y"})
    assert sorted(path.name for path in (into / "warga").iterdir()) == ["35.76.01.1004.html", "catatan.html"]
    assert (into / "warga.html").stat().st_mode & 0o777 == 0o644


def test_there_is_a_folder_only_where_somebody_asked_for_a_page(tmp_path: Path) -> None:
    assert folder.folder_of("", 0, tmp_path) is None
    assert folder.folder_of("", 8080, tmp_path) == tmp_path / "public"
    assert folder.folder_of("/srv/siaga", 0, tmp_path) == Path("/srv/siaga")
