"""Pages of a PDF for the viewer: as images, and where a quote's words stand on them.

pdfium must not be used by two threads at once, so every use goes through `PDFIUM`.
"""

from __future__ import annotations

import ctypes
import difflib
import io
import re
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pypdfium2 as pdfium  # type: ignore[import-untyped]  # ships no types
from pypdfium2 import raw

from app.errors import NotFound, UnreadableDocument

PDFIUM = threading.RLock()
"""Held while pdfium is used; the PDF parser takes it too."""

MAX_PIXELS = 25_000_000
"""Pixels of one page image; a larger scale is reduced, so that a poster fits into memory."""

CELLS = re.compile(r" \| ")
REACH = 160
"""Letters and digits after a row's label within which its next value must follow."""

MIN_RUN = 3
"""Words of a run that marks a place when the quote as a whole is not on the page."""

LONG_RUN = 8
"""Words of one run that are proof alone: the quote goes on overleaf."""

MIN_SHARE = 0.4
"""Share of the quote's words that must be found for the marks to be right."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in fractions of the page's width and height, from its top left corner."""

    x0: float
    y0: float
    x1: float
    y1: float


def page_count(pdf: bytes) -> int:
    """The number of pages.

    Raises:
        UnreadableDocument: the bytes are no readable PDF.
    """
    with _opened(pdf) as document:
        return len(document)


def page_size(pdf: bytes, page: int) -> tuple[float, float]:
    """Width and height in points of a page, counted from 1, as it is shown.

    Raises:
        NotFound: there is no such page.
        UnreadableDocument: the bytes are no readable PDF.
    """
    with _opened(pdf) as document:
        width, height = _page(document, page).get_size()
        return float(width), float(height)


def page_image(pdf: bytes, page: int, scale: float = 1.5) -> bytes:
    """A page as a PNG image.

    Args:
        pdf: the file.
        page: counted from 1.
        scale: pixels per point (1 is 72 dpi).

    Raises:
        NotFound: there is no such page.
        UnreadableDocument: the bytes are no readable PDF.
    """
    with _opened(pdf) as document:
        sheet = _page(document, page)
        width, height = sheet.get_size()
        fitting = (MAX_PIXELS / max(width * height, 1.0)) ** 0.5
        image = sheet.render(scale=max(0.05, min(scale, fitting))).to_pil()
    out = io.BytesIO()
    image.save(out, "PNG", compress_level=3)  # 3 is three times as quick as 6 and 8 % larger
    return out.getvalue()


def page_words(pdf: bytes, page: int, quote: str) -> list[Box]:
    """Where ``quote`` stands on the page: one box per line of marked words; [] when it does not.

    The quote is text as the parser gives it: unwrapped, words joined that a line's end had
    broken, and in table rows the column names repeated before the values. So only letters and
    digits are compared: the whole quote first, then a row's label with its values behind it, then
    the runs of words that the quote and the page share.

    Raises:
        NotFound: there is no such page.
        UnreadableDocument: the bytes are no readable PDF.
    """
    with _opened(pdf) as document:
        sheet = _page(document, page)
        text_page = sheet.get_textpage()
        letters, indexes = _letters(text_page)
        spans = _whole(letters, quote) or _row(letters, quote) or _runs(letters, indexes, quote)
        rectangles = [
            rectangle
            for start, end in spans
            for rectangle in _rectangles(text_page, indexes[start], indexes[end - 1] + 1)
        ]
        return [_box(sheet, rectangle) for rectangle in _by_line(rectangles)]


@contextmanager
def _opened(pdf: bytes) -> Iterator[pdfium.PdfDocument]:
    with PDFIUM:
        try:
            document = pdfium.PdfDocument(pdf)
        except pdfium.PdfiumError as error:
            raise UnreadableDocument(
                "The PDF can't be opened.", "Ingest the document again."
            ) from error
        try:
            yield document
        finally:
            document.close()


def _page(document: pdfium.PdfDocument, number: int) -> pdfium.PdfPage:
    if not 1 <= number <= len(document):
        raise NotFound(
            f"The PDF has no page {number}.", f"Choose a page from 1 to {len(document)}."
        )
    return document[number - 1]


def _letters(page: pdfium.PdfTextPage) -> tuple[str, list[int]]:
    """Letters and digits of the page in lower case, and each one's character index."""
    letters: list[str] = []
    indexes: list[int] = []
    count = page.count_chars()
    text = page.get_text_range()
    codes: Iterator[tuple[int, str]]
    if len(text) == count:
        codes = iter(enumerate(text))
    else:  # unmapped glyphs make text and index differ: ask one by one
        each = ((i, raw.FPDFText_GetUnicode(page.raw, i)) for i in range(count))
        codes = ((i, chr(code)) for i, code in each if code and not 0xD800 <= code <= 0xDFFF)
    for index, char in codes:
        for plain in _plain(char):
            letters.append(plain)
            indexes.append(index)
    return "".join(letters), indexes


