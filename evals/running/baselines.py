"""What simpler methods do on the same index: cosine alone, BM25 alone, the nearest sentence."""

from __future__ import annotations

from collections.abc import Sequence

from app.bootstrap import Services
from app.domain import Filters, Hit, Span
from app.knowledge.model_holder import ModelHolder
from app.knowledge.ports import Embedder, Encoded, Vector
from app.knowledge.retriever import Retriever, RetrieverOptions
from evals.running.records import Ranking

_NEAREST = 3
"""Sentences kept of each case."""


class Baselines:
    """The product's own retriever with one of its two scores switched off.

    It is asked what the product searched with: a follow-up completed, a misspelling corrected.
    """

    def __init__(self, services: Services) -> None:
        """Waits for the embedding model."""
        self._embedder = _Remembering(services.embedder.get(wait=True))
        holder: ModelHolder[Embedder] = ModelHolder(lambda: self._embedder, "search model")
        holder.get(wait=True)
        candidates = services.settings.candidates
        self._retrievers: dict[Ranking, Retriever] = {
            "dense": Retriever(services.library, holder, None, RetrieverOptions(candidates, 1.0)),
            "lexical": Retriever(services.library, holder, None, RetrieverOptions(candidates, 0.0)),
        }

    def rank(
        self, question: str, k: int, filters: Filters = Filters()
    ) -> dict[Ranking, Sequence[Hit]]:
        """The first ``k`` passages by cosine alone, and by BM25 alone."""
        return {
            name: retriever.search(question, k, filters).hits
            for name, retriever in self._retrievers.items()
        }


class _Remembering:
    """An embedder that encodes each question once, however many rankings are made of it."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._known: dict[str, Vector] = {}
        self.name = embedder.name
        self.dimension = embedder.dimension

    def encode_query(self, text: str) -> Vector:
        if text not in self._known:
            self._known[text] = self._embedder.encode_query(text)
        return self._known[text]

    def encode_passages(
        self, texts: Sequence[str], spans: Sequence[Sequence[Span]]
    ) -> list[Encoded]:
        return self._embedder.encode_passages(texts, spans)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return self._embedder.count_tokens(texts)


def nearest_sentences(read: Sequence[Hit]) -> tuple[str, ...]:
    """The sentences nearest to the question by cosine alone, of the passages read; three at most.

    By the vectors that the index has of them: each read in its passage.
    """
    scored = [
        (score, hit.passage.text[start - hit.passage.start : end - hit.passage.start])
        for hit in read
        for score, (start, end) in zip(hit.sentence_scores, hit.passage.sentences, strict=True)
    ]
    best = sorted(scored, key=lambda one: -one[0])  # stable: of equals, the better passage's
    return tuple(dict.fromkeys(text for _, text in best))[:_NEAREST]
