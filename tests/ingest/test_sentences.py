"""Where sentences end."""

from __future__ import annotations

import pytest

from app.domain import Block, BlockKind
from ingest.sentences import MAX_CHARS, language_of, sentences_of


def sentences(text: str, kind: BlockKind = BlockKind.PARAGRAPH, language: str = "en") -> list[str]:
    spans = sentences_of(Block(kind, 0, len(text)), text, language)
    return [text[start:end] for start, end in spans]


@pytest.mark.parametrize(
    "expected",
    [
        ["Dr. Smith of the U.S. Navy left in Jan. 2024.", "He came back."],
        ["I live in the U.S.", "It is nice."],
        ["The fee is 3.5 million, i.e. 4.2 % more.", "It rose."],
        ["Mr. Jones won 3.14 points vs. 2.71 for Acme Inc. of Ohio.", "Nobody objected."],
        ["The approx. value is 5.", "It takes max. 3 days incl. delivery."],
        ["See www.example.com or section 3.2.1 of v2.1.3.", "Then stop."],
        ["“Quoted one. Quoted two,” she said.", "Then she left."],
        ["Is this (really?) so?", "Yes!", "Good."],
        ["J. R. R. Tolkien et al. wrote it.", "We read it."],
        ["これは文です。", "次の文です。"],
    ],
)
def test_sentences_end_where_a_reader_ends_them(expected: list[str]) -> None:
    joiner = "" if expected[0].endswith("。") else " "
    assert sentences(joiner.join(expected)) == expected


def test_a_number_at_the_start_belongs_to_its_sentence() -> None:
    assert sentences("1. Call the office. 2. Wait for an answer.") == [
        "1. Call the office.",
        "2. Wait for an answer.",
    ]


def test_german_abbreviations_do_not_end_a_german_sentence() -> None:
    text = (
        "Das gilt z. B. für Dr. Müller am 3. März 2024 und nicht für die anderen. Ende der Regel."
    )
    assert language_of(text) == "de"
    assert sentences(text, language="de") == [
        "Das gilt z. B. für Dr. Müller am 3. März 2024 und nicht für die anderen.",
        "Ende der Regel.",
    ]


def test_english_stays_english() -> None:
    assert (
        language_of("The office in Porto is open on weekdays, and it is closed on Sunday.") == "en"
    )
    assert language_of("") == "en"


def test_a_row_and_a_short_item_are_one_sentence() -> None:
    text = "Name: Dr. A. Example. | City: Porto. | Phone: ext. 12"
    assert sentences(text, BlockKind.ROW) == [text]
    assert sentences("Ask first. Then order.", BlockKind.ITEM) == ["Ask first. Then order."]


def test_a_long_item_is_quoted_by_the_sentence() -> None:
    text = "This is a sentence that says something useful about travel. " * 5
    assert len(sentences(text.strip(), BlockKind.ITEM)) == 5


def test_code_is_quoted_by_the_line() -> None:
    assert sentences("make setup\n\n  make demo PORT=8123", BlockKind.CODE) == [
        "make setup",
        "make demo PORT=8123",
    ]


def test_text_without_any_sentence_end_is_cut_between_words() -> None:
    text = "word " * 3000
    pieces = sentences(text.strip())
    assert all(len(piece) <= MAX_CHARS for piece in pieces)
    assert " ".join(pieces) == text.strip()


def test_a_short_address_stays_together() -> None:
    text = "Tidewell Instruments\nRua da Restauração 418\n4050 Porto"
    assert sentences(text) == [text]
