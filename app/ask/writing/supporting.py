"""Which sentences of a cited passage carry what was written: the words a reader should see.

Words are weighed by how few sentences of the passage hold them, so that what the whole passage is
about does not decide; numbers count double, because they are what a reader checks.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from app.domain import Hit, Span
from app.knowledge.terms import STOP_WORDS, stems

_MOST_SENTENCES = 3
"""Like a quoted answer: more than three sentences are no quote but a passage."""
_WORTH_ANOTHER = 0.15
"""A further sentence has to bring this share of what was written; set by hand on the samples."""
_NUMBER_WEIGHT = 2.0


def supporting_span(written: str, hit: Hit, fallback: Span | None = None) -> Span:
    """The stretch of one to three sentences of ``hit`` that shares most with ``written``.

    ``fallback``: what to take when nothing is shared (another language, pure paraphrase); without
    one, the sentence nearest to the question. Offsets are the document's.
    """
    passage = hit.passage
    spans = passage.sentences or ((passage.start, passage.end),)
    held = [
        frozenset(stems(passage.text[start - passage.start : end - passage.start]))
        for start, end in spans
    ]
    weights = _weights(written, held)
    first, last, covered = _best(held, weights)
    if covered <= 0:
        if fallback is not None:
            return fallback
        nearest = _nearest(hit, len(spans))
        return spans[nearest]
    return spans[first][0], spans[last][1]


def _weights(written: str, held: Sequence[frozenset[str]]) -> Mapping[str, float]:
    """Weight of each stem that was written; those in no sentence weigh nothing."""
    known = Counter(stem for sentence in held for stem in sentence)
    return {
        stem: math.log(1 + len(held) / known[stem])
        * (_NUMBER_WEIGHT if any(map(str.isdigit, stem)) else 1.0)
        for stem in set(stems(written))
        if known[stem] and stem not in STOP_WORDS
    }


def _best(held: Sequence[frozenset[str]], weights: Mapping[str, float]) -> tuple[int, int, float]:
    """First and last sentence of the best stretch, and the weight it covers."""
    total = sum(weights.values())

    def covered(first: int, last: int) -> float:
        stretch = frozenset[str]().union(*held[first : last + 1])
        return sum(weight for stem, weight in weights.items() if stem in stretch)

    best = (0, 0, 0.0)
    value = 0.0
    for first in range(len(held)):
        for last in range(first, min(first + _MOST_SENTENCES, len(held))):
            own = covered(first, last)
            worth = own - _WORTH_ANOTHER * total * (last - first)
            if worth > value + 1e-9:
                best, value = (first, last, own), worth
    return best


def _nearest(hit: Hit, sentences: int) -> int:
    scores = hit.sentence_scores[:sentences]
    return max(range(len(scores)), key=lambda i: scores[i]) if scores else 0
