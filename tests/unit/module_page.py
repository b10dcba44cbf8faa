"""A page in which the display's modules are tried, its texts loaded."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Page

from tests.e2e.wall import NO_GPU, chromium
from tests.unit.test_display_modules import HERE, Run, serve


@contextmanager
def worded_page() -> Iterator[Page]:
    """A page with the texts loaded."""
    with chromium(NO_GPU) as browser:
        page = browser.new_page()
        page.route(HERE + "**", serve)
        page.goto(HERE)
        page.evaluate(f"import('{HERE}text.js').then((text) => text.loadTexts())")
        yield page


def runner(page: Page, folder: str = "") -> Run:
    """Runs JavaScript with one module of that folder as `m` and the arguments as `a`."""

    def run_in_page(module: str, body: str, *arguments: object) -> Any:
        script = f"async a => {{ const m = await import('{HERE}{folder}{module}'); {body} }}"
        return page.evaluate(script, list(arguments))

    return run_in_page
