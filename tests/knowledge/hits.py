"""Hits made for a test, without a store."""

from __future__ import annotations

from datetime import UTC, datetime

from app.domain import Document, Hit, Passage, Retrieval, Span
from app.knowledge.terms import content_stems, content_words

MOMENT = datetime(2026, 7, 1, tzinfo=UTC)


def make_document(key: str = "doc", **fields: object) -> Document:
    """A document of which a test names only what it is about."""
    values: dict[str, object] = {
        "id": key,
        "collection": "default",
        "source": f"/docs/{key}.md",
        "title": key.title(),
        "kind": "md",
        "size": 1,
        "content_hash": "",
        "passages": 1,
        "characters": 1,
        "pages": None,
        "page_kind": "",
        "modified_at": MOMENT,
        "ingested_at": MOMENT,
        "status": "ready",
        "error": None,
    }
    return Document(**(values | fields))  # type: ignore[arg-type]  # named by the tests


def make_hit(
    text: str,
    document: str | Document = "doc",
    *,
    key: str = "",
    start: int = 0,
    score: float = 0.5,
    heading: tuple[str, ...] = (),
    sentences: tuple[Span, ...] | None = None,
    sentence_scores: tuple[float, ...] = (),
    dense: float | None = None,
    lexical: float = 0.0,
) -> Hit:
    """A hit on a passage of ``text``; its sentences are lines unless given."""
    owner = make_document(document) if isinstance(document, str) else document
    spans = lines(text) if sentences is None else sentences
    passage = Passage(
        id=key or f"{owner.id}-{start}",
        document_id=owner.id,
        ordinal=0,
        start=start,
        end=start + len(text),
        text=text,
        heading=heading,
        page=None,
        sentences=tuple((start + a, start + b) for a, b in spans),
    )
    return Hit(
        passage=passage,
        document=owner,
        score=score,
        dense=score if dense is None else dense,
        lexical=lexical,
        sentence_scores=sentence_scores,
    )


def lines(text: str) -> tuple[Span, ...]:
    """Spans of the lines of ``text``."""
    spans, start = list[Span](), 0
    for line in text.split("\n"):
        spans.append((start, start + len(line)))
        start += len(line) + 1
    return tuple(spans)


def make_retrieval(question: str, *hits: Hit, missing: tuple[str, ...] = ()) -> Retrieval:
    """What a search for ``question`` found; every content word is equally rare."""
    return Retrieval(
        question=question,
        hits=hits,
        documents_searched=len({hit.document.id for hit in hits}),
        passages_searched=len(hits),
        terms=tuple(content_words(question)),
        missing_terms=missing,
        term_weights=dict.fromkeys(sorted(content_stems(question)), 2.0),
    )
