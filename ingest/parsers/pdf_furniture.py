"""Running headers, footers and page numbers: what repeats at the edges of pages."""

from __future__ import annotations

import re
from collections import Counter

from ingest.parsers.pdf_lines import Line
from ingest.parsers.pdf_rows import segments_of

EDGE_LINES = 4
"""Lines at the top and at the bottom of a page that may be furniture."""

MIN_PAGES = 3
MIN_SHARE = 0.25
"""Pages, and share of pages, on which a line must stand to be furniture. Headers of chapters and
of left and right pages are on fewer pages than all."""

PAGE_NUMBER = re.compile(
    r"[-–—|\s]*(page|seite|p\.)?\s*([ivxlc]{1,6}|[A-Z]?-?\d{1,4})(\s*(/|of|von|de)\s*\d{1,4})?[-–—|\s]*$",
    re.IGNORECASE,
)


def without_furniture(pages: list[list[Line]]) -> list[list[Line]]:
    """The pages' lines without running headers, footers and page numbers."""
    if len(pages) < MIN_PAGES:
        return [_without_lone_number(page, len(pages)) for page in pages]
    counts: Counter[tuple[str, str]] = Counter()
    for number, page in enumerate(pages):
        for edge in ("top", "bottom"):
            shapes = {shape for line in _edge(page, edge) for shape in _shapes(line, number)}
            counts.update((edge, shape) for shape in shapes)
    needed = max(MIN_PAGES, MIN_SHARE * sum(bool(page) for page in pages))
    known = {key for key, count in counts.items() if count >= needed}
    return [_peeled(page, number, known) for number, page in enumerate(pages)]


def _edge(page: list[Line], edge: str) -> list[Line]:
    """Up to `EDGE_LINES` lines from the page's edge, until a gap parts them from the body.

    The gap keeps the head of a table that goes on over several pages: it stands close to its rows,
    or in line with them.
    """
    ordered = sorted(page, key=lambda line: -line.y if edge == "top" else line.y)
    found: list[Line] = []
    for position, line in enumerate(ordered[: EDGE_LINES + 2]):
        following = ordered[position + 1] if position + 1 < len(ordered) else None
        if following is not None and _in_one_table(line, following):
            return found
        found.append(line)
        if following is None or abs(following.y - line.y) > 1.45 * max(line.size, following.size):
            return found
    # No gap: only a page number may stand that close to the text.
    return [line for line in found[:1] if PAGE_NUMBER.match(line.text)]


def _in_one_table(line: Line, following: Line) -> bool:
    """Two lines in columns that begin at the same places."""
    if abs(line.x0 - following.x0) > 3:
        return False
    first, second = segments_of([line]), segments_of([following])
    return len(first) > 1 and len(second) > 1 and abs(first[1].x0 - second[1].x0) < 30


def _shapes(line: Line, page: int) -> set[str]:
    """What the line repeats on other pages: itself, or itself but for the page's number.

    Only a number that counts with the pages is taken for theirs: in "Part 36", "Part 72", at the
    top of one page after the other, it is the table's.
    """
    text = line.text.casefold()
    shapes = {text}
    if PAGE_NUMBER.match(text) and not re.search(r"\d", text):
        shapes.add("roman")
    numbers = list(re.finditer(r"\d{1,5}", text))
    for match in {numbers[0], numbers[-1]} if numbers else ():
        shapes.add(f"{text[: match.start()]}#{int(match[0]) - page}#{text[match.end() :]}")
    return shapes


def _peeled(page: list[Line], number: int, known: set[tuple[str, str]]) -> list[Line]:
    drop: set[int] = set()
    for edge in ("top", "bottom"):
        lines = _edge(page, edge)
        sure = [any((edge, shape) in known for shape in _shapes(line, number)) for line in lines]
        for line, is_sure in zip(lines, sure, strict=True):
            # Beside a known line, a title that changes from page to page is furniture too.
            beside = any(
                abs(line.y - other.y) < 0.5 * line.size
                for other, good in zip(lines, sure, strict=True)
                if good
            )
            if is_sure or (beside and len(line.text) < 80):
                drop.add(id(line))
    return [line for line in page if id(line) not in drop]


def _without_lone_number(page: list[Line], count: int) -> list[Line]:
    """A short document's pages: only a number alone at the bottom is surely furniture."""
    if count < 2 or not page:
        return page
    lowest = min(page, key=lambda line: line.y)
    if PAGE_NUMBER.match(lowest.text) and re.search(r"\d", lowest.text):
        return [line for line in page if line is not lowest]
    return page
