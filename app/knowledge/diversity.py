"""Near-identical passages folded into one, and no document allowed to fill the list."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from app.domain import Hit
from app.knowledge.terms import stems
from app.records.documents import StoredVectors

_SAME_MEANING = 0.95
"""Cosine from which two passages are compared word by word."""
_SAME_WORDS = 0.8
"""Share of words in common (Jaccard) from which they count as one."""
PER_DOCUMENT = 3
"""Passages of one document before others get their turn."""


def fold_near_duplicates(hits: Sequence[Hit], vectors: Mapping[str, StoredVectors]) -> list[Hit]:
    """Keep the best of each group of near-identical passages; it lists the others' ids.

    Passages that differ in a number or a date are not the same, however alike their wording: that
    difference may be the very thing that was asked.
    """
    kept: list[Hit] = []
    for hit in hits:
        twin = next((i for i, other in enumerate(kept) if _same(hit, other, vectors)), None)
        if twin is None:
            kept.append(hit)
        else:
            other = kept[twin]
            kept[twin] = replace(other, duplicates=(*other.duplicates, hit.passage.id))
    return kept


def diversify(hits: Sequence[Hit]) -> list[Hit]:
    """Best first, but a document's fourth passage and later ones stand behind other documents'."""
    seen: Counter[str] = Counter()
    first: list[Hit] = []
    later: list[Hit] = []
    for hit in hits:
        seen[hit.document.id] += 1
        (first if seen[hit.document.id] <= PER_DOCUMENT else later).append(hit)
    return first + later


def _same(one: Hit, other: Hit, vectors: Mapping[str, StoredVectors]) -> bool:
    if one.passage.text == other.passage.text:
        return True
    a, b = vectors.get(one.passage.id), vectors.get(other.passage.id)
    if a is None or b is None or float(a.passage @ b.passage) < _SAME_MEANING:
        return False
    first, second = set(stems(one.passage.text)), set(stems(other.passage.text))
    if {s for s in first if _has_digit(s)} != {s for s in second if _has_digit(s)}:
        return False
    return len(first & second) >= _SAME_WORDS * len(first | second)


def _has_digit(stem: str) -> bool:
    return any(character.isdigit() for character in stem)
