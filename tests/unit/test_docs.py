"""The documents name what is there: files, commands, settings, dead-letter reasons."""

import re
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from sensors.settings import environment_names

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")], key=str)
FILE = re.compile(r"`([\w./-]+\.(?:py|js|toml|csv|md|png|db))`")
MADE_AT_RUN_TIME = {
    *("log.db", "operations.db", "sinks.db", "manifest.db", "devices.json", "access.json"),
    *(
        "transitions.csv",
        "retired.csv",
        "installations.csv",
        "/maintenance.csv",
        "/kpis.csv",
        "/export.csv",
    ),  # and what a city may have
}


def tracked() -> set[str]:
    folders = ("sensors", "gateway", "simulator", "command_center", "tests", "docs", "scripts")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file()]
    return {str(path.relative_to(ROOT)) for path in [*files, *ROOT.glob("*.*")]}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_file_that_is_named_is_there(document: Path) -> None:
    files = tracked()
    named = {name for name in FILE.findall(document.read_text(encoding="utf-8")) if name not in MADE_AT_RUN_TIME}
    missing = [name for name in named if not any(file == name or file.endswith("/" + name) for file in files)]
    assert missing == []


def test_pictures_that_are_shown_are_there() -> None:
    for document in DOCUMENTS:
        for target in re.findall(r"\]\(([\w/.-]+\.png)\)", document.read_text(encoding="utf-8")):
            assert (document.parent / target).is_file()


def test_the_readme_names_every_command() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    names = {point.name for point in entry_points(group="siaga.commands")}
    assert [name for name in sorted(names) if f"siaga {name}" not in readme] == []


def test_settings_that_are_named_exist() -> None:
    known = {*environment_names(), "SIAGA_RECORDED_DATA", "SIAGA_CONFIG"}
    for document in DOCUMENTS:
        named = set(re.findall(r"SIAGA_[A-Z_]+[A-Z]", document.read_text(encoding="utf-8")))
        assert named <= known, document
