"""The seams of retrieval: what an embedder, an index and a reranker must do.

Each has a real implementation, and tests that every implementation passes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from app.domain import Filters, Span

Vector = NDArray[np.float32]
Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Encoded:
    """One passage, embedded.

    ``vector``: shape (dimension,), unit length. ``sentences``: shape (sentences, dimension), unit
    length, one per given span; a sentence beyond the model's window has the passage's vector.
    """

    vector: Vector
    sentences: Vectors


class Embedder(Protocol):
    """Turns text into unit vectors."""

    name: str
    dimension: int

    def encode_query(self, text: str) -> Vector:
        """Shape (dimension,), unit length."""

    def encode_passages(
        self, texts: Sequence[str], spans: Sequence[Sequence[Span]]
    ) -> list[Encoded]:
        """Embed ``texts``; ``spans[i]`` are the sentences' offsets within ``texts[i]``."""

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, without the model's special tokens."""


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """One passage as the indexes see it."""

    passage_id: str
    document_id: str
    collection: str
    kind: str
    modified_at: datetime | None
    title: str
    heading: str
    text: str
    vector: Vector


Scored = tuple[str, float]
"""Passage id and score, higher is better."""


class VectorIndex(Protocol):
    """Nearest passages by cosine. `search` gives what the reader may see (`app.access.reach`)."""

    def add(self, entries: Sequence[IndexEntry]) -> None:
        """Add or replace by passage id. Durable when it returns."""

    def delete(self, collection: str, passage_ids: Iterable[str]) -> None:
        """Forget these; unknown ids are ignored."""

    def search(
        self, vector: Vector, k: int, filters: Filters, collections: Sequence[str]
    ) -> list[Scored]:
        """The ``k`` nearest within ``collections`` that pass ``filters``, best first, by cosine."""

    def ids(self) -> Mapping[str, set[str]]:
        """Every passage id held, by collection. For reconciling with SQL."""

    def count(self) -> int:
        """How many passages are held."""

    def clear(self) -> None:
        """Forget everything."""

    def refresh(self) -> None:
        """See what other processes wrote."""

    def close(self) -> None:
        """Let go of files and connections."""


class LexicalIndex(Protocol):
    """Best passages by BM25.

    What is searched and counted is what the reader may see (`app.access.reach`); `ids` and `count`
    are for upkeep, and whole.
    """

    def add(self, entries: Sequence[IndexEntry]) -> None:
        """Add or replace by passage id. Visible and durable after `commit`."""

    def delete(self, passage_ids: Iterable[str]) -> None:
        """Forget these after the next `commit`."""

    def commit(self) -> None:
        """Make additions and deletions durable and visible."""

    def search(
        self, question: str, k: int, filters: Filters, collections: Sequence[str]
    ) -> list[Scored]:
        """The ``k`` best within ``collections`` that pass ``filters``, best first, by BM25."""

    def document_frequency(self, stems: Sequence[str]) -> int:
        """How many passages hold all of ``stems``."""

    def terms(self, prefix: str, wanted: Callable[[str], bool] | None = None) -> Mapping[str, int]:
        """Stems in the texts that begin with ``prefix`` and are ``wanted`` → passages with them.

        For finding a misspelled word's neighbors; a passage that was removed may still count until
        the index is tidied, so ask `document_frequency` before relying on one.
        """

    def holding(self, stems: Sequence[str], k: int) -> list[str]:
        """Ids of at most ``k`` passages that hold all of ``stems`` in their text."""

    def passages_with(self, stems: Sequence[str], document_id: str) -> int:
        """How many passages of one document hold all of ``stems``."""

    def visible(self) -> int:
        """How many passages the reader may see."""

    def ids(self) -> set[str]:
        """Every passage id held."""

    def count(self) -> int:
        """How many passages are held."""

    def clear(self) -> None:
        """Forget everything."""

    def refresh(self) -> None:
        """See what other processes wrote."""

    def close(self) -> None:
        """Let go of files."""


class Reranker(Protocol):
    """Scores question–passage pairs together; slower and better than cosine."""

    name: str

    def score(self, question: str, texts: Sequence[str]) -> list[float]:
        """One relevance in 0–1 per text."""
