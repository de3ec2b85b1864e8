"""Sentences made wrong, or said in other words, on purpose: exactly one thing changes, or none."""

from __future__ import annotations

import random
import re

import pytest

from evals.verifying.corruptions import CORRUPTIONS, Source, merged, names_in
from evals.verifying.question_statements import statement
from evals.verifying.rewriting import RULES, rewrite

PASSAGE = (
    "The harbor of Porto opened on 4 May 1931 and had 120 berths. Maria Silva led it until 1950. "
    "Ships longer than 40 meters must wait outside. The pilot Joana Reis was born in Lisbon."
)
SOURCE = Source(PASSAGE, "Harbor", ("Anna Berg", "Oslo", "Henrik Dahl", "Bergen"))
SEEDS = range(20)


def made(kind: str, sentence: str) -> set[str]:
    """Everything that the corruption makes of a sentence, over some seeds."""
    results = {CORRUPTIONS[kind](sentence, SOURCE, random.Random(seed)) for seed in SEEDS}
    return {result for result in results if result is not None}


@pytest.mark.parametrize("seed", SEEDS)
def test_a_changed_number_is_another_number_and_the_rest_stays(seed: int) -> None:
    wrong = CORRUPTIONS["number"]("It had 120 berths in all.", SOURCE, random.Random(seed))
    assert wrong is not None
    match = re.fullmatch(r"It had ([\d,]+) berths in all\.", wrong)
    assert match is not None
    assert match.group(1) != "120"


def test_a_number_in_words_is_changed_in_words() -> None:
    results = made("number", "The crew had seven members.")
    assert results
    assert all(re.fullmatch(r"The crew had (?!seven)[a-z]+ members\.", text) for text in results)


def test_a_year_is_not_taken_for_a_number() -> None:
    assert made("number", "Maria Silva led it until 1950.") == set()


def test_a_date_changes_its_day_month_or_year() -> None:
    results = made("date", "The harbor opened on 4 May 1931.")
    assert len(results) > 5
    assert "The harbor opened on 4 May 1931." not in results
    assert all(text.startswith("The harbor opened on ") for text in results)


def test_a_unit_is_exchanged_and_its_number_stays() -> None:
    assert made("unit", "Ships longer than 40 meters must wait.") == {
        "Ships longer than 40 feet must wait."
    }
    assert made("unit", "It costs $30 a day.") == {"It costs €30 a day."}
    assert made("unit", "Nothing is counted here.") == set()


def test_a_name_becomes_one_from_elsewhere_that_the_passage_does_not_have() -> None:
    results = made("entity", "It was led by Maria Silva until 1950.")
    assert results == {
        "It was led by Anna Berg until 1950.",
        "It was led by Henrik Dahl until 1950.",
    }


def test_a_name_becomes_another_from_the_same_passage() -> None:
    results = made("entity near", "It was led by Maria Silva until 1950.")
    assert results == {"It was led by Joana Reis until 1950."}


def test_a_name_of_the_title_is_left_alone() -> None:
    source = Source(PASSAGE, "On Maria Silva", SOURCE.names)
    sentence = "As we know from Maria Silva it rains."
    assert CORRUPTIONS["entity"](sentence, source, random.Random(0)) is None


def test_a_negation_is_put_in_or_taken_out() -> None:
    assert made("negation", "Ships must wait outside.") == {"Ships must not wait outside."}
    assert made("negation", "Ships must not wait.") == {"Ships must wait."}
    assert made("negation", "Ships cannot wait.") == {"Ships can wait."}
    assert made("negation", "Ships waited outside.") == set()


def test_a_word_becomes_its_contrary() -> None:
    assert made("opposite", "It opened before the war.") == {"It opened after the war."}


def test_two_facts_are_joined_at_a_verb() -> None:
    others = ["The pilot of the bay was born in Lisbon."]
    assert merged("The harbor was opened in 1931.", others, random.Random(0)) == (
        "The harbor was born in Lisbon."
    )


def test_facts_about_the_same_thing_are_not_joined() -> None:
    for other in ("It was rebuilt later.", "The harbor was rebuilt later."):
        rng = random.Random(0)
        assert merged("The harbor was opened in 1931.", [other], rng) is None


def test_names_are_capitalized_words_within_a_sentence() -> None:
    assert names_in(PASSAGE) == ["Porto", "Joana Reis", "Lisbon"]


@pytest.mark.parametrize(
    ("rule", "sentence", "expected"),
    [
        ("without parenthesis", "The old harbor (built in 1931) had 120 wide berths.",
         "The old harbor had 120 wide berths."),
        ("without clause", "The harbor, which opened in 1931, had 120 berths.",
         "The harbor had 120 berths."),
        ("lead moved back", "In 1931, the harbor opened.", "The harbor opened in 1931."),
        ("number spelled", "It had 12 berths.", "It had twelve berths."),
        ("number spelled", "It had twelve berths.", "It had 12 berths."),
        ("thousands", "It had 1,200 berths.", "It had 1200 berths."),
        ("thousands", "It cost 2,500,000 euros.", "It cost 2.5 million euros."),
        ("thousands", "It grew by 5%.", "It grew by 5 percent."),
        ("contracted", "It does not rain.", "It doesn't rain."),
        ("reworded", "It was founded prior to 1950.", "It was established before 1950."),
    ],
)  # fmt: skip
def test_a_rule_says_the_same_in_other_words(rule: str, sentence: str, expected: str) -> None:
    assert RULES[rule](sentence, "Harbor", random.Random(0)) == expected


def test_a_date_is_written_in_another_way() -> None:
    results = {
        RULES["date reformatted"]("It opened on 4 May 1931.", "", random.Random(seed))
        for seed in SEEDS
    }
    assert results == {
        "It opened on 1931-05-04.",
        "It opened on May 4, 1931.",
    }


def test_nothing_that_could_be_said_otherwise_gives_nothing() -> None:
    assert rewrite("Porto rains.", "Harbor", random.Random(3)) is None


@pytest.mark.parametrize(
    ("question", "answer", "expected"),
    [
        ("Who led the harbor?", "Maria Silva", "Maria Silva led the harbor."),
        ("When was the harbor opened?", "1931", "The harbor was opened in 1931."),
        ("What is the capital of Portugal?", "Lisbon", "The capital of Portugal is Lisbon."),
        ("How many berths did the harbor have?", "120", "The harbor had 120 berths."),
        ("When did the harbor open?", "4 May 1931", "The harbor opened 4 May 1931."),
        ("Which pilot was born in Lisbon?", "Joana Reis", "Joana Reis was born in Lisbon."),
    ],
)
def test_a_question_and_its_answer_become_a_statement(
    question: str, answer: str, expected: str
) -> None:
    assert statement(question, answer) == expected


@pytest.mark.parametrize(
    "question", ["harbor opening hours", "Why?", "Who led it, and when was it opened?", ""]
)
def test_a_question_without_a_pattern_gives_no_statement(question: str) -> None:
    assert statement(question, "1931") is None
