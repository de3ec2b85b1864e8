"""One pass over a parsed HTML tree, feeding a `TextBuilder`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from selectolax.lexbor import LexborNode

from ingest.parsers.build import TextBuilder
from ingest.parsers.clean import squeeze
from ingest.parsers.html_hidden import is_hidden
from ingest.parsers.html_rules import BLOCKS, NEVER_SHOWN, is_chrome
from ingest.parsers.html_tables import add_table, is_layout

BREAK = "\u2028"
"""Stands for <br> until white space is squeezed."""

MAX_DEPTH = 150
"""Nesting below which only text is taken: hostile pages nest without end."""

HEADINGS = {"h1": 1, "h2": 2, "h3": 3, "h4": 4, "h5": 5, "h6": 6}
SIGNATURE = re.compile(r"(^|\s)sig(-object)?(\s|$)")


class Walker:
    """Adds a tree's visible text to a builder."""

    def __init__(
        self,
        builder: TextBuilder,
        *,
        in_content: bool,
        keep_chrome: bool,
        unseen: frozenset[int] = frozenset(),
    ) -> None:
        """``unseen``: ``mem_id`` of elements that a stylesheet hides."""
        self.builder = builder
        self.unseen = unseen
        self.in_content = in_content
        self.keep_chrome = keep_chrome
        self.hidden = 0
        """Characters left out because the page hides them."""
        self._inline: list[str] = []
        self._lists: list[int | None] = []
        self._marker: str | None = None
        self._quotes = 0
        self._depth = 0
        self._level = 0

    def run(self, root: LexborNode) -> None:
        """Adds everything under ``root``."""
        self._children(root)
        self._flush()

    def inline(self, node: LexborNode) -> str:
        """The visible text under ``node`` as one string; line breaks and blocks as `BREAK`."""
        parts: list[str] = []
        self._collect(node, parts, 0)
        return "".join(parts)

    def line(self, node: LexborNode) -> str:
        """The visible text under ``node`` on one line."""
        return squeeze(self.inline(node))

    def skip(self, node: LexborNode) -> bool:
        """True when the element is not part of what a reader reads."""
        if node.tag in NEVER_SHOWN:
            return True
        if node.mem_id in self.unseen or is_hidden(node):
            self.hidden += len(squeeze(node.text()))
            return True
        return not self.keep_chrome and is_chrome(node, self.in_content)

    def _collect(self, node: LexborNode, parts: list[str], depth: int) -> None:
        if depth > MAX_DEPTH:
            parts.append(self._deep_text(node))
            return
        for child in children(node):
            tag = child.tag
            if tag == "-text":
                parts.append(child.text_content or "")
            elif tag == "br":
                parts.append(BREAK)
            elif tag == "img":
                parts.append(self._picture(child))
            elif not self.skip(child):
                block = tag in BLOCKS
                parts.append(BREAK if block else "")
                self._collect(child, parts, depth + 1)
                parts.append(BREAK if block else "")

    def _picture(self, node: LexborNode) -> str:
        return "" if self.skip(node) else alt_text(node)

    def _deep_text(self, node: LexborNode) -> str:
        """The visible text under ``node``, without recursion."""
        parts: list[str] = []
        waiting = [node]
        while waiting:
            current = waiting.pop()
            if current.tag == "-text":
                parts.append(current.text_content or "")
            elif current is node or not self.skip(current):
                waiting += reversed(list(children(current)))
        return " ".join(parts)

    def _children(self, node: LexborNode) -> None:
        if self._depth > MAX_DEPTH:
            self._inline.append(self._deep_text(node))
            return
        self._depth += 1
        for child in children(node):
            self._visit(child)
        self._depth -= 1

    def _visit(self, node: LexborNode) -> None:
        tag = node.tag or ""
        if tag == "-text":
            self._inline.append(node.text_content or "")
        elif tag == "br":
            self._inline.append(BREAK)
        elif tag == "img":
            self._inline.append(self._picture(node))
        elif self.skip(node):
            return
        elif tag in HEADINGS:
            self._heading(node)
        elif (visit := getattr(self, f"_{tag}", None)) is not None:
            visit(node)
        elif tag in BLOCKS:
            self._flush()
            self._children(node)
            self._flush()
        else:
            self._children(node)

    def _heading(self, node: LexborNode) -> None:
        self._flush()
        self._level = HEADINGS[node.tag or ""]
        self.builder.heading(self.line(node), self._level)

    def _pre(self, node: LexborNode) -> None:
        self._flush()
        self.builder.code(self.inline(node).replace(BREAK, "\n"))
        self._marker = None

    def _table(self, node: LexborNode) -> None:
        self._flush()
        if is_layout(node):
            self._children(node)
            self._flush()
        else:
            add_table(self.builder, self, node)

    def _blockquote(self, node: LexborNode) -> None:
        self._flush()
        self._quotes += 1
        self._children(node)
        self._flush()
        self._quotes -= 1

    def _flush(self) -> None:
        """What was collected since the last block becomes a block."""
        lines = (squeeze(line) for line in "".join(self._inline).split(BREAK))
        text = "\n".join(line for line in lines if line)
        self._inline.clear()
        if not text:
            return
        if self._marker is not None:
            self.builder.item(text, len(self._lists), self._marker)
            self._marker = None
        elif self._quotes:
            self.builder.quote(text, keep_lines=True)
        else:
            self.builder.paragraph(text, keep_lines=True)

    def _ul(self, node: LexborNode) -> None:
        self._list(node, None)

    def _ol(self, node: LexborNode) -> None:
        start = node.attrs.get("start") or "1"
        self._list(node, int(start) if re.fullmatch(r"-?\d{1,6}", start) else 1)

    def _list(self, node: LexborNode, first: int | None) -> None:
        self._flush()
        self._marker = None
        self._lists.append(first)
        self._children(node)
        self._flush()
        self._lists.pop()

    def _li(self, node: LexborNode) -> None:
        self._flush()
        stray = not self._lists
        if stray:
            self._lists.append(None)
        number = self._lists[-1]
        self._marker = "" if number is None else f"{number}."
        if number is not None:
            self._lists[-1] = number + 1
        self._children(node)
        self._flush()
        self._marker = None
        if stray:
            self._lists.pop()

    def _dl(self, node: LexborNode) -> None:
        """Terms and definitions: "term: definition" as an item, or an API entry as a section."""
        self._flush()
        as_sections = _ends_its_section(node)
        terms: list[str] = []
        for child in _definition_parts(node):
            if self.skip(child):
                continue
            if child.tag == "dd":
                if terms:
                    self._explained(child, terms)
                else:
                    self._indented(child)
                terms = []
            elif not SIGNATURE.search(child.attrs.get("class") or ""):
                terms.append(self.line(child))
            elif as_sections:
                self.builder.heading(self.line(child), self._level + 1)
            else:
                self.builder.paragraph(self.line(child))
        if terms:
            self.builder.item(", ".join(terms), len(self._lists) + 1)

    def _indented(self, node: LexborNode) -> None:
        """The description of an API entry, whose own entries are one level deeper."""
        self._level += 1
        self._children(node)
        self._flush()
        self._level -= 1

    def _explained(self, node: LexborNode, terms: list[str]) -> None:
        """A definition: its first paragraph goes on one line with the term."""
        self._lists.append(None)
        self._marker = ""
        self._inline.append(", ".join(filter(None, terms)) + ": ")
        parts = [child for child in children(node) if child.tag != "-text" or _has_text(child)]
        if parts and parts[0].tag in ("p", "div") and not _holds_blocks(parts[0]):
            self._inline.append(self.inline(parts.pop(0)))
            self._flush()
        for child in parts:
            self._visit(child)
        self._flush()
        self._marker = None
        self._lists.pop()


def children(node: LexborNode) -> Iterator[LexborNode]:
    """The node's children, texts included, comments and instructions to programs not."""
    child = node.first_child
    while child is not None:
        if child.is_element_node or child.is_text_node:
            yield child
        child = child.next


def alt_text(node: LexborNode) -> str:
    """An image's description, unless it is only a file name or a callout's number."""
    alt = node.attrs.get("alt") or ""
    return "" if re.search(r"\.\w{3,4}$", alt) or len(alt) < 3 else f" {alt} "


def _has_text(node: LexborNode) -> bool:
    return bool((node.text_content or "").strip())


def _holds_blocks(node: LexborNode) -> bool:
    return any(child.tag in BLOCKS for child in children(node))


def _definition_parts(node: LexborNode) -> Iterator[LexborNode]:
    for child in children(node):
        if child.tag in ("dt", "dd"):
            yield child
        elif child.tag == "div":
            yield from _definition_parts(child)


def _ends_its_section(node: LexborNode) -> bool:
    """True when only more definition lists and sections follow: headings then mislead nobody."""
    following = node.next
    while following is not None:
        if following.tag not in ("dl", "section", "span", "-comment") and not (
            following.tag == "-text" and not _has_text(following)
        ):
            return False
        following = following.next
    return True
