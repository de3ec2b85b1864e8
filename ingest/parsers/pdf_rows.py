"""Visual rows of a PDF page: lines side by side, cut into segments at wide gaps."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ingest.parsers.pdf_lines import Line, Word

GAP = 0.95
"""A gap wider than this share of the font size parts two segments. A space takes 0.25 to 0.3,
and up to 0.7 in justified text."""

VALUE = re.compile(
    r"\(?[-–+]?[$€£¥]?\s?\(?[-–+]?\d[\d,.\s]*\)?\s?(%|x|bps|pp|pts)?\)?([*†]|\(\d\))?$|[—–-]+\s?%?$"
    r"|n/?[am]$|\*$|(\$|€|£)\s?[—–-]$",
    re.IGNORECASE,
)
MARK = re.compile(r"([•●○◦▪■‣·☐☑☒\uf0b7*–-]|\(?(\d{1,2}|[a-z]|[ivx]{1,4})[.)])$")
CURRENCY = frozenset("$€£¥") | {"US$", "EUR", "USD", "GBP", "CAD"}


@dataclass(slots=True)
class Segment:
    """Words that stand together, and the space they take."""

    text: str
    x0: float
    x1: float

    @property
    def is_value(self) -> bool:
        """True for a number, an amount, a share, or a dash in their place."""
        return bool(VALUE.match(self.text))

    @property
    def center(self) -> float:
        """Horizontal middle."""
        return (self.x0 + self.x1) / 2


@dataclass(slots=True)
class VisualRow:
    """Lines on one height, as segments from left to right."""

    lines: list[Line]
    segments: list[Segment] = field(default_factory=list)

    @property
    def y(self) -> float:
        """Baseline of its largest print; a footnote's mark stands higher."""
        return max(self.lines, key=lambda line: line.size).y

    @property
    def size(self) -> float:
        """Largest font size."""
        return max(line.size for line in self.lines)

    @property
    def bold(self) -> bool:
        """All of it is bold."""
        return all(line.bold for line in self.lines)

    @property
    def text(self) -> str:
        """All of it."""
        return " ".join(segment.text for segment in self.segments)

    @property
    def values(self) -> int:
        """How many segments are values."""
        return sum(segment.is_value for segment in self.segments)


def visual_rows(lines: list[Line]) -> list[VisualRow]:
    """Lines grouped by height, from the top down."""
    rows: list[VisualRow] = []
    for line in sorted(lines, key=lambda line: (-line.y, line.x0)):
        last = rows[-1] if rows else None
        if (
            last is not None
            and same_height(line.y, line.size, last.y, last.size)
            and not any(_overlap(line, other) for other in last.lines)
        ):
            last.lines.append(line)
        else:
            rows.append(VisualRow([line]))
    for row in rows:
        row.lines.sort(key=lambda line: line.x0)
        row.segments = segments_of(row.lines)
    return rows


def same_height(y: float, size: float, other_y: float, other_size: float) -> bool:
    """True for lines side by side, and for a small raised or lowered mark beside a line."""
    distance, large, small = abs(y - other_y), max(size, other_size), min(size, other_size)
    return distance <= 0.35 * small or (small < 0.8 * large and distance <= 0.6 * large)


def _overlap(one: Line, other: Line) -> bool:
    if min(one.x1, other.x1) - max(one.x0, other.x0) <= 1.0:
        return False
    # Words, as a footnote's mark stands between the words of its line.
    return any(min(a.x1, b.x1) - max(a.x0, b.x0) > 1.0 for a in one.words for b in other.words)


def segments_of(lines: list[Line]) -> list[Segment]:
    """The segments of lines side by side; a lone currency sign joins the number after it."""
    found: list[Segment] = []
    size = max(line.size for line in lines)
    words = sorted((word for line in lines for word in line.words), key=lambda word: word.x0)
    for word in words:
        last = found[-1] if found else None
        if last is None or word.x0 - last.x1 > GAP * size:
            if last is not None and _joins(last, word):
                found[-1] = _join(last, word)
            else:
                found.append(Segment(word.text, word.x0, word.x1))
        else:
            found[-1] = _join(last, word)
    if lines[-1].hyphen and found:
        found[-1].text += "-"
    return found


def _joins(last: Segment, word: Word) -> bool:
    """A sign far left in its cell belongs to the number; so does "%" or ")" after it."""
    sign = last.text in CURRENCY or last.text.endswith((" $", " €", " £"))
    return (sign and bool(re.match(r"[\d(—–-]", word.text))) or word.text in ("%", ")", ")%")


def _join(last: Segment, word: Word) -> Segment:
    tight = (last.text[-1:] in "$€£¥(" and word.text[:1].isdigit()) or word.text in ("%", ")", ")%")
    tight = tight or (last.text in CURRENCY - {"EUR", "USD", "GBP", "CAD"})
    return Segment(last.text + ("" if tight else " ") + word.text, last.x0, word.x1)
