"""The nouns of the product: frozen, typed, free of I/O.

Offsets are character offsets into a document's extracted text, half-open: ``text[start:end]``.
Times are timezone-aware UTC. Pages, slides and sheets count from 1.
"""

from app.domain.answers import (
    Answer,
    AnswerState,
    Citation,
    Confidence,
    Conflict,
    Level,
    Rephrasing,
    Sentence,
    Side,
    Stale,
    Usage,
    Verdict,
)
from app.domain.asking import (
    Asking,
    AskStep,
    Channel,
    Drafted,
    Finished,
    Found,
    Mode,
    Question,
    Searching,
    Suggest,
)
from app.domain.documents import (
    DEFAULT_COLLECTION,
    Block,
    BlockKind,
    Cell,
    Document,
    PageKind,
    ParsedDocument,
    Passage,
    Span,
)
from app.domain.retrieval import Filters, Hit, Retrieval

__all__ = [
    "DEFAULT_COLLECTION",
    "Answer",
    "AnswerState",
    "AskStep",
    "Asking",
    "Block",
    "BlockKind",
    "Cell",
    "Channel",
    "Citation",
    "Confidence",
    "Conflict",
    "Document",
    "Drafted",
    "Filters",
    "Finished",
    "Found",
    "Hit",
    "Level",
    "Mode",
    "PageKind",
    "ParsedDocument",
    "Passage",
    "Question",
    "Rephrasing",
    "Retrieval",
    "Searching",
    "Sentence",
    "Side",
    "Span",
    "Stale",
    "Suggest",
    "Usage",
    "Verdict",
]
