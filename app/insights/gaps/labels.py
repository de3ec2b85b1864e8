"""A group of questions gets a name: its middle question, and the words that set it apart."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np

from app.insights.gaps.clustering import Vectors
from app.knowledge.terms import content_words, stems

NEARLY = 0.02
"""Difference in mean cosine that is none for a name: it only has to stand for its group."""
FULL = 4
"""Content words from which a question tells what it is about."""
LONGEST = 100
"""Characters of a label; the middle question is cut at a word beyond them."""


def middle(texts: Sequence[str], vectors: Vectors) -> int:
    """The row nearest to all others on average (the medoid).

    Of nearly equal ones, a short one that says enough to be understood.
    """
    near = vectors @ vectors.mean(axis=0)
    best = float(near.max())
    close = [row for row in range(len(texts)) if near[row] >= best - NEARLY]

    def telling(row: int) -> tuple[int, int, str]:
        said = min(len(content_words(texts[row])), FULL)
        return -said, len(texts[row]), texts[row]

    return min(close, key=telling)


def label(question: str) -> str:
    """A question as a heading: one line, a capital letter, not too long."""
    line = " ".join(question.split())
    if len(line) > LONGEST:
        line = f"{line[:LONGEST].rsplit(' ', 1)[0]} …"
    return line[:1].upper() + line[1:]


def distinguishing(groups: Sequence[Sequence[str]], most: int = 4) -> list[tuple[str, ...]]:
    """For each group the words that it has and others have not, best first.

    Class-based tf-idf as in BERTopic (Grootendorst 2022, arXiv 2203.05794): the share of a group's
    questions with the word, times log(1 + A / f), where f is how many questions have it in all
    groups and A is the mean number of words of a group. A word of a group of three or more
    must stand in two of its questions.
    """
    counted: list[Counter[str]] = []
    written: dict[str, Counter[str]] = {}
    for texts in groups:
        own: Counter[str] = Counter()
        for text in texts:
            seen: dict[str, str] = {}
            for word in filter(_telling, content_words(text)):
                seen.setdefault(" ".join(stems(word)) or word.lower(), word)
            own.update(list(seen))
            for stem, word in seen.items():
                written.setdefault(stem, Counter())[word] += 1
        counted.append(own)
    total: Counter[str] = Counter()
    for own in counted:
        total.update(own)
    mean = float(np.mean([own.total() for own in counted])) if counted else 0.0
    named = []
    for texts, own in zip(groups, counted, strict=True):
        least = 2 if len(texts) >= 3 else 1
        weights = {
            stem: count / len(texts) * math.log(1 + mean / total[stem])
            for stem, count in own.items()
            if count >= least
        }
        best = sorted(weights, key=lambda stem: (-weights[stem], stem))[:most]
        named.append(tuple(_as_written(written[stem]) for stem in best))
    return named


def _telling(word: str) -> bool:
    """Single letters and short numbers name nothing by themselves; a year does."""
    return len(word) > 1 and not (word.isdigit() and len(word) < 4)


def _as_written(forms: Counter[str]) -> str:
    """The most usual form; of equals, the one in small letters."""
    best = max(forms.values())
    usual = (form for form, count in forms.items() if count == best)
    return min(usual, key=lambda form: (form != form.lower(), form))
