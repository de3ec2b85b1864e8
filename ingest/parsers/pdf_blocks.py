"""Lines of PDF pages become paragraphs, list items, headings and tables, in reading order."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise
from statistics import median

from ingest.parsers.pdf_headings import Body, Style, heading_style, squeezed
from ingest.parsers.pdf_lines import Line
from ingest.parsers.pdf_rows import VisualRow, same_height, visual_rows
from ingest.parsers.pdf_ruled import find_ruled
from ingest.parsers.pdf_rules import Drawing
from ingest.parsers.pdf_tables import PdfTable, find_tables

BULLET = re.compile(r"[•●○◦▪■‣·⁃\uf0b7]\s*|[-–*]\s+")
NUMBER = re.compile(r"(\d{1,3}[.)]|[a-z][.)])\s+(?=\S)")
NOTE_MARK = re.compile(r"\(\w{1,3}\)\s|\*\s|[†‡]")
ENDS = (".", "!", "?", ":", ";", "”", ")")
WORD_EDGES = ".,;:!?()[]\"'“”‘’"


@dataclass(slots=True)
class Piece:
    """One block before it is written: what it is, and where."""

    kind: str
    """heading, paragraph, item or table."""
    page: int
    text: str = ""
    style: Style | None = None
    level: int = 0
    """A heading's level from the bookmarks, or an item's depth; 0: unknown."""
    marker: str = ""
    table: PdfTable | None = None
    context: list[str] = field(default_factory=list)
    """Lines above a table, for its unit."""


@dataclass(slots=True)
class Layout:
    """What is known of the whole document before its pages are read."""

    body: Body
    vocabulary: set[str]
    bookmarks: dict[int, dict[str, int]]
    """Page number → squeezed title → level."""
    pitch: float
    """Usual distance between two lines of a paragraph, as a share of the font size."""


def vocabulary_of(pages: list[list[Line]]) -> set[str]:
    """All words of the document, lower case: tells how a word broken at a line's end is spelled."""
    words: set[str] = set()
    for page in pages:
        for line in page:
            whole = line.words[1 : -1 if line.hyphen else None]
            words.update(word.text.strip(WORD_EDGES).casefold() for word in whole)
    return words


