"""Which evidence a sentence rests on, and whether its values stand there with the same words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.ask.checking.claims import Claim, Token, fold, same_name
from app.ask.checking.facts import agree, comparable

SAME_WORD = 0.55
"""Cosine of two words, each read in its sentence, from which one may stand for the other. Set by
hand, between pairs such as "start" and "begin" (about 0.7) and words that only share a subject
(about 0.4)."""

_VALUE_WEIGHT = 2.0
"""A name or a number says more than another word."""


@dataclass(frozen=True, slots=True)
class Read:
    """A claim with its vectors: ``whole`` (dimension,), ``words`` (content words, dimension)."""

    claim: Claim
    whole: NDArray[np.float32]
    words: NDArray[np.float32]
    passage: int = 0
    position: int = 0
    """Which passage, and which sentence of it."""


@dataclass(frozen=True, slots=True)
class Alignment:
    """The evidence a sentence rests on.

    ``matches``: shape (evidence sentences, content words of the sentence), 0–1: how well each word
    is met there. ``best``: the sentence that meets most; ``window``: it and its neighbors;
    ``support``: it and the one that adds most to it.
    """

    matches: NDArray[np.float32]
    weights: NDArray[np.float32]
    best: int
    window: tuple[int, ...]
    support: tuple[int, ...]
    context: NDArray[np.bool_]
    """Content words that the title or heading has."""

    def met(self, indices: Sequence[int]) -> NDArray[np.float32]:
        """How well each content word is met by these evidence sentences or the context."""
        rows = self.matches[list(indices)].max(axis=0, initial=0.0)
        met: NDArray[np.float32] = np.where(self.context, 1.0, rows).astype(np.float32)
        return met

    def share(self, met: NDArray[np.float32]) -> float:
        """The weighted mean of `met`."""
        return float((met * self.weights).sum() / max(self.weights.sum(), 1e-9))


def align(sentence: Read, evidence: Sequence[Read], context: Claim) -> Alignment:
    """Match every content word of ``sentence`` with each evidence sentence."""
    claim = sentence.claim
    words = [claim.tokens[i] for i in claim.content]
    matches = np.zeros((len(evidence), len(words)), dtype=np.float32)
    for row, e in enumerate(evidence):
        theirs = [e.claim.tokens[i] for i in e.claim.content]
        close = sentence.words @ e.words.T if theirs else np.zeros((len(words), 0))
        for column, word in enumerate(words):
            if _stands(word, e.claim):
                matches[row, column] = 1.0
            elif word.fact is None and not word.name and theirs:
                matches[row, column] = min(0.95, max(0.0, float(close[column].max())))
    weights = np.array(
        [_VALUE_WEIGHT if w.fact is not None or w.name else 1.0 for w in words], dtype=np.float32
    )
    inside = np.array([_stands(word, context) for word in words], dtype=np.bool_)
    total = (np.where(matches >= SAME_WORD, matches, 0.0) * weights).sum(axis=1)
    total = total + 0.5 * np.array([float(sentence.whole @ e.whole) for e in evidence])
    best = int(total.argmax())
    home = evidence[best]
    window = tuple(
        i
        for i, e in enumerate(evidence)
        if e.passage == home.passage and abs(e.position - home.position) <= 1
    )
    gain = [
        float((np.maximum(matches[i], matches[best]) * weights).sum()) for i in range(len(evidence))
    ]
    second = int(np.argmax(gain))
    base = gain[best]
    support = (best, second) if second != best and gain[second] > base + 1.0 else (best,)
    return Alignment(matches, weights, best, window, support, inside)


def _stands(word: Token, claim: Claim) -> bool:
    if word.key in claim.keys:
        return True
    if word.fact is not None:
        return any(agree(word.fact, fact) for fact in claim.facts)
    if "-" in word.key and all(part in claim.keys for part in word.key.split("-")):
        return True
    folded = fold(word.text)
    return word.name and any(
        token.text[:3].casefold() == word.text[:3].casefold()
        and same_name(folded, fold(token.text))
        for token in claim.tokens
    )


def rivalry(sentence: Claim, evidence: Sequence[Claim], context: Claim) -> tuple[float, str, str]:
    """How much better another value of the same kind fits the words around one of the sentence's.

    0–1, and the two values. A value that stands with other words in the evidence than in the
    sentence has probably been taken from another fact.
    """
    worst, said, other = 0.0, "", ""
    for index in sentence.content:
        token = sentence.tokens[index]
        if (token.fact is None and not token.name) or _stands(token, context):
            continue
        near = _surroundings(sentence, index)
        own = rival = 0.0
        rival_text = ""
        for e in evidence:
            for at in e.content:
                there = e.tokens[at]
                same = _same_value(token, there)
                if not same and not _same_sort(token, there):
                    continue
                fit = _fit(near, _surroundings(e, at))
                if same:
                    own = max(own, fit)
                elif fit > rival and not _in_one_name(sentence, index, there):
                    rival, rival_text = fit, there.text
        if rival - own > worst:
            worst, said, other = rival - own, token.text, rival_text
    return worst, said, other


def _same_value(a: Token, b: Token) -> bool:
    if a.fact is not None:
        return b.fact is not None and agree(a.fact, b.fact)
    return b.fact is None and (a.key == b.key or same_name(fold(a.text), fold(b.text)))


def _same_sort(a: Token, b: Token) -> bool:
    if a.fact is not None:
        return b.fact is not None and comparable(a.fact, b.fact)
    return b.fact is None and (b.name or b.initial)


def _in_one_name(claim: Claim, index: int, other: Token) -> bool:
    """Whether ``other`` is a neighbor within the same name: "Nikola" beside "Tesla"."""
    near = claim.tokens[max(0, index - 2) : index + 3]
    return any(t.key == other.key and t.name for t in near)


def _surroundings(claim: Claim, index: int) -> dict[str, float]:
    """Content words near a token, weighted by 1 ÷ distance."""
    place = claim.content.index(index)
    near: dict[str, float] = {}
    for i, other in enumerate(claim.content):
        distance = abs(i - place)
        if 0 < distance <= 5:
            key = claim.tokens[other].key
            near[key] = max(near.get(key, 0.0), 1.0 / distance)
    return near


def _fit(a: dict[str, float], b: dict[str, float]) -> float:
    total = sum(a.values())
    return sum(min(w, b.get(key, 0.0)) for key, w in a.items()) / total if total else 0.0


def seam(sentence: Read, evidence: Sequence[Read], alignment: Alignment) -> float:
    """How much the sentence looks sewn together: 0–1.

    Its beginning stands in one evidence sentence and its end in another, while the first goes on
    otherwise and the second is about something else. Where the second begins with a pronoun or with
    what the title names, putting the name in its place is what any good rendering does.
    """
    claim = sentence.claim
    words = len(claim.content)
    stands = (alignment.matches >= 1.0) & ~alignment.context[None, :]
    worth = stands * alignment.weights[None, :]
    whole = float(worth.sum(axis=1).max(initial=0.0))
    total = float(alignment.weights[~alignment.context].sum())
    best = 0.0
    for cut in range(1, words):
        left, right = worth[:, :cut].sum(axis=1), worth[:, cut:].sum(axis=1)
        a, b = int(left.argmax()), int(right.argmax())
        gain = float(left[a] + right[b]) - whole
        if a == b or gain < 1.0 or not stands[a, :cut].any() or not stands[b, cut:].any():
            continue
        dropped = min(
            _unused(evidence[a].claim, claim, tail=True),
            _unused(evidence[b].claim, claim, tail=False),
        )
        best = max(best, min(1.0, 2.0 * gain / max(total, 1.0)) * dropped)
    return best


def _unused(evidence: Claim, sentence: Claim, *, tail: bool) -> float:
    """Whether the evidence sentence goes on (or begins) with words that the sentence leaves out."""
    own = [evidence.tokens[i] for i in evidence.content]
    used = [i for i, token in enumerate(own) if token.key in sentence.keys]
    if not used:
        return 0.0
    if tail:
        return min(1.0, (len(own) - 1 - used[-1]) / 2)
    first = evidence.tokens[0].text.lower() if evidence.tokens else ""
    return 0.0 if first in _POINTING else min(1.0, used[0] / 1)


_POINTING_TEXT = """
it he she they this that these those its his her their such there here both each we you also
however then
"""
_POINTING = frozenset(_POINTING_TEXT.split())
"""Words that begin a sentence about what the one before was about."""
