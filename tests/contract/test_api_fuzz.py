"""Schemathesis against the OpenAPI document of a running command center, as an admin, a viewer and nobody.

It makes requests from the document, right and wrong ones, the same every time, and holds every answer against it: no
5xx, no status, media type, header or field that is not told, wrong input refused, and nothing answered without the
login that it needs.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from tests import plain_http
from tests.contract.api_city import Filled, filled
from tests.contract.api_fuzz import EXCLUDED, fuzz

SHORT = "examples,fuzzing"
WHOLE = "examples,fuzzing,stateful"  # the phase `coverage` takes minutes: `make fuzz-api` has it


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    with filled(tmp_path_factory.mktemp("fuzz") / "data") as made:
        yield made


@pytest.fixture(scope="module")
def paths(there: Filled) -> dict[str, Any]:
    found: dict[str, Any] = plain_http.get(f"{there.center.url}/openapi.json", timeout=60).json()["paths"]
    return found


def test_what_is_left_out_is_there_and_has_a_reason(paths: dict[str, Any]) -> None:
    for (method, path), reason in EXCLUDED.items():
        assert method.lower() in paths[path], f"{method} {path} is no more: take it out of EXCLUDED"
        assert reason


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("who", "examples", "phases"), [("nobody", 1, SHORT), ("viewer", 1, SHORT), ("admin", 2, WHOLE)]
)
def test_the_api_does_what_its_document_tells(
    there: Filled, paths: dict[str, Any], who: str, examples: int, phases: str
) -> None:
    found = fuzz(there, who, examples, phases)
    assert found.returncode == 0, found.stdout + found.stderr
    asked = sum(len(methods) for methods in paths.values()) - len(EXCLUDED)
    assert f"Tested: {asked}" in found.stdout, found.stdout
