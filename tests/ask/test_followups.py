"""Suggested questions: near the evidence, answerable, not asked before."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from app.ask.conversation.document_questions import (
    answered_questions,
    asks_the_same,
    heading_question,
)
from app.ask.conversation.followups import followups
from app.domain import Filters, Retrieval
from tests.ask.asking import HANDBOOK, Asking
from tests.contracts.documents import document
from tests.knowledge.company import ingested

if TYPE_CHECKING:
    from app.knowledge.ports import Embedder

VACATION = "How many days of paid vacation does an employee have?"
CARRIED = "Can I carry vacation days over to the next year?"
ILL = "What happens to my vacation when I fall ill?"
HOTELS = "How much is reimbursed for a hotel night?"


@pytest.fixture(scope="module")
def handbook(embedder: Embedder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asking]:
    with ingested(tmp_path_factory.mktemp("handbook"), HANDBOOK, embedder) as services:
        yield Asking(services)


def suggested(asking: Asking, question: str, *asked: str) -> tuple[str, ...]:
    asking.checked.clear()
    return followups(
        question,
        asking.search(question),
        asking.citations(question),
        texts=asking.services.documents,
        answerable=asking.answerable,
        asked=asked,
    )


def test_questions_that_stand_beside_the_evidence_are_suggested(handbook: Asking) -> None:
    assert suggested(handbook, VACATION)[:2] == (CARRIED, ILL)


def test_every_suggestion_has_an_answer(handbook: Asking) -> None:
    for question in (VACATION, HOTELS):
        found = suggested(handbook, question)
        assert found
        assert all(handbook.judged(one) for one in found)


def test_sections_beside_the_evidence_are_suggested_where_no_questions_stand(
    handbook: Asking,
) -> None:
    assert "What does “Travel policy” say about meals abroad?" in suggested(handbook, HOTELS)


def test_a_question_that_was_asked_is_not_suggested_again(handbook: Asking) -> None:
    found = suggested(handbook, VACATION, "May I carry over vacation days to the next year?")
    assert CARRIED not in found
    assert ILL in found


def test_what_has_just_been_answered_is_not_suggested(handbook: Asking) -> None:
    for question in (VACATION, CARRIED):
        assert not any(asks_the_same(question, [one]) for one in suggested(handbook, question))


def test_a_question_that_has_no_answer_is_not_suggested(handbook: Asking) -> None:
    refused: list[str] = []

    def never(question: str, _filters: Filters) -> bool:
        refused.append(question)
        return False

    found = followups(
        VACATION,
        handbook.search(VACATION),
        handbook.citations(VACATION),
        texts=handbook.services.documents,
        answerable=never,
    )
    assert found == ()
    assert 1 <= len(refused) <= 4


def test_suggestions_are_checked_with_the_filters_of_the_question(handbook: Asking) -> None:
    filters = Filters(collections=("handbook",))
    handbook.checked.clear()
    followups(
        VACATION,
        handbook.search(VACATION, filters),
        handbook.citations(VACATION),
        texts=handbook.services.documents,
        answerable=handbook.answerable,
        filters=filters,
    )
    assert {used for _, used in handbook.checked} == {filters}


def test_nothing_found_gives_no_suggestion(handbook: Asking) -> None:
    nothing = Retrieval("x", (), 0, 0, (), ())
    texts = handbook.services.documents
    assert followups("x", nothing, (), texts=texts, answerable=handbook.answerable) == ()


# --- questions of documents ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("heading", "near", "question"),
    [
        ("Meals abroad", "For meals abroad …", "What does “Travel” say about meals abroad?"),
        ("3.2 Hotels", "Hotels are paid.", "What does “Travel” say about Hotels?"),
        ("VPN", "The VPN opens.", "What does “Travel” say about VPN?"),
        ("How are taxis paid?", "By card.", "How are taxis paid?"),
        ("Introduction", "This …", None),
        ("Summary and conclusions", "All in all", None),
        ("Travel", "You travel.", None),
        ("2026", "In 2026", None),
        ("Book a flight at the desk", "Go to", None),
        ("How long", "As long as", None),
        ("What everybody who travels has to know before leaving home", "x", None),
    ],
)
def test_only_a_natural_heading_becomes_a_question(
    heading: str, near: str, question: str | None
) -> None:
    assert heading_question(document("a", title="Travel"), ["Travel", heading], near) == question


def test_a_question_and_its_answer_are_found_with_their_place(handbook: Asking) -> None:
    (leave,) = [
        one for one in handbook.services.documents.find()[0] if one.title == "Leave questions"
    ]
    text, blocks = handbook.services.documents.text(leave.id)
    found = answered_questions(text, blocks)
    assert [one.text for one in found][1:] == [CARRIED, ILL]
    assert "five unused" in text[found[1].start : found[1].end]
    assert "illness" not in text[found[1].start : found[1].end]
