"""Markdown (CommonMark with tables, strike-through and front matter) by markdown-it-py.

The extracted text is what a reader sees: inline marks are gone, links are their text, images
their description.
"""

from __future__ import annotations

import html as html_entities
import re
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

import yaml

from app.domain import ParsedDocument
from ingest.parsers import tables
from ingest.parsers.build import Facts, TextBuilder, as_utc, parse_date
from ingest.parsers.decode import decode
from ingest.parsers.limits import Limits
from ingest.parsers.md_hidden import Unseen

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

CHANGED_KEYS = ("updated", "modified", "last_updated", "last_modified", "lastmod", "date")
OWNER_KEYS = ("owner", "author", "authors", "maintainer")
REVIEW_KEYS = ("review_by", "review-by", "review", "expires")
TAG = re.compile(r"<[^>]+>")
CONTAINERS = frozenset(
    ["bullet_list_open", "bullet_list_close", "ordered_list_open", "ordered_list_close",
     "list_item_open", "blockquote_open", "blockquote_close"]
)  # fmt: skip
HTML_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)


def parse(data: bytes, name: str, limits: Limits) -> ParsedDocument:
    """A Markdown file; its front matter gives title, owner and dates."""
    builder = TextBuilder(limits)
    text = decode(data, builder.warn).removeprefix("\ufeff")
    matter, body = split_front_matter(text)
    if matter is None:
        builder.warn("The front matter is not valid YAML and was left out.")
        matter = {}
    add_markdown(builder, body)
    return builder.document(
        name=name, kind="md", title=str(matter.get("title") or ""), facts=front_matter_facts(matter)
    )


def front_matter_facts(matter: dict[str, object]) -> Facts:
    """What front matter says about its document."""
    owner = next((matter[key] for key in OWNER_KEYS if matter.get(key)), None)
    if isinstance(owner, list):
        owner = ", ".join(str(person) for person in owner)
    changed = next((matter[key] for key in CHANGED_KEYS if matter.get(key)), None)
    review = parse_date(next((matter[key] for key in REVIEW_KEYS if matter.get(key)), None))
    superseded = matter.get("superseded_by") or matter.get("superseded-by")
    return Facts(
        owner=str(owner) if owner else None,
        modified_at=as_utc(parse_date(changed)),
        review_by=review.date() if isinstance(review, datetime) else review,
        superseded_by=str(superseded) if superseded else None,
    )


def split_front_matter(text: str) -> tuple[dict[str, object] | None, str]:
    """Front matter and the rest; ``({}, text)`` without one, ``(None, rest)`` when it is broken."""
    match = re.match(r"---[ \t]*\r?\n(.*?)\r?\n(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", text, re.DOTALL)
    if not match:
        return {}, text
    rest = text[match.end() :]
    try:
        matter = yaml.safe_load(match[1])
    except (yaml.YAMLError, ValueError):
        # A thematic break is no front matter: only "key: value" lines make it one.
        return (None, rest) if re.match(r"[\w-]+\s*:", match[1]) else ({}, text)
    if not isinstance(matter, dict):
        return {}, text
    return {str(key).lower(): value for key, value in matter.items()}, rest


def add_markdown(builder: TextBuilder, text: str) -> None:
    """Adds Markdown to ``builder``, block by block."""
    _Walk(builder).run(_reader().parse(text))


@lru_cache(maxsize=1)
def _reader() -> MarkdownIt:
    from markdown_it import MarkdownIt  # noqa: PLC0415  # 60 ms that other formats need not pay

    return MarkdownIt("commonmark").enable(["table", "strikethrough"])


class _Walk:
    """One pass over the tokens of a document."""

    def __init__(self, builder: TextBuilder) -> None:
        self.builder = builder
        self.lists: list[int | None] = []  # next number of each open list; None: bullets
        self.quotes = 0
        self.marker: str | None = None  # of the list item whose first paragraph is awaited
        self.grid: list[list[str]] = []
        self.header_rows = 0
        self.unseen = Unseen()

    def run(self, tokens: Sequence[Token]) -> None:
        for position, token in enumerate(tokens):
            # What opens hidden in one block of HTML hides the Markdown up to its end.
            if token.type == "html_block":
                self._html(self.unseen.seen(token.content))
            if self.unseen.is_open and token.type not in CONTAINERS:
                continue
            getattr(self, f"_{token.type}", self._other)(token)
            if token.type == "heading_open":
                self.builder.heading(inline_text(tokens[position + 1]), int(token.tag[1]))
                self.marker = None
            elif token.type == "paragraph_open":
                self._paragraph(inline_text(tokens[position + 1]))
            elif token.type in ("th_open", "td_open"):
                self.grid[-1].append(inline_text(tokens[position + 1]))

    def _other(self, token: Token) -> None:
        """Tokens that need nothing: closings, and inlines read with their opening."""

    def _paragraph(self, text: str) -> None:
        if self.lists:
            if self.marker is None:
                self.builder.paragraph(text, keep_lines=True)
            else:
                self.builder.item(text, len(self.lists), self.marker)
            self.marker = None
        elif self.quotes:
            self.builder.quote(text, keep_lines=True)
        else:
            self.builder.paragraph(text, keep_lines=True)

    def _bullet_list_open(self, _token: Token) -> None:
        self.lists.append(None)

    def _ordered_list_open(self, token: Token) -> None:
        self.lists.append(int(token.attrs.get("start", 1)))

    def _bullet_list_close(self, _token: Token) -> None:
        self.lists.pop()

    _ordered_list_close = _bullet_list_close

    def _list_item_open(self, _token: Token) -> None:
        number = self.lists[-1]
        self.marker = "" if number is None else f"{number}."
        if number is not None:
            self.lists[-1] = number + 1

    def _blockquote_open(self, _token: Token) -> None:
        self.quotes += 1

    def _blockquote_close(self, _token: Token) -> None:
        self.quotes -= 1

    def _fence(self, token: Token) -> None:
        self.builder.code(token.content)

    _code_block = _fence

    def _html(self, source: str) -> None:
        content = HTML_COMMENT.sub("", source)
        if not TAG.sub("", content).strip():
            return
        from ingest.parsers.html import add_html  # noqa: PLC0415  # rarely needed

        add_html(self.builder, content)

    def _table_open(self, _token: Token) -> None:
        self.grid, self.header_rows = [], 0

    def _tr_open(self, _token: Token) -> None:
        self.grid.append([])

    def _thead_close(self, _token: Token) -> None:
        self.header_rows = len(self.grid)

    def _table_close(self, _token: Token) -> None:
        header = self.grid[: self.header_rows]
        if not any(cell.strip() for row in header for cell in row):
            tables.emit(self.builder, self.grid[self.header_rows :], 0)
        else:
            tables.emit(self.builder, self.grid, self.header_rows)


def inline_text(token: Token) -> str:
    """The text a reader sees of an inline token; hard line breaks are newlines."""
    parts: list[str] = []
    unseen = Unseen(token.content)
    for child in token.children or []:
        if child.type == "html_inline":
            unseen.seen(child.content)
        if unseen.is_open:
            continue
        if child.type in ("text", "code_inline"):
            parts.append(child.content)
        elif child.type == "softbreak":
            parts.append(" ")
        elif child.type == "hardbreak":
            parts.append("\n")
        elif child.type == "image":
            parts.append(child.content)
        elif child.type == "html_inline" and re.match(r"<br\s*/?>", child.content, re.IGNORECASE):
            parts.append("\n")
        elif child.type == "text_special":
            parts.append(html_entities.unescape(child.content))
    return "".join(parts)
