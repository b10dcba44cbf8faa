"""`config.example.toml` is the settings' documentation: complete, true, and usable as it stands."""

import tomllib
from pathlib import Path

import pytest

from sensors.settings import Settings, convert, environment_names, load_settings

EXAMPLE = Path(__file__).parents[2] / "config.example.toml"


def uncommented() -> str:
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    return "\n".join(line.removeprefix("# ") for line in lines if not line.startswith("##"))


def test_uncommented_it_is_the_defaults() -> None:
    assert convert(tomllib.loads(uncommented()), Settings, str(EXAMPLE)) == Settings()


def test_as_it_stands_it_changes_nothing() -> None:
    assert load_settings(EXAMPLE, {}) == Settings()


@pytest.mark.parametrize(("variable", "path"), environment_names().items())
def test_every_key_and_its_variable_are_in_it_behind_a_sentence(variable: str, path: tuple[str, ...]) -> None:
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    start = lines.index(f"# [{path[0]}]") if len(path) > 1 else 0
    place = next(n for n, line in enumerate(lines[start:], start) if line.startswith(f"# {path[-1]} = "))
    sentence = ""
    while lines[place - 1].startswith("## "):
        place -= 1
        sentence = f"{lines[place].removeprefix('## ')} {sentence}"
    assert sentence.rstrip().endswith(f".  {variable}")
    assert len(sentence.split()) > 2
