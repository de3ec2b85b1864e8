"""Tables with a line under every row: the lines say where rows begin and end.

Most programs that make tables draw such lines, and then rows with wrapped cells need no guessing.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from ingest.parsers.pdf_columns import column_at, find_columns, is_tabular
from ingest.parsers.pdf_rows import VisualRow
from ingest.parsers.pdf_rules import Rule
from ingest.parsers.pdf_tables import GridRow, PdfTable, glued

MIN_LINES = 3
"""Lines of one length below each other that make a table: under the head and under two rows."""

MAX_BAND = 260.0
"""Points between two lines of one table; a cell with more text than that is a page's frame."""


def find_ruled(rows: list[VisualRow], rules: Sequence[Rule]) -> list[PdfTable]:
    """Tables whose rows are parted by lines across their whole width, from the top down."""
    tables: list[PdfTable] = []
    for heights, x0, x1 in _ladders(rules):
        bands: list[list[int]] = []
        for top, bottom in pairwise(heights):
            inside = _inside(rows, top, bottom, x0, x1)
            if _ends_table(rows, inside, top - bottom):
                tables += _table(rows, bands, rules, x0, x1)
                bands = []
            elif inside:
                bands.append(inside)
        tables += _table(rows, bands, rules, x0, x1)
    return _disjoint(tables)


def _ladders(rules: Sequence[Rule]) -> list[tuple[list[float], float, float]]:
    """Drawn lines of equal extent: their heights from the top down, and that extent."""
    ladders: list[tuple[list[float], float, float]] = []
    for rule in rules:
        if rule.edge:
            continue
        for heights, x0, x1 in ladders:
            if abs(rule.x0 - x0) <= 2 and abs(rule.x1 - x1) <= 2:
                if heights[-1] - rule.y > 2:
                    heights.append(rule.y)
                break
        else:
            ladders.append(([rule.y], rule.x0, rule.x1))
    return [ladder for ladder in ladders if len(ladder[0]) >= MIN_LINES]


def _inside(rows: list[VisualRow], top: float, bottom: float, x0: float, x1: float) -> list[int]:
    """Indexes of the visual rows between two lines."""
    return [
        index
        for index, row in enumerate(rows)
        if bottom < row.y + 0.25 * row.size < top
        and row.segments[0].x0 >= x0 - 4
        and row.segments[-1].x1 <= x1 + 4
    ]


def _ends_table(rows: list[VisualRow], inside: list[int], height: float) -> bool:
    """What stands between two tables: a heading, running text, or nothing but much room."""
    if height > MAX_BAND or not inside:
        return height > MAX_BAND or height > 40
    here = [rows[index] for index in inside]
    if any(is_tabular(row) for row in here):
        return False
    return height > 2.2 * len(here) * max(row.size for row in here) + 6


def _table(
    rows: list[VisualRow], bands: list[list[int]], rules: Sequence[Rule], x0: float, x1: float
) -> list[PdfTable]:
    """The table of these bands, or none."""
    members = [rows[index] for band in bands for index in band]
    columns = find_columns(members, numeric=False)
    if len(bands) < 2 or len(columns) < 2:
        return []
    grid = []
    for band in bands:
        cells = [""] * len(columns)
        for index in band:
            for segment in rows[index].segments:
                place = column_at(segment, columns)
                cells[place] = glued(cells[place], segment.text)
        first = rows[band[0]]
        grid.append(GridRow(cells, first.segments[0].x0, first.y))
    head = [rows[index] for index in bands[0]]
    shaded = any(
        rule.edge and abs(rule.x0 - x0) < 3 and abs(rule.x1 - x1) < 3 and rule.y >= head[0].y
        for rule in rules
    )
    bold = all(row.bold for row in head) and not all(row.bold for row in members)
    first_row, last_row = bands[0][0], bands[-1][-1]
    names = [""] * len(columns)
    return [PdfTable(columns, names, grid, first_row, last_row, False, bold or shaded)]


def _disjoint(tables: list[PdfTable]) -> list[PdfTable]:
    """The tables from the top down, without those that stand within another one."""
    kept: list[PdfTable] = []
    for table in sorted(tables, key=lambda table: (table.first, -table.last)):
        if not kept or table.first > kept[-1].last:
            kept.append(table)
    return kept