def _plain(text: str) -> str:
    """Letters and digits only, ligatures and accents as the parser composes them."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return "".join(char for char in text.casefold() if char.isalnum())


def _whole(letters: str, quote: str) -> list[tuple[int, int]]:
    wanted = _plain(quote)
    start = letters.find(wanted) if wanted else -1
    return [(start, start + len(wanted))] if start >= 0 else []


def _row(letters: str, quote: str) -> list[tuple[int, int]]:
    """A table row: its first value, and the others in order close behind."""
    parts = CELLS.split(quote)
    if len(parts) < 2:
        return []
    choices = [_readings(part) for part in parts]
    best: list[tuple[int, int]] = []
    for label in choices[0]:
        start = letters.find(label)
        while start >= 0:
            spans = _values_after(letters, (start, start + len(label)), choices[1:])
            if len(spans) > len(best):
                best = spans
            start = letters.find(label, start + 1)
    usable = sum(bool(readings) for readings in choices)
    return best if len(best) >= max(2, MIN_SHARE * usable) else []


def _readings(part: str) -> list[str]:
    """What a cell's value may be: the text after its column's name, or all of it."""
    pieces = part.split(": ")
    if not _plain(pieces[-1]):
        return []  # a dash in place of a number
    readings = [_plain(": ".join(pieces[i:])) for i in range(1, len(pieces))]
    return [reading for reading in [*readings, _plain(part)] if reading]


def _values_after(
    letters: str, label: tuple[int, int], choices: list[list[str]]
) -> list[tuple[int, int]]:
    spans = [label]
    for readings in choices:
        here = spans[-1][1]
        found = [
            (at, at + len(reading))
            for reading in readings
            if (at := letters.find(reading, here, here + REACH + len(reading))) >= 0
        ]
        if found:
            spans.append(min(found))
    return spans


def _runs(letters: str, indexes: list[int], quote: str) -> list[tuple[int, int]]:
    """Runs of words that the quote shares with the page, when they are enough of it."""
    words = [plain for word in quote.split() if (plain := _plain(word))]
    there = _page_words(letters, indexes)
    matcher = difflib.SequenceMatcher(None, words, [word for word, _, _ in there], autojunk=False)
    blocks = [block for block in matcher.get_matching_blocks() if block.size >= MIN_RUN]
    found, longest = sum(b.size for b in blocks), max((b.size for b in blocks), default=0)
    if found < max(MIN_RUN, MIN_SHARE * len(words)) and longest < LONG_RUN:
        return []
    return [(there[b.b][1], there[b.b + b.size - 1][2]) for b in blocks]


def _page_words(letters: str, indexes: list[int]) -> list[tuple[str, int, int]]:
    """The page's words as ``(word, start, end)`` in ``letters``: cut where characters are left out.

    An apostrophe or a hyphen within a word cuts it too; the same is done nowhere to the quote, so
    such a word is missed, but its neighbors are found.
    """
    words: list[tuple[str, int, int]] = []
    start = 0
    for position in range(1, len(letters) + 1):
        if position == len(letters) or indexes[position] > indexes[position - 1] + 1:
            words.append((letters[start:position], start, position))
            start = position
    return words


Rectangle = tuple[float, float, float, float]
"""Left, bottom, right, top in points."""


def _rectangles(page: pdfium.PdfTextPage, start: int, end: int) -> list[Rectangle]:
    count = raw.FPDFText_CountRects(page.raw, start, end - start)
    left, top, right, bottom = (ctypes.c_double() for _ in range(4))
    return [
        (left.value, bottom.value, right.value, top.value)
        for index in range(max(count, 0))
        if raw.FPDFText_GetRect(page.raw, index, left, top, right, bottom)
    ]


def _by_line(rectangles: list[Rectangle]) -> list[Rectangle]:
    """Rectangles on one line joined, a little higher than the letters."""
    lines: list[Rectangle] = []
    for left, bottom, right, top in sorted(rectangles, key=lambda r: (-r[3], r[0])):
        for position, (x0, y0, x1, y1) in enumerate(lines):
            shared = min(top, y1) - max(bottom, y0)
            if shared > 0.5 * min(top - bottom, y1 - y0):
                lines[position] = (min(x0, left), min(y0, bottom), max(x1, right), max(y1, top))
                break
        else:
            lines.append((left, bottom, right, top))
    grown = []
    for left, bottom, right, top in lines:
        edge = 0.15 * (top - bottom)
        grown.append((left - edge, bottom - edge, right + edge, top + edge))
    return grown


def _box(page: pdfium.PdfPage, rectangle: Rectangle) -> Box:
    """Points on the sheet to fractions of the page as shown: cropped and turned."""
    unit = 100_000
    x, y = ctypes.c_int(), ctypes.c_int()
    corners = []
    for px, py in ((rectangle[0], rectangle[1]), (rectangle[2], rectangle[3])):
        raw.FPDF_PageToDevice(page.raw, 0, 0, unit, unit, 0, px, py, x, y)
        corners.append((x.value / unit, y.value / unit))
    (ax, ay), (bx, by) = corners
    return Box(
        *(
            min(max(value, 0.0), 1.0)
            for value in (min(ax, bx), min(ay, by), max(ax, bx), max(ay, by))
        )
    )
