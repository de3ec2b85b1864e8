"""Tables on a PDF page, found by the alignment of what stands on it.

A table is a run of visual rows whose segments stand in the same columns. Columns come from the
segments' extents, header cells from the lines drawn under them, rows with wrapped cells from the
lines or shaded bands between rows.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ingest.parsers.pdf_columns import (
    Column,
    column_at,
    find_columns,
    header_names,
    header_top,
    is_group_label,
    is_tabular,
)
from ingest.parsers.pdf_rows import VisualRow
from ingest.parsers.pdf_rules import Rule

MAX_LOOSE = 4
"""Rows with one segment that may stand between two rows of one table: labels, wrapped text."""

LONE_CONSONANTS = frozenset("bcdfghjklmnpqrstvwxz")
PERIOD = re.compile(r"(FY|Q[1-4]|H[12])?\s?(19|20)\d\d[AEFB]?$|[^\W\d]+\.? \d{1,2},?( \d{4})?$")
"""A year or a date, heading a column."""

NOTE = re.compile(r"_{5,}|\(?[*†\d]{1,2}\)?\s+[A-Z].{60,}|See accompanying", re.IGNORECASE)


@dataclass(slots=True)
class GridRow:
    """A table row: one text per column, and how far its label is indented."""

    cells: list[str]
    x0: float
    y: float


@dataclass(slots=True)
class PdfTable:
    """A table as found on one page."""

    columns: list[Column]
    names: list[str]
    """Column names; all empty when there is no header."""
    rows: list[GridRow]
    first: int
    """Index of its first visual row on the page (header rows included)."""
    last: int
    numeric: bool
    bold_header: bool = False


def find_tables(rows: list[VisualRow], rules: Sequence[Rule], floor: int = 0) -> list[PdfTable]:
    """Tables found by alignment among the visual rows, from the top down.

    Args:
        rows: visual rows, of a page or between two tables already found.
        rules: lines drawn on the page.
        floor: added to the tables' indexes: that of the first of ``rows`` on its page.
    """
    tables: list[PdfTable] = []
    position = lowest = 0
    while position < len(rows):
        if not is_tabular(rows[position]) or _stands_alone(rows, position):
            position += 1
            continue
        end = _run_end(rows, position)
        table = _table(rows, position, end, lowest, rules)
        if table is not None:
            position = lowest = table.last + 1
            table.first += floor
            table.last += floor
            tables.append(table)
        else:
            position = end + 1
    return tables


def _stands_alone(rows: list[VisualRow], position: int) -> bool:
    """A heading with a wide gap in it ("Item 1.    Financial Statements"), before other lines."""
    row = rows[position]
    after = rows[position + 1] if position + 1 < len(rows) else None
    return row.values == 0 and (after is None or not is_tabular(after)) and row.bold


def _run_end(rows: list[VisualRow], start: int) -> int:
    """Index of the last row of the run of tabular rows that begins at ``start``."""
    end = start
    position = start + 1
    loose = 0
    while position < len(rows):
        row, before = rows[position], rows[position - 1]
        if before.y - row.y > 4.5 * row.size or NOTE.match(row.text):
            break
        if _heads_next_table(row, rows[start:position]) or row.size > 1.2 * rows[start].size:
            break
        if is_tabular(row):
            end, loose = position, 0
        elif loose >= MAX_LOOSE or _is_prose(row, rows[start : end + 1]):
            break
        else:
            loose += 1
        position += 1
    return end


def _heads_next_table(row: VisualRow, run: list[VisualRow]) -> bool:
    """A row of column heads, right of the labels, after rows of numbers."""
    numbers = [r for r in run if r.values and len(r.segments) > 1 and not _is_period_row(r)]
    if len(numbers) < 2 or len(numbers) * 2 < len(run) - MAX_LOOSE:
        return False
    left = min(r.segments[0].x0 for r in numbers)
    right = max(r.segments[-1].x1 for r in numbers)
    if row.segments[0].x0 < left + 0.3 * (right - left):
        return False
    return not is_group_label(row) and (row.values == 0 or _is_period_row(row))


def _is_prose(row: VisualRow, table: list[VisualRow]) -> bool:
    """A line of running text: longer than any label of the table, or as wide as the table."""
    left = min(r.segments[0].x0 for r in table)
    right = max(r.segments[-1].x1 for r in table)
    segment = row.segments[0]
    if not table or right <= left:
        return False
    return segment.x1 - segment.x0 > 0.72 * (right - left) and len(segment.text) > 60


def _table(
    rows: list[VisualRow], start: int, end: int, floor: int, rules: Sequence[Rule]
) -> PdfTable | None:
    """The table in ``rows[start:end + 1]`` with the header above it; None when it is none."""
    body = rows[start : end + 1]
    tabular = [row for row in body if is_tabular(row)]
    with_values = [row for row in tabular if row.segments[-1].is_value]
    numeric = len(with_values) * 2 >= len(tabular)
    if len(tabular) < (2 if numeric else 3) or _is_two_column_text(tabular):
        return None
    columns = find_columns(body, numeric)
    if len(columns) < 2:
        return None
    first_data = start
    if numeric:
        top = header_top(rows, start, floor, columns)
        first_data = next((i for i in range(top, end + 1) if _is_data(rows[i], columns)), start)
    else:
        top = start
    names = [""] * len(columns)
    bold_header = False
    if first_data > top:
        names = header_names(rows[top:first_data], columns, rules)
    grid = _grid(rows[first_data : end + 1], columns, rules, numeric)
    if not numeric and grid:
        bold_header = rows[start].bold and not all(row.bold for row in body)
    if len(grid) < 2 and not (numeric and any(names[1:])):
        return None
    return PdfTable(columns, names, grid, top, end, numeric, bold_header)


def _is_two_column_text(rows: list[VisualRow]) -> bool:
    """Two columns of running text, and no table."""
    if any(len(row.segments) > 2 for row in rows):
        return False
    lengths = sorted(len(row.segments[0].text) for row in rows)
    right = sorted(len(row.segments[-1].text) for row in rows)
    return lengths[len(lengths) // 2] > 34 and right[len(right) // 2] > 34


def _is_data(row: VisualRow, columns: list[Column]) -> bool:
    """True for the label of a group, and for a label with values; not for column heads."""
    if is_group_label(row):
        return True
    if not _label_of(row, columns):
        return False
    others = row.segments[1:]
    if not others:
        return True
    # Years and dates head columns ("Key figure  2025  2024  Change"), unless one stands alone.
    heads = [segment for segment in others if PERIOD.match(segment.text) or not segment.is_value]
    return bool(row.values) and (len(heads) < len(others) or (len(others) == 1 and not row.bold))


def _label_of(row: VisualRow, columns: list[Column]) -> str:
    first = row.segments[0]
    return first.text if column_at(first, columns) == 0 and not first.is_value else ""


def _is_period_row(row: VisualRow) -> bool:
    """Years or dates that head columns ("2022 2023"), which look like values."""
    return all(PERIOD.match(segment.text) for segment in row.segments)


def _grid(
    rows: list[VisualRow], columns: list[Column], rules: Sequence[Rule], numeric: bool
) -> list[GridRow]:
    """The rows as cells per column, with wrapped rows joined."""
    borders = _borders(rows, columns, rules)
    grid: list[GridRow] = []
    previous: VisualRow | None = None
    for row in rows:
        cells = [""] * len(columns)
        for segment in row.segments:
            index = 0 if numeric and is_group_label(row) else column_at(segment, columns)
            cells[index] = f"{cells[index]} {segment.text}".strip()
        here = GridRow(cells, row.segments[0].x0, row.y)
        last = grid[-1] if grid else None
        if (
            last is not None
            and previous is not None
            and _continues(last, here, previous, row, borders, numeric)
        ):
            for i, cell in enumerate(cells):
                last.cells[i] = glued(last.cells[i], cell)
        else:
            grid.append(here)
        previous = row
    return grid


def _borders(rows: list[VisualRow], columns: list[Column], rules: Sequence[Rule]) -> list[float]:
    """Heights of lines and shading edges that run across most of the table, between its rows."""
    if not rows:
        return []
    width = columns[-1].x1 - columns[0].x0
    top, bottom = rows[0].y + 2 * rows[0].size, rows[-1].y - rows[-1].size
    found: list[float] = []
    for rule in rules:
        covered = min(rule.x1, columns[-1].x1 + 4) - max(rule.x0, columns[0].x0 - 4)
        if bottom <= rule.y <= top and covered >= 0.6 * width:
            found.append(rule.y)
    return found


def _continues(
    last: GridRow,
    here: GridRow,
    above: VisualRow,
    row: VisualRow,
    borders: list[float],
    numeric: bool,
) -> bool:
    """True when the row is the wrapped rest of the one above it."""
    pitch = above.y - row.y
    parted = any(row.y + 0.2 * row.size < y < above.y + 0.2 * row.size for y in borders)
    if parted or pitch > 2.0 * row.size:
        return False
    if numeric:
        # One of the two has the values, the other only the label's rest.
        if any(last.cells[1:]) and any(here.cells[1:]):
            return False
        if any(here.cells[1:]):
            begins = here.cells[0][:1]
            goes_on = (
                begins.islower() or begins in "$(" or last.cells[0].endswith((",", "and", "of"))
            )
            return bool(last.cells[0]) and not last.cells[0].endswith(":") and goes_on
        return any(last.cells[1:]) and here.cells[0][:1].islower() and pitch < 1.4 * row.size
    if len(borders) >= 3:
        return True  # every row is parted by a line, and here there is none
    return not here.cells[0] or (pitch < 1.3 * row.size and sum(map(bool, here.cells)) == 1)


def glued(text: str, more: str) -> str:
    """A cell's text and the next line of it."""
    if not text or not more:
        return text or more
    if text.endswith("-") and more[:1].islower():
        return text[:-1] + more
    # A column too narrow for its word: "Rotterda" and "m". "y" is a word in Spanish, but hardly
    # one that a column of single words ends with.
    lone = more in LONE_CONSONANTS or (more == "y" and " " not in text)
    if lone and text[-1].isalpha():
        return text + more
    return f"{text} {more}"
