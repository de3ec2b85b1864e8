"""Text cut into stretches: what is marked, and what is only a column's name.

A table row reads ``City: Paris | Cap: EUR 190`` in a document's text. Pages keep every character of
it, so that quotes stay verbatim, but set names and bars back.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from app.domain import Span

_LABEL = re.compile(r"[^:|\n]{1,80}:(?=\s)")
_BAR = " | "


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of text; ``first`` is set on the first marked one of a document's page."""

    text: str
    marked: bool = False
    first: bool = False
    label: bool = False


Segments = tuple[Segment, ...]


def cut(
    text: str, start: int, end: int, marks: Iterable[Span] = (), labels: Iterable[Span] = ()
) -> Segments:
    """``text[start:end]`` cut where marks and labels begin and end; their spans may overlap."""
    marked, named = list(marks), list(labels)
    edges = {start, end}
    for low, high in (*marked, *named):
        edges |= {min(max(low, start), end), min(max(high, start), end)}
    ordered = sorted(edges)
    return tuple(
        Segment(
            text[low:high],
            marked=any(a <= low and high <= b for a, b in marked),
            label=any(a <= low and high <= b for a, b in named),
        )
        for low, high in pairwise(ordered)
    )


def row_labels(text: str) -> list[Span]:
    """Where column names and the bars between columns stand; nothing in ordinary prose."""
    found: list[Span] = []
    at = 0
    for line in text.splitlines(keepends=True):
        if _BAR in line:
            place = at
            for number, part in enumerate(line.split(_BAR)):
                if number:
                    found.append((place - len(_BAR), place))
                if match := _LABEL.match(text, place):
                    found.append(match.span())
                place += len(part) + len(_BAR)
        at += len(line)
    return found


def rich(text: str) -> Segments:
    """A whole text with its labels."""
    return cut(text, 0, len(text), labels=row_labels(text))


def squash(text: str) -> str:
    """Without empty lines: an excerpt has no room for them."""
    return re.sub(r"\n\s*\n", "\n", text)
