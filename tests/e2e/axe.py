"""axe-core on a page: what keeps somebody from reading or using it."""

from functools import cache
from importlib.resources import files

from playwright.sync_api import Page

GRAVE = ("serious", "critical")


@cache
def _script() -> str:
    return (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")


def serious(page: Page) -> list[tuple[str, str, list[str]]]:
    """Rule, its meaning and the first nodes of everything serious that axe-core finds on the page as it stands."""
    page.evaluate(_script())
    found = page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
    return [
        (one["id"], one["help"], [node["html"][:200] for node in one["nodes"][:3]])
        for one in found
        if one["impact"] in GRAVE
    ]
