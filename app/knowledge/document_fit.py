"""How well a document as a whole fits a question: the names it asks about, and how recent it is.

Passages of twelve quarterly reports read alike; what tells them apart is whose report it is and for
which quarter, which often stands on the cover and not in the passage.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import PurePath

from app.domain import Document, Hit
from app.knowledge.terms import STOP_WORDS, stems, words

_NAMES = 0.2
"""Most that matching names add to a score; a good passage scores 0.6 to 0.9."""
_RECENT = 0.1
"""Most that being the newest adds, when the question asks for the newest."""
_SUPERSEDED = 0.3
"""Taken from a document that says that another replaced it, unless the question wants the old."""
_AS_GOOD = 0.05
"""How much less a document may fit the names and still count as meant by "the latest"."""
_FULL_SHARE = 0.25
"""A name in this share of a document's passages counts as in its title."""

_LATEST = re.compile(
    r"\b(?:latest|newest|most recent(?:ly)?|current(?:ly)?|up[- ]to[- ]date|recent|now|today)\b",
    re.IGNORECASE,
)
_FORMER = re.compile(
    r"\b(?:old|older|previous(?:ly)?|former(?:ly)?|earlier|past|superseded|used to|back in|"
    r"before|until|history|changed?|difference|compared?)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class DocumentWish:
    """What a question says about the document it wants: stems of names, and its age."""

    names: tuple[tuple[str, ...], ...]
    latest: bool
    former: bool


def document_wish(question: str) -> DocumentWish:
    """Names are words with a capital or a digit that are not stop words."""
    found = [
        tuple(stem for stem in stems(word) if len(stem) > 1)
        for word in words(question)
        if word.lower() not in STOP_WORDS
        and (word[0].isupper() or any(character.isdigit() for character in word))
    ]
    return DocumentWish(
        names=tuple(dict.fromkeys(name for name in found if name)),
        latest=bool(_LATEST.search(question)),
        former=bool(_FORMER.search(question)),
    )


def prefer_fitting(
    hits: Sequence[Hit],
    wish: DocumentWish,
    passages_with: Callable[[Sequence[str], str], int],
) -> list[Hit]:
    """``hits`` with their scores adjusted, best first.

    ``passages_with(stems, document_id)``: how many passages of the document hold all the stems.
    """
    documents = {hit.document.id: hit.document for hit in hits}
    bonus = dict.fromkeys(documents, 0.0)
    for key, document in documents.items():
        title = _title_stems(document)
        if wish.names:
            shares = [_share(name, document, title, passages_with) for name in wish.names]
            bonus[key] += _NAMES * sum(shares) / len(shares)
        if document.superseded_by and not _wants_old(wish, title):
            bonus[key] -= _SUPERSEDED
    if wish.latest:
        # The latest of Apple's reports, not of all: only those that fit as well as the best do.
        best = max(bonus.values(), default=0.0)
        fitting = {key: d for key, d in documents.items() if bonus[key] >= best - _AS_GOOD}
        for key, rank in _recency(fitting).items():
            bonus[key] += _RECENT * rank
    adjusted = [replace(hit, score=hit.score + bonus[hit.document.id]) for hit in hits]
    adjusted.sort(key=lambda hit: -hit.score)
    return adjusted


def _share(
    name: Sequence[str],
    document: Document,
    title: frozenset[str],
    passages_with: Callable[[Sequence[str], str], int],
) -> float:
    """1 when the title has the name, else by how many of the document's passages have it."""
    if title.issuperset(name):
        return 1.0
    share = passages_with(name, document.id) / max(document.passages, 1)
    return min(1.0, share / _FULL_SHARE)


def _title_stems(document: Document) -> frozenset[str]:
    return _stems_of(document.title, document.source)


@lru_cache(maxsize=10_000)
def _stems_of(title: str, source: str) -> frozenset[str]:
    return frozenset(stems(f"{title} {PurePath(source).stem}"))


def _wants_old(wish: DocumentWish, title: frozenset[str]) -> bool:
    """The question speaks of the past, or of a year or version in the document's own title."""
    numbers = [name for name in wish.names if any(c.isdigit() for c in "".join(name))]
    return wish.former or any(title.issuperset(name) for name in numbers)


def _recency(documents: Mapping[str, Document]) -> dict[str, float]:
    """Document id → 1 for the newest, 0 for the oldest; undated ones count as oldest."""
    dated = sorted({d.modified_at.date() for d in documents.values() if d.modified_at})
    if len(dated) < 2:
        return {}
    place = {day: i / (len(dated) - 1) for i, day in enumerate(dated)}
    return {
        key: place[document.modified_at.date()]
        for key, document in documents.items()
        if document.modified_at
    }
