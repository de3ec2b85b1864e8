"""HTML in Markdown that hides what stands between its tags, which may be blocks apart."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from selectolax.lexbor import LexborHTMLParser

from ingest.parsers.html_hidden import is_hidden

_TAG = re.compile(
    r"<!--.*?(?:-->|\Z)|<(?P<close>/?)(?P<name>[a-zA-Z][\w-]*)[^<>]*?(?P<empty>/?)>", re.S
)
_NEVER_READ = frozenset(["script", "style", "template", "noscript", "iframe", "object", "svg"])
_ENDS = re.compile(f"</({'|'.join(sorted(_NEVER_READ))})", re.IGNORECASE | re.ASCII)
_VOID = frozenset(
    [
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "param",
        "source",
        "track",
        "wbr",
    ]
)


@dataclass
class Unseen:
    """Whether what comes next stands within an element that is not shown.

    ``source``: where the end of a ``<script>`` and its like has to stand; a text that only names
    the tag goes on.
    """

    source: str = ""
    name: str = ""
    depth: int = 0
    _ends: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        # Once for a text: it may have a tag in every few characters.
        self._ends = _ends_in(self.source)

    @property
    def is_open(self) -> bool:
        """True from a hiding tag to the one that closes it."""
        return self.depth > 0

    def seen(self, html: str) -> str:
        """What of ``html`` is not within a hiding element; that one may begin or end in it."""
        ends = self._ends if self.source else _ends_in(html)
        parts: list[str] = []
        position = 0
        for tag in _TAG.finditer(html):
            if not self.is_open:
                parts.append(html[position : tag.start()])
            position = tag.end()
            before = self.is_open
            self._take(tag, ends)
            if not before and not self.is_open:
                parts.append(tag[0])
        if not self.is_open:
            parts.append(html[position:])
        return "".join(parts)

    def _take(self, tag: re.Match[str], ends: frozenset[str]) -> None:
        name = (tag["name"] or "").lower()
        if not name or name in _VOID or tag["empty"]:
            return
        if self.is_open:
            if name == self.name:
                self.depth += -1 if tag["close"] else 1
        elif not tag["close"] and (name in ends or _hides(tag[0])):
            self.name, self.depth = name, 1


def _ends_in(source: str) -> frozenset[str]:
    """The names of elements that are never read and end somewhere in ``source``."""
    return frozenset(name.lower() for name in _ENDS.findall(source))


def _hides(tag: str) -> bool:
    body = LexborHTMLParser(tag).body
    node = body.child if body is not None else None
    return node is not None and is_hidden(node)
