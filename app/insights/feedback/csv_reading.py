"""A CSV file of unknown making → its encoding, delimiter and header, and its records one by one.

Nothing is held but the line being read: a file may be as large as an upload may be.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from charset_normalizer import from_bytes

from app.errors import Unprocessable

_HEAD_BYTES = 256 * 1024
"""How much of a file is looked at to tell how it is written."""
_FIELD_CHARS = 131_072
"""Python's own limit for a field; asked here too, because the ingest of CSV files raises it."""
_LINE_CHARS = 1_000_000
"""A longer line is no line of a table: it is skipped and reported."""
_MOST_COLUMNS = 200
_SAMPLE_ROWS = 200
_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_OTHERS = (
    (b"PK\x03\x04", "an Excel workbook or another zip file"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
    (b"%PDF", "a PDF"),
    (b"\x1f\x8b", "a compressed file"),
)
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\ufffd]")
_NUMBER_OR_DATE = re.compile(r"[\d\s.,:/+-]+(?:[TZ][\d:.Z+-]*)?")
_EXPORT = "Export the table as CSV (in a spreadsheet: Save as, CSV UTF-8) and upload that."


@dataclass(frozen=True, slots=True)
class Layout:
    """How a file is written. ``skip``: lines before the table; ``names``: one for each column."""

    encoding: str
    delimiter: str
    quote: str
    skip: int
    header: bool
    names: tuple[str, ...]

    @property
    def said(self) -> str:
        """In words, for a person: ``UTF-8, comma``."""
        encoding = self.encoding.removesuffix("-sig").upper().replace("_", "-")
        return f"{encoding}, {_DELIMITERS[self.delimiter]}"


@dataclass(frozen=True, slots=True)
class Record:
    """One row; ``line`` is the number of its first line in the file, from 1."""

    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that can't be imported, why, and how it begins."""

    line: int
    reason: str
    excerpt: str = ""


