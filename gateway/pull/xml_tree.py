"""XML of a stranger as a tree of dicts: no document type, no entities, bounded in depth and count.

An element with children becomes a dict of them by name, several of one name a list, one with text alone its text;
attributes stand under "@name", text beside children under "#text".  Namespace prefixes are left out.  A tree begins
inside its root element.
"""

from typing import Any, Final
from xml.parsers import expat  # a document type is refused below, and with it all entities

from gateway.errors import PullError

MAX_DEPTH: Final = 32
MAX_ELEMENTS: Final = 1_000_000
MAX_ATTRIBUTES: Final = 64

Tree = dict[str, Any]


class _Refused(Exception):
    """Raised through the parser."""


class _Builder:
    def __init__(self) -> None:
        self.root: Any = {}
        self._stack: list[tuple[str, Tree, list[str]]] = []
        self._elements = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        if len(self._stack) >= MAX_DEPTH:
            raise _Refused(f"nested deeper than {MAX_DEPTH} elements")
        if self._elements > MAX_ELEMENTS or len(attributes) > MAX_ATTRIBUTES:
            raise _Refused(f"more than {MAX_ELEMENTS} elements, or {MAX_ATTRIBUTES} attributes of one")
        tree: Tree = {f"@{_local(key)}": value for key, value in attributes.items()}
        self._stack.append((_local(name), tree, []))

    def text(self, data: str) -> None:
        if self._stack:
            self._stack[-1][2].append(data)

    def end(self, _name: str) -> None:
        name, tree, texts = self._stack.pop()
        text = "".join(texts).strip()
        if tree and text:
            tree["#text"] = text
        value: Any = tree or text
        if not self._stack:
            self.root = value
            return
        parent = self._stack[-1][1]
        if name not in parent:
            parent[name] = value
        elif isinstance(parent[name], list):
            parent[name].append(value)
        else:
            parent[name] = [parent[name], value]

    def doctype(self, *_: object) -> None:
        raise _Refused("a document type (DTD) is not read: it may define entities")


def xml_tree(body: bytes, charset: str = "") -> Any:
    """The tree of an XML page; PullError says what is wrong with it, in which line.

    >>> xml_tree(b"<a><b n='1'>x</b><b>y</b></a>")
    {'b': [{'@n': '1', '#text': 'x'}, 'y']}
    """
    try:
        body = body.decode(charset).encode() if charset else body  # what the server says wins (RFC 7303, 3)
    except (UnicodeDecodeError, LookupError) as error:
        raise PullError(f"not {charset!r}: {error}") from error
    parser = expat.ParserCreate("utf-8" if charset else None)
    builder = _Builder()
    parser.StartElementHandler, parser.EndElementHandler = builder.start, builder.end
    parser.CharacterDataHandler, parser.buffer_text = builder.text, True
    parser.StartDoctypeDeclHandler = builder.doctype
    try:
        parser.Parse(body, True)
    except expat.ExpatError as error:
        raise PullError(f"not XML: {error}") from error
    except (_Refused, ValueError, LookupError) as error:
        raise PullError(f"XML, line {parser.CurrentLineNumber}: {error}") from error
    return builder.root


def _local(name: str) -> str:
    return name.rpartition(":")[2]
