"""Columns of a table on a PDF page, and the names that stand over them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from ingest.parsers.pdf_rows import MARK, Segment, VisualRow
from ingest.parsers.pdf_rules import Rule

UNIT = re.compile(
    r"\(?\s*(?:dollars |amounts |u\.s\. dollars )?in (millions|thousands|billions)\b([^)]*)", re.I
)


@dataclass(slots=True)
class Column:
    """A column's horizontal extent, and the rows that have something in it."""

    x0: float
    x1: float
    rows: set[int] = field(default_factory=set)
    values: int = 0
    """How many of them are numbers there."""

    @property
    def center(self) -> float:
        """Horizontal middle."""
        return (self.x0 + self.x1) / 2


def is_tabular(row: VisualRow) -> bool:
    """True when the row has segments apart from each other, other than a list's mark."""
    segments = row.segments
    if len(segments) < 2:
        return False
    return not (len(segments) == 2 and MARK.match(segments[0].text))


def find_columns(rows: list[VisualRow], numeric: bool) -> list[Column]:
    """Columns as the disjoint extents of the segments of rows with several of them.

    Narrow segments come first, so that a long label or a heading over several columns finds the
    columns made, and does not join them.
    """
    pieces: list[tuple[float, int, Segment]] = []
    for number, row in enumerate(rows):
        if is_tabular(row) and not (numeric and not row.values):
            pieces += ((segment.x1 - segment.x0, number, segment) for segment in row.segments)
    columns: list[Column] = []
    for _, number, segment in sorted(pieces, key=lambda piece: piece[0]):
        hit = [c for c in columns if min(c.x1, segment.x1) - max(c.x0, segment.x0) > -1.0]
        if not hit:
            columns.append(Column(segment.x0, segment.x1, {number}, int(segment.is_value)))
            continue
        shared = any(a.rows & b.rows for i, a in enumerate(hit) for b in hit[i + 1 :])
        if shared:
            continue  # a heading over several columns
        merged = Column(
            min([segment.x0, *(c.x0 for c in hit)]),
            max([segment.x1, *(c.x1 for c in hit)]),
            {number}.union(*(c.rows for c in hit)),
            segment.is_value + sum(c.values for c in hit),
        )
        columns = [c for c in columns if c not in hit]
        columns.append(merged)
    columns.sort(key=lambda column: column.x0)
    # Labels of different indentation may not overlap, but never stand in one row.
    while numeric and len(columns) > 2 and not columns[0].rows & columns[1].rows:
        first, second = columns[:2]
        rows_of_both, values = first.rows | second.rows, first.values + second.values
        columns[:2] = [Column(first.x0, max(first.x1, second.x1), rows_of_both, values)]
    return columns


def column_at(segment: Segment, columns: list[Column]) -> int:
    """The column that the segment stands in: the one it overlaps most, else the nearest."""
    overlaps = [min(c.x1, segment.x1) - max(c.x0, segment.x0) for c in columns]
    return max(range(len(columns)), key=overlaps.__getitem__)


def is_group_label(row: VisualRow) -> bool:
    """A label over the rows that follow, wherever it stands: "ASSETS:"."""
    return len(row.segments) == 1 and row.text.endswith(":") and not row.values


def header_top(rows: list[VisualRow], start: int, floor: int, columns: list[Column]) -> int:
    """Index of the topmost row above ``start`` that heads the value columns."""
    numbers = [c for c in columns[1:] if c.values * 2 >= len(c.rows)] or columns[1:]
    left = numbers[0].x0
    before = columns[columns.index(numbers[0]) - 1]
    reach = left - 0.35 * (left - before.x0) - 8
    top = start
    for position in range(start - 1, max(floor, start - 9) - 1, -1):
        row = rows[position]
        if row.y - rows[position + 1].y > 2.8 * row.size or len(row.text) > 160:
            break
        over = row.segments[-1].x1 > left and row.segments[0].x0 >= reach
        if _is_caption(row, columns) and not is_group_label(row):
            break
        if is_group_label(row):
            continue
        if over:
            top = position
        elif (
            len(row.segments) > 1
            or row.segments[0].x0 > columns[0].x0 + 0.1 * (left - columns[0].x0) + 12
            or row.segments[0].x1 > left
            or len(row.text) > 70
        ):
            break  # neither column heads nor a group's label between heads and values
    return top


def _is_caption(row: VisualRow, columns: list[Column]) -> bool:
    """A line in the middle of the whole table, when its value columns are not there."""
    if len(row.segments) > 1:
        return False
    segment = row.segments[0]
    if any(c.x0 - 6 <= segment.x0 and segment.x1 <= c.x1 + 6 for c in columns[1:]):
        return False
    width = columns[-1].x1 - columns[0].x0
    middle = (columns[0].x0 + columns[-1].x1) / 2
    values = (columns[1].x0 + columns[-1].x1) / 2
    return abs(segment.center - middle) < 0.08 * width < 0.8 * abs(values - middle)


def header_names(rows: list[VisualRow], columns: list[Column], rules: Sequence[Rule]) -> list[str]:
    """One name per column from the rows above the data.

    A header cell covers the columns above which its underline runs, else those it stands over.
    """
    parts: list[list[str]] = [[] for _ in columns]
    for row in rows:
        if UNIT.search(row.text) and len(row.segments) == 1:
            continue
        for segment in row.segments:
            for index in _covered(segment, row, columns, rules):
                if not parts[index] or parts[index][-1] != segment.text:
                    parts[index].append(segment.text)
    return [" ".join(part) for part in parts]


def _covered(
    segment: Segment, row: VisualRow, columns: list[Column], rules: Sequence[Rule]
) -> list[int]:
    """Indexes of the columns that a header cell names."""
    first = 0 if segment.x0 < columns[0].x1 and segment.x0 < columns[1].x0 - 20 else 1
    for rule in rules:  # from the top down: the first one below the cell counts
        if rule.edge or rule.y > row.y + 0.1 * row.size:
            continue
        if row.y - rule.y > 4.2 * row.size:
            break
        if rule.x0 - 2 <= segment.center <= rule.x1 + 2:
            if sum(rule.x0 - 2 <= s.center <= rule.x1 + 2 for s in row.segments) > 1:
                break  # a line under the whole head says nothing of one cell
            under = [i for i, c in enumerate(columns) if rule.x0 - 3 <= c.center <= rule.x1 + 3]
            if under and rule.x1 - rule.x0 >= 0.5 * (segment.x1 - segment.x0):
                return under
            break
    under = [
        i
        for i, c in enumerate(columns)
        if i >= first and min(c.x1, segment.x1) - max(c.x0, segment.x0) > 0
    ]
    if len(row.segments) == 1 and len(columns) > 2:
        middle = (columns[1].x0 + columns[-1].x1) / 2
        if len(under) > 1 and abs(middle - segment.center) < 0.12 * (
            columns[-1].x1 - columns[1].x0
        ):
            return list(range(1, len(columns)))
    if under:
        return under
    nearest = min(range(len(columns)), key=lambda i: abs(columns[i].center - segment.center))
    return [nearest]


def unit_of(texts: Sequence[str]) -> tuple[str, str]:
    """The unit said nearest above a table: ("in millions", what it does not hold for)."""
    for text in reversed(texts):
        if match := UNIT.search(text):
            return f"in {match[1].lower()}", match[2].strip(" ,").lower()
    return "", ""