def read_layout(path: Path) -> Layout:
    """How the file is written.

    Raises:
        Unprocessable: it is empty, no text, or no table with at least two columns.
    """
    encoding = _encoding(path)
    with _opened(path, encoding) as file:
        head = file.read(_HEAD_BYTES // 4)
    if len(_CONTROLS.findall(head)) > 0.01 * len(head):
        raise Unprocessable("This file is not text, so it can't be read as a CSV.", _EXPORT)
    lines = head.splitlines(keepends=True)
    if len(lines) > 1 and len(head) == _HEAD_BYTES // 4:
        lines.pop()  # cut in the middle
    skip, told = 0, ""
    if lines and re.fullmatch(r"sep=.\s*", lines[0], re.IGNORECASE):  # Excel says its delimiter
        skip, told = 1, lines[0][4]
    rows, delimiter, quote = _best(lines[skip:], told)
    width = Counter(map(len, rows)).most_common(1)[0][0] if rows else 0
    if width > _MOST_COLUMNS:
        raise Unprocessable(
            f"This table has {width:,} columns; {_MOST_COLUMNS} can be read.",
            "Export only the columns for text, date, rating and id.",
        )
    if width < 2:
        raise Unprocessable(
            "Only one column was found in this file.",
            "A text and a date are needed, in two columns that are separated by comma, semicolon, "
            "tab or vertical bar.",
        )
    header = _is_header(rows[0])
    if len(rows) <= header:
        raise Unprocessable(
            "This file has a header but no rows.", "Check that the export is complete."
        )
    names = _names(rows[0] if header else [""] * width)
    return Layout(encoding, delimiter, quote, skip, header, names)


def records(path: Path, layout: Layout) -> Iterator[Record | BadRow]:
    """Every row after the header, in the order of the file; blank lines are left out."""
    with _opened(path, layout.encoding) as file:
        lines = _Lines(file)
        for _ in range(layout.skip):
            next(lines, None)
        reader = csv.reader(lines, delimiter=layout.delimiter, quotechar=layout.quote)
        to_skip = layout.header
        while True:
            first = lines.number + 1
            row: list[str] | None
            try:
                row = next(reader)
            except StopIteration:
                yield from lines.taken()
                return
            except csv.Error:
                row = None
            yield from lines.taken()
            if row is None or any(len(cell) > _FIELD_CHARS for cell in row):
                yield BadRow(
                    first,
                    f"A field is longer than {_FIELD_CHARS:,} characters; "
                    "perhaps a quotation mark is never closed.",
                )
            elif to_skip:
                to_skip = False
            elif any(cell.strip() for cell in row):
                yield _checked(first, row, layout)


def _checked(line: int, row: list[str], layout: Layout) -> Record | BadRow:
    width = len(layout.names)
    if len(row) > width and not any(cell.strip() for cell in row[width:]):
        row = row[:width]
    if len(row) != width:
        said = "1 cell" if len(row) == 1 else f"{len(row):,} cells"
        text = layout.delimiter.join(row)
        return BadRow(line, f"It has {said} where the table has {width:,} columns.", text[:200])
    return Record(line, tuple(row))


class _Lines:
    """The lines of a file with their count; endless ones are left out and remembered."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self._too_long: list[BadRow] = []
        self.number = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        while True:
            line = self._file.readline(_LINE_CHARS)
            if not line:
                raise StopIteration
            self.number += 1
            if len(line) < _LINE_CHARS or line.endswith(("\n", "\r")):
                return line
            start = line[:200]
            while line and not line.endswith(("\n", "\r")):
                line = self._file.readline(_LINE_CHARS)
            reason = f"The line is longer than {_LINE_CHARS:,} characters."
            self._too_long.append(BadRow(self.number, reason, start))

    def taken(self) -> list[BadRow]:
        """Lines that were left out since the last call."""
        found, self._too_long = self._too_long, []
        return found


# --- how it is written ---------------------------------------------------------------------------


def _opened(path: Path, encoding: str) -> IO[str]:
    # newline="": the csv module wants to see line ends inside quoted fields.
    return path.open(encoding=encoding, errors="replace", newline="")


def _encoding(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if not head.strip(b"\0 \t\r\n"):
        raise Unprocessable("This file is empty.", "Check that the export is complete.")
    for mark, name in _BOMS:
        if head.startswith(mark):
            return name
    for mark, what in _OTHERS:
        if head.startswith(mark):
            raise Unprocessable(f"This file is {what}, not a CSV.", _EXPORT)
    if b"\0" in head:
        # Text of most languages in UTF-16 has a zero in every second byte; nothing else does.
        for name, zeros in (("utf-16-le", head[1::2]), ("utf-16-be", head[::2])):
            if zeros.count(0) > 0.4 * len(zeros):
                return name
        raise Unprocessable(
            "This file has zero bytes, as programs and images do, so it is not a CSV.", _EXPORT
        )
    if _is_utf8(path):
        return "utf-8"
    # Without its Latin favorites a short text is taken for something exotic.
    best = from_bytes(head, cp_isolation=["cp1252", "cp1250", "cp1251", "shift_jis", "gb18030"])
    found = best.best()
    return found.encoding if found is not None else "cp1252"


def _is_utf8(path: Path) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with path.open("rb") as file:
            while piece := file.read(1024 * 1024):
                decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _best(lines: list[str], told: str) -> tuple[list[list[str]], str, str]:
    """The rows of the sample, read with the delimiter and quote that make most even columns."""
    quotes = ['"']
    if sum(line.startswith("'") for line in lines) > len(lines) / 2:
        quotes.append("'")
    best: tuple[tuple[bool, float, int], list[list[str]], str, str] | None = None
    for delimiter in [told] if told in _DELIMITERS else _DELIMITERS:
        for quote in quotes:
            rows = _rows(lines, delimiter, quote)
            if not rows:
                continue
            width, count = Counter(map(len, rows)).most_common(1)[0]
            score = (width > 1, round(count / len(rows), 1), width)
            if best is None or score > best[0]:
                best = (score, rows, delimiter, quote)
    return best[1:] if best else ([], ",", '"')


def _rows(lines: list[str], delimiter: str, quote: str) -> list[list[str]]:
    rows: list[list[str]] = []
    reader = csv.reader(lines, delimiter=delimiter, quotechar=quote)
    while len(rows) < _SAMPLE_ROWS:
        try:
            row = next(reader)
        except StopIteration:
            break
        except csv.Error:
            continue
        if any(cell.strip() for cell in row):
            rows.append(row)
    return rows


def _is_header(row: list[str]) -> bool:
    """Names are short and no numbers or dates."""
    cells = [cell.strip() for cell in row if cell.strip()]
    return not any(_NUMBER_OR_DATE.fullmatch(cell) or len(cell) > 80 for cell in cells)


def _names(row: list[str]) -> tuple[str, ...]:
    """A name for each column, none twice."""
    seen: Counter[str] = Counter()
    found = []
    for number, cell in enumerate(row, 1):
        name = " ".join(cell.split())[:80] or f"Column {number}"
        seen[name] += 1
        found.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return tuple(found)
