"""Which lines of a PDF are headings, and of which level: by bookmarks, font and numbering."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from ingest.parsers.pdf_lines import Line

BIGGER = 1.14
"""Times the body's font size from which a line is a heading."""

MAX_CHARS = 150
ENDS_SENTENCE = re.compile(r"[.;,!?:]$")
STRUCTURE = (
    (re.compile(r"(part|teil|partie)\s+[ivx\d]+\b", re.IGNORECASE), 1),
    (re.compile(r"(chapter|kapitel|appendix|annex|anhang)\s+\w+\b", re.IGNORECASE), 1),
    (re.compile(r"item\s+\d+[a-z]?\b", re.IGNORECASE), 2),
    (re.compile(r"note\s+\d+\b", re.IGNORECASE), 3),
)
NUMBERED = re.compile(r"(\d{1,2}(?:\.\d{1,2}){0,4})[.)]?\s+\S")


class Style(NamedTuple):
    """How a heading looks; more prominent styles sort first."""

    size: float
    """Negative, in half points, so that larger comes first."""
    plain: bool
    lower: bool
    italic: bool


class Body(NamedTuple):
    """The document's running text."""

    size: float
    bold: bool


def body_of(pages: Iterable[list[Line]]) -> Body:
    """The font size and weight of most of the text."""
    sizes: Counter[tuple[float, bool]] = Counter()
    for page in pages:
        for line in page:
            sizes[round(line.size * 2) / 2, line.bold] += len(line.text)
    if not sizes:
        return Body(10.0, False)
    size, bold = sizes.most_common(1)[0][0]
    return Body(size, bold)


def heading_style(line: Line, body: Body) -> Style | None:
    """The line's style when it may be a heading, else None."""
    big = line.size >= BIGGER * body.size
    strong = line.bold and not body.bold
    if not (big or strong or line.italic):
        return None
    text = line.text
    if not big and (ENDS_SENTENCE.search(text) or line.hyphen or line.size < 0.8 * body.size):
        return None
    if not (big or strong or (text[:1].isupper() and len(text) <= 80)):
        return None
    letters = sum(char.isalpha() for char in text)
    if letters < 2 or len(text) > MAX_CHARS or text.startswith("(") or letters < 0.35 * len(text):
        return None
    size = -round(line.size * 2) / 2
    return Style(size, not line.bold, not text.isupper(), line.italic)


def squeezed(text: str) -> str:
    """Letters and digits only, for comparing a line with a bookmark."""
    return "".join(char for char in text.casefold() if char.isalnum())


def levels_of(headings: Iterable[tuple[str, Style]]) -> dict[Style, int]:
    """Style → level, the most prominent first."""
    found = Counter(style for _, style in headings)
    return {style: rank for rank, style in enumerate(sorted(found), start=1)}


def level_of(text: str, style: Style, ranks: Mapping[Style, int], structured: bool) -> int:
    """A heading's level from what it says ("Item 2.", "3.1 Scope"), else from how it looks.

    Args:
        text: the heading.
        style: its look.
        ranks: from `levels_of`.
        structured: the document has parts and items, below which the other headings stand.
    """
    for pattern, level in STRUCTURE:
        if structured and pattern.match(text):
            return level
    if structured:
        return 5 if style.plain or style.italic else 4 if style.lower else 3
    rank = min(ranks.get(style, 1), 4)
    match = NUMBERED.match(text)
    return min(max(rank, 1 + match[1].count(".")), 6) if match else rank


def is_structured(headings: Iterable[str]) -> bool:
    """True when the document is divided like a report: parts, items, notes."""
    return sum(any(p.match(text) for p, _ in STRUCTURE[2:]) for text in headings) >= 3
