"""Markdown and HTML from a model → blocks of plain text. Nothing of it becomes a link or an image.

A heading is only kept when there is nothing else; a table row becomes ``Column: value; …``; a link
becomes its text with its address behind it in parentheses, for `citing` to judge.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from markdown_it import MarkdownIt
from markdown_it.token import Token
from selectolax.lexbor import LexborHTMLParser

BlockKind = Literal["text", "item", "heading", "row", "code"]

_UNSEEN = re.compile(
    r"<(script|style|iframe|object|embed|svg|template|noscript|think|thinking|reasoning)\b[^>]*>"
    r".*?(?:</\1\s*>|\Z)",
    re.IGNORECASE | re.DOTALL,
)
"""Elements whose content is not for readers, reasoning included; unclosed ones reach to the end."""
_ADDRESS = re.compile(r"https?://|www\.", re.IGNORECASE)
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PlainBlock:
    """A paragraph, list item, table row, heading or code block, on one line."""

    kind: BlockKind
    text: str


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    # Every link is taken apart here, so a refused scheme must not survive as literal text.
    parser.validateLink = _any_link  # type: ignore[method-assign]
    return parser


def _any_link(url: str) -> bool:  # noqa: ARG001  # the signature is markdown-it's
    return True


_PARSER = _parser()


def flatten(text: str) -> list[PlainBlock]:
    """The blocks of ``text`` that hold anything to read, in order."""
    reading = _Reading()
    for token in _PARSER.parse(_UNSEEN.sub(" ", text)):
        reading.take(token)
    blocks = [block for block in reading.blocks if block.text]
    return [block for block in blocks if block.kind != "heading"] or blocks


@dataclass
class _Reading:
    """What is known while tokens go by."""

    blocks: list[PlainBlock] = field(default_factory=list)
    kind: BlockKind = "text"
    lists: int = 0
    columns: list[str] = field(default_factory=list)
    cells: list[str] = field(default_factory=list)
    in_head: bool = False
    in_table: bool = False

    def take(self, token: Token) -> None:
        """One token of the document."""
        match token.type:
            case "heading_open" | "heading_close":
                self.kind = "heading" if token.nesting > 0 else "text"
            case "list_item_open" | "list_item_close":
                self.lists += token.nesting
            case "table_open" | "table_close":
                self.in_table, self.columns = token.nesting > 0, []
            case "thead_open" | "thead_close":
                self.in_head = token.nesting > 0
            case "tr_open":
                self.cells = []
            case "tr_close":
                self._row()
            case "inline":
                self._inline(token)
            case "fence" | "code_block":
                self._add("code", token.content)
            case "html_block":
                self._add(self.kind, _text_of_html(token.content))

    def _inline(self, token: Token) -> None:
        children = token.children or []
        text = _inline_text(children)
        if self.in_table:
            self.cells.append(" ".join(text.split()))
            return
        kind: BlockKind = "item" if self.lists else self.kind
        if kind == "text" and _is_bold_line(children):
            kind = "heading"
        self._add(kind, text)

    def _row(self) -> None:
        if self.in_head:
            self.columns = self.cells
            return
        columns = self.columns + [""] * (len(self.cells) - len(self.columns))
        pairs = zip(columns, self.cells, strict=False)
        parts = [f"{name}: {cell}" if name else cell for name, cell in pairs if cell]
        self._add("row", "; ".join(parts))

    def _add(self, kind: BlockKind, text: str) -> None:
        self.blocks.append(PlainBlock(kind, " ".join(text.split())))


def _inline_text(children: Iterable[Token]) -> str:
    parts: list[str] = []
    addresses: list[tuple[int, str]] = []
    for child in children:
        match child.type:
            case "text" | "code_inline":
                parts.append(child.content)
            case "softbreak" | "hardbreak":
                parts.append(" ")
            case "image":
                parts.append(child.content)
            case "html_inline" if _BREAK.match(child.content):
                parts.append(" ")
            case "link_open":
                addresses.append((len(parts), str(child.attrGet("href") or "")))
            case "link_close" if addresses:
                start, address = addresses.pop()
                if _ADDRESS.match(address) and address not in "".join(parts[start:]):
                    parts.append(f" ({address})")
    return "".join(parts)


def _is_bold_line(children: list[Token]) -> bool:
    """A line all in bold without a full stop stands for a heading."""
    shown = [child for child in children if child.type != "text" or child.content.strip()]
    if len(shown) < 3 or shown[0].type != "strong_open" or shown[-1].type != "strong_close":
        return False
    inside = shown[1:-1]
    text = _inline_text(inside).rstrip()
    return all(child.type == "text" for child in inside) and text[-1:] not in ".!?。"


def _text_of_html(source: str) -> str:
    body = LexborHTMLParser(source).body
    return body.text(separator=" ") if body is not None else ""
