"""Imports run one way, pure code stays pure, and files stay small: our own lint, over the syntax trees."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("sensors", "gateway", "simulator", "command_center")
ALLOWED = {
    "sensors": {"sensors"},
    "gateway": {"sensors", "gateway"},
    "simulator": {"sensors", "simulator"},
    "command_center": {"sensors", "gateway", "command_center"},
}
WORLD = {  # what `sensors` must do without: sockets, clocks, processes, databases
    "aiomqtt", "asyncio", "concurrent", "fastapi", "http", "multiprocessing", "paho", "random", "select", "selectors",
    "socket", "socketserver", "sqlite3", "ssl", "subprocess", "threading", "time", "urllib", "uvicorn",
}  # fmt: skip
CLOCKS = {"now", "utcnow", "today"}
NAMES_THAT_SAY_NOTHING = {"utils", "util", "helpers", "helper", "const", "constants", "base", "common", "misc"}
FILE_LINES = 400
FUNCTION_LINES = 60

SOURCES = sorted(
    file
    for package in (*PACKAGES, "tests", "scripts")
    for file in (ROOT / package).rglob("*.py")
    if "__pycache__" not in file.parts
)
TREES = {file: ast.parse(file.read_text(encoding="utf-8"), str(file)) for file in SOURCES}


def of_package(package: str) -> dict[Path, ast.Module]:
    return {file: tree for file, tree in TREES.items() if file.relative_to(ROOT).parts[0] == package}


def imported(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and name of every module that is imported, wherever in the file."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, "." * node.level + (node.module or "")


def short(file: Path) -> str:
    return str(file.relative_to(ROOT))


def test_there_is_something_to_check() -> None:
    assert all(len(of_package(package)) > 1 for package in PACKAGES)


@pytest.mark.parametrize("package", PACKAGES)
def test_imports_run_one_way(package: str) -> None:
    wrong = [
        f"{short(file)}:{line} imports {name}"
        for file, tree in of_package(package).items()
        for line, name in imported(tree)
        if name.startswith(".")
        or (name.split(".")[0] in (*PACKAGES, "tests") and name.split(".")[0] not in ALLOWED[package])
    ]
    assert wrong == []


def test_sensors_know_no_world() -> None:
    wrong = [
        f"{short(file)}:{line} imports {name}"
        for file, tree in of_package("sensors").items()
        for line, name in imported(tree)
        if name.split(".")[0] in WORLD and name != "urllib.parse"  # only takes texts apart
    ]
    assert wrong == []


def test_sensors_read_no_clock() -> None:
    wrong = [
        f"{short(file)}:{node.lineno} calls .{node.func.attr}()"
        for file, tree in of_package("sensors").items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CLOCKS
    ]
    assert wrong == []


def test_modules_are_named_by_what_they_hold() -> None:
    assert [short(file) for file in SOURCES if file.stem in NAMES_THAT_SAY_NOTHING] == []


def test_files_are_small() -> None:
    long = {short(file): len(file.read_text(encoding="utf-8").splitlines()) for file in SOURCES}
    assert {file: lines for file, lines in long.items() if lines > FILE_LINES} == {}


def test_functions_are_small() -> None:
    assert [
        f"{short(file)}:{node.lineno} {node.name} has {length} lines"
        for file, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := function_lines(node)) > FUNCTION_LINES
    ] == []


def function_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function without its docstring."""
    first, last = function.lineno, function.end_lineno or function.lineno
    docstring = function.body[0] if ast.get_docstring(function) is not None else None
    return last - first + 1 - ((docstring.end_lineno or 0) - docstring.lineno + 1 if docstring is not None else 0)
