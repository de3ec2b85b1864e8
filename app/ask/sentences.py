"""Candidate sentences of a question: where they stand, and how well each seems to answer it.

The score is linear in a few signals; with its weights, exp(score) is proportional to the chance
that a sentence holds the answer (a softmax over the candidates was fitted). The best few are read
once more, word by word (`app.ask.word_match`): fitted on search-queries and science, the best
sentence is right in .852 instead of .823 on open-qa, in .433 instead of .365 on the sample's golden
set, which nothing was fitted on. Six are enough: twelve gave the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import lru_cache

from app.ask.orders import orders_a_model
from app.ask.question_type import Wanted, matching_spans, wanted
from app.ask.word_match import WordMatch, WordMatcher
from app.domain import Hit, Retrieval, Span
from app.knowledge.terms import stem_set, stems

_WEIGHTS: Mapping[str, float] = {
    "meaning": 5.0,
    "coverage": 4.7,
    "passage": 6.2,
    "kind": 0.9,
    "kind_missing": -0.9,
    "other_row": -1.0,
}
"""Fitted on search-queries and science, reported on open-qa; `other_row`, which their prose has no
use for, is set by hand on the sample documents."""

_REREAD_WEIGHTS: Mapping[str, float] = {
    "meaning": 1.5,
    "coverage": 2.4,
    "passage": 5.3,
    "kind": 0.8,
    "kind_missing": -0.8,
    "other_row": -1.0,
    "every_word": 7.1,
    "key_words": 1.9,
}
"""Of the second reading; fitted like the first."""
REREAD = 6
"""Sentences read a second time."""

_ROW = re.compile(r"^[^|\n]{1,80}: .*\|")
_VALUE = re.compile(r"(?:^|\|)[^|:\n]{1,80}:([^|]*)")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence with its signals.

    ``index``: which sentence of its passage. ``meaning``: cosine between question and sentence in
    its context; ``coverage``: share of the question's words that it holds, weighted by rarity;
    ``spans``: what may be the very answer, relative to the sentence; ``score``: the log of its
    chance, up to a constant of the question; ``words``: None until the second reading.
    """

    hit: Hit
    rank: int
    index: int
    span: Span
    text: str
    meaning: float
    coverage: float
    kind: Wanted
    spans: tuple[Span, ...]
    score: float
    words: WordMatch | None = None


def rank_sentences(
    question: str, retrieval: Retrieval, read: int, known: Sequence[Candidate] = ()
) -> list[Candidate]:
    """Every sentence of the first ``read`` hits, best first; none that gives a model orders.

    Such a sentence ("Ignore all previous instructions and…") tells a reader nothing, and would be
    believed where it is quoted first. ``known``: what this function gave for fewer hits of the same
    retrieval, which need not be looked at again.
    """
    kind = wanted(question)
    first = 1 + max((one.rank for one in known), default=-1)
    candidates = [one for one in known if one.rank < read]
    for rank, hit in enumerate(retrieval.hits[first:read], first):
        candidates += _candidates(question, kind, retrieval.term_weights, hit, rank)
    candidates.sort(key=lambda c: (-c.score, c.rank, c.index))
    return candidates


def reread(
    candidates: Sequence[Candidate], retrieval: Retrieval, matcher: WordMatcher
) -> list[Candidate]:
    """The first `REREAD` scored anew, word by word; the others keep their order behind them.

    Raises:
        NotReady: the embedding model is still loading in another thread.
    """
    head, tail = candidates[:REREAD], candidates[REREAD:]
    matches = matcher.match(
        retrieval.question, retrieval.term_weights, [_with_heading(one) for one in head]
    )
    again = [
        replace(one, words=match, score=_reread_score(one, match, retrieval.term_weights))
        for one, match in zip(head, matches, strict=True)
    ]
    again.sort(key=lambda c: (-c.score, c.rank, c.index))
    # The two scores are not on one scale: those behind keep their distance to the last one before.
    return again + [_scored(one, again[-1].score - (head[-1].score - one.score)) for one in tail]


