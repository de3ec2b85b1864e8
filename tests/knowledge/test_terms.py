"""Which words of a question count, and what their stems are."""

from __future__ import annotations

import pytest

from app.knowledge.terms import STOP_WORDS, content_stems, content_words, stems, words


def test_words_keep_hyphens_dots_and_apostrophes_inside() -> None:
    assert words("Tidewell's up-to-date v2.1 guide — don't “panic”!") == [
        "Tidewell's",
        "up-to-date",
        "v2.1",
        "guide",
        "don't",
        "panic",
    ]
    assert words("Größe 日本語 naïve_name") == ["Größe", "日本語", "naïve", "name"]
    assert words("?! 🌊 -- ") == []


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("How many days of vacation do I have?", ["days", "vacation"]),
        ("What are Tidewell's rules and Tidewell’s rules?", ["Tidewell", "rules"]),
        ("to be or not to be", ["to", "be", "or", "not"]),
        ("the VPN, the vpn", ["VPN", "vpn"]),
        ("", []),
    ],
)
def test_content_words_are_those_that_mean_something(question: str, expected: list[str]) -> None:
    assert content_words(question) == expected


def test_stems_are_those_of_the_index() -> None:
    assert stems("Running runs RUN") == ("run", "run", "run")
    assert stems("up-to-date") == ("up", "to", "date")
    assert stems("x" * 41) == ()
    assert stems("") == ()
    assert content_stems("How were the invoices paid?") == {"invoic", "paid"}


def test_stop_words_are_plain_lower_case_words() -> None:
    assert all(word == word.lower() and words(word) == [word] for word in STOP_WORDS)
