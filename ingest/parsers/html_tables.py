"""HTML tables: spans unrolled, headers found, layout tables told apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from selectolax.lexbor import LexborNode

from ingest.parsers import tables
from ingest.parsers.build import TextBuilder
from ingest.parsers.clean import squeeze

if TYPE_CHECKING:
    from ingest.parsers.html_walk import Walker

MAX_SPAN = 200
"""Columns or rows one cell may claim; browsers stop at 1,000."""


def is_layout(node: LexborNode) -> bool:
    """True for a table that arranges the page, and holds no data."""
    if node.attrs.get("role") == "presentation":
        return True
    if node.css_first("th") is not None:
        return False
    if "highlighttable" in (node.attrs.get("class") or ""):
        return True
    rows = node.css("tr")
    if node.css_first("table, h1, h2, h3") is not None:
        return True
    widest = max((len(row.css("td")) for row in rows), default=0)
    return widest <= 1 or (len(rows) <= 2 and node.css_first("pre, ul, ol") is not None)


def add_table(builder: TextBuilder, walker: Walker, node: LexborNode) -> None:
    """Adds a data table, its caption first."""
    caption = node.css_first("caption")
    if caption is not None:
        builder.paragraph(walker.line(caption))
    rows = [row for row in node.css("tr") if _table_of(row) == node.mem_id and not walker.skip(row)]
    cells = [
        [c for c in row.iter() if c.tag in ("td", "th") and not walker.skip(c)] for row in rows
    ]
    rows = [row for row, kept in zip(rows, cells, strict=True) if kept]
    cells = [kept for kept in cells if kept]
    if not rows:
        return
    header = _header_rows(rows, cells)
    grid = _unrolled(walker, cells, header or 0)
    heads_rows = all(kept[0].tag == "th" for kept in cells)
    if header == 0 and heads_rows and max(len(row) for row in grid) == 2:
        tables.emit_pairs(builder, grid)
        return
    # Row numbers given by `header` count empty rows too, which `emit` would drop.
    keep = [any(squeeze(cell) for cell in line) for line in grid]
    if header is not None:
        header = sum(keep[:header])
    tables.emit(builder, [line for line, used in zip(grid, keep, strict=True) if used], header)


def _table_of(node: LexborNode) -> int:
    parent = node.parent
    while parent is not None and parent.tag != "table":
        parent = parent.parent
    return parent.mem_id if parent is not None else 0


def _header_rows(rows: list[LexborNode], cells: list[list[LexborNode]]) -> int | None:
    """How many rows are headers by the markup; None when the markup does not say."""
    in_head = 0
    for row in rows:
        if row.parent is None or row.parent.tag != "thead":
            break
        in_head += 1
    if in_head:
        return in_head
    if not any(cell.tag == "th" for row in cells for cell in row):
        bold = all(_all_bold(cell) for cell in cells[0])
        return 1 if bold and len(cells) > 1 else None
    leading = 0
    for kept in cells:
        if not all(cell.tag == "th" or not cell.text(strip=True) for cell in kept):
            break
        leading += 1
    return leading if leading < len(rows) else 1


def _all_bold(cell: LexborNode) -> bool:
    text = cell.text(strip=True)
    bold = "".join(part.text(strip=True) for part in cell.css("b, strong"))
    return bool(text) and len(bold) >= len(text)


def _unrolled(walker: Walker, cells: list[list[LexborNode]], header: int) -> list[list[str]]:
    """The grid: a value spanning rows stands in each; one spanning columns in each header row."""
    grid: list[list[str]] = []
    pending: dict[int, tuple[int, str]] = {}  # column → rows left, text
    for number, row in enumerate(cells):
        line: list[str] = []
        queue = list(row)
        while queue or any(column >= len(line) for column in pending):
            column = len(line)
            if column in pending:
                left, text = pending.pop(column)
                line.append(text)
                if left > 1:
                    pending[column] = (left - 1, text)
                continue
            if not queue:
                line.append("")
                continue
            cell = queue.pop(0)
            text = cell_text(walker, cell)
            width, height = _span(cell, "colspan"), _span(cell, "rowspan")
            height = min(height, len(cells) - number)
            for offset in range(width):
                shown = text if offset == 0 or number < header else ""
                if height > 1:
                    pending[len(line)] = (height - 1, shown)
                line.append(shown)
        grid.append(line)
    return grid


def _span(cell: LexborNode, name: str) -> int:
    value = cell.attrs.get(name) or ""
    return min(max(int(value), 1), MAX_SPAN) if value.isdigit() and len(value) < 9 else 1


def cell_text(walker: Walker, cell: LexborNode) -> str:
    """A cell on one line; the items of a list in it are parted by semicolons."""
    lines = [squeeze(part) for part in walker.inline(cell).split("\u2028")]
    joint = "; " if cell.css_first("li") is not None else " "
    return joint.join(line for line in lines if line)
