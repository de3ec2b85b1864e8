"""CSV and its kin: delimiter, encoding and header found from the content."""

from __future__ import annotations

import csv
from collections import Counter
from itertools import islice

from app.domain import ParsedDocument
from ingest.parsers import tables
from ingest.parsers.build import TextBuilder
from ingest.parsers.decode import decode
from ingest.parsers.limits import Limits

DELIMITERS = (",", ";", "\t", "|")
SAMPLE_ROWS = 100
"""Rows on which delimiters are compared."""

RUNAWAY_LINES = 60
"""Lines in one field from which a quotation mark is taken for an unclosed one."""


def parse(data: bytes, name: str, limits: Limits) -> ParsedDocument:
    """A delimited text file, one row a block."""
    builder = TextBuilder(limits)
    text = decode(data, builder.warn).removeprefix("\ufeff").replace("\r\n", "\n")
    text = text.replace("\r", "\n").replace("\x00", "")
    delimiter = ""
    if text[:4].lower() == "sep=":  # Excel's own hint
        first, _, text = text.partition("\n")
        delimiter = first[4:5]
    delimiter = delimiter or find_delimiter(text)
    csv.field_size_limit(max(limits.max_chars, 131_072))
    rows = list(csv.reader(text.splitlines(keepends=True), delimiter=delimiter))
    if any(cell.count("\n") > RUNAWAY_LINES for row in rows for cell in row):
        builder.warn("A quotation mark is never closed; quotation marks were read as text.")
        rows = list(csv.reader(text.splitlines(), delimiter=delimiter, quoting=csv.QUOTE_NONE))
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    widths = Counter(sum(bool(cell.strip()) for cell in row) for row in rows[:SAMPLE_ROWS])
    usual = widths.most_common(1)[0][0] if widths else 0
    while usual > 1 and rows and sum(bool(cell.strip()) for cell in rows[0]) == 1 < len(rows):
        builder.paragraph(" ".join(rows.pop(0)))  # a title above the table
    tables.emit(builder, rows)
    return builder.document(name=name, kind="csv")


def find_delimiter(text: str) -> str:
    """The delimiter that gives the most rows of one common width greater than one."""
    lines = list(
        islice((line for line in text.splitlines(keepends=True) if line.strip()), SAMPLE_ROWS)
    )
    best, best_score = ",", 0.0
    for delimiter in DELIMITERS:
        try:
            widths = Counter(len(row) for row in csv.reader(lines, delimiter=delimiter))
        except csv.Error:
            continue
        width, count = max(widths.items(), key=lambda item: (item[0] > 1, item[1]))
        total = sum(widths.values())
        score = count / total + min(width, 20) / 1000 if width > 1 else 0.0
        if score > best_score:
            best, best_score = delimiter, score
    return best
