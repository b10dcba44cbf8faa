"""docs/integrators.md cannot rot: its examples are run in order against one `siaga run`, and say what it shows."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.e2e.api import PASSWORD
from tests.e2e.processes import Processes
from tests.e2e.site import Run, Site

PAGE = Path(__file__).parents[2] / "docs" / "integrators.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```\n", re.MULTILINE | re.DOTALL)
RUN_S = 60
pytestmark = pytest.mark.broker


class Example(NamedTuple):
    """What is run together, as one script, and what the page shows of its output."""

    scripts: tuple[str, ...]
    shown: str


def examples() -> list[Example]:
    """Those of the page, in its order; Python goes into the shell as it would be pasted."""
    found: list[Example] = []
    waiting: list[str] = []
    for language, text in BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        if language == "sh":
            waiting.append(text)
        elif language == "python":
            waiting.append(f"python3 - <<'PYTHON'\n{text}PYTHON\n")
        elif language == "text":
            found.append(Example(tuple(waiting), text))
            waiting = []
    assert not waiting, "an example whose output is not shown"
    return found


def is_as_shown(shown: str, said: str) -> bool:
    """Whether the output begins each line as shown, with anything for an ellipsis, and has no line more."""
    pattern = "\n".join(".*".join(map(re.escape, line.split("…"))) for line in shown.splitlines())
    return re.fullmatch(pattern, said.replace("\r", "").rstrip("\n")) is not None


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    site = Site(tmp_path, Processes(tmp_path))
    try:
        yield site.start_run(
            city="mojokerto",
            SIAGA_MQTT_OUT_OBSERVATIONS="true",
            SIAGA_HTTP_EMBED_ORIGINS="https://portal.example.go.id",
        )
    finally:
        site.close()


def test_every_example_runs_and_says_what_is_shown(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, words in (("siaga", " -m command_center"), ("python3", "")):
        (folder / name).write_text(f'#!/bin/sh\nexec "{sys.executable}"{words} "$@"\n')
        (folder / name).chmod(0o755)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("SIAGA_")}
    environment = inherited | {"PASSWORD": PASSWORD, "PATH": f"{folder}:{os.environ['PATH']}"}
    end = "\x1e\n"
    script = f"printf '{end}'\n".join("".join(example.scripts) for example in examples())
    script = script.replace("127.0.0.1:8000", run.api.url.partition("//")[2]).replace("1883", str(run.broker.port))
    script = script.replace("data-try", str(tmp_path / "data"))
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=RUN_S, check=False,
    )  # fmt: skip
    said = done.stdout.split(end)
    found = {
        output: example.shown
        for example, output in zip(examples(), said, strict=False)
        if not is_as_shown(example.shown.replace("1883", str(run.broker.port)), output)
    }
    assert not found, done.stderr
    assert (done.returncode, len(said)) == (0, len(examples())), done.stderr
