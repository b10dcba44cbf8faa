"""The wall's files: what can be said of them without a browser."""

import hashlib
import json
import re
from pathlib import Path

import pytest

import command_center

DISPLAY = Path(command_center.__file__).parent / "display"
STATIC = DISPLAY / "static"
VENDOR = STATIC / "vendor"
CONSOLE = STATIC / "console"
MODULES = sorted([*STATIC.glob("*.js"), *CONSOLE.glob("*.js")])
SHEETS = sorted([*STATIC.glob("*.css"), *CONSOLE.glob("*.css")])
PAGES = sorted(DISPLAY.glob("*.html"))
PAGE = DISPLAY / "index.html"
SAYING = sorted((DISPLAY.parent / "public").glob("*.py"))  # the public page has its words from the same place
OWN = [*PAGES, *MODULES, *SHEETS]
PACKAGES = sorted(path for path in VENDOR.iterdir() if path.is_dir())

MODULE_LINES = 250
SHEET_LINES = 300
# Named, never fetched.
NAMESPACES = ("http://www.w3.org/2000/svg",)


def name(path: Path) -> str:
    return str(path.relative_to(DISPLAY))


def texts(language: str) -> dict[str, str]:
    found = json.loads((STATIC / "text" / f"{language}.json").read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


def used_keys() -> set[str]:
    in_modules = {key for path in MODULES for key in re.findall(r'\bt\("([^"]+)"', path.read_text(encoding="utf-8"))}
    pages = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    in_modules |= {key for path in SAYING for key in re.findall(r'\bsay\("([^"]+)"', path.read_text(encoding="utf-8"))}
    in_modules |= {key for path in SAYING for key in re.findall(r"\bsay\('([^']+)'", path.read_text(encoding="utf-8"))}
    return in_modules | set(re.findall(r'data-(?:text|label)="([^"]+)"', pages))


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


def code_of(path: Path) -> str:
    """A module without its comments, in which anything may be named."""
    text = path.read_text(encoding="utf-8")
    return re.sub(r"^\s*(//.*|/?\*.*)$", "", text, flags=re.MULTILINE) if path.suffix == ".js" else text


def test_both_languages_say_the_same_things() -> None:
    indonesian, english = texts("id"), texts("en")
    assert indonesian.keys() == english.keys()
    assert {key: placeholders(text) for key, text in indonesian.items()} == {
        key: placeholders(text) for key, text in english.items()
    }


@pytest.mark.parametrize("language", ["id", "en"])
def test_no_text_is_empty_and_the_keys_are_sorted(language: str) -> None:
    found = texts(language)
    assert [key for key, text in found.items() if not text.strip()] == []
    assert list(found) == sorted(found)


def test_every_text_that_is_used_exists_and_every_text_is_used() -> None:
    assert used_keys() == texts("id").keys()


def test_a_key_is_always_written_out_so_that_it_can_be_searched_for() -> None:
    calls = {path.name: re.findall(r"(?<![\w.])t\((?!\")[^)]*", code_of(path)) for path in MODULES}
    assert {file: found for file, found in calls.items() if found} == {
        "text.js": ["t(key, values = {}", 't(node.dataset.text ?? ""', 't(node.dataset.label ?? ""']
    }


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_texts_go_in_as_text_never_as_markup(path: Path) -> None:
    found = re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", code_of(path))
    assert found == []


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_a_module_is_small_and_checked(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.startswith("// @ts-check\n")
    assert len(text.splitlines()) <= MODULE_LINES


@pytest.mark.parametrize("path", SHEETS, ids=name)
def test_a_style_sheet_is_small(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= SHEET_LINES


@pytest.mark.parametrize("path", OWN, ids=name)
def test_nothing_is_loaded_from_elsewhere(path: Path) -> None:
    found = re.findall(r"(?:https?:|wss?:)?//[\w.-]+\.\w+[^\s\"')]*", code_of(path))
    assert [url for url in found if url not in NAMESPACES] == []


@pytest.mark.parametrize("path", SHEETS, ids=name)
def test_nothing_moves_by_itself(path: Path) -> None:
    assert re.findall(r"\banimation|@keyframes|\btransition", path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_every_import_is_a_file_that_is_there(path: Path) -> None:
    wanted = re.findall(r"(?:from|import\(|import) ?\"(\.[^\"]+)\"", path.read_text(encoding="utf-8"))
    assert [file for file in wanted if not (path.parent / file).is_file()] == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_a_page_names_only_files_that_are_there(page: Path) -> None:
    wanted = re.findall(r'"/static/([^"]+)"', page.read_text(encoding="utf-8"))
    assert wanted
    assert [file for file in wanted if not (STATIC / file).is_file()] == []


def test_every_element_of_the_console_is_on_its_page() -> None:
    ids = set(re.findall(r'\bid="([^"]+)"', (DISPLAY / "console.html").read_text(encoding="utf-8")))
    shell = [CONSOLE / name for name in ("main.js", "session.js", "notice.js", "keys.js")]
    taken = {found for path in shell for found in re.findall(r'byId\("([^"]+)"\)', path.read_text(encoding="utf-8"))}
    shared = {"bands", "city", "clock", "date", "languages", "link", "user"}  # by the modules of the wall
    assert taken | shared <= ids


def test_every_element_a_module_takes_hold_of_is_on_the_page() -> None:
    ids = set(re.findall(r'\bid="([^"]+)"', PAGE.read_text(encoding="utf-8")))
    named = re.search(r"export const PAGE = \{(.*?)\};", (STATIC / "dom.js").read_text(encoding="utf-8"), re.DOTALL)
    assert named is not None
    assert set(re.findall(r'"([^"]+)"', named[1])) - ids == set()


@pytest.mark.parametrize("package", PACKAGES, ids=name)
def test_what_is_not_ours_has_its_licence_and_version_beside_it(package: Path) -> None:
    assert (package / "LICENSE").stat().st_size > 0
    version = (package / "VERSION").read_text(encoding="utf-8")
    assert re.search(r"^version: \d", version, re.MULTILINE)
    assert re.search(r"^licence: \S", version, re.MULTILINE)


@pytest.mark.parametrize("package", PACKAGES, ids=name)
def test_what_is_not_ours_is_as_it_came(package: Path) -> None:
    version = (package / "VERSION").read_text(encoding="utf-8")
    pinned = re.findall(r"^  ([0-9a-f]{64})  (\S+)$", version, re.MULTILINE)
    there = {path.name: path for path in package.iterdir() if path.name not in ("LICENSE", "VERSION")}
    assert {file: hashlib.sha256(path.read_bytes()).hexdigest() for file, path in there.items()} == {
        file: digest for digest, file in pinned
    }
