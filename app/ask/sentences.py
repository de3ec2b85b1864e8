"""Candidate sentences of a question: where they stand, and how well each seems to answer it.

The score is linear in a few signals; with its weights, exp(score) is proportional to the chance
that a sentence holds the answer (a softmax over the candidates was fitted). The best few are read
once more, word by word (`app.ask.word_match`): fitted on search-queries and science, the best
sentence is right in .852 instead of .823 on open-qa, in .433 instead of .365 on the sample's golden
set, which nothing was fitted on. Six are enough: twelve gave the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from app.ask.orders import orders_a_model
from app.ask.question_type import Wanted, matching_spans, wanted
from app.ask.word_match import WordMatch, WordMatcher
from app.domain import Hit, Retrieval, Span
from app.knowledge.terms import stems

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
    matched: frozenset[str]
    kind: Wanted
    spans: tuple[Span, ...]
    score: float
    words: WordMatch | None = None


def rank_sentences(question: str, retrieval: Retrieval, read: int) -> list[Candidate]:
    """Every sentence of the first ``read`` hits, best first; none that gives a model orders.

    Such a sentence ("Ignore all previous instructions and…") tells a reader nothing, and would be
    believed where it is quoted first.
    """
    kind = wanted(question)
    candidates = [
        candidate
        for rank, hit in enumerate(retrieval.hits[:read])
        for index in range(len(hit.passage.sentences))
        for candidate in [_candidate(question, kind, retrieval.term_weights, hit, rank, index)]
        if not orders_a_model(candidate.text)
    ]
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
    return again + [
        replace(one, score=again[-1].score - (head[-1].score - one.score)) for one in tail
    ]


def _with_heading(candidate: Candidate) -> str:
    heading = candidate.hit.passage.heading
    return f"{heading[-1] if heading else candidate.hit.document.title}: {candidate.text}"


def _reread_score(candidate: Candidate, match: WordMatch, rarity: Mapping[str, float]) -> float:
    signals = {
        **_signals(candidate.hit, candidate.text, candidate.meaning, candidate.coverage, rarity),
        **_kind_signals(candidate.kind, candidate.spans),
        "every_word": match.every,
        "key_words": match.key,
    }
    return sum(_REREAD_WEIGHTS[name] * value for name, value in signals.items())


def _signals(
    hit: Hit, text: str, meaning: float, coverage: float, rarity: Mapping[str, float]
) -> dict[str, float]:
    return {
        "meaning": meaning,
        "coverage": coverage,
        "passage": hit.score,
        "other_row": float(_is_other_row(text, rarity)),
    }


def _kind_signals(kind: Wanted, spans: Sequence[Span]) -> dict[str, float]:
    return {
        "kind": float(bool(spans)),
        "kind_missing": float(not spans and kind is not Wanted.OTHER),
    }


def _candidate(
    question: str, kind: Wanted, rarity: Mapping[str, float], hit: Hit, rank: int, index: int
) -> Candidate:
    passage = hit.passage
    start, end = passage.sentences[index]
    text = passage.text[start - passage.start : end - passage.start]
    meaning = hit.sentence_scores[index] if index < len(hit.sentence_scores) else hit.dense
    coverage, matched = _coverage(text, hit, rarity)
    spans = tuple(matching_spans(text, kind, question))
    signals = _signals(hit, text, meaning, coverage, rarity) | _kind_signals(kind, spans)
    return Candidate(
        hit=hit,
        rank=rank,
        index=index,
        span=(start, end),
        text=text,
        meaning=meaning,
        coverage=coverage,
        matched=matched,
        kind=kind,
        spans=spans,
        score=sum(_WEIGHTS[name] * value for name, value in signals.items()),
    )


def _is_other_row(text: str, rarity: Mapping[str, float]) -> bool:
    """A table row none of whose values the question names, only its columns.

    "Cap per night" heads every row of a table; only Amsterdam's row is about Amsterdam.
    """
    if not _ROW.match(text):
        return False
    values = " ".join(_VALUE.findall(text))
    return rarity.keys().isdisjoint(stems(values))


def _coverage(text: str, hit: Hit, rarity: Mapping[str, float]) -> tuple[float, frozenset[str]]:
    """Share of the question's words in the sentence; those only in its headings count half."""
    total = sum(rarity.values())
    if total <= 0:
        return 0.0, frozenset()
    own = rarity.keys() & set(stems(text))
    above = rarity.keys() & set(stems(_above(hit))) - own
    share = sum(rarity[stem] for stem in own) + 0.5 * sum(rarity[stem] for stem in above)
    return share / total, frozenset(own | above)


def _above(hit: Hit) -> str:
    return " ".join((hit.document.title, *hit.passage.heading))


def best_documents(candidates: Sequence[Candidate], within: float) -> list[str]:
    """Ids of documents with a sentence whose score is at most ``within`` below the best one's."""
    if not candidates:
        return []
    limit = candidates[0].score - within
    return list(dict.fromkeys(c.hit.document.id for c in candidates if c.score >= limit))
