"""Writes the blocks of a PDF into the text: levels of headings, rows with groups and units."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ingest.parsers import tables
from ingest.parsers.build import TextBuilder
from ingest.parsers.pdf_blocks import Piece
from ingest.parsers.pdf_columns import unit_of
from ingest.parsers.pdf_headings import is_structured, level_of, levels_of
from ingest.parsers.pdf_tables import PdfTable

INDENT = 2.0
"""Points by which the rows of a group are indented under its label."""

MAX_BETWEEN = 80
"""Characters of a paragraph across which the second half of a table keeps the first one's heads."""

SUBTOTAL = re.compile(r"(net )?cash (generated|provided|used|flows?)\b|subtotal\b", re.IGNORECASE)
TOTAL = re.compile(r"total\b", re.IGNORECASE)

ENDS_SENTENCE = (".", "!", "?", ":", ";", "”", "|")


def write(builder: TextBuilder, pieces: list[Piece]) -> None:
    """Adds all pieces of a document, page after page."""
    pieces = list(_across_pages(pieces))
    headings = [piece for piece in pieces if piece.kind == "heading"]
    ranks = levels_of((p.text, p.style) for p in headings if p.style and not p.level)
    deepest = max((piece.level for piece in headings), default=0)
    largest = min((piece.style.size for piece in headings if piece.style), default=0.0)
    structured = is_structured(piece.text for piece in headings)
    previous: Piece | None = None
    unit = ("", "")
    for piece in pieces:
        builder.page = piece.page
        if piece.kind == "heading" and piece.style is not None:
            level = piece.level or level_of(piece.text, piece.style, ranks, structured)
            # Without a bookmark of its own, a heading stands below those that have one, except
            # the title in the largest print of all.
            is_title = piece.page == 1 and piece.style.size == largest
            if not piece.level and deepest and not is_title:
                level = max(level, deepest + 1)
            builder.heading(piece.text, level)
        elif piece.kind == "item":
            builder.item(piece.text, piece.level, piece.marker)
        elif piece.table is not None:
            own = unit_of(piece.context)
            unit = own if own[0] else unit
            _write_table(builder, piece, previous, unit)
            previous = piece
            continue
        else:
            builder.paragraph(piece.text, keep_lines=True)
            if len(piece.text) <= MAX_BETWEEN:
                continue
        previous = None
        if piece.kind != "heading":  # "the following tables (in millions)" have headings between
            unit = ("", "")


def _across_pages(pieces: list[Piece]) -> list[Piece]:
    """Joins a paragraph that a page's end cut in two."""
    joined: list[Piece] = []
    for piece in pieces:
        last = joined[-1] if joined else None
        if (
            last is not None
            and piece.kind == "paragraph"
            and last.kind in ("paragraph", "item")
            and piece.page == last.page + 1
            and not last.text.endswith(ENDS_SENTENCE)
            and piece.text[:1].islower()
            and len(last.text) > 40
        ):
            last.text += f" {piece.text}"
        else:
            joined.append(piece)
    return joined


def _write_table(
    builder: TextBuilder, piece: Piece, previous: Piece | None, unit: tuple[str, str]
) -> None:
    """Adds a table; one that goes on from the page before keeps its column names."""
    table = piece.table
    assert table is not None  # noqa: S101  # of kind "table"
    if not any(table.names):
        rows = [row.cells for row in table.rows]
        before = _continued(piece, previous)
        header = 1 if table.bold_header else 0 if before else tables.guess_header_rows(rows)
        if header and not table.numeric and len(rows) > 1:
            table.names, table.rows = tables.column_names(rows[:1]), table.rows[1:]
        elif before is not None:
            table.names = before.names
    if table.numeric:
        _write_numbers(builder, table, *unit)
    elif any(table.names) or not tables.key_value_like([row.cells for row in table.rows]):
        names = table.names
        number = builder.table()
        for row in table.rows:
            if row.cells != names:  # the head, repeated on a new page
                builder.row(zip(names, row.cells, strict=True), number)
    else:
        tables.emit_pairs(builder, [row.cells for row in table.rows])


def _continued(piece: Piece, previous: Piece | None) -> PdfTable | None:
    """The table that this one is the rest of, else None.

    Tables of words are cut by a page's end only; amounts also by the label of a part.
    """
    table, before = piece.table, previous.table if previous else None
    if table is None or previous is None or before is None or not _same_columns(table, before):
        return None
    return before if table.numeric or piece.page == previous.page + 1 else None


def _same_columns(table: PdfTable, other: PdfTable) -> bool:
    return len(table.columns) == len(other.columns) and all(
        abs(a.x0 - b.x0) < 12 or abs(a.x1 - b.x1) < 12
        for a, b in zip(table.columns, other.columns, strict=True)
    )


def _write_numbers(builder: TextBuilder, table: PdfTable, unit: str, exceptions: str) -> None:
    """Rows of amounts: each with its group's label, its unit and its columns' names."""
    number = builder.table()
    groups: list[_Group] = []
    for row, after in zip(table.rows, [*table.rows[1:], None], strict=True):
        label, values = row.cells[0], row.cells[1:]
        if not any(values):
            _say_unused(builder, groups, row.x0 - INDENT, number)
            groups = [group for group in groups if group.x0 < row.x0 - INDENT]
            if after is not None and (label.endswith(":") or after.x0 > row.x0 + INDENT):
                # Some tables do not indent: a group then lasts until its total or the next group.
                flat = after.x0 <= row.x0 + INDENT
                groups.append(_Group(row.x0, label.rstrip(" :"), flat))
            else:
                builder.row([("", label)], number)
            continue
        _say_unused(builder, groups, row.x0 - INDENT, number)
        groups = [
            g for g in groups if row.x0 > g.x0 + INDENT or (g.flat and row.x0 > g.x0 - INDENT)
        ]
        if SUBTOTAL.match(label):
            groups = groups[:1]
        name = groups[-1].label if groups else table.names[0]
        said = _unit_for(f"{name} {label}", values, unit, exceptions)
        if groups:
            group = groups[-1]
            if group.used and group.unit != unit and said == unit:
                said = group.unit  # shares stay shares to the end of their group
            group.used, group.unit = True, said
        lead = ", ".join(part for part in (name, said) if part)
        lead = lead[:1].upper() + lead[1:]
        builder.row([(lead, label), *zip(table.names[1:], values, strict=True)], number)
        if TOTAL.match(label) and groups:
            groups.pop()
    _say_unused(builder, groups, -1.0, number)


@dataclass(slots=True)
class _Group:
    """A label over several rows ("Operating expenses:")."""

    x0: float
    label: str
    flat: bool
    used: bool = False
    unit: str = ""


def _say_unused(builder: TextBuilder, groups: list[_Group], edge: float, number: int) -> None:
    """Labels that are about to end without a row that names them stand for themselves."""
    for group in groups:
        if not group.used and group.x0 >= edge and not group.flat:
            builder.row([("", group.label)], number)
            group.used = True


def _unit_for(label: str, values: list[str], unit: str, exceptions: str) -> str:
    """The unit of a row, as "in millions"; "" when the table's does not hold for it."""
    if not unit:
        return ""
    label = label.lower()
    shown = [value for value in values if value]
    if shown and all(value.endswith("%") for value in shown):
        return ""
    if "per share" in label or "per-share" in label or "%" in label or "percent" in label:
        return ""
    if "share" in exceptions and re.search(r"\bshares\b|\bbasic\b|\bdiluted\b", label):
        return "in thousands" if "thousands" in exceptions else ""
    return unit
