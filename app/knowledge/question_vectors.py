"""A question's vectors: of the whole, to search with, and of its words, to read sentences with.

Models that treat questions and passages alike give both in one forward pass. Questions asked lately
are kept: people ask the same thing, and a page asks again what it searched for while they typed.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence

import numpy as np

from app.knowledge.gathering import Gathered, Wanted
from app.knowledge.model_holder import ModelHolder
from app.knowledge.ports import Embedder, Encoded, Vector, Vectors
from app.knowledge.terms import word_spans

_REMEMBERED = 500
"""Questions, about 20 KB each."""
_TOGETHER = 16
_TRIED = "How many days of leave does a new employee have?"
_ALIKE = 0.9999
"""Cosine from which both ways of embedding a question count as one; in bfloat16 the bundled model's
differ by 3 in a million."""
_LONGEST = 400
"""Characters up to which a question's words are embedded with it; what is longer is cut off by the
model's window sooner or later."""


class QuestionVectors:
    """Embeds questions; safe to use from several threads."""

    def __init__(self, embedder: ModelHolder[Embedder]) -> None:
        self._embedder = embedder
        self._known: OrderedDict[str, Encoded] = OrderedDict()
        self._lock = threading.Lock()
        self._alike: bool | None = None
        self._gathered = Gathered(self._embed, _TOGETHER)

    def of(self, question: str) -> Vector:
        """Shape (dimension,), unit length.

        Raises:
            NotReady: the embedding model is still loading in another thread.
        """
        known = self._kept(question)
        if known is not None:
            return known.vector
        embedder = self._embedder.get()
        if len(question) <= _LONGEST and self._in_one_pass(embedder):
            (found,) = self._gathered([(question, word_spans(question))])
        else:
            found = Encoded(embedder.encode_query(question), _NO_WORDS)
        with self._lock:
            self._known[question] = found
            while len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        return found.vector

    def words(self, question: str) -> Vectors | None:
        """Shape (words, dimension), a unit vector for each of `word_spans`; None where not known.

        They are known of a question that was just searched for, if the model gives them with it.
        """
        known = self._kept(question)
        return None if known is None or known.sentences is _NO_WORDS else known.sentences

    def _kept(self, question: str) -> Encoded | None:
        with self._lock:
            known = self._known.get(question)
            if known is not None:
                self._known.move_to_end(question)
        return known

    def _in_one_pass(self, embedder: Embedder) -> bool:
        """Whether a question embedded like a passage has the vector of a question; tried once."""
        if self._alike is None:
            (as_passage,) = embedder.encode_passages([_TRIED], [[]])
            cosine = float(np.dot(as_passage.vector, embedder.encode_query(_TRIED)))
            self._alike = cosine >= _ALIKE
        return self._alike

    def _embed(self, wanted: Sequence[Wanted]) -> Sequence[Encoded]:
        texts, spans = zip(*wanted, strict=True)
        return self._embedder.get().encode_passages(texts, spans)


_NO_WORDS: Vectors = np.zeros((0, 0), dtype=np.float32)
