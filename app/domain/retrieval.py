"""What a search is narrowed to, and what it found."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from app.domain.documents import Document, Passage


@dataclass(frozen=True, slots=True)
class Filters:
    """Narrow a search. Empty means everything; dates are inclusive and in UTC."""

    collections: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    changed_after: date | None = None
    changed_before: date | None = None
    document_ids: tuple[str, ...] = ()

    @property
    def active(self) -> bool:
        """True when anything is narrowed."""
        return bool(
            self.collections
            or self.kinds
            or self.changed_after
            or self.changed_before
            or self.document_ids
        )


UNFILTERED = Filters()
"""Nothing is narrowed."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that a question found, with the scores that put it there."""

    passage: Passage
    document: Document
    score: float
    """What the ranking used; about 0–1, and comparable between questions."""
    dense: float
    """Cosine between question and passage, averaged with the best of its sentences; −1 to 1."""
    lexical: float
    """BM25, unbounded; 0 when no term matched."""
    rerank: float | None = None
    sentence_scores: tuple[float, ...] = ()
    """Cosine between question and each sentence of the passage, read in its context."""
    duplicates: tuple[str, ...] = ()
    """Ids of near-identical passages folded into this one."""


@dataclass(frozen=True, slots=True)
class Retrieval:
    """Everything one search found, best first, and what was looked through."""

    question: str
    hits: tuple[Hit, ...]
    documents_searched: int
    passages_searched: int
    terms: tuple[str, ...]
    """The question's content words as written."""
    missing_terms: tuple[str, ...]
    """Those that occur in no document."""
    vector: bytes = b""
    """The question's embedding: float16, normalized; empty where nobody needs it."""
    term_weights: dict[str, float] = field(default_factory=dict)
    """Stem of each content word → its rarity (BM25's idf)."""
    timings_ms: dict[str, float] = field(default_factory=dict)
    collections: tuple[str, ...] = ()
    """Names of the collections that were looked through."""
