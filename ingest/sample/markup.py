"""The sample's Markdown sources as front matter and a flat list of blocks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token

COMPANY = "Tidewell Instruments"
MARKDOWN = MarkdownIt("commonmark", {"xhtmlOut": True}).enable("table")
Meta = dict[str, Any]
Line = list[Token]


@dataclass
class Block:
    """One piece of a Markdown text: a heading, a paragraph, a list item, a table…."""

    kind: str
    inline: Line = field(default_factory=list)
    level: int = 0  # of a heading; how many lists an item is inside
    number: int = 0  # of a numbered item
    text: str = ""  # of a code block
    rows: list[list[Line]] = field(default_factory=list)  # of a table, header row first


def moment(meta: Meta) -> datetime:
    """Return when a document was last changed: nine in the morning of its date."""
    day = date.fromisoformat(str(meta.get("updated", "2026-10-01")))
    return datetime(day.year, day.month, day.day, 9, tzinfo=UTC)


def author(meta: Meta) -> str:
    """Return the person to name in a file's properties."""
    return str(meta.get("author") or meta.get("owner") or COMPANY)


def read_markdown(source: Path) -> tuple[Meta, str]:
    """Split a Markdown source into its front matter and its text, without its title line.

    A source without front matter is titled by its first heading.
    """
    text = source.read_text("utf-8")
    found = re.match(r"---\n(.*?)\n---\n(.*)\Z", text, re.DOTALL)
    meta: Meta = yaml.safe_load(found[1]) if found else {}
    text = (found[2] if found else text).strip() + "\n"
    heading = re.match(r"# (.+)\n", text)
    title = str(meta.setdefault("title", heading[1] if heading else source.name))
    if heading and title in heading[1]:
        text = text[heading.end() :].lstrip()
    return meta, text


class Place:
    """Where in a text the reader is: inside which lists, in a heading, a quote, a table's cell."""

    def __init__(self) -> None:
        self.numbers: list[int] = []  # the next number of each open list; 0 in a bulleted one
        self.fresh: list[int | None] = []  # each open item's number until its first line was met
        self.inside = ""
        self.level = 0  # of the heading

    def move(self, token: Token) -> None:
        """Go past an opening or a closing token."""
        match token.type:
            case "bullet_list_open":
                self.numbers.append(0)
            case "ordered_list_open":
                self.numbers.append(int(token.attrs.get("start", 1)))
            case "bullet_list_close" | "ordered_list_close":
                self.numbers.pop()
            case "list_item_open":
                self.fresh.append(self.numbers[-1])
                self.numbers[-1] += bool(self.numbers[-1])
            case "list_item_close":
                self.fresh.pop()
            case "heading_open":
                self.inside, self.level = "heading", int(token.tag[1])
            case "blockquote_open":
                self.inside = "quote"
            case "th_open" | "td_open":
                self.inside = "cell"
            case "heading_close" | "blockquote_close" | "th_close" | "td_close":
                self.inside = ""

    def line(self, line: Line) -> Block:
        """Return a line as the block that it is in this place."""
        if self.inside == "heading":
            return Block("heading", line, self.level)
        if self.fresh and (number := self.fresh[-1]) is not None:
            self.fresh[-1] = None
            return Block("number" if number else "bullet", line, len(self.fresh), number)
        return Block(self.inside or "paragraph", line, len(self.fresh))


def blocks_of(text: str) -> Iterator[Block]:
    """Yield the blocks of a Markdown text in reading order."""
    place = Place()
    table = Block("table")
    for token in MARKDOWN.parse(text):
        place.move(token)
        match token.type:
            case "table_open":
                table = Block("table")
            case "tr_open":
                table.rows.append([])
            case "table_close":
                yield table
            case "fence" | "code_block":
                yield Block("code", text=token.content.rstrip("\n"))
            case "hr":
                yield Block("rule")
            case "inline" if place.inside == "cell":
                table.rows[-1].append(token.children or [])
            case "inline":
                yield place.line(token.children or [])


def runs_of(line: Line) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield the pieces of a line, each with its styles: strong, em, code_inline."""
    styles: set[str] = set()
    for token in line:
        if token.type.endswith("_open"):
            styles.add(token.type.removesuffix("_open"))
        elif token.type.endswith("_close"):
            styles.discard(token.type.removesuffix("_close"))
        elif token.type in ("softbreak", "hardbreak"):
            yield ("\n" if token.type == "hardbreak" else " "), frozenset(styles)
        elif token.content:
            yield token.content, frozenset({*styles, token.type})


def plain(line: Line) -> str:
    """Return the text of a line without its styles."""
    return "".join(text for text, _ in runs_of(line))
