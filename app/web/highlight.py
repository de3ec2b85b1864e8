"""Where the words of a question stand in a passage, and the part of it worth showing first."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from app.domain import Hit, Retrieval, Span
from app.knowledge.terms import stems
from app.web.segments import Segments, cut, row_labels, squash

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
SNIPPET_CHARS = 300
"""Four lines at the width of a result."""
CARD_CHARS = 190
"""Four lines at the width of a card."""


@dataclass(frozen=True, slots=True)
class Snippet:
    """An excerpt of a passage with the question's words marked; ``cut_…``: text is left out."""

    segments: Segments
    cut_before: bool
    cut_after: bool


@dataclass(frozen=True, slots=True)
class Result:
    """A hit as search mode and "closest passages" show it."""

    hit: Hit
    snippet: Snippet


def results(retrieval: Retrieval, width: int = SNIPPET_CHARS) -> list[Result]:
    """Every hit with its snippet."""
    return [Result(hit, snippet(hit, retrieval.terms, width)) for hit in retrieval.hits]


def snippet(hit: Hit, terms: Collection[str], width: int = SNIPPET_CHARS) -> Snippet:
    """The sentences of the passage with most of the question's words, about ``width`` characters.

    Words match by stem, as in the lexical index: "refunds" marks "refunded".
    """
    text = hit.passage.text
    wanted = {stem for term in terms for stem in stems(term)}
    matches = [m.span() for m in _WORD.finditer(text) if wanted & set(stems(m[0]))]
    low, high = _window(text, hit, matches, width)
    pieces = cut(text, low, high, matches, row_labels(text))
    segments = tuple(replace(piece, text=squash(piece.text)) for piece in pieces)
    return Snippet(segments, low > 0, high < len(text))


def _window(text: str, hit: Hit, matches: Sequence[Span], width: int) -> Span:
    """From a sentence's start, or a word's when a sentence is too long; to where a line ends."""
    if len(text) <= width:
        return 0, len(text)
    sentences = {start - hit.passage.start for start, _ in hit.passage.sentences} | {0}
    words = {text.rfind(" ", 0, max(start - width // 3, 0)) + 1 for start, _ in matches}

    def score(start: int) -> tuple[int, bool, int, int]:
        inside = [text[a:b].lower() for a, b in matches if start <= a and b <= start + width]
        return len(set(inside)), start in sentences, len(inside), -start

    low = max(sentences | words, key=score)
    high = min(low + width, len(text))
    if high < len(text):
        line = max(text.rfind(end, low, high) for end in ("\n", ". ", ".\n"))
        word = text.rfind(" ", low, high)
        high = line + 1 if line > low + width * 0.6 else word if word > low else high
        high = low + len(text[low:high].rstrip())
    return low, high
