"""What must hold for every citation; each kind of damage is seen."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from app.domain import (
    Answer,
    AnswerState,
    Citation,
    Confidence,
    Level,
    Passage,
    Sentence,
    Usage,
)
from evals.running.invariants import violations

TEXT = "A term is four years. It may be served twice."
PASSAGE = Passage("p1", "d1", 0, 0, 45, TEXT, (), None, ((0, 21), (22, 45)))
CITATION = Citation(
    1, "d1", "p1", "Rules", "rules.md", "all", "md", (), None, "", TEXT[22:45], 22, 45, None
)
ANSWER = Answer(
    answer_id="a",
    trace_id="t",
    conversation_id="c",
    question="How often?",
    state=AnswerState.ANSWERED,
    mode="quotes",
    model="quotes",
    text=TEXT[22:45],
    sentences=(Sentence(TEXT[22:45], (1,)),),
    citations=(CITATION,),
    confidence=Confidence(Level.HIGH, 0.9, ()),
    closest=(),
    retrieval=None,
    missing_terms=(),
    documents_searched=1,
    passages_searched=1,
    usage=Usage(),
    timings_ms={},
    created_at=datetime(2026, 10, 1, tzinfo=UTC),
)


def found(answer: Answer, passages: dict[str, Passage] | None = None) -> list[str]:
    stored = {"p1": PASSAGE} if passages is None else passages
    return violations(answer, {"d1": TEXT, "d2": TEXT}.__getitem__, stored)


def with_citation(**changes: Any) -> Answer:
    return replace(ANSWER, citations=(replace(CITATION, **changes),))


def test_a_sound_answer_and_a_refusal_have_none() -> None:
    assert found(ANSWER) == []
    assert found(replace(ANSWER, citations=(), sentences=())) == []


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (with_citation(start=21), "text[21:45] is not the quote"),
        (with_citation(quote="It may be served once."), "text[22:45] is not the quote"),
        (with_citation(quote="", start=22, end=22), "is not the quote"),
        (with_citation(number=2), "numbered [2], not 1 to 1"),
        (with_citation(document_id="d2"), "its passage belongs to another document"),
        (replace(ANSWER, sentences=(Sentence("It may.", ()),)), "sentence 1 has no citation"),
        (replace(ANSWER, sentences=(Sentence("It may.", (1, 7)),)), "citation 7 does not exist"),
        (replace(ANSWER, sentences=()), "citation 1 is used by no sentence"),
    ],
)
def test_each_kind_of_damage_is_named(answer: Answer, said: str) -> None:
    assert any(said in violation for violation in found(answer)), found(answer)


def test_a_quote_beyond_its_passage_is_one() -> None:
    assert found(ANSWER, {"p1": replace(PASSAGE, end=40)}) == [
        "citation 1: it reaches beyond its passage"
    ]


def test_a_passage_that_is_gone_is_one() -> None:
    assert found(ANSWER, {}) == ["citation 1: its passage is not stored"]


def test_a_quoted_sentence_is_what_its_own_citation_quotes() -> None:
    first = replace(CITATION, quote=TEXT[:21], start=0, end=21)
    both = replace(
        ANSWER,
        sentences=(Sentence(TEXT[:21], (1,)), Sentence(TEXT[22:45], (2,))),
        citations=(first, replace(CITATION, number=2)),
    )
    assert found(both) == []
    swapped = replace(both, citations=(replace(CITATION, number=1), replace(first, number=2)))
    assert found(swapped) == [
        "sentence 1 is not what its citation quotes",
        "sentence 2 is not what its citation quotes",
    ]
    assert found(replace(swapped, mode="written")) == [], "said in its own words"
