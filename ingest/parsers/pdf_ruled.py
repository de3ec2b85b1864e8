"""Tables with a line under every row: the lines say where rows begin and end.

Most programs that make tables draw such lines, and then rows with wrapped cells need no guessing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ingest.parsers.pdf_columns import Column, column_at, find_columns, is_tabular
from ingest.parsers.pdf_rows import VisualRow
from ingest.parsers.pdf_rules import Drawing, Rule
from ingest.parsers.pdf_tables import PERIOD, GridRow, PdfTable, glued

MIN_LINES = 3
"""Lines of one length below each other that make a table: under the head and under two rows."""

MAX_BAND = 260.0
"""Points between two lines of one table; a cell with more text than that is a page's frame."""


PROSE_CHARS = 60
"""Characters from which a line across several columns is running text, and no spanning label."""

PRINT_STEP = 1.14
"""Times the print of a table's cells from which a line is a heading."""


@dataclass(slots=True)
class _Band:
    """What stands between two neighboring lines of a ladder."""

    inside: list[int]
    """Indexes of its visual rows."""
    top: float
    bottom: float
    walled: bool
    """Vertical lines run through it."""
    shaded: bool

    @property
    def height(self) -> float:
        """In points."""
        return self.top - self.bottom


def find_ruled(rows: list[VisualRow], drawing: Drawing) -> list[PdfTable]:
    """Tables whose rows are parted by lines across their whole width, from the top down.

    Tables of one width stand on one ladder of lines. One ends where its vertical lines end, where
    a heading or running text stands, and where another row of column heads begins.
    """
    tables: list[PdfTable] = []
    for heights, x0, x1 in _ladders(drawing.rules):
        bands = [_band(rows, drawing, (top, bottom), (x0, x1)) for top, bottom in pairwise(heights)]
        for group in _parted(rows, bands):
            tables += _table(rows, group)
    return _disjoint(tables)


def _parted(rows: list[VisualRow], bands: list[_Band]) -> Iterator[list[_Band]]:
    """The bands of each table on one ladder."""
    group: list[_Band] = []
    for position, band in enumerate(bands):
        after = bands[position + 1] if position + 1 < len(bands) else None
        unwalled = not band.walled and any(other.walled for other in group)
        if _parts(rows, band, group) or (unwalled and not _is_tabular(rows, band)):
            yield group
            group = []
            continue
        if position and not _is_tabular(rows, bands[position - 1]):
            table = [other for other in group if other is not bands[position - 1]]
            if _reads_as_head(rows, band, table):  # and what stood between is no row of either
                yield table
                group = []
        if not band.inside:
            continue
        # Column heads may stand above a grid, outside of its vertical lines.
        if (unwalled and after is not None and after.walled) or _is_new_head(rows, band, group):
            yield group
            group = []
        group.append(band)
    yield group


def _band(
    rows: list[VisualRow],
    drawing: Drawing,
    height: tuple[float, float],
    extent: tuple[float, float],
) -> _Band:
    (top, bottom), (x0, x1) = height, extent
    middle = (top + bottom) / 2
    posts = [p for p in drawing.posts if x0 - 3 <= p.x <= x1 + 3 and p.y0 < middle < p.y1]
    edges = [
        rule.y
        for rule in drawing.rules
        if rule.edge and abs(rule.x0 - x0) < 3 and abs(rule.x1 - x1) < 3
    ]
    shaded = any(abs(y - top) < 3 for y in edges) and any(abs(y - bottom) < 3 for y in edges)
    return _Band(_inside(rows, top, bottom, x0, x1), top, bottom, len(posts) >= 2, shaded)


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


