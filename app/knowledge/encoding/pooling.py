"""Token states → the vectors of a text and of its sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.domain import Span
from app.knowledge.ports import Encoded


def pooled(states: NDArray[np.float32], encoding: Any, spans: Sequence[Span]) -> Encoded:
    """The mean of all tokens, and of the tokens of each span.

    ``states``: shape (tokens, dimension). ``encoding``: of the tokenizers library, with the place
    of each token in the text. A span cut off by the model's window, or without tokens, gets the
    text's vector.
    """
    rows = np.full((1 + len(spans), len(states)), 1.0 / len(states), dtype=np.float32)
    if spans:
        tokens, wanted = np.array(encoding.offsets), np.array(spans)
        starts, ends = tokens[:, 0], tokens[:, 1]
        inside = (starts >= wanted[:, :1]) & (ends <= wanted[:, 1:]) & (ends > starts)
        counts = inside.sum(axis=1)
        seen = counts > 0
        rows[1:][seen] = inside[seen] / counts[seen, None]
    vectors = unit(rows @ states)
    return Encoded(vectors[0], vectors[1:])


def unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """``vectors`` at length 1."""
    norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
    made: NDArray[np.float32] = vectors / np.maximum(norms, 1e-12)
    return made
