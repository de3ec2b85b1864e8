"""Lines of a PDF page with their words, positions and fonts, read through pdfium.

Positions are in points from the page's lower left corner. Only the first and the last character
of each word are asked for their place: 50 dense pages cost half a second, and every gap between
two words is known, which is what tables are found by.
"""

from __future__ import annotations

import ctypes
import math
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from pypdfium2 import PdfPage, PdfTextPage, raw  # type: ignore[import-untyped]  # ships no types

from ingest.parsers.pdf_hidden import HiddenText

WORD = re.compile(r"\S+")
HYPHEN = "\ufffe"
"""pdfium puts this in place of a hyphen at the end of a line, and drops the line's break."""

LINE = re.compile(rf"[^\r\n{HYPHEN}]+{HYPHEN}?|{HYPHEN}")
BOLD_NAME = re.compile(r"bold|black|heavy|semibold|demi(?!ns)", re.IGNORECASE)
ITALIC_NAME = re.compile(r"italic|oblique", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Word:
    """A word and its horizontal extent."""

    text: str
    x0: float
    x1: float


@dataclass(slots=True)
class Line:
    """Words on one baseline, in reading order."""

    words: list[Word]
    y: float
    """Baseline."""
    size: float
    """Font size as it appears on the page."""
    bold: bool = False
    italic: bool = False
    hyphen: bool = False
    """The line ends within a word, after a hyphen that is no longer in ``words``."""

    @property
    def x0(self) -> float:
        """Left edge."""
        return self.words[0].x0

    @property
    def x1(self) -> float:
        """Right edge."""
        return max(word.x1 for word in self.words)

    @property
    def text(self) -> str:
        """The words, with spaces; without the hyphen at the end of a broken word."""
        return " ".join(word.text for word in self.words)


class _Place:
    """Asks pdfium for one character's place; the output variables are made once."""

    def __init__(self, page: PdfTextPage) -> None:
        self._page = page.raw
        self._box = [ctypes.c_double() for _ in range(4)]
        self._matrix = raw.FS_MATRIX()
        self._name = ctypes.create_string_buffer(128)
        self._flags = ctypes.c_int()

    def extent(self, index: int) -> tuple[float, float]:
        """Left and right edge."""
        left, right, bottom, top = self._box
        raw.FPDFText_GetCharBox(self._page, index, left, right, bottom, top)
        return left.value, right.value

    def baseline(self, index: int) -> float:
        """Height of the baseline."""
        x, y = self._box[:2]
        raw.FPDFText_GetCharOrigin(self._page, index, x, y)
        return y.value

    def size(self, index: int) -> float:
        """Font size after the text's own scaling."""
        size = float(raw.FPDFText_GetFontSize(self._page, index))
        if raw.FPDFText_GetMatrix(self._page, index, self._matrix):
            size *= math.hypot(self._matrix.c, self._matrix.d)
        return size or 10.0

    def style(self, index: int) -> tuple[bool, bool]:
        """Bold, italic."""
        length = raw.FPDFText_GetFontInfo(self._page, index, self._name, 128, self._flags)
        name = self._name.value.decode("utf-8", "replace") if 0 < length <= 128 else ""
        bold, italic = _style_of(name)
        forced = bool(self._flags.value & 0x40000)  # ForceBold
        return bold or forced, italic or bool(self._flags.value & 0x40)


@lru_cache(maxsize=512)
def _style_of(font: str) -> tuple[bool, bool]:
    return bool(BOLD_NAME.search(font)), bool(ITALIC_NAME.search(font))


def read_lines(page: PdfPage) -> tuple[list[Line], int]:
    """The page's lines in pdfium's reading order, and how many characters nobody sees of it."""
    text_page = page.get_textpage()
    try:
        text, indexes = _text(text_page)
        place = _Place(text_page)
        unseen = HiddenText(page, text_page.raw)
        hidden = 0
        lines: list[Line] = []
        for match in LINE.finditer(text):
            line, left_out = _line(match, indexes, place, unseen)
            hidden += left_out
            if line is not None:
                lines.append(line)
        return lines, hidden
    finally:
        text_page.close()


def _text(page: PdfTextPage) -> tuple[str, range | list[int]]:
    """The page's text, and for each of its characters the index that pdfium knows it by."""
    count = page.count_chars()
    text = page.get_text_range()
    if len(text) == count:
        return text, range(count)
    # Letters beyond the basic plane and unmapped glyphs make the two differ: ask one by one.
    codes = [raw.FPDFText_GetUnicode(page.raw, index) for index in range(count)]
    kept = [index for index, code in enumerate(codes) if code and not 0xD800 <= code <= 0xDFFF]
    return "".join(chr(codes[index]) for index in kept), kept


def _line(
    match: re.Match[str], indexes: range | list[int], place: _Place, unseen: HiddenText
) -> tuple[Line | None, int]:
    """The line's words that are seen, and how many characters of it are not."""
    content = match[0].rstrip(HYPHEN)
    start = match.start()
    words = []
    seen: list[int] = []
    hidden = 0
    for found in WORD.finditer(content):
        first, last = indexes[start + found.start()], indexes[start + found.end() - 1]
        if unseen.hides(first, place.size(first)) and unseen.hides(last, place.size(last)):
            hidden += len(found[0])
            continue
        seen += (first, last)
        x0, right = place.extent(first)
        x1 = place.extent(last)[1] if last != first else right
        text = found[0]
        if not text.isascii():
            text = _readable(text)
        if text:
            words.append(Word(text, min(x0, x1), max(x0, x1)))
    if not words:
        return None, hidden
    begin, end = seen[0], seen[-1]
    bold, italic = place.style(begin)
    if bold or italic:  # a line counts as bold when it is so to its end
        last_bold, last_italic = place.style(end)
        bold, italic = bold and last_bold, italic and last_italic
    hyphen = match[0].endswith(HYPHEN) and end == indexes[start + len(content.rstrip()) - 1]
    return Line(words, place.baseline(begin), place.size(begin), bold, italic, hyphen), hidden


def _readable(text: str) -> str:
    """Ligatures as letters; characters of private use, which only draw, left out."""
    if any("\ufb00" <= char <= "\ufb06" for char in text):
        text = "".join(
            unicodedata.normalize("NFKC", char) if "\ufb00" <= char <= "\ufb06" else char
            for char in text
        )
    return "".join(char for char in text if not "\ue000" <= char <= "\uf8ff" or char == "\uf0b7")
