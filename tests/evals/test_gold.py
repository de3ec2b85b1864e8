"""Gold documents and passages are found in what was really extracted."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from app.errors import NotFound
from evals.datasets import Case, Gold
from evals.running.gold import GoldFinder, overlaps

if TYPE_CHECKING:
    from app.bootstrap import Services


@pytest.fixture
def found(measured: Services) -> Callable[..., list[str]]:
    """What the located places of a gold passage read."""

    def read(document: str, passage: str, *answers: str) -> list[str]:
        gold = Gold(document, passage)
        finder = GoldFinder(measured.documents, [Case("c", "?", True, (gold,), answers)])
        return [
            finder.text(key).text[start:end]
            for key, spans in finder.places(gold, answers).items()
            for start, end in spans
        ]

    return read


def test_a_passage_is_found_though_markup_and_white_space_differ(
    found: Callable[..., list[str]],
) -> None:
    assert found("people/leave.md", "every employee\n has **25  days** of Annual leave") == [
        "Every employee has 25 days of annual leave"
    ]


def test_a_passage_in_which_a_sentence_is_missing_is_found_by_the_others(
    found: Callable[..., list[str]],
) -> None:
    passage = (
        "Call your manager before 09:30 on the first day. Bring cake. From the fourth day a doctor"
    )
    assert found("leave.md", passage) == [
        "Call your manager before 09:30 on the first day",
        "From the fourth day a doctor",
    ]


def test_a_table_row_is_found_by_its_cells(found: Callable[..., list[str]]) -> None:
    (row,) = found("travel.md", "Oslo | 210 euros | 80 euros")
    assert "Oslo" in row
    assert "210 euros" in row
    assert "Porto" not in row


def test_a_passage_that_is_not_there_falls_back_to_passages_with_a_gold_answer(
    found: Callable[..., list[str]],
) -> None:
    (place,) = found("radio.md", "Words that nobody wrote at all.", "blue cradle")
    assert "Charge it in the blue cradle" in place
    assert found("radio.md", "Words that nobody wrote at all.", "red cradle") == []
    assert found("radio.md", "") == []


def test_a_passage_counts_when_it_overlaps_and_only_in_its_document(measured: Services) -> None:
    gold = Gold("radio.md", "Its battery lasts eleven hours")
    finder = GoldFinder(measured.documents, [Case("c", "?", True, (gold,))])
    places = finder.places(gold, ())
    hits = measured.search.search("radio battery", 10).hits
    covering = {finder.label(hit.document) for hit in hits if overlaps(hit.passage, places)}
    assert covering == {"radio.md"}


def test_documents_are_called_as_the_dataset_calls_them_and_others_by_their_path(
    measured: Services,
) -> None:
    case = Case("c", "?", True, (Gold("handbook/corpus/radio.md"), Gold("gone.md")))
    finder = GoldFinder(measured.documents, [case])
    labels = {finder.label(document) for document in measured.documents.find()[0]}
    assert labels == {"people/leave.md", "travel.md", "handbook/corpus/radio.md"}
    assert finder.missing == ("gone.md",)


def test_questions_on_documents_that_are_all_absent_are_refused(measured: Services) -> None:
    with pytest.raises(NotFound, match="None of the 1 documents"):
        GoldFinder(measured.documents, [Case("c", "?", True, (Gold("gone.md"),))])
