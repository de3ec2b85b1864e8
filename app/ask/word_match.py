"""How much of a question's wording a sentence takes up, word by word and in context.

Late interaction (ColBERT, arXiv 2004.12832) with the embedding model that is there anyway: every
word has the mean of its token states, and a question's word is matched by the nearest word of the
sentence. "Pack" meets "battery", where counting words sees nothing in common, and a word that
nothing answers to shows up, where the cosine of whole sentences averages it away.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from app.domain import Span
from app.knowledge.model_holder import ModelHolder
from app.knowledge.ports import Embedder, Vectors
from app.knowledge.terms import STOP_WORDS, stems, word_spans

_REMEMBERED = 1500
"""Sentences whose words are kept, about 15 KB each: the ones that many questions come to."""
_LONGEST = 480
"""Characters of a sentence that are compared: a long table row would cost as much as six others."""


@dataclass(frozen=True, slots=True)
class WordMatch:
    """Cosines, 0–1 in practice.

    ``every``: mean over all of the question's words; ``key``: over its content words, weighted by
    rarity.
    """

    every: float
    key: float


class WordMatcher:
    """Matches questions with sentences. Safe to use from several threads."""

    def __init__(self, embedder: ModelHolder[Embedder]) -> None:
        self._embedder = embedder
        self._known: OrderedDict[str, Vectors] = OrderedDict()
        self._lock = threading.Lock()

    def match(
        self, question: str, rarity: Mapping[str, float], texts: Sequence[str]
    ) -> list[WordMatch]:
        """One match per text, in order. ``rarity``: stem → idf of the question's content words.

        Raises:
            NotReady: the embedding model is still loading in another thread.
        """
        asked = word_spans(question)
        if not asked or not texts:
            return [WordMatch(0.0, 0.0) for _ in texts]
        cut = [text[:_LONGEST] for text in texts]
        vectors = self._vectors([question, *cut])
        weights = np.array([_weight(question[a:b], rarity) for a, b in asked], dtype=np.float32)
        if not weights.any():
            weights[:] = 1.0
        own = vectors[question]
        return [_match(own, vectors[text], weights) for text in cut]

    def _vectors(self, texts: Sequence[str]) -> dict[str, Vectors]:
        """Text → one unit vector per word; shape (words, dimension)."""
        found: dict[str, Vectors] = {}
        with self._lock:
            for text in dict.fromkeys(texts):
                if text in self._known:
                    self._known.move_to_end(text)
                    found[text] = self._known[text]
        fresh = [text for text in dict.fromkeys(texts) if text not in found]
        spans: list[list[Span]] = [word_spans(text) for text in fresh]
        encoded = self._embedder.get().encode_passages(fresh, spans) if fresh else []
        with self._lock:
            for text, one in zip(fresh, encoded, strict=True):
                found[text] = self._known[text] = one.sentences
            while len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        return found


def _weight(word: str, rarity: Mapping[str, float]) -> float:
    if word.lower() in STOP_WORDS:
        return 0.0
    return max((rarity.get(stem, 1.0) for stem in stems(word)), default=0.0)


def _match(question: Vectors, sentence: Vectors, weights: Vectors) -> WordMatch:
    if not sentence.size:
        return WordMatch(0.0, 0.0)
    nearest = np.max(question @ sentence.T, axis=1)
    return WordMatch(float(nearest.mean()), float(nearest @ weights / weights.sum()))
