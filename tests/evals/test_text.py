"""The rule by which a gold answer counts as quoted."""

from __future__ import annotations

import pytest

from evals.scoring.text import contains, fold_with_offsets, normalize, word_recall


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("It was in the Panthers' hands: 308 points.", "308 Points"),
        ("William, the Conqueror", "the conqueror"),
        ("from 1901–1905 he taught", "1901"),
        ("people 's choice", "people’s choice"),
        ("a rise of 5 % a year", "5%"),
        ("it costs €\u00a0450 once", "€450"),
        ("the ﬁrst of ½ a dozen", "first"),
        ("soft\u00adware is eaten", "software"),
        ("Line one\n  and line two", "one and line"),
    ],
)
def test_an_answer_is_found_whatever_the_case_punctuation_articles_and_white_space(
    text: str, answer: str
) -> None:
    assert contains(text, answer)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("1308 points", "308"),
        ("a rise of 5 points", "5%"),
        ("one, and then two", "one two"),
        ("anything", ""),
        ("", "308"),
        ("unparalleled", "parallel"),
    ],
)
def test_an_answer_is_not_found_in_parts_of_words_or_in_pieces(text: str, answer: str) -> None:
    assert not contains(text, answer)


def test_an_article_is_an_answer_only_when_it_is_all_of_it() -> None:
    assert normalize("The vitamin, A.") == "vitamin"
    assert contains("It is vitamin A.", "A")
    assert not contains("It is vitamin C.", "A")


def test_word_recall_counts_each_word_as_often_as_it_is_wanted() -> None:
    # "who" twice wanted, once there: red, who, of 3 words
    assert word_recall("The red who", "red who who") == pytest.approx(2 / 3)
    assert word_recall("nothing", "") == 0.0


def test_folding_keeps_letters_and_digits_and_says_where_they_stood() -> None:
    folded, offsets = fold_with_offsets("A **ﬁ**, 9!")
    assert folded == "afi9"
    assert offsets == [0, 4, 4, 9]
