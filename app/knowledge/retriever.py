"""Question → ranked passages: the one retrieval behind web, API, CLI, MCP and evals."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from app.domain import Document, Filters, Hit, Passage, Retrieval
from app.knowledge.diversity import diversify, fold_near_duplicates
from app.knowledge.document_fit import document_wish, prefer_fitting
from app.knowledge.fusion import Candidate, fuse
from app.knowledge.model_holder import ModelHolder
from app.knowledge.ports import Embedder, Reranker, Vector
from app.knowledge.terms import content_words, stems
from app.telemetry import get_tracer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app.knowledge.library import Library

tracer = get_tracer(__name__)

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

    def search(self, question: str, k: int, filters: Filters = Filters()) -> Retrieval:
        """The best ``k`` passages for ``question`` among those that pass ``filters``.

        Raises:
            NotReady: the embedding model is still loading in another thread.
            IndexProblem: the index was built with another model, or does not answer.
        """
        timings: dict[str, float] = {}
        with _timed(timings, "embed"):
            vector = self._embedder.get().encode_query(question)
        self._library.check_model()
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
    ) -> Retrieval:
        options = self._options
        store = self._library.documents
        with _timed(timings, "count"):
            searched = store.counts(filters)
        names = filters.collections or tuple(c.name for c in store.collections() if c.passages)
        depth = max(options.candidates, 2 * k)
        with _timed(timings, "dense"):
            dense = self._library.vectors.search(vector, depth, filters, names)
        with _timed(timings, "lexical"):
            lexical = self._library.lexical.search(question, depth, filters, names)
        with _timed(timings, "fuse"):
            vectors = store.vectors({key for key, _ in (*dense, *lexical)})
            rarity = self._term_weights(question)
            ranked = fuse(vector, vectors, dict(lexical), rarity, options.dense_weight)
        with _timed(timings, "hydrate"):
            hits = self._hydrate(ranked[: max(2 * k, options.candidates)])
        with _timed(timings, "documents"):
            wish = document_wish(question)
            hits = prefer_fitting(hits, wish, self._library.lexical.passages_with)
        if self._reranker is not None and hits:
            with _timed(timings, "rerank"):
                hits = self._rerank(self._reranker.get(), question, hits)
        with _timed(timings, "diversify"):
            hits = fold_near_duplicates(hits, vectors)
            hits = diversify(hits)[:k]
        terms = content_words(question)
        return Retrieval(
            question=question,
            hits=tuple(hits),
            documents_searched=searched[0],
            passages_searched=searched[1],
            terms=tuple(terms),
            missing_terms=tuple(self._missing(terms, hits)),
            term_weights=rarity,
            timings_ms=timings,
        )

    def _hydrate(self, ranked: Sequence[Candidate]) -> list[Hit]:
        """Candidates with their passages; ids of versions no longer in force fall away."""
        found: dict[str, tuple[Passage, Document]] = self._library.documents.passages(
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

    def _rerank(self, reranker: Reranker, question: str, hits: list[Hit]) -> list[Hit]:
        """The first ``rerank_depth`` in the reranker's order, the rest behind them."""
        depth = self._options.rerank_depth
        head = hits[:depth]
        scores = reranker.score(question, [hit.passage.text for hit in head])
        scored = [
            replace(hit, rerank=score, score=score) for hit, score in zip(head, scores, strict=True)
        ]
        scored.sort(key=lambda hit: -hit.score)
        floor = min((hit.score for hit in scored), default=0.0)
        # Those not reranked keep their order below the last one that was.
        return scored + [replace(hit, score=min(hit.score, floor)) for hit in hits[depth:]]

    def _term_weights(self, question: str) -> dict[str, float]:
        """Stem → BM25's idf, over all collections, of the question's content words."""
        lexical = self._library.lexical
        total = lexical.count()
        weights: dict[str, float] = {}
        for stem in dict.fromkeys(s for word in content_words(question) for s in stems(word)):
            frequency = min(lexical.document_frequency([stem]), total)
            weights[stem] = math.log(1 + (total - frequency + 0.5) / (frequency + 0.5))
        return weights

    def _missing(self, terms: Sequence[str], hits: Sequence[Hit]) -> list[str]:
        """Content words that occur in no passage at all; those in a hit need no look-up."""
        seen = {
            stem
            for hit in hits
            for stem in stems(f"{hit.document.title} {' '.join(hit.passage.heading)}")
        } | {stem for hit in hits for stem in stems(hit.passage.text)}
        lexical = self._library.lexical
        return [
            term
            for term in terms
            if not set(stems(term)) <= seen and lexical.document_frequency(stems(term)) == 0
        ]


@contextmanager
def _timed(timings: dict[str, float], step: str) -> Iterator[None]:
    start = time.perf_counter()
    with tracer.start_as_current_span(f"retrieval.{step}"):
        yield
    timings[step] = (time.perf_counter() - start) * 1000
