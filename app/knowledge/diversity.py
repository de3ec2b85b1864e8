"""Near-identical passages folded into one, and no document allowed to fill the list."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from app.domain import Hit
from app.knowledge.terms import stem_set
from app.records.documents import StoredVectors

_SAME_MEANING = 0.95
"""Cosine from which two passages are compared word by word."""
_ROUNDING = 1e-4
"""By which a product of matrices may miss a cosine; those that come so near are compared."""
_SAME_WORDS = 0.8
"""Share of words in common (Jaccard) from which they count as one."""
PER_DOCUMENT = 3
"""Passages of one document before others get their turn."""


def fold_near_duplicates(hits: Sequence[Hit], vectors: Mapping[str, StoredVectors]) -> list[Hit]:
    """Keep the best of each group of near-identical passages; it lists the others' ids.

    Passages that differ in a number or a date are not the same, however alike their wording: that
    difference may be the very thing that was asked.
    """
    kept: dict[int, Hit] = {}
    alike = _maybe_alike(hits, vectors)
    for at, hit in enumerate(hits):
        twin = next((i for i in alike[at] if i in kept and _same(hit, kept[i], vectors)), None)
        if twin is None:
            kept[at] = hit
        else:
            other = kept[twin]
            kept[twin] = replace(other, duplicates=(*other.duplicates, hit.passage.id))
    return list(kept.values())


def diversify(hits: Sequence[Hit]) -> list[Hit]:
    """Best first, but a document's fourth passage and later ones stand behind other documents'."""
    seen: Counter[str] = Counter()
    first: list[Hit] = []
    later: list[Hit] = []
    for hit in hits:
        seen[hit.document.id] += 1
        (first if seen[hit.document.id] <= PER_DOCUMENT else later).append(hit)
    return first + later


def _maybe_alike(hits: Sequence[Hit], vectors: Mapping[str, StoredVectors]) -> list[list[int]]:
    """For every hit the places before it that may be the same: one product instead of 800."""
    stored = [vectors.get(hit.passage.id) for hit in hits]
    size = next((one.passage.size for one in stored if one is not None), 0)
    matrix = np.zeros((len(hits), size), dtype=np.float32)
    for at, one in enumerate(stored):
        if one is not None:
            matrix[at] = one.passage
    near = matrix @ matrix.T >= _SAME_MEANING - _ROUNDING
    texts: dict[str, list[int]] = {}
    for at, hit in enumerate(hits):
        for other in texts.setdefault(hit.passage.text, []):
            near[at, other] = True
        texts[hit.passage.text].append(at)
    before: list[list[int]] = [[] for _ in hits]
    for at, other in np.argwhere(np.tril(near, -1)).tolist():
        before[at].append(other)
    return before


def _same(one: Hit, other: Hit, vectors: Mapping[str, StoredVectors]) -> bool:
    if one.passage.text == other.passage.text:
        return True
    a, b = vectors.get(one.passage.id), vectors.get(other.passage.id)
    if a is None or b is None or float(a.passage @ b.passage) < _SAME_MEANING:
        return False
    first, second = stem_set(one.passage.text), stem_set(other.passage.text)
    if {s for s in first if _has_digit(s)} != {s for s in second if _has_digit(s)}:
        return False
    return len(first & second) >= _SAME_WORDS * len(first | second)


def _has_digit(stem: str) -> bool:
    return any(character.isdigit() for character in stem)
