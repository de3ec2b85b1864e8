"""Question → ranked passages: the one retrieval behind web, API, CLI, MCP and evals."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Hashable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from app.access import reach
from app.domain import Document, Filters, Hit, Passage, Retrieval
from app.knowledge.considered import Considered, describe
from app.knowledge.diversity import diversify, fold_near_duplicates
from app.knowledge.document_fit import document_wish, prefer_fitting
from app.knowledge.fusion import Candidate, fuse
from app.knowledge.model_holder import ModelHolder
from app.knowledge.ports import Embedder, Reranker, Vector
from app.knowledge.question_vectors import QuestionVectors
from app.knowledge.shelf import Shelf
from app.knowledge.terms import content_words, stem_set, stems
from app.records.documents import StoredVectors
from app.telemetry import Attribute, Kind, SpanName, captures_content, get_tracer, step

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app.knowledge.library import Library

tracer = get_tracer(__name__)

Value = TypeVar("Value")

_TRIES = 5
"""Searches at most for one question while another process keeps changing documents."""


@dataclass(frozen=True, slots=True)
class RetrieverOptions:
    """How wide to look.

    ``candidates``: passages from each index; ``dense_weight``: share of cosine in the fusion;
    ``rerank_depth``: passages given to the reranker.
    """

    candidates: int = 40
    dense_weight: float = 0.65
    rerank_depth: int = 20


class Retriever:
    """Dense and lexical search, fused by score, folded, diversified, optionally reranked."""

    def __init__(
        self,
        library: Library,
        embedder: ModelHolder[Embedder],
        reranker: ModelHolder[Reranker] | None = None,
        options: RetrieverOptions | None = None,
    ) -> None:
        self._library = library
        self._embedder = embedder
        self._reranker = reranker
        self._options = options or RetrieverOptions()
        self.questions = QuestionVectors(embedder)
        """What this asks with; knows the words of what was just searched for."""
        self._shelf: Shelf | None = None

    def search(self, question: str, k: int, filters: Filters = Filters()) -> Retrieval:
        """The best ``k`` passages for ``question`` among those that pass ``filters``.

        Raises:
            NotReady: the embedding model is still loading in another thread.
            IndexProblem: the index was built with another model, or does not answer.
        """
        timings: dict[str, float] = {}
        with _timed(timings, "embed"):
            vector = self._encoded(question)
        self._library.check_model()
        with step(tracer, **_retrieval(filters, k)) as span:
            found, considered = self._found(question, vector, k, filters, timings)
            if span.is_recording():
                describe(span, found, considered)
        return found

    @property
    def shelf(self) -> Shelf:
        """Passages and vectors as they were at the last search, for whoever reads on from it."""
        return self._shelf or self._current_shelf()

    def passages(self, ids: Collection[str]) -> dict[str, tuple[Passage, Document]]:
        """Passages with their documents, from the shelf where they lie there."""
        return self.shelf.passages(ids)

    def vectors(self, ids: Collection[str]) -> dict[str, StoredVectors]:
        """Vectors of passages, from the shelf where they lie there."""
        return self.shelf.vectors(ids)

    def kept(self, key: Hashable, find: Callable[[], Value]) -> Value:
        """As `Shelf.kept`."""
        return self.shelf.kept(key, find)

    def _current_shelf(self) -> Shelf:
        library, shelf = self._library, self._shelf
        # The lexical index follows the documents a moment later than SQL: its size tells when.
        state = (library.seen, library.lexical.count())
        if shelf is None or shelf.state != state:
            shelf = self._shelf = Shelf(state, library.documents, library.lexical)
        return shelf

    def _encoded(self, question: str) -> Vector:
        embedder = self._embedder.get()
        attributes: dict[str, str | int] = {
            Attribute.OPERATION: "embeddings",
            Attribute.PROVIDER: "sentence_transformers",
            Attribute.REQUEST_MODEL: embedder.name,
            Attribute.EMBEDDING_DIMENSIONS: embedder.dimension,
        }
        name = SpanName.EMBEDDINGS.format(model=embedder.name)
        with step(tracer, name, Kind.EMBEDDING, attributes) as span:
            if captures_content():
                span.set_attribute(Attribute.INPUT, question)
            return self.questions.of(question)

    def _found(
        self, question: str, vector: Vector, k: int, filters: Filters, timings: dict[str, float]
    ) -> tuple[Retrieval, Considered]:
        for _ in range(_TRIES):
            # Another process may have replaced a document whose new passages this one has not seen
            # yet, while SQL no longer knows the old ones: it would be missing altogether.
            with _timed(timings, "refresh"):
                self._library.refresh_if_changed(wait=True)
            found = self._search(question, vector, k, filters, timings)
            if self._library.is_current():
                break
        return found

    def _search(
        self, question: str, vector: Vector, k: int, filters: Filters, timings: dict[str, float]
    ) -> tuple[Retrieval, Considered]:
        options = self._options
        shelf = self._current_shelf()
        with _timed(timings, "count"):
            searched = shelf.counts(filters)
            names = reach().within(filters.collections or shelf.collections())
        depth = max(options.candidates, 2 * k)
        with _timed(timings, "dense"), step(tracer, SpanName.DENSE) as span:
            dense = self._library.vectors.search(vector, depth, filters, names)
            span.set_attribute(Attribute.HITS, len(dense))
        with _timed(timings, "lexical"), step(tracer, SpanName.LEXICAL) as span:
            lexical = self._library.lexical.search(question, depth, filters, names)
            span.set_attribute(Attribute.HITS, len(lexical))
        with _timed(timings, "fuse"), step(tracer, SpanName.FUSE) as span:
            vectors = shelf.vectors(sorted({key for key, _ in (*dense, *lexical)}))
            rarity = _term_weights(question, shelf)
            ranked = fuse(vector, vectors, dict(lexical), rarity, options.dense_weight)
            span.set_attribute(Attribute.HITS, len(ranked))
        with _timed(timings, "hydrate"):
            hits = _hydrated(ranked[: max(2 * k, options.candidates)], shelf)
        with _timed(timings, "documents"):
            wish = document_wish(question)
            hits = prefer_fitting(hits, wish, shelf.passages_with)
        if self._reranker is not None and hits:
            with _timed(timings, "rerank"):
                hits = self._rerank(self._reranker.get(), question, hits)
        with _timed(timings, "diversify"):
            folded = fold_near_duplicates(hits, vectors)
            ordered = diversify(folded)
        considered = Considered(hits, folded, ordered)
        hits = ordered[:k]
        terms = content_words(question)
        found = Retrieval(
            question=question,
            hits=tuple(hits),
            documents_searched=searched[0],
            passages_searched=searched[1],
            terms=tuple(terms),
            missing_terms=tuple(_missing(terms, hits, shelf)),
            vector=vector.astype(np.float16).tobytes(),
            term_weights=rarity,
            timings_ms=timings,
            collections=names,
        )
        return found, considered

    def _rerank(self, reranker: Reranker, question: str, hits: list[Hit]) -> list[Hit]:
        """The first ``rerank_depth`` in the reranker's order, the rest behind them."""
        depth = self._options.rerank_depth
        head = hits[:depth]
        attributes: dict[str, str | int] = {
            Attribute.REQUEST_MODEL: reranker.name,
            Attribute.RERANKER_MODEL: reranker.name,
            Attribute.CANDIDATES: len(head),
        }
        with step(tracer, SpanName.RERANK.format(model=reranker.name), Kind.RERANKER, attributes):
            scores = reranker.score(question, [hit.passage.text for hit in head])
        scored = [
            replace(hit, rerank=score, score=score) for hit, score in zip(head, scores, strict=True)
        ]
        scored.sort(key=lambda hit: -hit.score)
        floor = min((hit.score for hit in scored), default=0.0)
        # Those not reranked keep their order below the last one that was.
        return scored + [replace(hit, score=min(hit.score, floor)) for hit in hits[depth:]]


