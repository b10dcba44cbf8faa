"""HTML of the public page: everything that is not ours is escaped here, and its length is bounded."""

import base64
import hashlib
from functools import lru_cache
from html import escape
from importlib.resources import files
from typing import Final

from command_center.public.words import say
from sensors.catalogue import Text

MOST: Final = 600  # characters of one text of a city or a warning
_CUT: Final = "…"


def plain(text: str, most: int = MOST) -> str:
    """A text on one line, not longer than `most`.

    >>> plain("a\\nb", 2)
    'a…'
    """
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1].rstrip() + _CUT


def safe(text: str, most: int = MOST) -> str:
    """The same as it may stand in HTML and in an attribute.

    >>> safe('<b>"')
    '&lt;b&gt;&quot;'
    """
    return escape(plain(text, most))


def both(text: Text, most: int = MOST) -> str:
    """A text in both languages; the stylesheet shows one of them."""
    if text.id == text.en:
        return safe(text.id, most)
    return f"<span class=i lang=id>{safe(text.id, most)}</span><span class=e lang=en>{safe(text.en, most)}</span>"


def paragraph(text: Text | None, name: str = "") -> str:
    """A paragraph; nothing where there is no text."""
    return "" if text is None else f"<p{f' class={name}' if name else ''}>{both(text)}</p>"


def document(title: Text, body: str, *, made_ms: int, valid_until_ms: int, is_old: bool) -> str:
    """A whole page: one file, with its style and script in it, so that a saved copy is whole."""
    style, script, policy = _own_files()
    old, name = safe(say("warga.old").id), ' class="is-old"' if is_old else ""
    return f"""<!DOCTYPE html>
<html lang="id"{name} data-made-ms="{made_ms}" data-valid-until-ms="{valid_until_ms}" data-old="{old}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>{safe(title.id)}</title>
<style>{style}</style>
</head>
<body>
<input type="radio" name="language" id="l-id" checked><label class="l" for="l-id" lang="id">Bahasa Indonesia</label>
<input type="radio" name="language" id="l-en"><label class="l" for="l-en" lang="en">English</label>
{body}
<script>{script}</script>
</body>
</html>
"""


def old_banner(valid_until: Text) -> str:
    """What a page says once its time is over."""
    words, again = both(say("warga.oldText", time=valid_until)), both(say("warga.reload"))
    return (
        f'<div class="old" role="alert"><b>{both(say("warga.old"))}</b>{words} <a href="">{again}</a>'
        f'</div><p class="clock" id="clock">{both(say("warga.phoneClock"))}</p>'
    )


def colour_of(colour: str) -> str:
    """A city's colour as a style; nothing where there is none (`#rrggbb` was checked when the city was read)."""
    return f' style="border-left-color:{escape(colour)}"' if colour else ""


@lru_cache(1)
def _own_files() -> tuple[str, str, str]:
    """Style, script, and the policy that lets just these two in, and the page itself once more."""
    folder = files("command_center.public")
    style, script = (folder.joinpath(name).read_text("utf-8") for name in ("page.css", "page.js"))
    policy = (
        f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{_sha256(script)}'; connect-src 'self';"
        " base-uri 'none'; form-action 'none'"
    )
    return style, script, policy


def policy() -> str:
    """The Content-Security-Policy of every page."""
    return _own_files()[2]


def _sha256(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
