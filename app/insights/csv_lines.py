"""Rows as CSV that a spreadsheet opens: RFC 4180, unrounded, and a text is never a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a spreadsheet would take for the beginning of a formula (OWASP, "CSV Injection"); the wide
forms are the same to one that speaks Japanese."""
_BLANK = " \u00a0\u200b\ufeff"
"""What a spreadsheet, or whoever cleans a file, drops from the front of a cell."""
_CHUNK = 500


def csv_lines(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """The file in pieces, with ``columns`` as its first line."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([cell(name) for name in columns])
    for number, row in enumerate(rows, 1):
        writer.writerow([cell(value) for value in row])
        if number % _CHUNK == 0:
            yield out.getvalue()
            out.seek(0)
            out.truncate()
    yield out.getvalue()


def cell(value: Any) -> Any:
    """Empty where there is no value; a text that begins like a formula gets an apostrophe."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        text = value.replace("\0", "")
        return f"'{text}" if text.lstrip(_BLANK).startswith(_FORMULA) else text
    return value