def pitch_of(pages: list[list[Line]]) -> float:
    """The usual line distance within paragraphs, in font sizes."""
    steps = [
        (before.y - line.y) / line.size
        for page in pages
        for before, line in pairwise(page)
        if abs(before.size - line.size) < 0.3 and 0.8 < (before.y - line.y) / line.size < 2.2
    ]
    return median(sorted(steps)[: max(1, len(steps) * 3 // 4)]) if steps else 1.2


def pieces_of(number: int, lines: list[Line], drawing: Drawing, layout: Layout) -> list[Piece]:
    """The page's blocks in reading order."""
    rows = visual_rows(lines)
    tables = _tables(rows, drawing)
    owner: dict[int, int] = {}
    for index, table in enumerate(tables):
        for row in rows[table.first : table.last + 1]:
            owner.update((id(line), index) for line in row.lines)
    pieces: list[Piece] = []
    done: set[int] = set()
    run: list[Line] = []
    for line in lines:
        index = owner.get(id(line), -1)
        if index < 0:
            run.append(line)
            continue
        if index in done:
            continue
        done.add(index)
        pieces += _Prose(number, run, layout).pieces()
        run = []
        table = tables[index]
        above = [row.text for row in rows[max(0, table.first - 6) : table.first]]
        inside = [row.text for row in rows[table.first : table.last + 1] if len(row.segments) == 1]
        pieces.append(Piece("table", number, table=table, context=above + inside[:2]))
    return pieces + _Prose(number, run, layout).pieces()


def _tables(rows: list[VisualRow], drawing: Drawing) -> list[PdfTable]:
    """Ruled tables, and between them those that only alignment shows."""
    rules = drawing.rules
    ruled = find_ruled(rows, drawing)
    tables: list[PdfTable] = []
    begin = 0
    for table in ruled:
        tables += [*find_tables(rows[begin : table.first], rules, begin), table]
        begin = table.last + 1
    return tables + find_tables(rows[begin:], rules, begin)


def _with_bullets(lines: list[Line]) -> list[Line]:
    """The lines, a bullet that makes a line of its own put before the text beside it."""
    joined: list[Line] = []
    bullet: Line | None = None
    for line in lines:
        if bullet is not None and same_height(line.y, line.size, bullet.y, bullet.size):
            joined.append(replace(line, words=[*bullet.words, *line.words]))
        else:
            joined.append(line)
        bullet = line if BULLET.fullmatch(line.text + " ") else None
    return joined


class _Prose:
    """Running text: lines outside tables."""

    def __init__(self, number: int, lines: list[Line], layout: Layout) -> None:
        self.number = number
        # Rules of dashes, and trade marks that stand apart from their words, say nothing.
        self.lines = [
            line for line in _with_bullets(lines) if any(char.isalnum() for char in line.text)
        ]
        self.layout = layout
        self.left = min((line.x0 for line in self.lines), default=0.0)
        self.right = max((line.x1 for line in self.lines), default=0.0)
        self._item_edges: list[float] = []

    def pieces(self) -> list[Piece]:
        """The blocks."""
        return [self._piece(group, style) for group, style in self._groups()]

    def _groups(self) -> Iterator[tuple[list[Line], Style | None]]:
        """Lines that belong to one block."""
        group: list[Line] = []
        style: Style | None = None
        for position, line in enumerate(self.lines):
            own = self._heading_style(position)
            if group and (own != style or self._begins_block(group, line, style)):
                yield group, style
                group = []
            group.append(line)
            style = own
        if group:
            yield group, style

    def _heading_style(self, position: int) -> Style | None:
        line = self.lines[position]
        style = heading_style(line, self.layout.body)
        if style is None or self._bookmark(line.text):
            return style or (
                Style(-line.size, False, True, False) if self._bookmark(line.text) else None
            )
        if style.plain and -style.size < 1.1 * self.layout.body.size:
            # Italic, or nothing but slightly larger: only when it stands alone.
            before = self.lines[position - 1] if position else None
            after = self.lines[position + 1] if position + 1 < len(self.lines) else None
            if before is not None and self._is_close(before, line):
                return None
            if after is None or (after.italic and self._is_close(line, after)):
                return None
        return style

    def _bookmark(self, text: str) -> int:
        """The bookmark level of a line that is a bookmark's title, else 0."""
        return self.layout.bookmarks.get(self.number, {}).get(squeezed(text), 0)

    def _is_close(self, before: Line, line: Line) -> bool:
        """True when the two stand at the distance of lines in one paragraph."""
        gap = before.y - line.y
        if same_height(line.y, line.size, before.y, before.size):
            return True
        return 0 < gap <= 1.32 * self.layout.pitch * max(line.size, before.size)

    def _begins_block(self, group: list[Line], line: Line, style: Style | None) -> bool:
        before = group[-1]
        if before.hyphen:
            return False
        if style is not None:
            # A heading goes on over two lines when the first one was full.
            full = before.x1 > self.left + 0.7 * (self.right - self.left)
            goes_on = self._is_close(before, line) and (full or line.text[:1].islower())
            return not goes_on or bool(self._bookmark(before.text))
        if same_height(line.y, line.size, before.y, before.size):
            return line.x0 < before.x0  # side by side, or a footnote's mark
        if before.y <= line.y:  # a new column, or a new frame
            return before.text.endswith(ENDS) or not line.text[:1].islower()
        if not self._is_close(before, line) or abs(before.size - line.size) > 0.12 * line.size:
            return True
        text = line.text
        if BULLET.match(text) or NOTE_MARK.match(text):
            return True
        short = before.x1 < self.right - 0.14 * (self.right - self.left)
        ended = before.text.endswith(ENDS) and not text[:1].islower()
        if NUMBER.match(text) and (short or ended):
            return True
        indented = line.x0 > before.x0 + 0.8 * line.size and len(group) > 1
        return ended and (short or indented)

    def _piece(self, group: list[Line], style: Style | None) -> Piece:
        text = self._joined(group)
        if style is not None:
            level = self._bookmark(text) or self._bookmark(group[0].text)
            return Piece("heading", self.number, " ".join(text.split()), style, level)
        if match := BULLET.match(text):
            depth = self._depth(group[0].x0)
            return Piece("item", self.number, text[match.end() :], level=depth)
        if (match := NUMBER.match(text)) and len(group[0].text) > match.end():
            depth = self._depth(group[0].x0)
            return Piece("item", self.number, text[match.end() :], level=depth, marker=match[1])
        return Piece("paragraph", self.number, text)

    def _depth(self, edge: float) -> int:
        while self._item_edges and self._item_edges[-1] > edge + 3:
            self._item_edges.pop()
        if not self._item_edges or self._item_edges[-1] < edge - 3:
            self._item_edges.append(edge)
        return len(self._item_edges)

    def _joined(self, group: list[Line]) -> str:
        text = group[0].text
        for before, line in pairwise(group):
            if before.hyphen or (before.text.endswith("-") and line.text[:1].islower()):
                text = self._unbroken(text.rstrip("-"), line.text)
                continue
            width = self.right - self.left
            ended = before.x1 < self.right - 0.45 * width and line.text[:1].isupper()
            text += ("\n" if ended else " ") + line.text
        return text

    def _unbroken(self, text: str, more: str) -> str:
        """Two parts of a broken word as the document spells it elsewhere."""
        head, tail = text.rsplit(" ", 1)[-1], more.split(" ", 1)[0]
        first, second = head.strip(WORD_EDGES).casefold(), tail.strip(WORD_EDGES).casefold()
        known = self.layout.vocabulary
        if first + second in known:
            return text + more
        if f"{first}-{second}" in known or (first in known and second in known):
            return f"{text}-{more}"
        return text + more if second[:1].isalpha() else f"{text}-{more}"