def _hydrated(ranked: Sequence[Candidate], shelf: Shelf) -> list[Hit]:
    """Candidates with their passages; ids of versions no longer in force fall away."""
    found: dict[str, tuple[Passage, Document]] = shelf.passages(
        [candidate.passage_id for candidate in ranked]
    )
    return [
        Hit(
            passage=found[candidate.passage_id][0],
            document=found[candidate.passage_id][1],
            score=candidate.score,
            dense=candidate.dense,
            lexical=candidate.lexical,
            sentence_scores=candidate.sentences,
        )
        for candidate in ranked
        if candidate.passage_id in found
    ]


def _term_weights(question: str, shelf: Shelf) -> dict[str, float]:
    """Stem → BM25's idf, over all collections in reach, of the question's content words."""
    total = shelf.visible()
    weights: dict[str, float] = {}
    for stem in dict.fromkeys(s for word in content_words(question) for s in stems(word)):
        frequency = min(shelf.document_frequency([stem]), total)
        weights[stem] = math.log(1 + (total - frequency + 0.5) / (frequency + 0.5))
    return weights


def _missing(terms: Sequence[str], hits: Sequence[Hit], shelf: Shelf) -> list[str]:
    """Content words that occur in no passage in reach; those in a hit need no look-up."""
    seen = [
        part
        for hit in hits
        for part in (
            stem_set(f"{hit.document.title} {' '.join(hit.passage.heading)}"),
            stem_set(hit.passage.text),
        )
    ]
    return [
        term
        for term in terms
        if not all(any(stem in part for part in seen) for stem in stems(term))
        and shelf.document_frequency(stems(term)) == 0
    ]


def _retrieval(filters: Filters, k: int) -> dict[str, Any]:
    """Name, kind and attributes of the span around one search."""
    source = ",".join(filters.collections)[:80] or "all"
    return {
        "name": SpanName.RETRIEVAL.format(data_source=source),
        "kind": Kind.RETRIEVER,
        "attributes": {
            Attribute.OPERATION: "retrieval",
            Attribute.DATA_SOURCE: source,
            Attribute.WANTED: k,
        },
    }


@contextmanager
def _timed(timings: dict[str, float], name: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    timings[name] = (time.perf_counter() - start) * 1000