def _parts(rows: list[VisualRow], band: _Band, group: list[_Band]) -> bool:
    """What stands between two tables: a heading, running text, or nothing but much room."""
    if band.height > MAX_BAND or not band.inside:
        return band.height > MAX_BAND or band.height > 40
    here = [rows[index] for index in band.inside]
    above = [rows[index] for other in group for index in other.inside]
    columns = find_columns(above, numeric=False)
    if any(_is_prose(row, columns) for row in here):
        return True
    cells = [row.size for row in above if is_tabular(row)]
    if cells and any(row.size > PRINT_STEP * max(cells) for row in here):
        return True
    if any(is_tabular(row) for row in here):
        return False
    return band.height > 2.2 * len(here) * max(row.size for row in here) + 6


def _is_prose(row: VisualRow, columns: list[Column]) -> bool:
    """A long line that runs across the columns of the rows above it."""
    longest = max(row.segments, key=lambda segment: len(segment.text))
    if len(longest.text) <= PROSE_CHARS:
        return False
    touched = [c for c in columns if min(c.x1, longest.x1) - max(c.x0, longest.x0) > 1.0]
    return len(touched) > 1


def _is_tabular(rows: list[VisualRow], band: _Band) -> bool:
    return any(is_tabular(rows[index]) for index in band.inside)


def _is_new_head(rows: list[VisualRow], band: _Band, group: list[_Band]) -> bool:
    """True for a row that looks like the table's head, and not like its other rows."""
    if len(group) < 2:
        return False
    first, second = group[0], group[1]
    look = (_is_bold(rows, band), band.shaded)
    head, body = (_is_bold(rows, first), first.shaded), (_is_bold(rows, second), second.shaded)
    if look != head or look == body or not _is_tabular(rows, band):
        return False
    return not _has_amounts(rows, band)  # a total may look like a head, but has amounts


def _reads_as_head(rows: list[VisualRow], band: _Band, group: list[_Band]) -> bool:
    """True for a row without amounts, like the first one and unlike all others of the table."""
    body = [other for other in group[1:] if _is_tabular(rows, other)]
    return (
        bool(body)
        and _is_tabular(rows, band)
        and not _has_amounts(rows, band)
        and not _has_amounts(rows, group[0])
        and all(_has_amounts(rows, other) for other in body)
    )


def _has_amounts(rows: list[VisualRow], band: _Band) -> bool:
    cells = [segment for index in band.inside for segment in rows[index].segments]
    return any(cell.is_value and not PERIOD.match(cell.text) for cell in cells)


def _is_bold(rows: list[VisualRow], band: _Band) -> bool:
    return all(rows[index].bold for index in band.inside)


def _table(rows: list[VisualRow], bands: list[_Band]) -> list[PdfTable]:
    """The table of these bands, or none."""
    while bands and not _is_tabular(rows, bands[0]) and _is_text(rows, bands[0]):
        bands = bands[1:]
    members = [rows[index] for band in bands for index in band.inside]
    columns = find_columns(members, numeric=False)
    if len(bands) < 2 or len(columns) < 2:
        return []
    grid = []
    for band in bands:
        cells = [""] * len(columns)
        for index in band.inside:
            for segment in rows[index].segments:
                place = column_at(segment, columns)
                cells[place] = glued(cells[place], segment.text)
        first = rows[band.inside[0]]
        grid.append(GridRow(cells, first.segments[0].x0, first.y))
    bold = _is_bold(rows, bands[0]) and not all(row.bold for row in members)
    shaded = bands[0].shaded and not all(band.shaded for band in bands)
    first_row, last_row = bands[0].inside[0], bands[-1].inside[-1]
    names = [""] * len(columns)
    return [PdfTable(columns, names, grid, first_row, last_row, False, bold or shaded)]


def _is_text(rows: list[VisualRow], band: _Band) -> bool:
    return any(len(rows[index].text) > PROSE_CHARS for index in band.inside)


def _disjoint(tables: list[PdfTable]) -> list[PdfTable]:
    """The tables from the top down, without those that stand within another one."""
    kept: list[PdfTable] = []
    for table in sorted(tables, key=lambda table: (table.first, -table.last)):
        if not kept or table.first > kept[-1].last:
            kept.append(table)
    return kept
