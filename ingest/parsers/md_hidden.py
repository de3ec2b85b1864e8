"""HTML in Markdown that hides what stands between its tags, which may be blocks apart."""

from __future__ import annotations

import re
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser

from ingest.parsers.html_hidden import is_hidden

_TAG = re.compile(
    r"<!--.*?(?:-->|\Z)|<(?P<close>/?)(?P<name>[a-zA-Z][\w-]*)[^<>]*?(?P<empty>/?)>", re.S
)
_NEVER_READ = frozenset(["script", "style", "template", "noscript", "iframe", "object", "svg"])
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

    @property
    def is_open(self) -> bool:
        """True from a hiding tag to the one that closes it."""
        return self.depth > 0

    def seen(self, html: str) -> str:
        """What of ``html`` is not within a hiding element; that one may begin or end in it."""
        source = (self.source or html).lower()
        parts: list[str] = []
        position = 0
        for tag in _TAG.finditer(html):
            if not self.is_open:
                parts.append(html[position : tag.start()])
            position = tag.end()
            before = self.is_open
            self._take(tag, source)
            if not before and not self.is_open:
                parts.append(tag[0])
        if not self.is_open:
            parts.append(html[position:])
        return "".join(parts)

    def _take(self, tag: re.Match[str], source: str) -> None:
        name = (tag["name"] or "").lower()
        if not name or name in _VOID or tag["empty"]:
            return
        if self.is_open:
            if name == self.name:
                self.depth += -1 if tag["close"] else 1
        elif not tag["close"] and (
            (name in _NEVER_READ and f"</{name}" in source) or _hides(tag[0])
        ):
            self.name, self.depth = name, 1


def _hides(tag: str) -> bool:
    body = LexborHTMLParser(tag).body
    node = body.child if body is not None else None
    return node is not None and is_hidden(node)
