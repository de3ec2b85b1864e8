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
from numpy.typing import NDArray

from app.knowledge.gathering import Gathered, Wanted
from app.knowledge.model_holder import ModelHolder
from app.knowledge.ports import Embedder, Encoded, Vectors
from app.knowledge.question_vectors import QuestionVectors
from app.knowledge.terms import STOP_WORDS, stems, word_spans

_REMEMBERED_BYTES = 80_000_000
"""Of the words of sentences that are kept: about 4,000 sentences, the ones that many questions come
to."""
_TOGETHER = 24
"""Sentences of several questions that are embedded at once."""
_LONGEST = 480
"""Characters of a sentence that are compared: a long table row would cost as much as six others."""

Kept = NDArray[np.float16]
"""Half the memory; the rounding is a hundred times smaller than what a batch's company changes."""


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

    def __init__(
        self, embedder: ModelHolder[Embedder], questions: QuestionVectors | None = None
    ) -> None:
        """``questions``: may know a question's words already; None: nobody does."""
        self._embedder = embedder
        self._questions = questions
        self._known: OrderedDict[str, Kept] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()
        self._gathered = Gathered(self._embed, _TOGETHER)

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
        own = None if self._questions is None else self._questions.words(question)
        vectors = self._vectors(cut if own is not None else [question, *cut])
        weights = np.array([_weight(question[a:b], rarity) for a, b in asked], dtype=np.float32)
        if not weights.any():
            weights[:] = 1.0
        if own is None:
            own = vectors[question].astype(np.float32)
        return [_match(own, vectors[text].astype(np.float32), weights) for text in cut]

    def _vectors(self, texts: Sequence[str]) -> dict[str, Kept]:
        """Text → one unit vector per word; shape (words, dimension)."""
        found: dict[str, Kept] = {}
        with self._lock:
            for text in dict.fromkeys(texts):
                if text in self._known:
                    self._known.move_to_end(text)
                    found[text] = self._known[text]
        fresh = [text for text in dict.fromkeys(texts) if text not in found]
        encoded = self._gathered([(text, word_spans(text)) for text in fresh])
        with self._lock:
            for text, one in zip(fresh, encoded, strict=True):
                found[text] = one.sentences.astype(np.float16)
                if text not in self._known:
                    self._bytes += found[text].nbytes
                self._known[text] = found[text]
            while self._bytes > _REMEMBERED_BYTES:
                self._bytes -= self._known.popitem(last=False)[1].nbytes
        return found

    def _embed(self, wanted: Sequence[Wanted]) -> Sequence[Encoded]:
        texts, spans = zip(*wanted, strict=True)
        return self._embedder.get().encode_passages(texts, spans)


def _weight(word: str, rarity: Mapping[str, float]) -> float:
    if word.lower() in STOP_WORDS:
        return 0.0
    return max((rarity.get(stem, 1.0) for stem in stems(word)), default=0.0)


def _match(question: Vectors, sentence: Vectors, weights: Vectors) -> WordMatch:
    if not sentence.size:
        return WordMatch(0.0, 0.0)
    nearest = np.max(question @ sentence.T, axis=1)
    return WordMatch(float(nearest.mean()), float(nearest @ weights / weights.sum()))
