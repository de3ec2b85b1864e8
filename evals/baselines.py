"""What simpler methods do on the same index: cosine alone, BM25 alone, the nearest sentence."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from app.bootstrap import Services
from app.domain import Hit, Span
from app.knowledge.model_holder import ModelHolder
from app.knowledge.ports import Embedder, Encoded, Vector
from app.knowledge.retriever import Retriever, RetrieverOptions
from evals.records import Ranking


class Baselines:
    """The product's own retriever with one of its two scores switched off."""

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
        self._sentences: dict[str, Vector] = {}

    def rank(self, question: str, k: int) -> dict[Ranking, Sequence[Hit]]:
        """The first ``k`` passages by cosine alone, and by BM25 alone."""
        return {
            name: retriever.search(question, k).hits for name, retriever in self._retrievers.items()
        }

    def best_sentences(self, question: str, hits: Sequence[Hit], k: int) -> list[str]:
        """The ``k`` sentences of ``hits`` nearest to the question, each encoded by itself."""
        texts = list(
            dict.fromkeys(
                hit.passage.text[start - hit.passage.start : end - hit.passage.start]
                for hit in hits
                for start, end in hit.passage.sentences
            )
        )
        if not texts:
            return []
        fresh = [text for text in texts if text not in self._sentences]
        encoded = self._embedder.encode_passages(fresh, [()] * len(fresh)) if fresh else []
        self._sentences |= {text: one.vector for text, one in zip(fresh, encoded, strict=True)}
        vectors = np.stack([self._sentences[text] for text in texts])
        order = np.argsort(-(vectors @ self._embedder.encode_query(question)), kind="stable")
        return [texts[int(i)] for i in order[:k]]


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
