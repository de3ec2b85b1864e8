"""A document's blocks as what a page can show: headings, paragraphs, nested lists, tables.

Long documents are shown in parts. The range that a citation points at is carried into the text
as marked segments, exactly at its offsets.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import ClassVar, Literal

from app.domain import Block, BlockKind, Cell, PageKind, Span
from app.web.segments import Segment, Segments

PART_CHARS = 24_000
"""About ten screens of text: a part is served and laid out in well under 100 ms."""
PART_BLOCKS = 250
"""A table of 50,000 rows makes 200 parts."""
OUTLINE_MAX = 150
"""Headings in the outline; beyond that, deep levels are left out."""
_MARKER = re.compile(r"(\d+)[.)]\s*$")
_LONGEST_MARKER = 12
_SHORT = 14
"""Characters of a date, a time, a code."""
_NUMBER = re.compile(r"[-+−(]?(?:[A-Z]{3} |[$€£])?\d[\d.,  ]*(?: ?%| ?[A-Z]{3})?\)?|[–—-]")


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading; ``level`` is the HTML level, 2–6, below the page's own title."""

    type: ClassVar[str] = "heading"
    level: int
    anchor: str
    segments: Segments


@dataclass(frozen=True, slots=True)
class Prose:
    """A paragraph, quotation or code block, by ``type``."""

    type: str
    segments: Segments


@dataclass(slots=True)
class Item:
    """A list item with the lists under it; ``number`` is None for bullets."""

    segments: Segments
    number: int | None
    children: list[Bullets] = field(default_factory=list)


@dataclass(slots=True)
class Bullets:
    """A list."""

    type: ClassVar[str] = "list"
    ordered: bool
    entries: list[Item] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Row:
    """A table row: one entry per column, empty where the source had none."""

    cells: tuple[Segments, ...]
    marked: bool


@dataclass(frozen=True, slots=True)
class Table:
    """A table, or the part of it that this page shows. Without names there is no header."""

    type: ClassVar[str] = "table"
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    looks: tuple[Literal["number", "short", "text"], ...]
    """Per column: digits are set below digits, and short values such as dates stay on one line."""

    @property
    def named(self) -> bool:
        """True when any column has a name."""
        return any(self.columns)


@dataclass(frozen=True, slots=True)
class PageBreak:
    """Where a page, slide or sheet begins."""

    type: ClassVar[str] = "break"
    kind: PageKind
    number: int


Node = Heading | Prose | Bullets | Table | PageBreak


@dataclass(frozen=True, slots=True)
class OutlineEntry:
    """A heading of the whole document; ``depth`` counts from 0, ``part`` from 1."""

    text: str
    depth: int
    anchor: str
    part: int


def parts(blocks: Sequence[Block]) -> list[Span]:
    """Index ranges ``(first, last + 1)`` of blocks that are shown together; at least one."""
    found: list[Span] = []
    first = 0
    for index, block in enumerate(blocks):
        chars = block.end - blocks[first].start
        if index > first and (chars > PART_CHARS or index - first >= PART_BLOCKS):
            found.append((first, index))
            first = index
    found.append((first, len(blocks)))
    return found


def part_of(blocks: Sequence[Block], spans: Sequence[Span], offset: int) -> int:
    """The number, from 1, of the part in which ``offset`` lies."""
    for number, (_, stop) in enumerate(spans, start=1):
        if stop and blocks[stop - 1].end > offset:
            return number
    return len(spans)


def outline(
    text: str, blocks: Sequence[Block], spans: Sequence[Span], title: str = ""
) -> list[OutlineEntry]:
    """Headings with the part they are in; the deepest levels go first when there are too many.

    A first heading that only repeats ``title`` is left out, and no entry is more than one step
    deeper than the one above it.
    """
    headings = [
        (block, number)
        for number, (first, stop) in enumerate(spans, start=1)
        for block in blocks[first:stop]
        if block.kind is BlockKind.HEADING
    ]
    if headings and text[headings[0][0].start : headings[0][0].end] == title:
        headings = headings[1:]
    for deepest in (6, 3, 2, 1):
        kept = [(block, part) for block, part in headings if block.level <= deepest]
        if len(kept) <= OUTLINE_MAX:
            break
    top = min((block.level for block, _ in kept), default=1)
    found: list[OutlineEntry] = []
    depth = -1
    for block, part in kept[:OUTLINE_MAX]:
        depth = min(block.level - top, depth + 1)
        found.append(OutlineEntry(text[block.start : block.end], depth, anchor(block), part))
    return found


def anchor(block: Block) -> str:
    """The id of a heading in the page."""
    return f"h-{block.start}"


