"""Questions that ask several things at once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from app.domain import Answer, AnswerState, Question

if TYPE_CHECKING:
    from app.bootstrap import Services

ANSWERED = "How many days of paid vacation does every employee have"
FOREIGN = "who painted the ceiling of the Sistine Chapel"


def answer_of(services: Services, text: str) -> Answer:
    """The finished answer; every citation is checked against the stored text."""
    answer = asyncio.run(services.asker.answer(Question(text)))
    for citation in answer.citations:
        stored, _ = services.documents.text(citation.document_id)
        assert stored[citation.start : citation.end] == citation.quote
    return answer


@pytest.mark.parametrize(
    "question", [f"{ANSWERED}, and {FOREIGN}?", f"{FOREIGN.capitalize()} and {ANSWERED.lower()}?"]
)
def test_the_part_that_has_an_answer_is_answered_and_the_other_one_named(
    company: Services, question: str
) -> None:
    answer = answer_of(company, question)
    assert answer.state is AnswerState.PARTIAL
    assert "27 days" in answer.text
    [missing] = answer.uncovered
    assert missing.casefold() == FOREIGN.casefold()


def test_a_question_none_of_whose_parts_has_an_answer_is_not_answered(company: Services) -> None:
    answer = answer_of(company, f"{FOREIGN.capitalize()} and who composed the opera Aida?")
    assert answer.state is AnswerState.NOT_FOUND
    assert answer.uncovered == ()


def test_both_parts_are_answered_where_no_passage_holds_both(company: Services) -> None:
    answer = answer_of(company, f"{ANSWERED}, and how many weeks of paid leave do parents take?")
    assert answer.state in (AnswerState.ANSWERED, AnswerState.PARTIAL)
    assert "27 days" in answer.text
    assert [c.number for c in answer.citations] == list(range(1, len(answer.citations) + 1))


def test_what_is_asked_in_passing_is_not_asked_alone(company: Services) -> None:
    answer = answer_of(company, "Who painted the Sistine ceiling and why?")
    assert answer.state is AnswerState.NOT_FOUND
