"""Questions with several parts, and parts of which nothing is said."""

from __future__ import annotations

import pytest

from app.ask.state.parts import split, uncovered
from app.domain import Hit
from tests.knowledge.hits import make_document, make_hit, make_retrieval


def missing(question: str, *hits: Hit, nowhere: tuple[str, ...] = ()) -> tuple[str, ...]:
    return uncovered(question, make_retrieval(question, *hits, missing=nowhere), read=len(hits))


PUMP = make_hit(
    "The Aqua pump was designed in Ghent.\nIts price is EUR 240.",
    make_document("pump", title="Aqua pump"),
)


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        ("What does the pump cost?", ["What does the pump cost?"]),
        (
            "Who designed the pump, and when was the factory built?",
            ["Who designed the pump", "when was the factory built"],
        ),
        ("How big is the tank? And who made it?", ["How big is the tank", "who made it"]),
        ("What is the price and warranty of the pump?", ["price", "warranty"]),
        (
            "How does the bonus work: what is the percentage?",
            ["How does the bonus work", "what is the percentage"],
        ),
        ("Does it run on gas or on oil?", ["Does it run on gas or on oil?"]),
        ("Which oil and gas fields are there?", ["Which oil and gas fields are there?"]),
        (
            "What do we know about what happened in May?",
            ["What do we know about what happened in May?"],
        ),
    ],
)
def test_a_question_is_split_where_a_second_one_begins(question: str, parts: list[str]) -> None:
    assert split(question) == parts


def test_a_part_without_evidence_is_named_in_the_questions_own_words() -> None:
    found = missing("Who designed the Aqua pump, and when was the Lyon factory built?", PUMP)
    assert found == ("when was the Lyon factory built",)


def test_a_question_whose_parts_are_all_answered_is_whole() -> None:
    assert missing("Who designed the Aqua pump, and what is its price?", PUMP) == ()


def test_a_question_of_which_nothing_is_answered_is_no_partial_one() -> None:
    assert missing("Who paints bridges, and when do storks leave?", PUMP) == ()


def test_a_part_that_asks_for_an_amount_needs_one() -> None:
    free = make_hit("The Aqua pump has a long warranty.\nThe Aqua pump is sold in Ghent.", "pump")
    question = "Where is the Aqua pump sold, and how long is the Aqua warranty?"
    assert missing(question, free) == ("how long is the Aqua warranty",)
    told = make_hit("The Aqua pump has 24 months of warranty.\nIt is sold in Ghent.", "pump")
    assert missing(question, told) == ()


def test_a_part_of_one_word_is_not_judged() -> None:
    assert missing("What does the Aqua pump cost, and who decides?", PUMP) == ()


def test_the_one_name_that_stands_nowhere_is_missing() -> None:
    question = "What is the price of the Aqua pump in Zwolle?"
    assert missing(question, PUMP, nowhere=("Zwolle",)) == ("Zwolle",)
    assert missing(question, PUMP) == ()  # it stands in some document


@pytest.mark.parametrize(
    ("question", "word"),
    [
        ("What is the price of the Aqva pump?", "Aqva"),  # misspelled
        ("What is the price of the pump Aqua240?", "240"),  # no name
        ("what is the price of the pump in zwolle?", "zwolle"),  # not written as a name
    ],
)
def test_words_that_are_only_written_otherwise_are_not_missing(question: str, word: str) -> None:
    assert missing(question, PUMP, nowhere=(word,)) == ()