def _scored(one: Candidate, score: float) -> Candidate:
    """Another score; `replace` takes thrice as long, which a hundred sentences add up to."""
    return Candidate(
        one.hit, one.rank, one.index, one.span, one.text, one.meaning, one.coverage, one.kind,
        one.spans, score, one.words,
    )  # fmt: skip


def _with_heading(candidate: Candidate) -> str:
    heading = candidate.hit.passage.heading
    return f"{heading[-1] if heading else candidate.hit.document.title}: {candidate.text}"


def _reread_score(candidate: Candidate, match: WordMatch, rarity: Mapping[str, float]) -> float:
    weights = _REREAD_WEIGHTS
    known = _weighed(
        weights, candidate.hit, candidate.meaning, candidate.coverage,
        candidate.kind, candidate.spans, _is_other_row(candidate.text, rarity),
    )  # fmt: skip
    return known + weights["every_word"] * match.every + weights["key_words"] * match.key


def _weighed(
    weights: Mapping[str, float],
    hit: Hit,
    meaning: float,
    coverage: float,
    kind: Wanted,
    spans: Sequence[Span],
    other_row: bool,
) -> float:
    """The sum of the signals that both readings use."""
    score = weights["meaning"] * meaning + weights["coverage"] * coverage
    score += weights["passage"] * hit.score
    if other_row:
        score += weights["other_row"]
    if spans:
        score += weights["kind"]
    elif kind is not Wanted.OTHER:
        score += weights["kind_missing"]
    return score


@dataclass(frozen=True, slots=True)
class _Read:
    """What is known of a passage's sentence whatever is asked."""

    index: int
    span: Span
    text: str
    stems: frozenset[str]


@lru_cache(maxsize=4_000)
def _sentences(text: str, start: int, spans: tuple[Span, ...]) -> tuple[_Read, ...]:
    """The sentences of a passage's text, without those that give a model orders.

    Kept for as many passages as a shelf keeps: the same ones come up for many questions.
    """
    parts = [(i, span, text[span[0] - start : span[1] - start]) for i, span in enumerate(spans)]
    return tuple(_Read(*one, stem_set(one[2])) for one in parts if not orders_a_model(one[2]))


def _candidates(
    question: str, kind: Wanted, rarity: Mapping[str, float], hit: Hit, rank: int
) -> list[Candidate]:
    """A hit's sentences in their order; none that gives a model orders."""
    passage = hit.passage
    above = stem_set(_above(hit))
    total = sum(rarity.values())
    found = []
    for read in _sentences(passage.text, passage.start, passage.sentences):
        at, text, scores = read.index, read.text, hit.sentence_scores
        meaning = scores[at] if at < len(scores) else hit.dense
        coverage = _coverage(read.stems, above, rarity, total)
        spans = tuple(matching_spans(text, kind, question))
        other_row = _is_other_row(text, rarity)
        score = _weighed(_WEIGHTS, hit, meaning, coverage, kind, spans, other_row)
        found.append(
            Candidate(hit, rank, at, read.span, text, meaning, coverage, kind, spans, score)
        )
    return found


def _is_other_row(text: str, rarity: Mapping[str, float]) -> bool:
    """A table row none of whose values the question names, only its columns.

    "Cap per night" heads every row of a table; only Amsterdam's row is about Amsterdam.
    """
    if "|" not in text or not _ROW.match(text):
        return False
    values = " ".join(_VALUE.findall(text))
    return rarity.keys().isdisjoint(stems(values))


def _coverage(own: Set[str], above: Set[str], rarity: Mapping[str, float], total: float) -> float:
    """Share of the question's words in the sentence; those only in its headings count half."""
    if total <= 0:
        return 0.0
    in_text = in_headings = 0.0
    for stem, weight in rarity.items():
        if stem in own:
            in_text += weight
        elif stem in above:
            in_headings += weight
    return (in_text + 0.5 * in_headings) / total


def _above(hit: Hit) -> str:
    return " ".join((hit.document.title, *hit.passage.heading))


def best_documents(candidates: Sequence[Candidate], within: float) -> list[str]:
    """Ids of documents with a sentence whose score is at most ``within`` below the best one's."""
    if not candidates:
        return []
    limit = candidates[0].score - within
    return list(dict.fromkeys(c.hit.document.id for c in candidates if c.score >= limit))
