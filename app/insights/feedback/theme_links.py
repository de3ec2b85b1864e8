"""What a theme has to do with the documents and with the gaps that questions showed."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

import numpy as np
from numpy.typing import NDArray

from app.ask.ports import Searches
from app.domain import Filters
from app.insights.feedback.themes import Vectors
from app.records.product.gap_store import KnownGap
from app.telemetry.steps import quietly

SAID = 0.42
"""A document talks about a text when its best passage has at least this cosine with it. On 40
texts, half of them about what the sample documents say, 37 were told right (0.40 to 0.45 alike);
above it stood one that no document covers, below it one that one does."""
SAME_NEED = 0.6
"""A theme and a gap are the same need at this cosine of their centroids; two themes that are not
the same had 0.596 at most (`app.insights.feedback.themes`)."""
_PASSAGES = 5
_CHARS = 300
"""Of a text, what is searched for."""


def document_about(texts: Sequence[str], search: Searches) -> str:
    """The id of the document that talks about a theme, from its most typical texts; "" for none.

    The document that most of them find first, when at least half of them find what they look for.
    """
    found: list[tuple[float, str]] = []
    for text in texts:
        with quietly():  # nobody asked this: it is no question that leaves a trace
            hits = search.search(" ".join(text.split())[:_CHARS], _PASSAGES, Filters()).hits
        if hits:
            best = max(hits, key=lambda hit: hit.dense)
            found.append((best.dense, best.document.id))
        else:
            found.append((0.0, ""))
    if not found or median(dense for dense, _ in found) < SAID:
        return ""
    votes: dict[str, float] = {}
    for dense, document in found:
        votes[document] = votes.get(document, 0.0) + dense
    return max(votes, key=lambda document: votes[document])


def gap_of(centroid: NDArray[np.float32], gaps: Sequence[KnownGap]) -> str:
    """The id of the gap that is the same need; "" for none."""
    best, found = SAME_NEED, ""
    for gap in gaps:
        vector = as_vector(gap.centroid, len(centroid))
        if vector is not None and float(vector @ centroid) >= best:
            best, found = float(vector @ centroid), gap.id
    return found


def as_vector(held: bytes, dimension: int) -> Vectors | None:
    """A stored vector at unit length, from float16 or float32; None where it is another model's."""
    if len(held) == 2 * dimension:
        vector = np.frombuffer(held, dtype=np.float16).astype(np.float32)
    elif len(held) == 4 * dimension:
        vector = np.frombuffer(held, dtype=np.float32)
    else:
        return None
    length = float(np.linalg.norm(vector))
    return None if length == 0 else vector / np.float32(length)
