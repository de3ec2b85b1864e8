"""Follow-ups, spelling, more sources and what to ask next, through the whole pipeline."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from app.domain import AnswerState, Filters, Found, Question, Searching
from tests.ask.steps import answer_to, steps_of

if TYPE_CHECKING:
    from app.bootstrap import Services

ME, SOMEBODY_ELSE = "session-me", "session-else"
FOC = "What does FOC stand for?"
FOLLOW_UP = "and TWQI?"
REWRITTEN = "What does TWQI stand for?"


# --- follow-ups -----------------------------------------------------------------------------------


@pytest.fixture
def conversation(company: Services) -> str:
    """A conversation in which one question was asked."""
    return answer_to(company.asker, FOC, ME).conversation_id


def test_a_follow_up_is_rewritten_and_both_wordings_are_shown(
    company: Services, conversation: str
) -> None:
    question = Question(FOLLOW_UP, conversation_id=conversation)
    first, *_ = steps_of(company.asker, question, ME)
    assert first == Searching(REWRITTEN, FOLLOW_UP)
    answer = answer_to(company.asker, question, ME)
    assert (answer.question, answer.asked) == (REWRITTEN, FOLLOW_UP)
    assert "Tidewell Water Quality Index" in answer.text
    kept = company.answers.get(answer.answer_id)
    assert (kept.question, kept.asked) == (REWRITTEN, FOLLOW_UP)


def test_an_edited_follow_up_is_asked_as_it_is(company: Services, conversation: str) -> None:
    question = Question(FOLLOW_UP, conversation_id=conversation, rewrite=False)
    answer = answer_to(company.asker, question, ME)
    assert (answer.question, answer.asked) == (FOLLOW_UP, None)


def test_a_follow_up_to_a_follow_up_builds_on_the_rewritten_question(
    company: Services, conversation: str
) -> None:
    for typed in (FOLLOW_UP, "and RMA?"):
        answer = answer_to(company.asker, Question(typed, conversation_id=conversation), ME)
    assert answer.question == "What does RMA stand for?"
    assert "return merchandise authorization" in answer.text


def test_nobody_else_s_conversation_can_be_asked_on_in(
    company: Services, conversation: str
) -> None:
    question = Question(FOLLOW_UP, conversation_id=conversation)
    answer = answer_to(company.asker, question, SOMEBODY_ELSE)
    assert (answer.question, answer.asked) == (FOLLOW_UP, None)


def test_a_question_that_stands_alone_is_not_touched_in_a_conversation(
    company: Services, conversation: str
) -> None:
    typed = "How long must a password be?"
    answer = answer_to(company.asker, Question(typed, conversation_id=conversation), ME)
    assert (answer.question, answer.asked) == (typed, None)


# --- spelling -------------------------------------------------------------------------------------


def test_a_misspelled_word_is_corrected_and_both_wordings_are_shown(company: Services) -> None:
    typed = "When are invioces paid?"
    steps = steps_of(company.asker, typed)
    corrected = "When are invoices paid?"
    assert steps[:2] == [Searching(typed), Searching(corrected, typed)]
    assert isinstance(steps[2], Found)
    assert steps[2].retrieval.question == corrected
    answer = answer_to(company.asker, typed)
    assert (answer.question, answer.asked) == (corrected, typed)
    assert "30 days" in answer.text


def test_who_insists_on_a_spelling_is_not_corrected(company: Services) -> None:
    typed = "When are invioces paid?"
    answer = answer_to(company.asker, Question(typed, rewrite=False))
    assert (answer.question, answer.asked) == (typed, None)
    assert "invioces" in answer.missing_terms


def test_a_word_of_the_language_is_no_misspelling_of_another(company: Services) -> None:
    typed = "When are voices paid?"
    assert answer_to(company.asker, typed).asked is None


def test_a_short_misspelled_word_is_corrected_where_that_finds_an_answer(
    company: Services,
) -> None:
    typed = "when is the invoce pald"
    answer = answer_to(company.asker, typed)
    assert answer.asked == typed
    assert answer.question == "when is the invoice paid"
    assert answer.state is AnswerState.ANSWERED


def test_the_question_in_a_long_message_is_asked_and_both_are_shown(company: Services) -> None:
    typed = (
        "Hi everybody, I hope this is the right place, a colleague of mine is out this week and I "
        "have to do her work as well, which is a lot. When are invoices paid? Many thanks!"
    )
    first, *_ = steps_of(company.asker, typed)
    assert first == Searching("When are invoices paid?", typed)
    answer = answer_to(company.asker, typed)
    assert (answer.question, answer.asked) == ("When are invoices paid?", typed)
    assert "30 days" in answer.text


# --- more sources ---------------------------------------------------------------------------------


def test_more_sources_reads_and_quotes_about_twice_as_much(company: Services) -> None:
    question = Question("days", filters=Filters(collections=("people", "finance")))
    few = answer_to(company.asker, question)
    many = answer_to(company.asker, replace(question, more_sources=True))
    assert len(few.sentences) <= 3 < len(many.sentences) <= 6
    assert {c.document_id for c in few.citations} <= {c.document_id for c in many.citations}


# --- what to ask next -----------------------------------------------------------------------------


def test_suggestions_are_answerable_new_and_kept_with_the_answer(company: Services) -> None:
    question = Question("How many days of paid vacation does every employee have?", suggest="all")
    answer = answer_to(company.asker, question, ME)
    assert answer.followups
    assert question.text not in answer.followups
    assert company.answers.get(answer.answer_id).followups == answer.followups
    for suggested in answer.followups:
        told = answer_to(company.asker, suggested)
        assert told.state is not AnswerState.NOT_FOUND, suggested


def test_suggestions_can_be_asked_for_after_the_answer(company: Services) -> None:
    question = "How many days of paid vacation does every employee have?"
    answer = answer_to(company.asker, question, ME)
    assert answer.followups == ()
    found = asyncio.run(company.asker.suggest(replace(answer, retrieval=None), ME)).followups
    assert found == asyncio.run(company.asker.suggest(answer, ME)).followups
    assert found
    assert company.answers.get(answer.answer_id).followups == found


def test_what_was_not_found_comes_with_something_to_try_and_no_suggestions(
    company: Services,
) -> None:
    question = Question(
        "How many weeks of leave do parents take?",
        filters=Filters(collections=("it",)),
        suggest="tries",
    )
    answer = answer_to(company.asker, question, ME)
    assert answer.state is AnswerState.NOT_FOUND
    assert answer.followups == ()
    assert 1 <= len(answer.rephrasings) <= 3
    assert company.answers.get(answer.answer_id).rephrasings == answer.rephrasings
    everywhere = [one for one in answer.rephrasings if one.filters == Filters()]
    assert everywhere
    told = answer_to(company.asker, Question(everywhere[0].question))
    assert "20 weeks" in told.text


def test_what_to_try_can_be_looked_for_when_the_answer_is_there(company: Services) -> None:
    question = Question(
        "How many weeks of leave do parents take?", filters=Filters(collections=("it",))
    )
    answer = answer_to(company.asker, question, ME)
    assert answer.state is AnswerState.NOT_FOUND
    # What is there at once was not tried: it may name the closest section, not other filters.
    assert {one.filters for one in answer.rephrasings} <= {question.filters}
    later = asyncio.run(company.asker.suggest(answer, ME))
    assert Filters() in {one.filters for one in later.rephrasings}
    assert company.answers.get(answer.answer_id).rephrasings == later.rephrasings
    assert replace(later, rephrasings=answer.rephrasings) == answer


def test_an_answer_with_an_answer_waits_for_nothing_that_could_be_tried(company: Services) -> None:
    question = Question("How many days of paid vacation does every employee have?", suggest="tries")
    assert answer_to(company.asker, question, ME).followups == ()
