"""Excel workbooks by openpyxl, streamed: each sheet a page, each row with its column names.

Formulas show the result saved with the file; nothing is calculated and no macro is run.
"""

from __future__ import annotations

import io
import math
import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

from openpyxl import load_workbook

from app.domain import ParsedDocument
from ingest.parsers import tables
from ingest.parsers.archive import open_zip
from ingest.parsers.build import Facts, TextBuilder, as_utc, pretty_name
from ingest.parsers.limits import Limits
from ingest.parsers.office import author_of, title_of

WITHOUT_RESULT = re.compile(rb"</f>\s*(?:<v\s*/>|<v>\s*</v>)?\s*</c>")
CURRENCY = re.compile(r'\[\$([^\]-]+)[^\]]*\]|"([^"]{1,3})"|([$€£¥])')

MAX_ROWS = 1_048_576
"""Rows of a sheet, by Excel's own limit; up to a row's number the missing ones are counted off."""

MAX_DECIMALS = 30
"""Decimals of a number, by Excel's own limit."""

Row = list[tuple[str, bool]]
"""Cells of a sheet's row: shown text, and whether it is bold."""


def parse(data: bytes, name: str, limits: Limits) -> ParsedDocument:
    """A workbook."""
    builder = TextBuilder(limits)
    with open_zip(data, limits) as archive:
        lost = _without_result(archive)
    if lost:
        builder.warn(
            f"{lost:,} formulas have no saved result and are missing; "
            "open the file in Excel and save it."
        )
    book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
    try:
        hidden = 0
        for number, sheet in enumerate(book.worksheets, start=1):
            if sheet.sheet_state != "visible":
                hidden += 1
                continue
            builder.page = number
            before = len(builder.blocks)
            builder.heading(sheet.title, 1)
            sheet.reset_dimensions()  # the declared ones are often far too large
            for block in _blocks(_rows(sheet)):
                _add_block(builder, block)
            if len(builder.blocks) == before + 1 and len(book.worksheets) > 1:
                builder.warn(f"The sheet {sheet.title} is empty.")
        if hidden:
            builder.warn(
                f"{hidden} hidden {'sheet was' if hidden == 1 else 'sheets were'} left out."
            )
        properties = book.properties
        return builder.document(
            name=name,
            kind="xlsx",
            title=title_of(properties.title) or pretty_name(name),
            page_kind="sheet",
            pages=len(book.worksheets),
            facts=Facts(
                modified_at=as_utc(properties.modified), owner=author_of(properties.creator)
            ),
        )
    finally:
        book.close()


def _without_result(archive: zipfile.ZipFile) -> int:
    """How many formulas were saved without their result."""
    return sum(
        len(WITHOUT_RESULT.findall(archive.read(member)))
        for member in archive.namelist()
        if re.match(r"xl/worksheets/[^/]+\.xml$", member)
    )


def _rows(sheet: Any) -> Iterator[Row]:
    for cells in sheet.iter_rows(max_row=MAX_ROWS):  # a row's number may be any
        row: Row = []
        for cell in cells:
            value = cell.value
            if value is None:
                row.append(("", False))
            else:
                text = shown(value, cell.number_format)
                row.append((text, bool(cell.font and cell.font.b)))
        while row and not row[-1][0]:
            row.pop()
        yield row


def _blocks(rows: Iterator[Row]) -> Iterator[list[Row]]:
    """Runs of rows between empty ones."""
    block: list[Row] = []
    for row in rows:
        if row:
            block.append(row)
        elif block:
            yield block
            block = []
    if block:
        yield block


def _add_block(builder: TextBuilder, rows: list[Row]) -> None:
    """Titles and remarks as paragraphs, the rest as a table."""
    wide = max(sum(bool(text) for text, _ in row) for row in rows)
    while rows and wide > 1 and sum(bool(text) for text, _ in rows[0]) == 1:
        builder.paragraph(" ".join(text for text, _ in rows.pop(0)))
    if wide == 1:
        for row in rows:
            builder.paragraph(" ".join(text for text, _ in row))
        return
    grid = [[text for text, _ in row] for row in rows]
    bold = [bool(row) and all(b for text, b in row if text) for row in rows]
    header = 1 if len(rows) > 1 and bold[0] and not bold[1] else None
    if header is None and tables.key_value_like(tables.tidy(grid)):
        tables.emit_pairs(builder, grid)
    else:
        tables.emit(builder, grid, header)


def shown(value: object, form: str | None = None) -> str:
    """A cell's value as a reader sees it: dates in ISO, numbers with their unit."""
    match value:
        case bool():
            return "Yes" if value else "No"
        case datetime():
            if value.time() == time(0):
                return value.date().isoformat()
            return value.isoformat(sep=" ", timespec="minutes")
        case date() | time():
            return value.isoformat()
        case timedelta():
            return str(value)
        case int() | float():
            return _number(value, form or "General")
        case str():
            return "" if value.startswith("#") and value.rstrip("!?/").isupper() else value
        case _:
            return str(value)


def _number(value: float, form: str) -> str:
    try:
        if not math.isfinite(value * 100):  # as percent
            return str(value)
    except OverflowError:  # more digits than Excel can hold: as they are written
        return str(value)
    form = form.split(";", maxsplit=1)[0]
    decimals = min(len(match[1]), MAX_DECIMALS) if (match := re.search(r"\.(0+)", form)) else 0
    bare = re.sub(r'"[^"]*"|\[[^\]]*\]', "", form)
    if "%" in bare:
        return f"{value * 100:.{decimals}f}%" if decimals else f"{value * 100:.10g}%"
    if "0" not in bare and "#" not in bare:
        return f"{value:.12g}" if isinstance(value, float) else str(value)
    group = "," if ",##" in bare or ",0" in bare else ""
    if decimals or value == int(value):
        text = f"{value:{group}.{decimals}f}"
    else:
        text = f"{value:{group}.12g}"
    symbol = CURRENCY.search(form)
    if symbol:
        unit = next(part for part in symbol.groups() if part).strip()
        before = symbol.start() < (re.search(r"[0#]", form) or symbol).start()
        gap = " " if unit.isalpha() or not before else ""
        text = f"{unit}{gap}{text}" if before else f"{text}{gap}{unit}"
    return text
