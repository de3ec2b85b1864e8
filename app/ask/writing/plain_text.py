"""Text as a reader sees it: without the characters that nobody sees.

Hidden characters carry instructions past a reader (tags, variation selectors, zero-width binary) or
show them something else than what is there (bidirectional overrides). They are taken out of what a
model is shown and of what it writes. Quotes are never changed: they stand letter for letter.
"""

from __future__ import annotations

import re
from collections.abc import Callable

_JOINERS = "\u200c\u200d"
_HIDDEN = re.compile(
    "["
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # controls except tab and line feed
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"  # soft hyphen, fillers, marks
    "\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f"  # zero-width, bidirectional
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff"  # fillers, variation selectors, specials
    "\ue000-\uf8ff"  # private use: no meaning that two people share
    "\ud800-\udfff"  # lone surrogates
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U0010ffff"  # tags, further selectors, private planes
    "]"
)
_STRAY_JOINER = re.compile(f"(?<![^\\W\\d_a-zA-Z])[{_JOINERS}]|[{_JOINERS}](?![^\\W\\d_a-zA-Z])")
"""Joiners that do not stand between letters of a script that writes with them."""
_ADDRESS = re.compile(
    r"(?:[a-z][a-z0-9+.-]{0,20}:)?//(?=[^\s/])[^\s<>\"`]+|(?<![\w@])www\.[^\s<>\"`]+"
    r"|\b(?:mailto|tel|data|javascript|vbscript|xmpp):[^\s<>\"`]+"
    r"|(?<![\w@])(?:[a-z0-9-]{1,63}\.){1,6}[a-z]{2,24}/[^\s<>\"`]*",
    re.IGNORECASE,
)
"""What programs that show Markdown make a link of, though it is not written as one."""
_LINE_ENDS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")


def visible(text: str) -> str:
    """``text`` without hidden characters; every line end is a line feed."""
    return _STRAY_JOINER.sub("", _HIDDEN.sub("", _LINE_ENDS.sub("\n", text)))


def one_line(text: str) -> str:
    """Visible text with every run of white space as one space."""
    return " ".join(visible(text).split())


def with_inert_addresses(text: str, escape: Callable[[str], str]) -> str:
    """Markdown of ``text`` in which addresses are code, so that no program makes links of them.

    ``escape`` takes what stands between them; it has to escape backticks, or one in a document
    could end the code.
    """
    parts: list[str] = []
    position = 0
    for found in _ADDRESS.finditer(text):
        parts += (escape(text[position : found.start()]), f"`{found[0]}`")
        position = found.end()
    return "".join([*parts, escape(text[position:])])
