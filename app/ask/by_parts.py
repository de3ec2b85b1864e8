"""A question that asks several things, none of which answers it as a whole: each asked alone.

"What is the hotel cap in Paris, and who painted the Mona Lisa?" has no passage that comes near all
of it. The part that has an answer is answered, and the other one is named.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from app.ask.drafting import QuotedDraft
from app.ask.quotes import compile_answer
from app.ask.reading import Reading
from app.ask.state.parts import split
from app.domain import AnswerState, Conflict, Hit, Retrieval
from app.knowledge.terms import content_words

_MOST_PARTS = 3
"""Each costs a search."""
_WORDS = 2
"""Content words that a part needs to be asked alone: "and the warranty?" says of nothing what."""
_ORDER = (AnswerState.CONFLICTING, AnswerState.OUTDATED, AnswerState.ANSWERED)
"""Of the parts that are answered, the state that a reader must not miss."""


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that was asked, read and drafted by itself."""

    question: str
    reading: Reading
    draft: QuotedDraft


def answered_by_parts(
    whole: Reading, ask: Callable[[str], tuple[Reading, QuotedDraft]]
) -> tuple[Reading, QuotedDraft] | None:
    """What the parts of a question come to; None when it has none, or none is answered."""
    questions = split(whole.retrieval.question)
    if not 2 <= len(questions) <= _MOST_PARTS:
        return None
    if any(len(content_words(question)) < _WORDS for question in questions):
        return None
    parts = [Part(question, *ask(question)) for question in questions]
    good = [part for part in parts if part.draft.answers]
    if not good:
        return None
    missing = tuple(part.question for part in parts if not part.draft.answers)
    least = min(good, key=lambda part: part.reading.judgment.confidence.probability)
    reading = replace(
        least.reading,
        retrieval=_together(whole.retrieval, [part.reading.retrieval for part in good]),
    )
    return reading, _draft([part.draft for part in good], missing)


def _together(whole: Retrieval, parts: Sequence[Retrieval]) -> Retrieval:
    """The whole question's retrieval with the parts' passages first."""
    hits: dict[str, Hit] = {}
    for retrieval in (*parts, whole):
        for hit in retrieval.hits:
            hits.setdefault(hit.passage.id, hit)
    return replace(whole, hits=tuple(hits.values()))


def _draft(drafts: Sequence[QuotedDraft], missing: tuple[str, ...]) -> QuotedDraft:
    """The parts' quotes one after the other, their citations numbered on."""
    quotes = tuple(quote for draft in drafts for quote in draft.quotes)
    sentences, citations = compile_answer(quotes)
    conflicts: list[Conflict] = []
    before = 0
    for draft in drafts:
        conflicts += [
            replace(
                one,
                sides=tuple(replace(side, citation=side.citation + before) for side in one.sides),
            )
            for one in draft.conflicts
        ]
        before += len(draft.citations)
    states = {draft.state for draft in drafts}
    loudest = next((state for state in _ORDER if state in states), AnswerState.PARTIAL)
    uncovered = (*missing, *(part for draft in drafts for part in draft.uncovered))
    if uncovered and loudest is not AnswerState.CONFLICTING:
        loudest = AnswerState.PARTIAL
    return QuotedDraft(
        state=loudest,
        quotes=quotes,
        sentences=tuple(sentences),
        citations=tuple(citations),
        conflicts=tuple(conflicts),
        stale=tuple(dict.fromkeys(stale for draft in drafts for stale in draft.stale)),
        uncovered=uncovered,
    )