def nodes(
    text: str, blocks: Sequence[Block], mark: Span | None, page_kind: PageKind = ""
) -> list[Node]:
    """What to show of ``blocks``, with ``mark`` highlighted."""
    marker = _Marker(text, mark)
    top = min((b.level for b in blocks if b.kind is BlockKind.HEADING), default=1)
    found: list[Node] = []
    page: int | None = None
    for (kind, table, number), group in groupby(blocks, key=lambda b: (b.kind, b.table, b.page)):
        run = list(group)
        if page_kind and number is not None and number != page:
            found.append(PageBreak(page_kind, number))
            page = number
        if kind is BlockKind.ROW and table is not None:
            found.append(_table(run, marker))
        elif kind is BlockKind.ITEM:
            found += _lists(run, text, marker)
        else:
            found += [_simple(block, top, marker) for block in run]
    return found


def _simple(block: Block, top: int, marker: _Marker) -> Node:
    segments = marker.segments(block.start, block.end)
    if block.kind is BlockKind.HEADING:
        return Heading(min(block.level - top + 2, 6), anchor(block), segments)
    return Prose(block.kind.value, segments)


def _lists(run: Iterable[Block], text: str, marker: _Marker) -> list[Bullets]:
    """Nested lists from items that carry their depth; a skipped depth counts as one step."""
    roots: list[Bullets] = []
    open_items: list[tuple[int, Bullets]] = []
    for block in run:
        number = _number(text, block)
        item = Item(marker.segments(block.start, block.end), number)
        while open_items and open_items[-1][0] > block.level:
            open_items.pop()
        ordered = number is not None
        if open_items and open_items[-1][0] == block.level:
            same = open_items[-1][1]
            if same.ordered == ordered:
                same.entries.append(item)
                continue
            open_items.pop()
        fresh = Bullets(ordered, [item])
        if open_items:
            open_items[-1][1].entries[-1].children.append(fresh)
        else:
            roots.append(fresh)
        open_items.append((block.level, fresh))
    return roots


def _number(text: str, block: Block) -> int | None:
    """An ordered item's number stands before its block: "3. "."""
    line = text[max(0, block.start - _LONGEST_MARKER) : block.start].rpartition("\n")[2]
    match = _MARKER.match(line.strip())
    return int(match[1]) if match else None


def _table(run: Sequence[Block], marker: _Marker) -> Table:
    placed = [list(_placed(block.cells)) for block in run]
    columns = _columns([[key for key, _ in row] for row in placed])
    rows = []
    for block, row in zip(run, placed, strict=True):
        cells = dict(row)
        segments = tuple(
            marker.segments(cells[key].start, cells[key].end) if key in cells else ()
            for key in columns
        )
        if not row:
            segments = (marker.segments(block.start, block.end), *segments[1:])
        rows.append(Row(segments, any(s.marked for cell in segments for s in cell)))
    width = max(len(columns), 1)
    looks = tuple(_look([row.cells[i] for row in rows if row.cells]) for i in range(width))
    return Table(tuple(name for name, _ in columns) or ("",), tuple(rows), looks)


def _look(cells: Iterable[Segments]) -> Literal["number", "short", "text"]:
    values = ["".join(segment.text for segment in cell) for cell in cells if cell]
    if values and all(_NUMBER.fullmatch(value) for value in values):
        return "number"
    return "short" if all(len(value) <= _SHORT for value in values) else "text"


_Column = tuple[str, int]
"""A column's name, and how many columns of that name stand before it."""


def _placed(cells: Iterable[Cell]) -> Iterable[tuple[_Column, Cell]]:
    seen: dict[str, int] = {}
    for cell in cells:
        count = seen.get(cell.column, 0)
        seen[cell.column] = count + 1
        yield (cell.column, count), cell


def _columns(rows: Iterable[Sequence[_Column]]) -> list[_Column]:
    """All columns in their order; one that a row lacks is put back where later rows have it."""
    order: list[_Column] = []
    for row in rows:
        place = 0
        for key in row:
            if key in order:
                place = order.index(key) + 1
            else:
                order.insert(place, key)
                place += 1
    return order


class _Marker:
    """Cuts text where the marked range begins and ends."""

    def __init__(self, text: str, mark: Span | None) -> None:
        self._text = text
        self._mark = mark
        self._marked_once = False

    def segments(self, start: int, end: int) -> Segments:
        """``text[start:end]`` in one to three segments."""
        if self._mark is None:
            return (Segment(self._text[start:end]),)
        low = min(max(self._mark[0], start), end)
        high = min(max(self._mark[1], start), end)
        if low >= high:
            return (Segment(self._text[start:end]),)
        marked = Segment(self._text[low:high], marked=True, first=not self._marked_once)
        self._marked_once = True
        around = (Segment(self._text[start:low]), marked, Segment(self._text[high:end]))
        return tuple(segment for segment in around if segment.text)
