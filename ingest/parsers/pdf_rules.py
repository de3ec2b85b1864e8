"""Lines drawn on a PDF page: borders of table cells and edges of shaded bands."""

from __future__ import annotations

import ctypes
from collections import defaultdict
from dataclasses import dataclass, field

from pypdfium2 import PdfPage, raw  # type: ignore[import-untyped]  # ships no types

MAX_OBJECTS = 20_000
"""Objects looked at on one page; drawings have more, tables do not."""

THIN = 2.5
"""Points: a path lower than this is a line, a higher one a filled box with two edges."""

MIN_LENGTH = 4.0
"""Points; shorter ones are parts of letters."""

JOIN = 0.9
"""Points between two pieces of one line; the gap between two column heads is wider."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A horizontal line at height ``y``."""

    y: float
    x0: float
    x1: float
    edge: bool = False
    """It is the edge of a shaded box, not a drawn line."""


@dataclass(frozen=True, slots=True)
class Post:
    """A vertical line at ``x``, from ``y0`` up to ``y1``."""

    x: float
    y0: float
    y1: float


@dataclass(frozen=True, slots=True)
class Drawing:
    """What is drawn on a page, as far as tables need it."""

    rules: list[Rule] = field(default_factory=list)
    """From top to bottom."""
    posts: list[Post] = field(default_factory=list)


def read_drawing(page: PdfPage) -> Drawing:
    """The page's horizontal and vertical lines, pieces of one line joined."""
    pieces: dict[tuple[float, bool], list[tuple[float, float]]] = defaultdict(list)
    upright: dict[float, list[tuple[float, float]]] = defaultdict(list)
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    count = min(raw.FPDFPage_CountObjects(page.raw), MAX_OBJECTS)
    for index in range(count):
        item = raw.FPDFPage_GetObject(page.raw, index)
        if raw.FPDFPageObj_GetType(item) != raw.FPDF_PAGEOBJ_PATH:
            continue
        raw.FPDFPageObj_GetBounds(item, left, bottom, right, top)
        x0, x1, y0, y1 = left.value, right.value, bottom.value, top.value
        if x1 - x0 <= THIN < y1 - y0:
            upright[round(x0 + x1) / 2].append((y0, y1))
        if x1 - x0 < 0.3:
            continue
        if y1 - y0 <= THIN:
            pieces[round(y0 + y1) / 2, False].append((x0, x1))
        elif y1 - y0 < 200:  # not the page's own background
            pieces[round(y0 * 2) / 2, True].append((x0, x1))
            pieces[round(y1 * 2) / 2, True].append((x0, x1))
    rules = [
        Rule(y, x0, x1, edge)
        for (y, edge), spans in pieces.items()
        for x0, x1 in _joined(spans)
        if x1 - x0 >= MIN_LENGTH
    ]
    posts = [Post(x, y0, y1) for x, spans in upright.items() for y0, y1 in _joined(spans)]
    return Drawing(sorted(rules, key=lambda rule: -rule.y), posts)


def _joined(spans: list[tuple[float, float]]) -> list[tuple[float, float]]:
    joined: list[tuple[float, float]] = []
    for x0, x1 in sorted(spans):
        if joined and x0 <= joined[-1][1] + JOIN:
            joined[-1] = (joined[-1][0], max(joined[-1][1], x1))
        else:
            joined.append((x0, x1))
    return joined
