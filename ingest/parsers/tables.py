"""A grid of strings becomes rows that name their columns."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence

from ingest.parsers.build import TextBuilder
from ingest.parsers.clean import squeeze

Grid = Sequence[Sequence[str]]
"""Rows of cell texts; rows may differ in length."""

VALUE = re.compile(
    r"[^\w]*[-–—(]?\s*[$€£¥]?\s*\d[\d\s.,'’]*\s*(%|[A-Za-z€]{1,3})?[)\s]*$"  # 12.5 %, €1,200, 30 d
    r"|.*\b\d{4}-\d\d-\d\d\b.*|\d{1,2}[/.:]\d{1,2}([/.:]\d{2,4})?$"  # dates and times
    r"|(yes|no|true|false|n/?a|none|—|–|-|✓|✔|✗|x)$"
    r"|\S+@\S+$|https?://\S+$|[^\w\s#]$",
    re.IGNORECASE,
)
YEAR_OR_PERIOD = re.compile(
    r"(FY|CY|Q[1-4]|H[12])?\s*'?(19|20)\d\d([-/]\d\d(\d\d)?)?$", re.IGNORECASE
)
MAX_HEADER_CELL = 80
"""Characters; a longer cell in the first row is content."""


def emit(builder: TextBuilder, grid: Grid, header_rows: int | None = None) -> None:
    """Adds ``grid`` as one table.

    Args:
        builder: takes the rows.
        grid: the table's cells.
        header_rows: how many rows at the top are headers; None: find out.
    """
    rows = tidy(grid)
    if not rows:
        return
    count = guess_header_rows(rows) if header_rows is None else min(header_rows, len(rows))
    table = builder.table()
    if count >= len(rows):  # nothing but headers: show them as they are
        count = 0
    names = column_names(rows[:count])
    names += [""] * (_width(rows) - len(names))
    for row in rows[count:]:
        builder.row(zip(names, row, strict=False), table)


def emit_pairs(builder: TextBuilder, grid: Grid) -> None:
    """Adds a two-column table whose first column names what the second one says."""
    table = builder.table()
    for row in tidy(grid):
        key, *values = row
        if any(values):
            builder.row([(key, " ".join(value for value in values if value))], table)
        else:
            builder.row([("", key)], table)


def tidy(grid: Grid) -> list[list[str]]:
    """``grid`` squeezed, without its empty rows and columns.

    Rows keep their own lengths: made as long as the longest, those of one wide row and thousands
    of short ones would take gigabytes.
    """
    rows = [[squeeze(cell) for cell in row] for row in grid]
    rows = [row for row in rows if any(row)]
    used = sorted({i for row in rows for i, cell in enumerate(row) if cell})
    return [[row[i] for i in used[: bisect_left(used, len(row))]] for row in rows]


def _width(rows: Grid) -> int:
    return max((len(row) for row in rows), default=0)


def guess_header_rows(rows: Grid) -> int:
    """1 when the first row names the columns, 0 when it is content already.

    A header's cells are short words that name, and do not repeat; a first row with amounts,
    dates or addresses in it is content, unless the numbers are years that head columns.
    """
    if len(rows) < 2:
        return 0
    first = [cell for cell in rows[0] if cell]
    if len(first) < max(2, _width(rows) - 1):
        return 0
    if any(len(cell) > MAX_HEADER_CELL for cell in first):
        return 0
    if len({cell.casefold() for cell in first}) < len(first):
        return 0
    years = sum(1 for cell in first if YEAR_OR_PERIOD.match(cell))
    values = sum(1 for cell in first if VALUE.match(cell))
    return 1 if values == 0 or (values == years and years < len(first)) else 0


def key_value_like(rows: Grid) -> bool:
    """True for two columns in which the first one reads like labels ("Owner", "Version")."""
    if _width(rows) != 2:
        return False
    keys = [row[0] for row in rows]
    return (
        all(keys)
        and len({key.casefold() for key in keys}) == len(keys)
        and all(len(key) <= 40 and not VALUE.match(key) for key in keys)
        and sum(key.endswith(":") for key in keys) * 2 >= len(keys)
    )


def column_names(header: Grid) -> list[str]:
    """One name per column from one or more header rows: "Three months ended" + "June 2026"."""
    if not header:
        return []
    names = []
    for i in range(_width(header)):
        parts: list[str] = []
        for row in header:
            if i < len(row) and row[i] and row[i] not in parts:
                parts.append(row[i])
        names.append(" ".join(parts))
    return names
